"""Layers that change the shape of a sample and nothing else, so that whole numbers stay what they were."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import ClassVar

import jax
import jax.numpy as jnp

from ravine import checks, trees
from ravine.layers.base import Arrays, Layer, Shape


@trees.tree(frozen=False)
class Identity(Layer):
    """Passes its inputs on."""

    keeps_values: ClassVar[bool] = True

    def apply(
        self, params: Arrays, stats: Arrays, x: jax.Array, *, key: jax.Array | None, training: bool
    ) -> tuple[jax.Array, Arrays]:
        """The input."""
        return x, stats


@trees.tree(frozen=False)
class Flatten(Layer):
    """``[batch, a, b, ...]`` to ``[batch, a*b*...]``."""

    keeps_values: ClassVar[bool] = True

    def output_shape(self, input_shape: Shape) -> Shape:
        """One axis."""
        return (math.prod(input_shape),)

    def apply(
        self, params: Arrays, stats: Arrays, x: jax.Array, *, key: jax.Array | None, training: bool
    ) -> tuple[jax.Array, Arrays]:
        """The input with all axes but the first joined."""
        return x.reshape(x.shape[0], -1), stats


@trees.tree(frozen=False)
class Reshape(Layer):
    """``[batch, ...]`` to ``[batch, *target_shape]``, with the numbers of each sample in the order that they had.

    Args:
        target_shape: the shape of one sample; one of its sizes may be -1, for whatever is left.
    """

    target_shape: Sequence[int] = trees.static()

    keeps_values: ClassVar[bool] = True

    def check(self) -> None:
        """The sizes are positive integers, but for one -1."""
        super().check()
        expected = "a tuple of positive integers, one of which may be -1"
        if not isinstance(self.target_shape, tuple | list):
            checks.reject_type("target_shape", self.target_shape, expected)
        if list(self.target_shape).count(-1) > 1:
            checks.reject("target_shape", self.target_shape, expected)
        for i, size in enumerate(self.target_shape):
            if size != -1:
                checks.integer(f"target_shape[{i}]", size, least=1)

    def check_input(self, input_shape: Shape) -> None:
        """A sample has as many numbers as the target."""
        known = math.prod(size for size in self.target_shape if size != -1)
        numbers = math.prod(input_shape)
        if numbers % known if -1 in self.target_shape else numbers != known:
            shape = tuple(self.target_shape)
            checks.reject("target_shape", shape, f"a shape for the {numbers} numbers of samples of shape {input_shape}")

    def output_shape(self, input_shape: Shape) -> Shape:
        """``target_shape`` with -1 made out."""
        known = math.prod(size for size in self.target_shape if size != -1)
        rest = math.prod(input_shape) // known
        return tuple(rest if size == -1 else int(size) for size in self.target_shape)

    def apply(
        self, params: Arrays, stats: Arrays, x: jax.Array, *, key: jax.Array | None, training: bool
    ) -> tuple[jax.Array, Arrays]:
        """The input in its new shape."""
        return x.reshape(x.shape[0], *self.output_shape(x.shape[1:])), stats


@trees.tree(frozen=False)
class Permute(Layer):
    """A sample's axes in another order.

    Args:
        dims: which axis of the input each of the output's is, counted from 1: ``(2, 1)`` swaps two.
    """

    dims: Sequence[int] = trees.static()

    keeps_values: ClassVar[bool] = True

    def check(self) -> None:
        """``dims`` are the numbers from 1 on, each once."""
        super().check()
        expected = "the numbers 1, 2, ... of a sample's axes, each once"
        if not isinstance(self.dims, tuple | list):
            checks.reject_type("dims", self.dims, expected)
        for i, axis in enumerate(self.dims):
            checks.integer(f"dims[{i}]", axis, least=1)
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            checks.reject("dims", self.dims, expected)

    def check_input(self, input_shape: Shape) -> None:
        """A sample has as many axes."""
        if len(input_shape) != len(self.dims):
            count = len(input_shape)
            checks.reject("dims", self.dims, f"an order of {count} axes, those of samples of shape {input_shape}")

    def output_shape(self, input_shape: Shape) -> Shape:
        """The sizes in their new order."""
        return tuple(input_shape[axis - 1] for axis in self.dims)

    def apply(
        self, params: Arrays, stats: Arrays, x: jax.Array, *, key: jax.Array | None, training: bool
    ) -> tuple[jax.Array, Arrays]:
        """The input with its axes in their new order."""
        return x.transpose(0, *self.dims), stats


@trees.tree(frozen=False)
class RepeatVector(Layer):
    """``[batch, features]`` to ``[batch, n, features]``.

    Args:
        n: how many times, at least 1.
    """

    n: int = trees.static()

    keeps_values: ClassVar[bool] = True

    def check(self) -> None:
        """``n`` is a positive integer."""
        super().check()
        checks.integer("n", self.n, least=1)

    def check_input(self, input_shape: Shape) -> None:
        """A sample is a vector."""
        if len(input_shape) != 1:
            raise checks.RavineValueError(
                f"RepeatVector repeats samples of shape (features,), but here they have shape {input_shape}."
            )

    def output_shape(self, input_shape: Shape) -> Shape:
        """``n`` vectors."""
        return (int(self.n), *input_shape)

    def apply(
        self, params: Arrays, stats: Arrays, x: jax.Array, *, key: jax.Array | None, training: bool
    ) -> tuple[jax.Array, Arrays]:
        """Each vector ``n`` times."""
        return jnp.repeat(x[:, None], self.n, axis=1), stats
