"""Arrays of any library as arrays of real numbers on the host."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np

from ravine import checks

HINTS = {
    "c": "Put the real and the imaginary parts side by side, or take the absolute values.",
    "M": "Make numbers of dates first, such as (x - x.min()) / np.timedelta64(1, 'D').",
    "m": "Make numbers of them first, such as x / np.timedelta64(1, 'D').",
    "O": "Encode strings and categories as numbers first; if all are numbers, use x.astype(float).",
    "V": "Give the fields of a structured array side by side.",
}
"""What to do with arrays of the types that are no real numbers, by NumPy's kind."""


def on_host(value: Any) -> Any:
    """A tensor of PyTorch, TensorFlow or another library as an array of NumPy; anything else as it is."""
    for name in ("detach", "cpu", "numpy"):  # a tensor may need gradients, or lie on a GPU
        method = getattr(value, name, None)
        value = method() if callable(method) else value
    return np.from_dlpack(value) if hasattr(value, "__dlpack__") and not hasattr(value, "__array__") else value


def real(argument: str, value: Any) -> np.ndarray:
    """``value`` as an array of booleans, integers or floats that NumPy has, or an error that names ``argument``.

    Types of fewer bits that JAX has and NumPy has not (bfloat16, float8, int4) become float32 and int8.
    """
    if value is None:
        checks.reject_type(argument, value, "an array")
    if isinstance(value, Mapping | set | str | bytes):
        checks.reject_type(argument, value, "an array of numbers")
    if not isinstance(value, np.ndarray) or isinstance(value, np.ma.MaskedArray):
        _check_whole(argument, value)
    try:
        array = np.asarray(value)
    except ValueError:
        raise checks.RavineTypeError(f"{argument} is ragged: its rows differ in length. Expected one array.") from None
    except Exception as error:
        checks.reject_type(argument, value, f"an array of numbers; reading it failed: {checks.one_line(error)}")
    if array.dtype.kind == "V" and array.dtype.names is None:
        array = _widened(array)
    if array.dtype.kind not in "biuf":
        hint = HINTS.get(array.dtype.kind, "Encode strings and categories as numbers first.")
        raise checks.RavineTypeError(
            f"{argument} has dtype {array.dtype} (first value {checks.shown(array.flat[0] if array.size else None)}): "
            f"expected an array of real numbers. {hint}"
        )
    return array


def _check_whole(argument: str, value: Any) -> None:
    """Raise where NumPy would leave out what ``value`` says: that some are masked, or that it is sparse."""
    parts = value if isinstance(value, list | tuple) else [value]
    if any(isinstance(part, np.ma.MaskedArray) and np.ma.is_masked(part) for part in parts):
        raise checks.RavineValueError(
            f"{argument} is a masked array, and what lies under its mask would be taken for data. Put numbers there "
            "with filled(...), leave those rows out, or give them sample_weight=0."
        )
    if hasattr(value, "toarray"):
        checks.reject_type(argument, value, "a dense array; call toarray() first")


def _widened(array: np.ndarray) -> np.ndarray:
    """An array of one of JAX's small types in one of NumPy's."""
    for kind, wider in ((jnp.floating, np.float32), (jnp.integer, np.int8)):
        if jnp.issubdtype(array.dtype, kind):
            return array.astype(wider)
    return array
