"""Columns by name as samples, targets and weights: of a batch that is a dict, and of a dataset of Hugging Face."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ravine import checks
from ravine.training.data import on_host

TARGETS = ("label", "labels", "target", "targets", "y")
"""What a column of targets is called."""

WEIGHTS = "sample_weight"


def parts(place: str, columns: Mapping[str, Any], *, with_targets: bool) -> tuple[Any, Any, Any]:
    """Samples, targets and weights: the targets' column is the one of :data:`TARGETS`.

    The samples are the one other column, or the others side by side where each has one number a row.
    """
    named = [name for name in columns if name in TARGETS]
    if with_targets and len(named) != 1:
        found = f"has the target columns {', '.join(map(repr, named))}" if named else "has no column of targets"
        raise checks.RavineValueError(
            f"{place} {found} among {', '.join(map(repr, columns))}: expected one called {' or '.join(TARGETS)}."
        )
    others = {name: column for name, column in columns.items() if name not in (*TARGETS, WEIGHTS)}
    targets = columns[named[0]] if with_targets else None
    return _samples(place, others), targets, columns.get(WEIGHTS) if with_targets else None


def _samples(place: str, columns: Mapping[str, Any]) -> Any:
    arrays = {name: np.asarray(on_host(column)) for name, column in columns.items()}
    text = {name: array for name, array in arrays.items() if array.dtype.kind not in "biuf"}
    if text or not arrays:
        shown = ", ".join(f"{name!r} ({array.dtype}, first value {_first(array)})" for name, array in text.items())
        raise checks.RavineTypeError(
            f"{place} has columns that are not arrays of numbers: {shown}. Encode them as numbers, or take them out."
            if text
            else f"{place} has no column of samples beside {', '.join(TARGETS)}."
        )
    if len(arrays) == 1:
        return next(iter(arrays.values()))
    for name, array in arrays.items():
        if array.ndim != 1:
            raise checks.RavineValueError(
                f"{place}'s column {name!r} has shape {array.shape} and is not alone: expected one column of samples, "
                f"or columns of one number a row, of {', '.join(map(repr, arrays))}."
            )
    return np.column_stack(list(arrays.values()))


def _first(array: np.ndarray) -> str:
    return checks.shown(array.flat[0] if array.size else None)
