"""Activation functions, element by element but for ``softmax`` and ``log_softmax``, which act on the last axis."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp

from ravine import checks

Activation = Callable[[jax.Array], jax.Array]


def linear(x: jax.Array) -> jax.Array:
    """x."""
    return x


def relu(x: jax.Array) -> jax.Array:
    """max(x, 0)."""
    return jax.nn.relu(x)


def sigmoid(x: jax.Array) -> jax.Array:
    """1 / (1 + exp(-x))."""
    return jax.nn.sigmoid(x)


def softmax(x: jax.Array) -> jax.Array:
    """exp(x) / sum(exp(x)) over the last axis, computed after subtracting the maximum."""
    return jax.nn.softmax(x, axis=-1)


def log_softmax(x: jax.Array) -> jax.Array:
    """x - log(sum(exp(x))) over the last axis."""
    return jax.nn.log_softmax(x, axis=-1)


def tanh(x: jax.Array) -> jax.Array:
    """The hyperbolic tangent."""
    return jnp.tanh(x)


def softplus(x: jax.Array) -> jax.Array:
    """log(1 + exp(x))."""
    return jax.nn.softplus(x)


def softsign(x: jax.Array) -> jax.Array:
    """x / (1 + |x|)."""
    return jax.nn.soft_sign(x)


def elu(x: jax.Array) -> jax.Array:
    """x where x > 0, else exp(x) - 1 (Clevert et al. 2015)."""
    return jax.nn.elu(x)


def selu(x: jax.Array) -> jax.Array:
    """The self-normalizing scaled ELU (Klambauer et al. 2017)."""
    return jax.nn.selu(x)


def gelu(x: jax.Array) -> jax.Array:
    """x * Phi(x), with the exact normal distribution function Phi (Hendrycks & Gimpel 2016)."""
    return jax.nn.gelu(x, approximate=False)


def silu(x: jax.Array) -> jax.Array:
    """x * sigmoid(x), also called swish."""
    return jax.nn.silu(x)


def exponential(x: jax.Array) -> jax.Array:
    """exp(x)."""
    return jnp.exp(x)


ALL: tuple[Activation, ...] = (
    linear,
    relu,
    sigmoid,
    softmax,
    log_softmax,
    tanh,
    softplus,
    softsign,
    elu,
    selu,
    gelu,
    silu,
    exponential,
)
TABLE: dict[str, Activation] = {f.__name__: f for f in ALL} | {"swish": silu}


def get(activation: str | Activation | None) -> Activation:
    """The function for a name, a function or None (``linear``); unknown names raise, with the nearest valid one."""
    if activation is None:
        return linear
    if isinstance(activation, str):
        return checks.look_up("activation", activation, TABLE)
    if callable(activation) and not isinstance(activation, type):
        return activation
    checks.reject_type("activation", activation, "a name, a function of one array, or None")
