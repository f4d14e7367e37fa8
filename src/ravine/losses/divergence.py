"""Losses of distributions that are not crossentropies."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from ravine import arrays, trees
from ravine.losses.base import (
    EPSILON,
    Loss,
    aligned,
    by_sample,
    check_range,
)


@arrays.takes_arrays
def kl_divergence(y: jax.Array, outputs: jax.Array) -> jax.Array:
    """sum(y log(y / p)) over classes, both kept within [1e-7, 1] (Kullback & Leibler 1951)."""
    y, outputs = aligned(y, outputs)
    y, p = jnp.clip(y, EPSILON, 1), jnp.clip(outputs, EPSILON, 1)
    return (y * jnp.log(y / p)).sum(axis=-1)


@arrays.takes_arrays
def poisson(y: jax.Array, outputs: jax.Array) -> jax.Array:
    """mean(output - y log(output + 1e-7)): the outputs are the rates of counts y."""
    y, outputs = aligned(y, outputs)
    return (outputs - y * jnp.log(outputs + EPSILON)).mean(axis=-1)


@trees.tree
class KLDivergence(Loss):
    """sum(y log(y / p)); targets are probabilities of the outputs' shape (Kullback & Leibler 1951)."""

    def values(self, y: jax.Array, outputs: jax.Array) -> jax.Array:
        """The divergence of each sample."""
        return by_sample(kl_divergence, y, outputs)

    def check(self, y: np.ndarray, output_shape: tuple[int, ...]) -> None:
        """Targets have the outputs' shape and lie in [0, 1]."""
        super().check(y, output_shape)
        check_range("kl_divergence", y, 0, 1, "probabilities")


@trees.tree
class Poisson(Loss):
    """mean(output - y log(output)), for counts y and outputs above 0, their expected values."""

    def values(self, y: jax.Array, outputs: jax.Array) -> jax.Array:
        """The loss of each sample, averaged over its outputs."""
        return by_sample(poisson, y, outputs)

    def check(self, y: np.ndarray, output_shape: tuple[int, ...]) -> None:
        """Targets have the outputs' shape and are at least 0."""
        super().check(y, output_shape)
        check_range("poisson", y, 0, np.inf, "counts, which are at least 0")
