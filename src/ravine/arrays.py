"""Arrays of any library as arrays of real numbers on the host."""

from __future__ import annotations

import functools
import inspect
import numbers
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

import jax.numpy as jnp
import numpy as np

from ravine import checks

F = TypeVar("F", bound=Callable[..., Any])

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
    if type(value) is np.ndarray and value.dtype.kind in "biuf":
        return value  # as nearly always, and one prediction of a row takes no longer than a few such checks
    if value is None:
        checks.reject_type(argument, value, "an array")
    if isinstance(value, Mapping | set | str | bytes):
        checks.reject_type(argument, value, "an array of numbers")
    if not isinstance(value, np.ndarray) or isinstance(value, np.ma.MaskedArray):
        _check_whole(argument, value)
    try:
        array = host_array(value)
    except ValueError:
        raise checks.RavineTypeError(f"{argument} is ragged: its rows differ in length. Expected one array.") from None
    except Exception as error:
        checks.reject_type(argument, value, f"an array of numbers; reading it failed: {checks.one_line(error)}")
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


def host_array(value: Any) -> np.ndarray:
    """``value`` as an array of NumPy, one of JAX's small types in one of NumPy's; raises what NumPy raises."""
    array = np.asarray(value if isinstance(value, np.ndarray) else on_host(value))
    if array.dtype.kind != "V" or array.dtype.names is not None:
        return array
    for kind, wider in ((jnp.floating, np.float32), (jnp.integer, np.int8)):
        if jnp.issubdtype(array.dtype, kind):
            return array.astype(wider)
    return array


def takes_arrays(function: F) -> F:
    """A function of arrays and settings that names what it cannot work with, where JAX would speak of its insides."""

    @functools.wraps(function)
    def told(*arguments: Any, **named: Any) -> Any:
        try:
            return function(*arguments, **named)
        except checks.RavineError:
            raise
        except Exception as error:
            _blame(function, arguments, named)
            if isinstance(error, TypeError) and not _fits(function, arguments, named):
                raise
            raise checks.RavineValueError(f"{function.__name__}: {checks.one_line(error)}") from error

    return cast(F, told)


def _fits(function: Callable[..., Any], arguments: tuple[Any, ...], named: dict[str, Any]) -> bool:
    """Whether a function has a place for all that it is given, and is given all that it must have."""
    try:
        inspect.signature(function).bind(*arguments, **named)
    except TypeError:
        return False
    return True


def _blame(function: Callable[..., Any], arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
    """Raise for the first argument that is neither numbers nor, where there is a default, what settings may be."""
    parameters = inspect.signature(function).parameters
    for name, value in (*zip(parameters, arguments, strict=False), *named.items()):
        if name not in parameters:
            return
        is_setting = parameters[name].default is not inspect.Parameter.empty
        if isinstance(value, numbers.Integral) and abs(int(value)) > checks.MOST:
            checks.reject(name, value, "numbers of at most 32 bits")
        if not (_is_numeric(value) or (is_setting and (value is None or _is_axes(value)))):
            checks.reject_type(name, value, "a number" if is_setting else "an array of numbers")


def _is_numeric(value: Any) -> bool:
    kind = getattr(getattr(value, "dtype", None), "kind", None)
    return isinstance(value, numbers.Real) or (kind is not None and kind not in "OSUMmc")


def _is_axes(value: Any) -> bool:
    return isinstance(value, tuple) and all(isinstance(axis, int) for axis in value)
