"""Rows held out to validate on: the last ones, or such as a seed draws."""

from __future__ import annotations

import math
import zlib

import numpy as np

from ravine import checks
from ravine.training.data import Data


def rows_to_train_on(rows: int, fraction: float) -> int:
    """How many of ``rows`` are left where a fraction is held out; raises where either side is without any."""
    at = math.floor(rows * (1.0 - fraction))
    if not 0 < at < rows:
        raise checks.RavineValueError(
            f"validation_split={fraction:g} of {rows} rows leaves {at} to train on and {rows - at} to validate on: "
            "expected at least one row on each side."
        )
    return at


def last(data: Data, fraction: float) -> tuple[Data, Data]:
    """The first ⌊N(1 − fraction)⌋ rows to train on, and the rest to validate on."""
    return data.split(rows_to_train_on(data.rows, fraction))


def drawn(data: Data, fraction: float, seed: int, labels: np.ndarray | None = None) -> tuple[Data, Data]:
    """⌊N(1 − fraction)⌋ rows that ``seed`` draws to train on, and the rest; each part in the order that it had.

    With ``labels``, the class of each row, each class is held out as near to its share as whole rows come.
    """
    at = rows_to_train_on(data.rows, fraction)
    order = np.random.default_rng([seed, zlib.crc32(b"held-out rows")]).permutation(data.rows)
    if labels is not None:
        order = in_shares(labels, order)
    train, held_out = (np.sort(part) for part in (order[:at], order[at:]))
    return data.at(train), data.at(held_out)


def in_shares(labels: np.ndarray, order: np.ndarray) -> np.ndarray:
    """``order`` changed so that each stretch of it has the classes in about the shares that they have in all."""
    by_class = order[np.argsort(labels[order], kind="stable")]
    _, starts, counts = np.unique(labels[by_class], return_index=True, return_counts=True)
    rank = np.arange(len(labels)) - np.repeat(starts, counts)
    # The rows of each class lie evenly in (0, 1).
    return by_class[np.argsort((rank + 0.5) / np.repeat(counts, counts), kind="stable")]
