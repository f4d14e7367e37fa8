"""Activations as layers of their own."""

from __future__ import annotations

from dataclasses import replace

import jax
import jax.numpy as jnp

from ravine import activations, checks, trees
from ravine.layers.base import Arrays, Layer, Shape


@trees.tree(frozen=False)
class Activation(Layer):
    """An activation function of a name or a function; None passes its input on."""

    activation: str | activations.Activation | None = trees.static()

    def check(self) -> None:
        """The activation is known."""
        super().check()
        activations.get(self.activation)

    def output_shape(self, input_shape: Shape) -> Shape:
        """The input's shape, but for what ``glu`` halves."""
        return activations.output_shape(self.activation, input_shape)

    def apply(
        self, params: Arrays, stats: Arrays, x: jax.Array, *, key: jax.Array | None, training: bool
    ) -> tuple[jax.Array, Arrays]:
        """activation(x)."""
        return activations.get(self.activation)(x), stats

    def split_activation(self) -> tuple[Layer, activations.Activation | None]:
        """A layer that passes its input on, and the activation."""
        return replace(self, activation=None), activations.get(self.activation)


@trees.tree(frozen=False)
class ReLU(Layer):
    """The rectified linear unit, with Keras's three settings.

    y = max_value where x >= max_value, x where threshold < x < max_value, else negative_slope * (x - threshold).

    Args:
        max_value: the ceiling, at least 0; None for none.
        negative_slope: the slope below the threshold, at least 0.
        threshold: where the unit starts, at least 0.
    """

    max_value: float | None = None
    negative_slope: float = 0.0
    threshold: float = 0.0

    def check(self) -> None:
        """All three settings are at least 0."""
        super().check()
        if self.max_value is not None:
            checks.number("max_value", self.max_value, least=0)
        checks.number("negative_slope", self.negative_slope, least=0)
        checks.number("threshold", self.threshold, least=0)

    def apply(
        self, params: Arrays, stats: Arrays, x: jax.Array, *, key: jax.Array | None, training: bool
    ) -> tuple[jax.Array, Arrays]:
        """The rectified input."""
        y = jnp.where(x > self.threshold, x, self.negative_slope * (x - self.threshold))
        return (y if self.max_value is None else jnp.minimum(y, self.max_value)), stats

    def split_activation(self) -> tuple[Layer, activations.Activation | None]:
        """A layer that passes its input on, and this one as a function."""
        return Activation(None), lambda x: self.apply({}, {}, x, key=None, training=False)[0]


@trees.tree(frozen=False)
class Softmax(Layer):
    """exp(x) / sum(exp(x)) over ``axis``, which counts the batch as axis 0."""

    axis: int = trees.static(default=-1)

    def check(self) -> None:
        """``axis`` is an integer."""
        super().check()
        if isinstance(self.axis, bool) or not isinstance(self.axis, int):
            checks.reject_type("axis", self.axis, "an integer")

    def check_input(self, input_shape: Shape) -> None:
        """``axis`` is one of the sample's."""
        rank = len(input_shape) + 1
        if not -rank < self.axis < rank or self.axis == 0:
            checks.reject("axis", self.axis, f"an axis of {(None, *input_shape)} other than the first, the batch")

    def apply(
        self, params: Arrays, stats: Arrays, x: jax.Array, *, key: jax.Array | None, training: bool
    ) -> tuple[jax.Array, Arrays]:
        """The softmax over ``axis``."""
        return jax.nn.softmax(x, axis=self.axis), stats

    def split_activation(self) -> tuple[Layer, activations.Activation | None]:
        """A layer that passes its input on, and the softmax, which links to a loss where it is over the last axis."""
        if self.axis == -1:
            return Activation(None), activations.softmax
        return Activation(None), lambda x: self.apply({}, {}, x, key=None, training=False)[0]
