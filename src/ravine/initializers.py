"""Initial weights: pure functions ``(key, shape) -> array`` by name, as Keras draws them."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp

from ravine import checks

Initializer = Callable[[jax.Array, tuple[int, ...]], jax.Array]


def zeros(key: jax.Array, shape: tuple[int, ...]) -> jax.Array:
    """All 0."""
    return jnp.zeros(shape)


def ones(key: jax.Array, shape: tuple[int, ...]) -> jax.Array:
    """All 1."""
    return jnp.ones(shape)


def glorot_uniform(key: jax.Array, shape: tuple[int, ...]) -> jax.Array:
    """Uniform on [-a, a], a = sqrt(6 / (fan_in + fan_out)) (Glorot & Bengio 2010, equation 16)."""
    return jax.nn.initializers.glorot_uniform()(key, shape)


def glorot_normal(key: jax.Array, shape: tuple[int, ...]) -> jax.Array:
    """Truncated normal of variance 2 / (fan_in + fan_out)."""
    return jax.nn.initializers.glorot_normal()(key, shape)


def he_uniform(key: jax.Array, shape: tuple[int, ...]) -> jax.Array:
    """Uniform on [-a, a], a = sqrt(6 / fan_in) (He et al. 2015)."""
    return jax.nn.initializers.he_uniform()(key, shape)


def he_normal(key: jax.Array, shape: tuple[int, ...]) -> jax.Array:
    """Truncated normal of variance 2 / fan_in (He et al. 2015, equation 10)."""
    return jax.nn.initializers.he_normal()(key, shape)


def lecun_normal(key: jax.Array, shape: tuple[int, ...]) -> jax.Array:
    """Truncated normal of variance 1 / fan_in."""
    return jax.nn.initializers.lecun_normal()(key, shape)


TABLE: dict[str, Initializer] = {
    f.__name__: f for f in (zeros, ones, glorot_uniform, glorot_normal, he_uniform, he_normal, lecun_normal)
}


def get(initializer: str | Initializer) -> Initializer:
    """The function for a name or a function; unknown names raise, with the nearest valid one."""
    if isinstance(initializer, str):
        return checks.look_up("initializer", initializer, TABLE)
    if callable(initializer):
        return initializer
    checks.reject_type("initializer", initializer, "a name or a function of a key and a shape")
