"""Functions that users wrote, and what JAX cannot trace of them: told in a sentence, with the place and a way out."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import numpy as np

from ravine import checks, settings

REASONS: tuple[tuple[type[Exception], str], ...] = (
    (
        jax.errors.TracerBoolConversionError,
        "Python's if, while, and, or, not, min and max cannot decide by an array of a compiled program: choose by "
        "jax.numpy.where, jax.numpy.minimum or jax.numpy.maximum",
    ),
    (
        jax.errors.TracerArrayConversionError,
        "NumPy cannot compute with an array of a compiled program: use the function of jax.numpy or ravine.ops",
    ),
    (
        jax.errors.TracerIntegerConversionError,
        "an array of a compiled program is no integer of Python: count and pick by jax.numpy",
    ),
    (
        jax.errors.NonConcreteBooleanIndexError,
        "a condition cannot pick from an array of a compiled program, whose shape is fixed: use jax.numpy.where",
    ),
    (
        jax.errors.UnexpectedTracerError,
        "it kept an array of a compiled program beyond the call: give back all that is needed later",
    ),
    (
        jax.errors.ConcretizationTypeError,
        "float(), int(), bool() and item() cannot take a number out of an array of a compiled program: compute with "
        "the array, by jax.numpy",
    ),
)
"""What JAX raises where code needs the values of arrays of which only the shapes are known yet."""

UNTRACEABLE = tuple(kind for kind, _ in REASONS)


def shape_of(argument: str, function: Callable[..., Any], *arrays: jax.ShapeDtypeStruct) -> Any:
    """The shape and type of what a user's function gives for such arrays; raises where it fails."""
    try:
        # Not of the function itself: JAX keeps weak references to what it traces, and a ufunc, which can have none,
        # ended the process the second time.
        return settings.eval_shape(lambda *given: function(*given), *arrays)
    except checks.RavineError:
        raise
    except Exception as error:
        shapes = " and ".join(str(array.shape) for array in arrays)
        raise checks.RavineValueError(
            f"{argument}={checks.shown(function)} failed for {'arrays' if len(arrays) > 1 else 'an array'} of shape "
            f"{shapes}: {reason(error, function)}"
        ) from error


def reason(error: Exception, function: object = None) -> str:
    """Why code of a user's failed while it was traced, as sentences."""
    found = next((words for kind, words in REASONS if isinstance(error, kind)), None)
    if found is None:
        return f"{type(error).__name__}: {checks.one_line(error)}"
    if isinstance(function, np.ufunc) and hasattr(jax.numpy, function.__name__):
        found = f"{found}, here jax.numpy.{function.__name__}"
    return f"{found}{_place(error)}."


def _place(error: Exception) -> str:
    """The line of a user's code that raised, in brackets; nothing where there is none."""
    for frame, line in reversed(list(traceback.walk_tb(error.__traceback__))):
        if frame.f_globals.get("__name__", "").split(".")[0] not in ("ravine", "jax", "jaxlib", "numpy"):
            return f" ({Path(frame.f_code.co_filename).name}, line {line})"
    return ""
