"""Rows of arrays as batches, and rows held out to validate on."""

from __future__ import annotations

import numpy as np

from ravine import checks
from ravine.training import holding_out
from ravine.training.classes import labels_of
from ravine.training.data import Data
from ravine.training.sources.base import Source
from ravine.training.sources.rows import Arrays, Rows


def of_arrays(data: Data, batch_size: int, steps: int | None = None) -> Rows:
    """The batches of arrays in memory."""
    return Rows(Arrays(data.x, data.y, data.w), batch_size, steps)


def hold_out(
    data: Data | Source, fraction: float, shuffle: bool | str = False, seed: int = 0
) -> tuple[Data | Source, Data | Source]:
    """⌊N(1 − fraction)⌋ rows to train on, and the rest to validate on.

    The last rows are held out, or with ``shuffle`` such as ``seed`` draws, which may keep the classes' shares.
    """
    if isinstance(data, Source) and (shuffle or not isinstance(data, Rows)):
        lacking = "in memory to draw from" if shuffle else "but batches, which have no last rows"
        raise checks.RavineValueError(
            f"validation_split: there are no rows {lacking}. Expected validation_data=... beside them."
        )
    if isinstance(data, Rows):
        return data.split(holding_out.rows_to_train_on(data.rows, fraction))
    if not shuffle:
        return holding_out.last(data, fraction)
    return holding_out.drawn(data, fraction, seed, _labels(data.y) if shuffle == "stratified" else None)


def _labels(y: np.ndarray) -> np.ndarray:
    """The class of each row: its label, or the place of the 1 in a row of one column for each class."""
    shape = y.shape[1:] if y.ndim == 2 else (1,)
    labels = labels_of("validation_shuffle='stratified'", y, shape)
    if labels.ndim > 1:
        raise checks.RavineValueError(
            f"validation_shuffle='stratified': y has shape {y.shape}: expected one class for each row."
        )
    return labels
