"""The declaration of a model's input."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from ravine import checks
from ravine.layers.base import Shape


class Input:
    """Says of which shape each sample is; first in a model, it lets the model be built before it sees data.

    Args:
        shape: of one sample, without the batch: ``(28, 28)``.
        name: shown nowhere yet, kept for files.
        dtype: a type of real numbers; accepted for Keras's sake, since layers that look whole numbers up take them from
            arrays of any type.
    """

    def __init__(self, shape: Shape, name: str | None = None, *, dtype: Any = None) -> None:
        self.shape = check_shape("shape", shape)
        if dtype is not None:
            check_dtype(dtype)
        self.name = name

    def __repr__(self) -> str:
        return f"Input(shape={self.shape})"


def check_dtype(dtype: Any) -> None:
    """Raise unless ``dtype`` is a type of real numbers."""
    try:
        found = jnp.dtype(dtype)
    except TypeError:
        found = jnp.dtype(object)
    if not (
        jnp.issubdtype(found, jnp.bool_) or jnp.issubdtype(found, jnp.integer) or jnp.issubdtype(found, jnp.floating)
    ):
        checks.reject("dtype", dtype, "a type of real numbers, such as 'float32' or 'int32'")


def check_shape(argument: str, shape: object) -> Shape:
    """``shape`` as a tuple of positive integers, or an error that names ``argument``."""
    if not isinstance(shape, tuple | list):
        checks.reject_type(argument, shape, "a tuple of positive integers, the shape of one sample")
    return tuple(checks.integer(f"{argument}[{i}]", size, least=1) for i, size in enumerate(shape))
