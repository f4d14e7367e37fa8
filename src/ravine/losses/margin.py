"""Losses of the margin by which an answer is right."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from ravine import arrays, checks, trees
from ravine.losses.base import Loss, aligned, by_sample, check_classes, check_one_hot


def signs(y: jax.Array) -> jax.Array:
    """Targets -1 and 1; where all are 0 or 1, 0 stands for -1."""
    return jnp.where(((y == 0) | (y == 1)).all(), 2 * y - 1, y)


@arrays.takes_arrays
def hinge(y: jax.Array, outputs: jax.Array) -> jax.Array:
    """mean(max(0, 1 - y·output)), y in {-1, 1} or {0, 1}."""
    y, outputs = aligned(y, outputs)
    return jnp.maximum(1 - signs(y) * outputs, 0).mean(axis=-1)


@arrays.takes_arrays
def squared_hinge(y: jax.Array, outputs: jax.Array) -> jax.Array:
    """mean(max(0, 1 - y·output)**2), y in {-1, 1} or {0, 1}."""
    y, outputs = aligned(y, outputs)
    return (jnp.maximum(1 - signs(y) * outputs, 0) ** 2).mean(axis=-1)


@arrays.takes_arrays
def categorical_hinge(y: jax.Array, outputs: jax.Array) -> jax.Array:
    """max(0, 1 + max((1 - y)·output) - sum(y·output)), y one-hot."""
    y, outputs = aligned(y, outputs)
    return jnp.maximum(((1 - y) * outputs).max(axis=-1) - (y * outputs).sum(axis=-1) + 1, 0)


def check_signs(name: str, y: np.ndarray, output_shape: tuple[int, ...]) -> None:
    """Raise where targets are neither all of -1 and 1 nor all of 0 and 1."""
    if y.size and not (np.isin(y, (-1, 1)).all() or np.isin(y, (0, 1)).all()):
        raise checks.RavineValueError(
            f"y holds values from {y.min():g} to {y.max():g}: {name} expected targets of -1 and 1, or of 0 and 1."
        )


@trees.tree
class Hinge(Loss):
    """mean(max(0, 1 - y·output)), targets -1 and 1, or 0 and 1."""

    def values(self, y: jax.Array, outputs: jax.Array) -> jax.Array:
        """What each sample lacks of a margin of 1, averaged over its outputs."""
        return by_sample(hinge, y, outputs)

    def check(self, y: np.ndarray, output_shape: tuple[int, ...]) -> None:
        """Targets have the outputs' shape and two values."""
        super().check(y, output_shape)
        check_signs("hinge", y, output_shape)


@trees.tree
class SquaredHinge(Loss):
    """mean(max(0, 1 - y·output)**2), targets -1 and 1, or 0 and 1."""

    def values(self, y: jax.Array, outputs: jax.Array) -> jax.Array:
        """The square of what each sample lacks of a margin of 1, averaged over its outputs."""
        return by_sample(squared_hinge, y, outputs)

    def check(self, y: np.ndarray, output_shape: tuple[int, ...]) -> None:
        """Targets have the outputs' shape and two values."""
        super().check(y, output_shape)
        check_signs("squared_hinge", y, output_shape)


@trees.tree
class CategoricalHinge(Loss):
    """max(0, 1 + the largest wrong output - the right one), targets one-hot."""

    def values(self, y: jax.Array, outputs: jax.Array) -> jax.Array:
        """What each sample's right output lacks of being 1 above all others."""
        return by_sample(categorical_hinge, y, outputs)

    def check(self, y: np.ndarray, output_shape: tuple[int, ...]) -> None:
        """Targets have the outputs' shape."""
        check_classes("categorical_hinge", output_shape)
        if y.shape[1:] != output_shape:
            super().check(y, output_shape)
        check_one_hot("categorical_hinge", y, output_shape)
