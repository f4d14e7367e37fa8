"""What a run reads: arrays checked and converted on the host, once, before anything trains."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import jax
import numpy as np

from ravine import checks, trees
from ravine.training.frames import as_frame, frame_as_array


@trees.tree
class Data:
    """Samples ``x``, targets ``y`` and sample weights ``w`` (or None), each with one row a sample."""

    x: Any
    y: Any
    w: Any = None

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
        return jax.device_put(self)


def on_host(value: Any) -> Any:
    """A tensor of PyTorch, TensorFlow or another library as an array of NumPy; anything else as it is."""
    for name in ("detach", "cpu", "numpy"):  # a tensor may need gradients, or lie on a GPU
        method = getattr(value, name, None)
        value = method() if callable(method) else value
    return np.from_dlpack(value) if hasattr(value, "__dlpack__") and not hasattr(value, "__array__") else value


def as_array(argument: str, value: Any) -> np.ndarray:
    """``value`` as a numeric array with at least one row, or an error that names ``argument``.

    A frame of pandas, polars or another library becomes an array ``[rows, columns]``, a series one ``[rows]``.
    """
    if value is None:
        checks.reject_type(argument, value, "an array")
    if isinstance(value, Mapping | set | str | bytes):
        checks.reject_type(argument, value, "an array of numbers")
    if not isinstance(value, np.ndarray):
        frame = as_frame(argument, value)
        value = on_host(value) if frame is None else frame_as_array(argument, frame)
    try:
        array = np.asarray(value)
    except ValueError:
        raise checks.RavineTypeError(f"{argument} is ragged: its rows differ in length. Expected one array.") from None
    if array.dtype.kind not in "biuf":
        raise checks.RavineTypeError(
            f"{argument} has dtype {array.dtype} (first value {checks.shown(array.flat[0] if array.size else None)}): "
            "expected an array of real numbers. Encode strings and categories as numbers first."
        )
    if array.ndim == 0:
        checks.reject(argument, value, "an array with one row a sample")
    if array.size == 0:
        raise checks.RavineValueError(f"{argument} is empty: it has shape {array.shape}. Expected at least one row.")
    return array


def check_finite(argument: str, array: np.ndarray) -> None:
    """Raise where ``array`` holds NaN or infinity, saying where."""
    # One number tells it for nearly every array, with no temporary of the array's size: BLAS's product of the array
    # with itself, or a sum where its rows do not lie one after another.
    if array.dtype.kind != "f" or (array.flags.c_contiguous and math.isfinite(np.vdot(array, array))):
        return
    with np.errstate(over="ignore", invalid="ignore"):
        if math.isfinite(float(array.sum(dtype=np.float64))):
            return
    bad = ~np.isfinite(array)
    if bad.any():
        where = tuple(int(i) for i in np.unravel_index(int(bad.argmax()), array.shape))
        raise checks.RavineValueError(
            f"{argument} holds {array[where]} at index {where} ({int(bad.sum())} such values): expected finite numbers."
        )


def within_32_bits(array: np.ndarray) -> bool:
    """Whether all of an array of integers are in [-2³¹, 2³¹)."""
    return bool(-(2**31) <= array.min() <= array.max() < 2**31)


def as_samples(argument: str, value: Any) -> np.ndarray:
    """Inputs as finite float32; whole numbers of an integer type as int32, of a byte each (images) as they are.

    What a model makes of whole numbers is its own affair: some look them up. Those beyond 32 bits are floats.
    """
    array = as_array(argument, value)
    if array.dtype in (np.uint8, np.int8):
        return array
    if array.dtype.kind in "iu" and (array.dtype == np.int32 or within_32_bits(array)):
        return array.astype(np.int32, copy=False)
    return as_floats(argument, array)


def as_floats(argument: str, array: np.ndarray) -> np.ndarray:
    """``array`` as finite float32."""
    if array.dtype != np.float32:
        with np.errstate(over="ignore"):
            array = array.astype(np.float32)
    check_finite(argument, array)
    return array


def as_targets(argument: str, value: Any) -> np.ndarray:
    """Targets as int32 where they are whole numbers of an integer type, else as finite float32."""
    array = as_array(argument, value)
    if array.dtype.kind in "iu":
        if array.dtype.itemsize > 4 and not within_32_bits(array):
            raise checks.RavineValueError(f"{argument} holds integers beyond 32 bits: expected labels or floats.")
        return array.astype(np.int32, copy=False)
    return as_floats(argument, array)


def as_weights(argument: str, value: Any, rows: int) -> np.ndarray:
    """Sample weights ``[rows]``: finite and at least 0."""
    array = as_floats(argument, as_array(argument, value))
    if array.shape != (rows,):
        raise checks.RavineValueError(f"{argument} has shape {array.shape}: expected one weight per sample, ({rows},).")
    if array.min() < 0:
        row = int(array.argmin())
        raise checks.RavineValueError(f"{argument}[{row}]={array[row]:g}: expected weights of at least 0.")
    return array


def as_data(x: Any, y: Any, weights: Any = None, *, prefix: str = "") -> Data:
    """Checked arrays of equal length; ``prefix`` goes before ``x`` and ``y`` in errors (``"validation "``)."""
    if y is None:
        raise checks.RavineValueError(f"{prefix}y=None: expected targets, one row a sample.")
    samples, targets = as_samples(f"{prefix}x", x), as_targets(f"{prefix}y", y)
    if len(samples) != len(targets):
        raise checks.RavineValueError(
            f"{prefix}x has {len(samples)} rows and {prefix}y has {len(targets)}: expected one target per sample."
        )
    w = None if weights is None else as_weights(f"{prefix}sample_weight", weights, len(samples))
    return Data(samples, targets, w)


def as_pair(name: str, given: Any) -> Data:
    """Checked arrays of the argument ``NAME_data``, which is ``(x, y)`` or ``(x, y, sample_weight)``."""
    if not isinstance(given, tuple | list) or len(given) not in (2, 3):
        checks.reject_type(f"{name}_data", given, "(x, y) or (x, y, sample_weight)")
    return as_data(*given, prefix=f"{name} ")


def with_class_weight(data: Data, class_weight: Mapping[int, float], outputs: int) -> Data:
    """``data`` for a model of ``outputs`` units with each sample weighted by its class, 1 for classes left out."""
    if data.w is not None:
        raise checks.RavineValueError("class_weight and sample_weight were both given: expected at most one of them.")
    if not isinstance(class_weight, Mapping):
        checks.reject_type("class_weight", class_weight, "a dict of class index to weight")
    y = data.y
    labels = y.argmax(axis=-1) if y.ndim == 2 and y.shape[1] > 1 else y.reshape(len(y), -1)[:, 0]
    classes = max(outputs, 2, int(labels.max()) + 1)
    w = np.ones(len(y), np.float32)
    for label, weight in class_weight.items():
        label = checks.integer("class_weight key", label, least=0)
        if label >= classes:
            checks.reject("class_weight key", label, f"a class in [0, {classes})")
        w[labels == label] = checks.number(f"class_weight[{label}]", weight, least=0)
    return replace(data, w=w)


def hold_out(data: Data, fraction: float) -> tuple[Data, Data]:
    """The first ⌊N(1 − fraction)⌋ rows to train on, and the rest to validate on."""
    fraction = checks.number("validation_split", fraction, least=0, below=1)
    return data.split(rows_to_train_on(data.rows, fraction))


def rows_to_train_on(rows: int, fraction: float) -> int:
    """How many of ``rows`` are left where a fraction is held out; raises where either side is without any."""
    at = math.floor(rows * (1.0 - fraction))
    if not 0 < at < rows:
        raise checks.RavineValueError(
            f"validation_split={fraction:g} of {rows} rows leaves {at} to train on and {rows - at} to validate on: "
            "expected at least one row on each side."
        )
    return at
