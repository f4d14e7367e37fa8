"""Columns by name as samples, targets and weights: of a batch that is a dict, and of a dataset of Hugging Face."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ravine import checks
from ravine.arrays import host_array
from ravine.frames import Names, in_order
from ravine.training.data import Data, as_data, as_samples

TARGETS = ("label", "labels", "target", "targets", "y")
"""What a column of targets is called."""

WEIGHTS = "sample_weight"


@dataclass(frozen=True)
class Parts:
    """Samples, targets and weights as they came; ``names`` are those of the columns that make up the samples."""

    x: Any
    y: Any
    w: Any
    names: Names | None

    def checked(self, prefix: str) -> Data:
        """They as checked arrays; without targets the samples alone."""
        if self.y is None:
            return Data(as_samples(f"{prefix}x", self.x), None, columns=self.names)
        return replace(as_data(self.x, self.y, self.w, prefix=prefix), columns=self.names)


def parts(place: str, columns: Mapping[str, Any], *, with_targets: bool, order: Names | None = None) -> Parts:
    """Samples, targets and weights: the targets' column is the one of :data:`TARGETS`.

    The samples are the one other column, or the others side by side where each has one number a row, in the order of
    their names in ``order``.
    """
    named = [name for name in columns if name in TARGETS]
    if with_targets and len(named) != 1:
        found = f"has the target columns {', '.join(map(repr, named))}" if named else "has no column of targets"
        raise checks.RavineValueError(
            f"{place} {found} among {', '.join(map(repr, columns))}: expected one called {' or '.join(TARGETS)}."
        )
    others = {name: column for name, column in columns.items() if name not in (*TARGETS, WEIGHTS)}
    if len(others) > 1:
        others = {name: others[name] for name in in_order(place, tuple(others), order)}
    x, names = _samples(place, others), tuple(others) if len(others) > 1 else None
    return Parts(x, columns[named[0]], columns.get(WEIGHTS), names) if with_targets else Parts(x, None, None, names)


def _samples(place: str, columns: Mapping[str, Any]) -> Any:
    arrays = {name: host_array(column) for name, column in columns.items()}
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
