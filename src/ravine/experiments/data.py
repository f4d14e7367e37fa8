"""MNIST as the experiments use it."""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np

from ravine import datasets

Arrays = tuple[np.ndarray, np.ndarray]


class Digits(NamedTuple):
    """Images as float32 in [0, 1], ``[rows, 784]``, with their labels: to train, to validate and to test."""

    train: Arrays
    validation: Arrays
    test: Arrays


@functools.cache
def _mnist() -> tuple[Arrays, Arrays]:
    return tuple((x.reshape(len(x), -1) / np.float32(255), y) for x, y in datasets.mnist.load_data())  # type: ignore[return-value]


def digits(seed: int, train: int, validation: int) -> Digits:
    """Rows of MNIST's 60,000, drawn by ``seed``: ``train`` to train, ``validation`` others; and all test rows."""
    (x, y), test = _mnist()
    drawn = np.random.default_rng(seed).permutation(len(x))[: train + validation]
    first, second = drawn[:train], drawn[train:]
    return Digits((x[first], y[first]), (x[second], y[second]), test)
