"""Initial weights: pure functions ``(key, shape) -> array`` by name, as Keras draws them."""

from __future__ import annotations

import math
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
    fan_in, fan_out = fans(shape)
    return uniform(key, shape, 2 / (fan_in + fan_out))


def glorot_normal(key: jax.Array, shape: tuple[int, ...]) -> jax.Array:
    """Truncated normal of variance 2 / (fan_in + fan_out)."""
    fan_in, fan_out = fans(shape)
    return truncated_normal(key, shape, 2 / (fan_in + fan_out))


def he_uniform(key: jax.Array, shape: tuple[int, ...]) -> jax.Array:
    """Uniform on [-a, a], a = sqrt(6 / fan_in) (He et al. 2015)."""
    return uniform(key, shape, 2 / fans(shape)[0])


def he_normal(key: jax.Array, shape: tuple[int, ...]) -> jax.Array:
    """Truncated normal of variance 2 / fan_in (He et al. 2015, equation 10)."""
    return truncated_normal(key, shape, 2 / fans(shape)[0])


def lecun_normal(key: jax.Array, shape: tuple[int, ...]) -> jax.Array:
    """Truncated normal of variance 1 / fan_in."""
    return truncated_normal(key, shape, 1 / fans(shape)[0])


def random_uniform(key: jax.Array, shape: tuple[int, ...]) -> jax.Array:
    """Uniform on [-0.05, 0.05]."""
    return jax.random.uniform(key, shape, minval=-0.05, maxval=0.05)


def fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """How many inputs and outputs an array of weights joins; of a bias, its length twice."""
    return (shape[0], shape[0]) if len(shape) == 1 else (math.prod(shape[:-1]), math.prod(shape) // shape[-2])


def uniform(key: jax.Array, shape: tuple[int, ...], variance: float) -> jax.Array:
    """Uniform around 0."""
    return math.sqrt(3 * variance) * jax.random.uniform(key, shape, minval=-1.0)


def truncated_normal(key: jax.Array, shape: tuple[int, ...], variance: float) -> jax.Array:
    """Normal around 0, drawn again beyond two standard deviations and stretched to the variance that this takes."""
    kept = 0.87962566103423978  # the standard deviation of the standard normal cut at ±2
    return math.sqrt(variance) / kept * jax.random.truncated_normal(key, -2, 2, shape)


ALL: tuple[Initializer, ...] = (
    zeros,
    ones,
    glorot_uniform,
    glorot_normal,
    he_uniform,
    he_normal,
    lecun_normal,
    random_uniform,
)
TABLE: dict[str, Initializer] = {"Zeros": zeros} | {f.__name__: f for f in ALL} | {"uniform": random_uniform}


def get(initializer: str | Initializer) -> Initializer:
    """The function for a name or a function; unknown names raise, with the nearest valid one."""
    if isinstance(initializer, str):
        return checks.look_up("initializer", initializer, TABLE)
    if callable(initializer) and not isinstance(initializer, type):
        return initializer
    checks.reject_type("initializer", initializer, "a name or a function of a key and a shape")
