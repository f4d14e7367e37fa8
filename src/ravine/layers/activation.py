"""Activations as layers of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

import jax
import jax.numpy as jnp

from ravine import activations, checks, constraints, initializers, regularizers, trees
from ravine.layers.affine import Axis, axes_of, check_axis, check_axis_of
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
class Nonlinearity(Layer):
    """Base of the layers that are an activation function with numbers of its own."""

    def function(self, x: jax.Array) -> jax.Array:
        """The activation function."""
        raise NotImplementedError

    def apply(
        self, params: Arrays, stats: Arrays, x: jax.Array, *, key: jax.Array | None, training: bool
    ) -> tuple[jax.Array, Arrays]:
        """The function of the input."""
        return self.function(x), stats

    def split_activation(self) -> tuple[Layer, activations.Activation | None]:
        """A layer that passes its input on, and this one as a function."""
        return Activation(None), lambda x: self.function(x)


@trees.tree(frozen=False)
class ReLU(Nonlinearity):
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

    def function(self, x: jax.Array) -> jax.Array:
        """The rectified input."""
        y = jnp.where(x > self.threshold, x, self.negative_slope * (x - self.threshold))
        return y if self.max_value is None else jnp.minimum(y, self.max_value)


@trees.tree(frozen=False)
class LeakyReLU(Nonlinearity):
    """y = x where x >= 0, else negative_slope·x (Maas, Hannun & Ng 2013).

    Args:
        negative_slope: the slope below 0, at least 0.
    """

    negative_slope: float = 0.3

    def check(self) -> None:
        """The slope is at least 0."""
        super().check()
        checks.number("negative_slope", self.negative_slope, least=0)

    def function(self, x: jax.Array) -> jax.Array:
        """The input, less steep below 0."""
        return jax.nn.leaky_relu(x, self.negative_slope)


@trees.tree(frozen=False)
class ELU(Nonlinearity):
    """y = x where x > 0, else alpha·(exp(x) − 1) (Clevert, Unterthiner & Hochreiter 2015).

    Args:
        alpha: minus the value at −∞.
    """

    alpha: float = 1.0

    def check(self) -> None:
        """``alpha`` is a number."""
        super().check()
        checks.number("alpha", self.alpha)

    def function(self, x: jax.Array) -> jax.Array:
        """The input, curved below 0."""
        return jax.nn.elu(x, self.alpha)


@trees.tree(frozen=False)
class PReLU(Layer):
    """y = x where x > 0, else alpha·x, with a slope ``alpha`` for each feature that is learned (He et al. 2015).

    Args:
        alpha_initializer: a name or a function of a key and a shape, for ``alpha`` of the shape of a sample.
        alpha_regularizer: a penalty on ``alpha``: an object, a name or a function; None for none.
        alpha_constraint: what ``alpha`` is put back to after each update: an object, a name or a function.
        shared_axes: an axis, or several, along which there is one slope; the batch counts as axis 0. None for none.
    """

    alpha_initializer: str | initializers.Initializer = trees.static(default="Zeros")
    alpha_regularizer: regularizers.Named = trees.named(regularizers.get, default=None)
    alpha_constraint: constraints.Named = trees.named(constraints.get, default=None)
    shared_axes: int | Sequence[int] | None = trees.static(default=None)

    variable_names: ClassVar[tuple[str, ...]] = ("alpha",)

    def _shared(self) -> tuple[int, ...]:
        axes: Any = () if self.shared_axes is None else self.shared_axes
        return tuple(axes) if isinstance(axes, tuple | list) else (axes,)

    def check(self) -> None:
        """The axes are integers."""
        super().check()
        for axis in self._shared():
            checks.integer("shared_axes", axis, least=1)

    def check_input(self, input_shape: Shape) -> None:
        """The axes are the sample's."""
        if any(axis > len(input_shape) for axis in self._shared()):
            expected = f"axes of {(None, *input_shape)} other than the first, the batch"
            checks.reject("shared_axes", self.shared_axes, expected)

    def init(self, key: jax.Array, input_shape: Shape) -> tuple[Arrays, Arrays]:
        """``alpha``, of the shape of a sample with 1 for the axes that are shared."""
        shape = tuple(1 if axis in self._shared() else size for axis, size in enumerate(input_shape, 1))
        return {"alpha": self.drawn("alpha", key, shape)}, {}

    def apply(
        self, params: Arrays, stats: Arrays, x: jax.Array, *, key: jax.Array | None, training: bool
    ) -> tuple[jax.Array, Arrays]:
        """max(x, 0) − alpha·max(−x, 0)."""
        return jax.nn.relu(x) - params["alpha"] * jax.nn.relu(-x), stats


@trees.tree(frozen=False)
class Softmax(Nonlinearity):
    """exp(x) / sum(exp(x)) over ``axis``, one axis or several; the batch counts as axis 0."""

    axis: Axis = trees.static(default=-1)

    def check(self) -> None:
        """``axis`` is an integer or several."""
        super().check()
        check_axis(self.axis, several=True)

    def check_input(self, input_shape: Shape) -> None:
        """``axis`` is the sample's."""
        check_axis_of(self.axis, input_shape)

    def function(self, x: jax.Array) -> jax.Array:
        """The softmax over ``axis``."""
        return jax.nn.softmax(x, axis=axes_of(self.axis, x.ndim))

    def split_activation(self) -> tuple[Layer, activations.Activation | None]:
        """A layer that passes its input on, and the softmax, which links to a loss where it is over the last axis."""
        return (Activation(None), activations.softmax) if self.axis == -1 else super().split_activation()
