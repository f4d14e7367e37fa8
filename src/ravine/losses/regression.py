"""Losses of numbers that are to come near numbers; their functions take the last axis together."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from ravine import arrays, checks, trees
from ravine.losses.base import EPSILON, Loss, aligned, by_sample, check_range


@arrays.takes_arrays
def mean_squared_error(y: jax.Array, outputs: jax.Array) -> jax.Array:
    """mean((y - output)**2)."""
    y, outputs = aligned(y, outputs)
    return ((y - outputs) ** 2).mean(axis=-1)


@arrays.takes_arrays
def mean_absolute_error(y: jax.Array, outputs: jax.Array) -> jax.Array:
    """mean(|y - output|)."""
    y, outputs = aligned(y, outputs)
    return jnp.abs(y - outputs).mean(axis=-1)


@arrays.takes_arrays
def mean_absolute_percentage_error(y: jax.Array, outputs: jax.Array) -> jax.Array:
    """100 · mean(|y - output| / |y|), where |y| counts as 1e-7 at least."""
    y, outputs = aligned(y, outputs)
    return 100 * jnp.abs((y - outputs) / jnp.maximum(jnp.abs(y), EPSILON)).mean(axis=-1)


@arrays.takes_arrays
def mean_squared_logarithmic_error(y: jax.Array, outputs: jax.Array) -> jax.Array:
    """mean((log(1 + y) - log(1 + output))**2), where what is below 1e-7 counts as that."""
    y, outputs = aligned(y, outputs)
    difference = jnp.log1p(jnp.maximum(outputs, EPSILON)) - jnp.log1p(jnp.maximum(y, EPSILON))
    return (difference**2).mean(axis=-1)


@arrays.takes_arrays
def huber(y: jax.Array, outputs: jax.Array, delta: float = 1.0) -> jax.Array:
    """mean(½e² where |e| <= delta, else delta·|e| - ½delta²), e = output - y (Huber 1964)."""
    y, outputs = aligned(y, outputs)
    size = jnp.abs(outputs - y)
    return jnp.where(size <= delta, 0.5 * size**2, delta * (size - 0.5 * delta)).mean(axis=-1)


@arrays.takes_arrays
def log_cosh(y: jax.Array, outputs: jax.Array) -> jax.Array:
    """mean(log(cosh(output - y))), as e + log(1 + exp(-2e)) - log(2)."""
    y, outputs = aligned(y, outputs)
    error = outputs - y
    return (error + jax.nn.softplus(-2 * error) - np.log(2).astype(np.float32)).mean(axis=-1)


def cosine(y: jax.Array, outputs: jax.Array, axis: int = -1) -> jax.Array:
    """The cosine of the angle between y and output along ``axis``; of a vector of zeros 0."""
    y, outputs = aligned(y, outputs)
    lengths = [jnp.square(x).sum(axis=axis, keepdims=True) for x in (y, outputs)]
    # As in Keras, a vector shorter than EPSILON counts for less than its direction.
    scales = [jax.lax.rsqrt(jnp.maximum(square, EPSILON**2)) for square in lengths]
    return (y * scales[0] * (outputs * scales[1])).sum(axis=axis)


@arrays.takes_arrays
def cosine_similarity(y: jax.Array, outputs: jax.Array, axis: int = -1) -> jax.Array:
    """Minus the cosine of the angle between y and output: -1 where they point the same way."""
    return -cosine(y, outputs, axis)


@trees.tree
class MeanSquaredError(Loss):
    """mean((y - output)**2)."""

    def values(self, y: jax.Array, outputs: jax.Array) -> jax.Array:
        """The squared error of each sample, averaged over its outputs."""
        return by_sample(mean_squared_error, y, outputs)


@trees.tree
class MeanAbsoluteError(Loss):
    """mean(|y - output|)."""

    def values(self, y: jax.Array, outputs: jax.Array) -> jax.Array:
        """The absolute error of each sample, averaged over its outputs."""
        return by_sample(mean_absolute_error, y, outputs)


@trees.tree
class MeanAbsolutePercentageError(Loss):
    """100 · mean(|y - output| / |y|)."""

    def values(self, y: jax.Array, outputs: jax.Array) -> jax.Array:
        """The error of each sample in percent of its target."""
        return by_sample(mean_absolute_percentage_error, y, outputs)


@trees.tree
class MeanSquaredLogarithmicError(Loss):
    """mean((log(1 + y) - log(1 + output))**2), for targets of at least 0."""

    def values(self, y: jax.Array, outputs: jax.Array) -> jax.Array:
        """The squared error of each sample's logarithms."""
        return by_sample(mean_squared_logarithmic_error, y, outputs)

    def check(self, y: np.ndarray, output_shape: tuple[int, ...]) -> None:
        """Targets have the outputs' shape and are at least 0."""
        super().check(y, output_shape)
        check_range("mean_squared_logarithmic_error", y, 0, np.inf, "targets of at least 0")


@trees.tree
class Huber(Loss):
    """Squared errors up to ``delta``, above which they grow like absolute ones (Huber 1964).

    Args:
        delta: above 0.
    """

    delta: float = 1.0

    def values(self, y: jax.Array, outputs: jax.Array) -> jax.Array:
        """½e² where |e| <= delta, else delta·|e| - ½delta², averaged over each sample's outputs."""
        return by_sample(huber, y, outputs, self.delta)

    def check_settings(self) -> None:
        """``delta`` is above 0."""
        super().check_settings()
        checks.number("delta", self.delta, above=0)


@trees.tree
class LogCosh(Loss):
    """mean(log(cosh(output - y))): about ½e² for small errors e, |e| - log 2 for large ones."""

    def values(self, y: jax.Array, outputs: jax.Array) -> jax.Array:
        """log(cosh(e)), averaged over each sample's outputs."""
        return by_sample(log_cosh, y, outputs)


@trees.tree
class CosineSimilarity(Loss):
    """Minus the cosine of the angle between targets and outputs.

    Args:
        axis: of the vectors; the batch counts as axis 0.
    """

    axis: int = trees.static(default=-1)

    def values(self, y: jax.Array, outputs: jax.Array) -> jax.Array:
        """-cos of each sample."""
        return by_sample(cosine_similarity, y, outputs, self.axis)

    def check_settings(self) -> None:
        """``axis`` is an integer."""
        super().check_settings()
        check_axis(self.axis)

    def check(self, y: np.ndarray, output_shape: tuple[int, ...]) -> None:
        """Targets have the outputs' shape, and ``axis`` is one of theirs."""
        super().check(y, output_shape)
        check_axis_of(self.axis, output_shape)


def check_axis(axis: object) -> None:
    """Raise unless ``axis`` is an integer."""
    if isinstance(axis, bool) or not isinstance(axis, int):
        checks.reject_type("axis", axis, "an integer")


def check_axis_of(axis: int, output_shape: tuple[int, ...]) -> None:
    """Raise unless ``axis`` is one of outputs ``[batch, *output_shape]`` other than the first."""
    rank = len(output_shape) + 1
    if not -rank < axis < rank or axis == 0:
        checks.reject("axis", axis, f"an axis of {(None, *output_shape)} other than the first, the batch")
