"""What a run reads: arrays checked and converted on the host, once, before anything trains."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import jax
import numpy as np

from ravine import arrays, checks, settings, trees
from ravine.frames import Names, as_frame, frame_as_array, names_of


@trees.tree
class Data:
    """Samples ``x``, targets ``y`` and weights ``w`` (or None), each with one row a sample.

    Weights are ``[rows]``, or ``[rows, steps, ...]`` where the targets have steps that count by themselves. ``columns``
    are the names of the columns of ``x``, None if they have none; parts of the data do not know them.
    """

    x: Any
    y: Any
    w: Any = None
    columns: Names | None = trees.label(default=None)

    @property
    def rows(self) -> int:
        """How many samples."""
        return len(self.x)

    def with_x(self, x: Any) -> Data:
        """The same with other samples; itself where they are no others."""
        return self if x is self.x else replace(self, x=x)

    def take(self, index: jax.Array) -> Data:
        """The rows at ``index``, which must be in range."""
        return jax.tree.map(lambda a: a.at[index].get(mode="promise_in_bounds"), self)

    def at(self, index: np.ndarray) -> Data:
        """The rows at ``index``, of arrays on the host."""
        return jax.tree.map(lambda a: a[index], self)

    def rows_from(self, start: jax.Array | int, size: int) -> Data:
        """``size`` rows from ``start`` on."""
        return jax.tree.map(lambda a: jax.lax.dynamic_slice_in_dim(a, start, size), self)

    def rows_between(self, start: int, stop: int) -> Data:
        """The rows from ``start`` up to ``stop``."""
        return jax.tree.map(lambda a: a[start:stop], self)

    def first(self, size: int) -> Data:
        """The first ``size`` rows."""
        return jax.tree.map(lambda a: a[:size], self)

    def split(self, at: int) -> tuple[Data, Data]:
        """The rows before ``at``, and the rest."""
        return self.first(at), jax.tree.map(lambda a: a[at:], self)

    def on_device(self) -> Data:
        """The same rows as JAX arrays."""
        return settings.device_put(self)


def as_array(argument: str, value: Any, columns: Names | None = None) -> np.ndarray:
    """``value`` as a numeric array with at least one row, or an error that names ``argument``.

    A frame of pandas, polars or another library becomes an array ``[rows, columns]``, a series one ``[rows]``. A
    frame's columns are taken in the order of ``columns``, the names that the model was trained on.
    """
    if not isinstance(value, np.ndarray):
        frame = as_frame(argument, value)
        value = value if frame is None else frame_as_array(argument, frame, columns)
    array = arrays.real(argument, value)
    if array.ndim == 0:
        checks.reject(argument, value, "an array with one row a sample")
    if array.size == 0:
        raise checks.RavineValueError(f"{argument} is empty: it has shape {array.shape}. Expected at least one row.")
    return array


SMALL = 2**12
"""Of so few numbers each is looked at in less time than it takes to hold back a warning."""


def _all_finite(array: np.ndarray) -> bool:
    """Whether an array holds no NaN and no infinity."""
    if array.dtype.kind != "f":
        return True
    if array.size <= SMALL:
        return bool(np.isfinite(array).all())
    # One number tells it for nearly every array, with no temporary of the array's size: BLAS's product of the array
    # with itself, or a sum where its rows do not lie one after another.
    with np.errstate(over="ignore", invalid="ignore"):
        if array.flags.c_contiguous and math.isfinite(np.vdot(array, array)):
            return True
        if math.isfinite(float(array.sum(dtype=np.float64))):
            return True
    return bool(np.isfinite(array).all())


def _first_infinite(array: np.ndarray) -> tuple[int, ...]:
    """The index of the first NaN or infinity of an array that has one."""
    return tuple(int(i) for i in np.unravel_index(int((~np.isfinite(array)).argmax()), array.shape))


def check_finite(argument: str, array: np.ndarray) -> None:
    """Raise where ``array`` holds NaN or infinity, saying where."""
    if not _all_finite(array):
        where, count = _first_infinite(array), int((~np.isfinite(array)).sum())
        raise checks.RavineValueError(
            f"{argument} holds {array[where]} at index {where} ({count} such values): expected finite numbers."
        )


def within_32_bits(array: np.ndarray) -> bool:
    """Whether all of an array of integers are in [-2³¹, 2³¹)."""
    return bool(-(2**31) <= array.min() <= array.max() < 2**31)


def as_samples(argument: str, value: Any, columns: Names | None = None) -> np.ndarray:
    """Inputs as finite float32; whole numbers of an integer type as int32, of a byte each (images) as they are.

    What a model makes of whole numbers is its own affair: some look them up. Those beyond 32 bits are floats. A frame's
    columns are taken in the order of ``columns``.
    """
    array = as_array(argument, value, columns)
    if array.dtype in (np.uint8, np.int8):
        return array
    if array.dtype.kind in "iu" and (array.dtype == np.int32 or within_32_bits(array)):
        return array.astype(np.int32, copy=False)
    return as_floats(argument, array)


def as_floats(argument: str, array: np.ndarray) -> np.ndarray:
    """``array`` as finite float32."""
    if array.dtype == np.float32:
        check_finite(argument, array)
        return array
    with np.errstate(over="ignore"):
        converted = array.astype(np.float32)
    if _all_finite(converted):
        return converted
    check_finite(argument, array)
    where = _first_infinite(converted)
    raise checks.RavineValueError(
        f"{argument} holds {array[where]} at index {where}, too large for float32, which models compute in: expected "
        "numbers below 3.4e38. Scale them."
    )


def as_targets(argument: str, value: Any) -> np.ndarray:
    """Targets as int32 where they are whole numbers of an integer type, else as finite float32."""
    array = as_array(argument, value)
    if array.dtype.kind in "iu":
        if array.dtype.itemsize > 4 and not within_32_bits(array):
            raise checks.RavineValueError(f"{argument} holds integers beyond 32 bits: expected labels or floats.")
        return array.astype(np.int32, copy=False)
    return as_floats(argument, array)


def as_weights(argument: str, value: Any, rows: int) -> np.ndarray:
    """Weights ``[rows]``, or ``[rows, steps, ...]``: finite and at least 0. Those of ``[rows, 1]`` are ``[rows]``."""
    array = by_sample(as_floats(argument, as_array(argument, value)))
    if len(array) != rows:
        raise checks.RavineValueError(f"{argument} has shape {array.shape}: expected one weight per sample, ({rows},).")
    if array.min() < 0:
        where = tuple(int(i) for i in np.unravel_index(int(array.argmin()), array.shape))
        place = ", ".join(map(str, where))
        raise checks.RavineValueError(f"{argument}[{place}]={array[where]:g}: expected weights of at least 0.")
    return array


def by_sample(weights: np.ndarray) -> np.ndarray:
    """Weights ``[rows, 1]`` as ``[rows]``; others as they are."""
    return weights.reshape(-1) if weights.ndim > 1 and weights[0].size == 1 else weights


def as_data(x: Any, y: Any, weights: Any = None, *, prefix: str = "", columns: Names | None = None) -> Data:
    """Checked arrays of equal length; ``prefix`` goes before ``x`` and ``y`` in errors (``"validation "``).

    A frame's columns are taken in the order of ``columns``.
    """
    if y is None:
        raise checks.RavineValueError(f"{prefix}y=None: expected targets, one row a sample.")
    samples, targets = as_samples(f"{prefix}x", x, columns), as_targets(f"{prefix}y", y)
    if len(samples) != len(targets):
        raise checks.RavineValueError(
            f"{prefix}x has {len(samples)} rows and {prefix}y has {len(targets)}: expected one target per sample."
        )
    w = None if weights is None else as_weights(f"{prefix}sample_weight", weights, len(samples))
    names = names_of(x)
    return Data(samples, targets, w, columns=names and (columns or names))


def as_pair(name: str, given: Any, columns: Names | None = None) -> Data:
    """Checked arrays of the argument ``NAME_data``, which is ``(x, y)`` or ``(x, y, sample_weight)``."""
    if not isinstance(given, tuple | list) or len(given) not in (2, 3):
        checks.reject_type(f"{name}_data", given, "(x, y) or (x, y, sample_weight)")
    return as_data(*given, prefix=f"{name} ", columns=columns)
