"""The declaration of a model's input."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from ravine import checks
from ravine.layers.base import Shape
from ravine.layers.declaring import dtype_of


class Input:
    """Says of which shape each sample is; first in a model, it lets the model be built before it sees data.

    Args:
        shape: of one sample, without the batch: ``(28, 28)``.
        name: shown nowhere yet, kept for files.
        batch_size: accepted for Keras's sake, since a batch may be of any size.
        batch_shape: in place of ``shape``: ``(None, 28, 28)``, with any batch size.
        dtype: a type of real numbers; accepted for Keras's sake, since layers that look whole numbers up take them from
            arrays of any type.
    """

    def __init__(
        self,
        shape: Shape | None = None,
        name: str | None = None,
        *,
        dtype: Any = None,
        batch_size: int | None = None,
        batch_shape: tuple[int | None, ...] | None = None,
    ) -> None:
        if (shape is None) == (batch_shape is None):
            raise checks.RavineValueError("Input: expected a shape, or in its place a batch_shape.")
        self.shape = check_shape("shape", shape) if batch_shape is None else _sample_shape(batch_shape)
        if batch_size is not None:
            checks.integer("batch_size", batch_size, least=1)
        if not isinstance(name, str | None):
            checks.reject_type("name", name, "a string")
        if dtype is not None:
            check_dtype(dtype)
        self.name = name

    def __repr__(self) -> str:
        return f"Input(shape={self.shape})"


def _sample_shape(batch_shape: object) -> Shape:
    """The shape of one sample of a batch."""
    if not isinstance(batch_shape, tuple | list) or not batch_shape:
        checks.reject_type("batch_shape", batch_shape, "the shape of a batch, such as (None, 28, 28)")
    if batch_shape[0] is not None:
        checks.integer("batch_shape[0]", batch_shape[0], least=1)
    return tuple(checks.integer(f"batch_shape[{i}]", size, least=1) for i, size in enumerate(batch_shape[1:], 1))


def check_dtype(dtype: Any) -> None:
    """Raise unless ``dtype`` is a type of real numbers."""
    found = dtype_of(dtype)
    if found is None or not (
        jnp.issubdtype(found, jnp.bool_) or jnp.issubdtype(found, jnp.integer) or jnp.issubdtype(found, jnp.floating)
    ):
        checks.reject("dtype", dtype, "a type of real numbers, such as 'float32' or 'int32'")


def check_shape(argument: str, shape: object) -> Shape:
    """``shape`` as a tuple of positive integers, or an error that names ``argument``."""
    if not isinstance(shape, tuple | list):
        checks.reject_type(argument, shape, "a tuple of positive integers, the shape of one sample")
    return tuple(checks.integer(f"{argument}[{i}]", size, least=1) for i, size in enumerate(shape))
