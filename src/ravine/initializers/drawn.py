"""Initial weights drawn from distributions that do not depend on their array's shape, and orthogonal ones."""

from __future__ import annotations

import dataclasses
import math

import jax
import jax.numpy as jnp

from ravine import checks
from ravine.initializers.base import Rule, Shape, check_seed, mixed


@dataclasses.dataclass(frozen=True)
class RandomNormal(Rule):
    """Normal, of the given mean and standard deviation.

    Args:
        mean: a number.
        stddev: at least 0.
        seed: None, or an integer that is mixed into the key: another seed, other draws.
    """

    mean: float = 0.0
    stddev: float = 0.05
    seed: int | None = None

    def check(self) -> None:
        """``stddev`` is at least 0."""
        checks.number("mean", self.mean)
        checks.number("stddev", self.stddev, least=0)
        check_seed(self.seed)

    def __call__(self, key: jax.Array, shape: Shape, /) -> jax.Array:
        """mean + stddev * z, z from N(0, 1)."""
        return self.mean + self.stddev * jax.random.normal(mixed(key, self.seed), shape)


@dataclasses.dataclass(frozen=True)
class TruncatedNormal(RandomNormal):
    """Normal, drawn again beyond two standard deviations.

    What it draws then has a standard deviation of 0.88 ``stddev``.
    """

    def __call__(self, key: jax.Array, shape: Shape, /) -> jax.Array:
        """mean + stddev * z, z from N(0, 1) within ±2."""
        return self.mean + self.stddev * jax.random.truncated_normal(mixed(key, self.seed), -2, 2, shape)


@dataclasses.dataclass(frozen=True)
class RandomUniform(Rule):
    """Uniform on [minval, maxval).

    Args:
        minval: a number.
        maxval: at least ``minval``.
        seed: None, or an integer that is mixed into the key.
    """

    minval: float = -0.05
    maxval: float = 0.05
    seed: int | None = None

    def check(self) -> None:
        """``maxval`` is not below ``minval``."""
        checks.number("maxval", self.maxval, least=checks.number("minval", self.minval))
        check_seed(self.seed)

    def __call__(self, key: jax.Array, shape: Shape, /) -> jax.Array:
        """From minval to maxval."""
        return jax.random.uniform(mixed(key, self.seed), shape, minval=self.minval, maxval=self.maxval)


@dataclasses.dataclass(frozen=True)
class Orthogonal(Rule):
    """``gain`` times a random matrix with orthonormal rows or columns, whichever are fewer (Saxe et al. 2014).

    An array of more than two axes is a matrix with one column for each step along its last axis.

    Args:
        gain: a number.
        seed: None, or an integer that is mixed into the key.
    """

    gain: float = 1.0
    seed: int | None = None

    def check(self) -> None:
        """``gain`` is a finite number."""
        checks.number("gain", self.gain)
        check_seed(self.seed)

    def __call__(self, key: jax.Array, shape: Shape, /) -> jax.Array:
        """gain * Q of the QR decomposition of a normal matrix, with the signs that make every Q equally likely."""
        if len(shape) < 2:
            raise checks.RavineValueError(
                f"initializer: Orthogonal needs an array of two axes or more, but this one has shape {shape}."
            )
        rows, columns = math.prod(shape[:-1]), shape[-1]
        q, r = jnp.linalg.qr(jax.random.normal(mixed(key, self.seed), (max(rows, columns), min(rows, columns))))
        q = q * jnp.where(jnp.diagonal(r) < 0, -1, 1)
        return self.gain * (q.T if rows < columns else q).reshape(shape)
