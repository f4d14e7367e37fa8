"""Initial weights that are not drawn."""

from __future__ import annotations

import dataclasses

import jax
import jax.numpy as jnp

from ravine import checks
from ravine.initializers.base import Rule, Shape


@dataclasses.dataclass(frozen=True)
class Zeros(Rule):
    """All 0."""

    def __call__(self, key: jax.Array, shape: Shape, /) -> jax.Array:
        """Zeros."""
        return jnp.zeros(shape)


@dataclasses.dataclass(frozen=True)
class Ones(Rule):
    """All 1."""

    def __call__(self, key: jax.Array, shape: Shape, /) -> jax.Array:
        """Ones."""
        return jnp.ones(shape)


@dataclasses.dataclass(frozen=True)
class Constant(Rule):
    """All ``value``, a number."""

    value: float = 0.0

    def check(self) -> None:
        """``value`` is a finite number."""
        checks.number("value", self.value)

    def __call__(self, key: jax.Array, shape: Shape, /) -> jax.Array:
        """``value`` everywhere."""
        return jnp.full(shape, self.value, jnp.float32)


@dataclasses.dataclass(frozen=True)
class Identity(Rule):
    """``gain`` on the diagonal of a matrix, 0 elsewhere."""

    gain: float = 1.0

    def check(self) -> None:
        """``gain`` is a finite number."""
        checks.number("gain", self.gain)

    def __call__(self, key: jax.Array, shape: Shape, /) -> jax.Array:
        """gain * I."""
        if len(shape) != 2:
            raise checks.RavineValueError(
                f"initializer: Identity makes matrices only, but the array has shape {shape}."
            )
        return self.gain * jnp.eye(*shape)
