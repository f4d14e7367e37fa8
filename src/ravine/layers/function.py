"""A function of JAX as a layer."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp

from ravine import checks, regularizers, settings, tracing, trees
from ravine.layers.base import Arrays, Layer, Shape, as_floats

Arguments = tuple[tuple[str, Any], ...]
"""Named arguments that can be hashed, as the items of a dict."""


@trees.tree(frozen=False)
class Lambda(Layer):
    """y = function(x, **arguments), a function of JAX from a batch to a batch; its outputs become floats.

    The function belongs to the compiled program, and so do the arguments and what it holds: another function, a lambda
    written anew included, is another program. Where it has an argument ``training``, it is told whether it trains.

    Args:
        function: from a batch ``[batch, ...]`` to ``[batch, ...]``, made of ``jax.numpy``.
        output_shape: of one sample, or a function of the input's shape with the batch to the output's. It is only
            compared with what the function gives, which JAX tells without running it.
        mask: only None; nothing is masked here.
        arguments: further arguments by name; numbers, strings and tuples.
    """

    function: Callable[..., Any] = trees.static()
    mask: None = trees.static(default=None)
    arguments: Mapping[str, Any] | Arguments | None = trees.static(default=None)
    expected_shape: Any = trees.label(default=None, init=False, repr=False)

    # By hand, since Keras's argument ``output_shape`` is called as the method is.
    def __init__(
        self,
        function: Callable[..., Any],
        output_shape: Shape | Callable[[Any], Any] | None = None,
        mask: None = None,
        arguments: Mapping[str, Any] | Arguments | None = None,
        *,
        name: str | None = None,
        input_shape: Shape | None = None,
        trainable: bool = True,
        activity_regularizer: regularizers.Named = None,
        dtype: Any = None,
        input_dim: int | None = None,
    ) -> None:
        self.function = function
        self.mask = mask
        self.arguments = _hashable(arguments) if isinstance(arguments, Mapping) else arguments
        self.name = name  # type: ignore[assignment]  # None becomes the class's
        self.input_shape = input_shape
        self.trainable = trainable
        self.activity_regularizer = activity_regularizer
        self.dtype = dtype
        self.input_dim = input_dim
        self.expected_shape = output_shape

    def check(self) -> None:
        """The function can be called, and its arguments can be part of a program."""
        super().check()
        if isinstance(self.function, str) or not callable(self.function):
            checks.reject_type("function", self.function, "a function of an array, made of jax.numpy")
        if self.mask is not None:
            checks.reject_type("mask", self.mask, "None, since no layer here masks")
        if self.arguments is not None and not isinstance(self.arguments, tuple):
            checks.reject_type("arguments", self.arguments, "a dict of arguments by name")
        for name, value in (("function", self.function), *self._arguments()):
            try:
                hash(value)
            except TypeError:
                expected = "something that can be hashed: a number, a string, a tuple; let the function hold arrays"
                checks.reject_type(name, value, expected)

    def _arguments(self) -> Arguments:
        return self.arguments if isinstance(self.arguments, tuple) else ()

    def check_input(self, input_shape: Shape) -> None:
        """The function makes a batch of a batch, of the shape that was promised."""
        found, expected = self.output_shape(input_shape), self.expected_shape
        if callable(expected):
            expected = tuple(expected((None, *input_shape)))[1:]
        if expected is None:
            return
        expected = tuple(expected)
        if len(expected) != len(found) or any(e not in (None, n) for e, n in zip(expected, found, strict=True)):
            checks.reject("output_shape", expected, f"{found}, the shape that the function gives a sample")

    def output_shape(self, input_shape: Shape) -> Shape:
        """The shape that the function gives."""
        return _shape_after(self.function, self._arguments(), tuple(input_shape))

    def apply(
        self, params: Arrays, stats: Arrays, x: jax.Array, *, key: jax.Array | None, training: bool
    ) -> tuple[jax.Array, Arrays]:
        """What the function gives."""
        return as_floats(jnp.asarray(_called(self.function, self._arguments(), x, training))), stats


def _hashable(arguments: Mapping[str, Any]) -> Arguments:
    return tuple(sorted((name, tuple(v) if isinstance(v, list) else v) for name, v in arguments.items()))


def _called(function: Callable[..., Any], arguments: Arguments, x: Any, training: bool) -> Any:
    told = {"training": training} if _wants_training(function) else {}
    return function(x, **dict(arguments), **told)


def _wants_training(function: Callable[..., Any]) -> bool:
    try:
        return "training" in inspect.signature(function).parameters
    except ValueError:  # a function of another language tells nothing
        return False


@functools.lru_cache(maxsize=256)
def _shape_after(function: Callable[..., Any], arguments: Arguments, input_shape: Shape) -> Shape:
    """The shape of a sample after the function, told from batches of two sizes without running it."""
    shapes = []
    for rows in (2, 3):
        batch = jax.ShapeDtypeStruct((rows, *input_shape), jnp.float32)
        try:
            found = settings.eval_shape(lambda x: _called(function, arguments, x, False), batch)
        except Exception as error:
            raise checks.RavineValueError(
                f"function: it fails on a batch of shape {(None, *input_shape)}: {tracing.reason(error, function)}"
            ) from error
        shape = getattr(found, "shape", None)
        if shape is None or shape[:1] != (rows,) or jnp.issubdtype(found.dtype, jnp.complexfloating):
            what = f"{found.dtype}{shape}" if shape is not None else checks.shown(found)
            raise checks.RavineValueError(
                f"function: of a batch of shape {(rows, *input_shape)} it makes {what}: expected one array of real "
                f"numbers with {rows} rows."
            )
        shapes.append(shape[1:])
    if shapes[0] != shapes[1]:
        raise checks.RavineValueError(
            f"function: samples have shape {shapes[0]} in a batch of 2 rows and {shapes[1]} in one of 3: expected one "
            "shape for batches of all sizes."
        )
    return tuple(shapes[0])
