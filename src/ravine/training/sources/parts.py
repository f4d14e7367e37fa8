"""Rows of arrays as batches, and rows held out to validate on."""

from __future__ import annotations

from ravine import checks
from ravine.training import data as arrays
from ravine.training.data import Data
from ravine.training.sources.base import Source
from ravine.training.sources.rows import Arrays, Rows


def of_arrays(data: Data, batch_size: int, steps: int | None = None) -> Rows:
    """The batches of arrays in memory."""
    return Rows(Arrays(data.x, data.y, data.w), batch_size, steps)


def hold_out(data: Data | Source, fraction: float) -> tuple[Data | Source, Data | Source]:
    """The first ⌊N(1 − fraction)⌋ rows to train on, and the rest to validate on."""
    if isinstance(data, Rows):
        return data.split(arrays.rows_to_train_on(data.rows, fraction))
    if isinstance(data, Source):
        raise checks.RavineValueError(
            "validation_split: batches have no last rows to hold out. Expected validation_data=... beside them."
        )
    return arrays.hold_out(data, fraction)
