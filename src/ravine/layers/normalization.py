"""Normalization of each sample by itself: the same in training and at inference."""

from __future__ import annotations

from typing import ClassVar

import jax
import jax.numpy as jnp

from ravine import checks, trees
from ravine.layers.affine import Affine, Axis, axes_of, beside, check_axis, check_axis_of
from ravine.layers.base import Arrays, Layer, Shape


def sizes_along(axis: Axis, input_shape: Shape) -> Shape:
    """The sizes of ``axis`` in inputs ``[batch, *input_shape]``."""
    return tuple((0, *input_shape)[a] for a in axes_of(axis, len(input_shape) + 1))


@trees.tree(frozen=False)
class LayerNormalization(Affine):
    """z = γ·(x − μ)/√(σ² + ε) + β, with each sample's own mean μ and variance σ² along ``axis``.

    Source: Ba, Kiros & Hinton 2016, equation 4.

    Args:
        axis: one axis or several, over which to normalize; the batch counts as axis 0. γ and β have their shape.
        epsilon: ε, above 0.
    """

    axis: Axis = trees.static(default=-1)
    epsilon: float = 1e-3

    def check(self) -> None:
        """ε is above 0."""
        super().check()
        check_axis(self.axis, several=True)
        checks.number("epsilon", self.epsilon, above=0)

    def check_input(self, input_shape: Shape) -> None:
        """``axis`` is the sample's."""
        check_axis_of(self.axis, input_shape)

    def init(self, key: jax.Array, input_shape: Shape) -> tuple[Arrays, Arrays]:
        """``gamma`` and ``beta``."""
        return self.affine(key, sizes_along(self.axis, input_shape)), {}

    def apply(
        self, params: Arrays, stats: Arrays, x: jax.Array, *, key: jax.Array | None, training: bool
    ) -> tuple[jax.Array, Arrays]:
        """γ·x̂ + β."""
        axes = axes_of(self.axis, x.ndim)
        centred = x - x.mean(axis=axes, keepdims=True)
        factor = jax.lax.rsqrt(jnp.square(centred).mean(axis=axes, keepdims=True) + self.epsilon)
        return self.transformed(params, centred, factor, beside(x.shape, axes)), stats


@trees.tree(frozen=False)
class GroupNormalization(Affine):
    """Like layer normalization, over groups of features: z = γ·(x − μ)/√(σ² + ε) + β with μ and σ² of each group.

    Source: Wu & He 2018, equation 7.

    Args:
        groups: how many groups the features fall into, a divisor of their number; -1 for one each.
        axis: of the features; the batch counts as axis 0.
        epsilon: ε, above 0.
    """

    groups: int = trees.static(default=32)
    axis: int = trees.static(default=-1)
    epsilon: float = 1e-3

    def check(self) -> None:
        """``groups`` is a positive integer or -1, ε is above 0."""
        super().check()
        if not (isinstance(self.groups, int) and self.groups == -1):
            checks.integer("groups", self.groups, least=1)
        check_axis(self.axis, several=False)
        checks.number("epsilon", self.epsilon, above=0)

    def check_input(self, input_shape: Shape) -> None:
        """The groups divide the features."""
        check_axis_of(self.axis, input_shape)
        (features,) = sizes_along(self.axis, input_shape)
        if self.groups != -1 and features % self.groups:
            checks.reject("groups", self.groups, f"a divisor of {features}, the number of features, or -1 for one each")

    def init(self, key: jax.Array, input_shape: Shape) -> tuple[Arrays, Arrays]:
        """``gamma`` and ``beta``, each ``[features]``."""
        return self.affine(key, sizes_along(self.axis, input_shape)), {}

    def apply(
        self, params: Arrays, stats: Arrays, x: jax.Array, *, key: jax.Array | None, training: bool
    ) -> tuple[jax.Array, Arrays]:
        """γ·x̂ + β."""
        (axis,) = axes_of(self.axis, x.ndim)
        features = x.shape[axis]
        groups = features if self.groups == -1 else self.groups
        grouped = x.reshape(*x.shape[:axis], groups, features // groups, *x.shape[axis + 1 :])
        reduced = tuple(a for a in range(1, grouped.ndim) if a != axis)
        centred = grouped - grouped.mean(axis=reduced, keepdims=True)
        factor = jax.lax.rsqrt(jnp.square(centred).mean(axis=reduced, keepdims=True) + self.epsilon)
        return self.transformed(params, centred, factor, beside(grouped.shape, (axis, axis + 1))).reshape(
            x.shape
        ), stats


@trees.tree(frozen=False)
class RMSNormalization(Layer):
    """y = scale·x/√(mean(x²) + ε) along ``axis`` (Zhang & Sennrich 2019, equation 4).

    Args:
        axis: one axis or several; the batch counts as axis 0. ``scale`` has their shape.
        epsilon: ε, above 0.
    """

    axis: Axis = trees.static(default=-1)
    epsilon: float = 1e-6

    variable_names: ClassVar[tuple[str, ...]] = ("scale",)

    def check(self) -> None:
        """ε is above 0."""
        super().check()
        check_axis(self.axis, several=True)
        checks.number("epsilon", self.epsilon, above=0)

    def check_input(self, input_shape: Shape) -> None:
        """``axis`` is the sample's."""
        check_axis_of(self.axis, input_shape)

    def init(self, key: jax.Array, input_shape: Shape) -> tuple[Arrays, Arrays]:
        """``scale``, ones."""
        return {"scale": jnp.ones(sizes_along(self.axis, input_shape))}, {}

    def apply(
        self, params: Arrays, stats: Arrays, x: jax.Array, *, key: jax.Array | None, training: bool
    ) -> tuple[jax.Array, Arrays]:
        """The normalized input, scaled."""
        axes = axes_of(self.axis, x.ndim)
        factor = jax.lax.rsqrt(jnp.square(x).mean(axis=axes, keepdims=True) + self.epsilon)
        return x * factor * params["scale"].reshape(beside(x.shape, axes)), stats


SHORTEST = 1e-12
"""A norm below this one counts as this one."""


@trees.tree(frozen=False)
class UnitNormalization(Layer):
    """x/‖x‖₂ along ``axis``.

    Args:
        axis: one axis or several; the batch counts as axis 0.
    """

    axis: Axis = trees.static(default=-1)

    def check(self) -> None:
        """``axis`` is an integer or several."""
        super().check()
        check_axis(self.axis, several=True)

    def check_input(self, input_shape: Shape) -> None:
        """``axis`` is the sample's."""
        check_axis_of(self.axis, input_shape)

    def apply(
        self, params: Arrays, stats: Arrays, x: jax.Array, *, key: jax.Array | None, training: bool
    ) -> tuple[jax.Array, Arrays]:
        """The input over its norm."""
        square = jnp.square(x).sum(axis=axes_of(self.axis, x.ndim), keepdims=True)
        return x * jax.lax.rsqrt(jnp.maximum(square, SHORTEST**2)), stats
