"""Arrays that a layer is given on the host."""

from __future__ import annotations

from typing import Any

import numpy as np

from ravine import arrays, checks


def as_numbers(argument: str, value: Any) -> np.ndarray:
    """``value`` as an array of finite real numbers, at least one, or an error that names ``argument``."""
    array = arrays.real(argument, value)
    if not array.size:
        raise checks.RavineValueError(f"{argument} is empty: it has shape {array.shape}. Expected at least one number.")
    if not np.isfinite(array).all():
        where = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        raise checks.RavineValueError(f"{argument} holds {array[where]} at index {where}: expected finite numbers.")
    return array


def as_leaf(argument: str, value: Any) -> Any:
    """A setting that is a number or several: those as a float32 array, so that all types are one program."""
    return as_numbers(argument, value).astype(np.float32) if isinstance(value, list | tuple | np.ndarray) else value


def check_leaf(argument: str, value: Any) -> tuple[int, ...]:
    """The shape of what :func:`as_leaf` made, or of an array of JAX; raises where it holds no finite numbers."""
    return np.shape(checks.number(argument, value) if np.ndim(value) == 0 else as_numbers(argument, value))
