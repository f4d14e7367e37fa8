"""Data frames and series of pandas, polars, pyarrow and others as arrays, by way of narwhals."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from ravine import checks

if TYPE_CHECKING:
    import narwhals

Names = tuple[Any, ...]
"""The names of columns, in order: strings, or what else a library lets them be."""

NAMED = 5
"""As many columns are named in an error; of further ones only the count."""


def as_frame(
    argument: str, value: Any
) -> narwhals.DataFrame[Any] | narwhals.Series[Any] | narwhals.LazyFrame[Any] | None:
    """``value`` as narwhals sees it, whichever library it is of; None where it is no frame or series.

    A frame that has several columns of one name is an error, which names ``argument``.
    """
    if value is None or isinstance(value, np.ndarray | jax.Array | list | tuple):
        return None
    import narwhals

    try:
        seen = narwhals.from_native(value, allow_series=True, pass_through=True)
    except narwhals.exceptions.DuplicateError as error:
        raise checks.RavineValueError(
            f"{argument} is a frame of ambiguous columns: {checks.one_line(error)}."
        ) from None
    return seen if isinstance(seen, narwhals.DataFrame | narwhals.Series | narwhals.LazyFrame) else None


def names_of(value: Any) -> Names | None:
    """The names of a frame's columns; None of anything else, and of a frame whose columns are merely numbered."""
    frame: Any = as_frame("x", value)
    if frame is None or not isinstance(frame, sys.modules["narwhals"].DataFrame):
        return None
    names = tuple(frame.columns)
    return None if names == tuple(range(len(names))) else names


def in_order(argument: str, names: Names, expected: Names | None) -> Names:
    """``names`` of columns in the order of those that the model was trained on; raises where they are others."""
    if expected is None or names == expected:
        return names
    faults = {"lacks": set(expected) - set(names), "has an unknown": set(names) - set(expected)}
    if any(faults.values()):
        found = " and ".join(f"{verb} {_listed(map(repr, sorted(n, key=str)))}" for verb, n in faults.items() if n)
        raise checks.RavineValueError(
            f"{argument} {found}: expected the columns that the model was trained on, {_listed(map(repr, expected))}. "
            "To go by their places instead of their names, give an array (to_numpy())."
        )
    return expected


def frame_as_array(argument: str, frame: Any, columns: Names | None = None) -> np.ndarray:
    """A frame as an array ``[rows, columns]`` and a series as one ``[rows]``, of the type that holds all columns.

    A frame's columns are taken in the order of ``columns``, unless its own are merely numbered. Columns that are
    neither numbers nor booleans, and missing values (null or NaN), are one error that names ``argument``, the columns
    and the first rows.
    """
    import narwhals

    if isinstance(frame, narwhals.LazyFrame):
        raise checks.RavineTypeError(f"{argument} is a lazy frame: expected one with its data; call collect() first.")
    if isinstance(frame, narwhals.Series):
        _check_columns(argument, [frame])
        return frame.to_numpy()
    names = names_of(frame)
    held = [frame[name] for name in in_order(argument, names, columns)] if names else list(frame.iter_columns())
    _check_columns(argument, held)
    # Frames of pandas would make objects of booleans beside numbers, so the columns are put together here.
    return np.stack([column.to_numpy() for column in held], axis=1) if held else np.empty(frame.shape)


def _check_columns(argument: str, columns: list[narwhals.Series[Any]]) -> None:
    """Raise where a column holds anything but numbers and booleans, or lacks values."""
    others = [column for column in columns if not _is_numeric(column)]
    gaps = [(column, first) for column in columns if _is_numeric(column) and (first := _first_gap(column)) is not None]
    faults = []
    if others:
        shown = _listed(f"{_name(c)} ({c.dtype}{_first_value(c)})" for c in others)
        faults.append(f"columns that are not numbers: {shown}. Encode strings, categories and dates as numbers")
    if gaps:
        shown = _listed(f"{_name(column)} (first in row {first})" for column, first in gaps)
        faults.append(f"columns with missing values: {shown}. Fill them or leave out their rows")
    if faults:
        error = checks.RavineTypeError if others else checks.RavineValueError
        raise error(f"{argument} has {', and it has '.join(faults)}.")


def _is_numeric(column: narwhals.Series[Any]) -> bool:
    import narwhals

    return column.dtype.is_integer() or column.dtype.is_float() or column.dtype == narwhals.Boolean


def _first_gap(column: narwhals.Series[Any]) -> int | None:
    """The first row, from 0, without a value."""
    missing = column.is_null()
    if column.dtype.is_float():
        missing = missing | column.is_nan()
    return missing.arg_max() if missing.any() else None


def _first_value(column: narwhals.Series[Any]) -> str:
    return f", first value {checks.shown(column[0])}" if len(column) else ""


def _name(column: narwhals.Series[Any]) -> str:
    return repr(column.name) if column.name not in (None, "") else "unnamed"


def _listed(items: Iterable[str]) -> str:
    """The first few of ``items``, and how many more there are."""
    shown = list(items)
    return ", ".join(shown[:NAMED]) + (f" and {len(shown) - NAMED} more" if len(shown) > NAMED else "")
