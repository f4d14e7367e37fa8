"""What the normalizing layers share: γ and β, and the axes along which they normalize."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import jax

from ravine import checks, constraints, initializers, regularizers, trees
from ravine.layers.base import Arrays, Layer, Shape

Axis = int | tuple[int, ...]


@trees.tree(frozen=False)
class Affine(Layer):
    """Base of the layers that end with z = γ·x̂ + β.

    Args:
        center: whether β is added.
        scale: whether γ multiplies.
        beta_initializer: a name or a function of a key and a shape.
        gamma_initializer: the same.
        beta_regularizer: a penalty on β: an object, a name or a function.
        gamma_regularizer: the same.
        beta_constraint: what β is put back to after each update.
        gamma_constraint: the same.
    """

    center: bool = trees.static(default=True, kw_only=True)
    scale: bool = trees.static(default=True, kw_only=True)
    beta_initializer: str | initializers.Initializer = trees.static(default="zeros", kw_only=True)
    gamma_initializer: str | initializers.Initializer = trees.static(default="ones", kw_only=True)
    beta_regularizer: regularizers.Named = trees.named(regularizers.get, default=None, kw_only=True)
    gamma_regularizer: regularizers.Named = trees.named(regularizers.get, default=None, kw_only=True)
    beta_constraint: constraints.Named = trees.named(constraints.get, default=None, kw_only=True)
    gamma_constraint: constraints.Named = trees.named(constraints.get, default=None, kw_only=True)

    variable_names: ClassVar[tuple[str, ...]] = ("gamma", "beta")

    def check(self) -> None:
        """``center`` and ``scale`` are bools."""
        super().check()
        checks.boolean("center", self.center)
        checks.boolean("scale", self.scale)

    def affine(self, key: jax.Array, shape: Shape) -> Arrays:
        """γ and β of ``shape``, those that there are."""
        gamma_key, beta_key = jax.random.split(key)
        params = {}
        if self.scale:
            params["gamma"] = self.drawn("gamma", gamma_key, shape)
        if self.center:
            params["beta"] = self.drawn("beta", beta_key, shape)
        return params

    def transformed(self, params: Arrays, centred: jax.Array, factor: jax.Array, shape: Shape) -> jax.Array:
        """γ·(centred·factor) + β, with γ and β as arrays of ``shape`` beside the input's."""
        if self.scale:
            factor = factor * params["gamma"].reshape(shape)
        y = centred * factor
        return y + params["beta"].reshape(shape) if self.center else y


def axes_of(axis: Any, rank: int) -> tuple[int, ...]:
    """``axis`` as counted from 0, in order, for arrays of ``rank`` axes."""
    given = axis if isinstance(axis, tuple | list) else (axis,)
    return tuple(sorted(a % rank for a in given))


def check_axis(axis: Any, *, several: bool) -> None:
    """Raise unless ``axis`` is an integer, or one or more of them."""
    given = axis if isinstance(axis, tuple | list) and several else (axis,)
    if not given or any(isinstance(a, bool) or not isinstance(a, int) for a in given):
        checks.reject_type("axis", axis, "an integer or several" if several else "an integer")


def check_axis_of(axis: Any, input_shape: Shape) -> None:
    """Raise unless ``axis`` names axes of inputs ``[batch, *input_shape]`` other than the first, each once."""
    sizes = (None, *input_shape)
    given = axis if isinstance(axis, tuple | list) else (axis,)
    found = axes_of(axis, len(sizes))
    if any(not -len(sizes) <= a < len(sizes) for a in given) or 0 in found or len(set(found)) < len(found):
        checks.reject("axis", axis, f"an axis of {sizes} other than the first, the batch")


def beside(shape: Shape, axes: tuple[int, ...]) -> Shape:
    """``shape`` with 1 for every axis that is not in ``axes``."""
    return tuple(size if a in axes else 1 for a, size in enumerate(shape))


def others(rank: int, axes: tuple[int, ...]) -> tuple[int, ...]:
    """The axes that are not in ``axes``."""
    return tuple(a for a in range(rank) if a not in axes)


def values_per_feature(input_shape: Shape, rows: int, axis: int) -> int:
    """How many values of each feature along ``axis`` a batch has."""
    sizes = (rows, *input_shape)
    return math.prod(sizes) // sizes[axis]
