"""Targets that name classes, and weights by class."""

from __future__ import annotations

import numbers
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ravine import checks
from ravine.training.data import Data, by_sample


def with_class_weight(
    data: Data, class_weight: Mapping[Any, float], output_shape: tuple[int, ...], ignored: int | None = None
) -> Data:
    """``data`` for a model of outputs ``[rows, *output_shape]`` with each target weighted by its class.

    Each sample has a weight, or each step where the targets are a class for each step. Classes left out count 1.

    Args:
        data: checked arrays that fit the model and its loss.
        class_weight: by class index, an integer or a float that is one.
        output_shape: of one sample.
        ignored: a label below 0 that the loss leaves out.
    """
    if data.w is not None:
        raise checks.RavineValueError("class_weight and sample_weight were both given: expected at most one of them.")
    if not isinstance(class_weight, Mapping):
        checks.reject_type("class_weight", class_weight, "a dict of class index to weight")
    labels = labels_of("class_weight", data.y, output_shape, ignored)
    count = max(output_shape[-1] if output_shape else 1, 2, int(labels.max()) + 1)
    w = np.ones(labels.shape, np.float32)
    for key, weight in class_weight.items():
        w[labels == _class_index(key, count)] = checks.number(f"class_weight[{key}]", weight, least=0)
    return replace(data, w=by_sample(w))


def labels_of(
    argument: str, y: np.ndarray, output_shape: tuple[int, ...], ignored: int | None = None
) -> np.ndarray[Any, np.dtype[np.int64]]:
    """The class of each sample ``[rows]``, or of each step ``[rows, steps, ...]``; raises where targets name none."""
    if output_shape[-1:] not in ((), (1,)) and y.shape[1:] == output_shape:
        return _of_columns(argument, y)
    if y.shape[1:] == (*output_shape[:-1], 1):
        y = y[..., 0]
    if y.shape[1:] != output_shape[:-1]:
        raise checks.RavineValueError(
            f"{argument}: y has shape {y.shape} and the model's output is {(None, *output_shape)}, so no class can be "
            "told for each sample or step. Expected class labels, or sample_weight=... instead."
        )
    with np.errstate(invalid="ignore"):  # what no integer can hold is not equal to what becomes of it
        whole = y.astype(np.int64)
    bad = (whole != y) | ((whole < 0) & (whole != ignored))
    if bad.any():
        raise checks.RavineValueError(
            f"{argument}: y holds {y[bad][0]:g}, which is no class. Expected labels 0, 1, 2, ..., or sample_weight=... "
            "instead."
        )
    return whole


def _of_columns(argument: str, y: np.ndarray) -> np.ndarray[Any, np.dtype[np.int64]]:
    """The class of rows of one column for each class: the largest, where the columns share out a whole."""
    largest = y.max(axis=-1, keepdims=True)
    bad = (np.abs(y.sum(axis=-1) - 1) > 1e-3) | ((y == largest).sum(axis=-1) > 1) | (y.min(axis=-1) < 0)
    if bad.any():
        where = tuple(int(i) for i in np.argwhere(bad)[0])
        raise checks.RavineValueError(
            f"{argument}: y[{', '.join(map(str, where))}]={checks.shown(y[where].tolist())} is not of one class. "
            "Expected one-hot targets, or sample_weight=... instead."
        )
    return np.asarray(y.argmax(axis=-1), np.int64)


def _class_index(key: object, count: int) -> int:
    """A key of ``class_weight`` as an index; a float that is whole will do, as ``np.unique`` gives it of floats."""
    expected = f"a class in [0, {count})"
    if not isinstance(key, numbers.Real | np.bool_):
        checks.reject_type("class_weight key", key, expected)
    index: Any = key
    if not (0 <= index < count and index == int(index)):
        checks.reject("class_weight key", key, expected)
    return int(index)
