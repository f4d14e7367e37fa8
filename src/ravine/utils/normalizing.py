"""Arrays scaled to length 1."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from ravine import arrays, checks


def normalize(x: npt.ArrayLike, axis: int = -1, order: float = 2) -> npt.NDArray[Any]:
    """``x`` divided by its norm along ``axis``, (Σ|xᵢ|ᵖ)^(1/p) with p = ``order``; where that is 0 it stays 0.

    Keras's function of this name gives an array of one axis a second one, and divides along the wrong axis for
    ``axis=0``, unless it is given a tensor; here the result has the shape of ``x`` and ``axis=0`` normalizes columns.

    Args:
        x: real numbers, with at least one axis.
        axis: the axis along which the norm is taken; negative ones count from the last.
        order: p above 0; ``math.inf`` is the largest |xᵢ|.

    Returns:
        A new array of the shape and floating type of ``x``, float64 where that is an integer type.
    """
    array = arrays.real("x", x)
    if array.ndim == 0:
        checks.reject("x", x, "an array with at least one axis")
    axis = checks.integer("axis", axis, least=-array.ndim)
    if axis >= array.ndim:
        checks.reject("axis", axis, f"an axis of x, whose shape is {array.shape}")
    if not (isinstance(order, float) and order == math.inf):
        order = checks.number("order", order, above=0)
    norm = np.linalg.norm(array, order, axis, keepdims=True)
    return array / np.where(norm == 0, norm.dtype.type(1), norm)
