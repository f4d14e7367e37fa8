"""Activation functions, under Keras's names.

Most act element by element; the softmaxes act on an axis, by default the last, and ``glu`` halves it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import jax
import jax.numpy as jnp

from ravine import arrays, checks, keras_names, tracing

Activation = Callable[[jax.Array], jax.Array]


@arrays.takes_arrays
def linear(x: jax.Array) -> jax.Array:
    """x."""
    return x


@arrays.takes_arrays
def relu(
    x: jax.Array, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0
) -> jax.Array:
    """min(x, max_value) where x > threshold, else negative_slope * (x - threshold); as it stands, max(x, 0)."""
    plain = isinstance(threshold, int | float) and threshold == 0
    if plain and max_value is None:
        sloped = not isinstance(negative_slope, int | float) or negative_slope != 0
        return jax.nn.leaky_relu(x, negative_slope) if sloped else jax.nn.relu(x)
    y = jax.nn.relu(x) if plain else jnp.where(x > threshold, x, 0)
    if max_value is not None:
        y = jnp.clip(y, 0, max_value)
    return y - negative_slope * jax.nn.relu(threshold - x)


@arrays.takes_arrays
def leaky_relu(x: jax.Array, negative_slope: float = 0.2) -> jax.Array:
    """x where x >= 0, else negative_slope * x (Maas et al. 2013)."""
    return jax.nn.leaky_relu(x, negative_slope)


@arrays.takes_arrays
def relu6(x: jax.Array) -> jax.Array:
    """min(max(x, 0), 6) (Krizhevsky 2010)."""
    return jax.nn.relu6(x)


@arrays.takes_arrays
def sigmoid(x: jax.Array) -> jax.Array:
    """1 / (1 + exp(-x))."""
    return jax.nn.sigmoid(x)


@arrays.takes_arrays
def hard_sigmoid(x: jax.Array) -> jax.Array:
    """x / 6 + 1/2, kept within [0, 1]."""
    return jax.nn.hard_sigmoid(x)


@arrays.takes_arrays
def sparse_sigmoid(x: jax.Array) -> jax.Array:
    """(x + 1) / 2, kept within [0, 1] (Blondel et al. 2019)."""
    return jax.nn.sparse_sigmoid(x)


@arrays.takes_arrays
def log_sigmoid(x: jax.Array) -> jax.Array:
    """-log(1 + exp(-x))."""
    return jax.nn.log_sigmoid(x)


@arrays.takes_arrays
def softmax(x: jax.Array, axis: int = -1) -> jax.Array:
    """exp(x) / sum(exp(x)) over ``axis``, computed after subtracting the maximum."""
    return jax.nn.softmax(x, axis=axis)


@arrays.takes_arrays
def log_softmax(x: jax.Array, axis: int = -1) -> jax.Array:
    """x - log(sum(exp(x))) over ``axis``."""
    return jax.nn.log_softmax(x, axis=axis)


@arrays.takes_arrays
def sparsemax(x: jax.Array, axis: int = -1) -> jax.Array:
    """max(x - τ, 0), with τ such that the outputs along ``axis`` sum to 1 (Martins & Astudillo 2016, algorithm 1).

    Keras 3.15 takes for τ the sum of all partial sums of the support, with which nothing sums to 1 once two outputs are
    above 0; here the paper's formula stands.
    """
    z = x - jax.lax.stop_gradient(x.max(axis=axis, keepdims=True))  # adding a constant changes nothing
    falling = jnp.moveaxis(-jnp.sort(-z, axis=axis), axis, -1)
    ranks = jnp.arange(1, falling.shape[-1] + 1)
    support = 1 + ranks * falling > jnp.cumsum(falling, axis=-1)
    tau = (jnp.where(support, falling, 0).sum(axis=-1) - 1) / support.sum(axis=-1)
    return jax.nn.relu(z - jnp.expand_dims(tau, axis))


@arrays.takes_arrays
def tanh(x: jax.Array) -> jax.Array:
    """The hyperbolic tangent."""
    return jnp.tanh(x)


@arrays.takes_arrays
def hard_tanh(x: jax.Array) -> jax.Array:
    """x, kept within [-1, 1]."""
    return jax.nn.hard_tanh(x)


@arrays.takes_arrays
def tanh_shrink(x: jax.Array) -> jax.Array:
    """x - tanh(x)."""
    return x - jnp.tanh(x)


@arrays.takes_arrays
def hard_shrink(x: jax.Array, threshold: float = 0.5) -> jax.Array:
    """x where |x| > threshold, else 0."""
    return jnp.where(jnp.abs(x) > threshold, x, 0)


@arrays.takes_arrays
def soft_shrink(x: jax.Array, threshold: float = 0.5) -> jax.Array:
    """x moved towards 0 by ``threshold``, and 0 where it is nearer than that."""
    return jnp.where(x > threshold, x - threshold, jnp.where(x < -threshold, x + threshold, 0))


@arrays.takes_arrays
def threshold(x: jax.Array, threshold: float, default_value: float) -> jax.Array:
    """x where x > threshold, else ``default_value``."""
    return jnp.where(x > threshold, x, default_value)


@arrays.takes_arrays
def softplus(x: jax.Array) -> jax.Array:
    """log(1 + exp(x))."""
    return jax.nn.softplus(x)


@arrays.takes_arrays
def squareplus(x: jax.Array, b: float = 4) -> jax.Array:
    """(x + sqrt(x**2 + b)) / 2 (Barron 2021)."""
    return jax.nn.squareplus(x, b)


@arrays.takes_arrays
def sparse_plus(x: jax.Array) -> jax.Array:
    """0 where x <= -1, x where x >= 1, and (x + 1)**2 / 4 between: the integral of ``sparse_sigmoid``."""
    return jax.nn.sparse_plus(x)


@arrays.takes_arrays
def softsign(x: jax.Array) -> jax.Array:
    """x / (1 + |x|)."""
    return jax.nn.soft_sign(x)


@arrays.takes_arrays
def elu(x: jax.Array, alpha: float = 1.0) -> jax.Array:
    """x where x > 0, else alpha * (exp(x) - 1) (Clevert et al. 2015)."""
    return jax.nn.elu(x, alpha)


@arrays.takes_arrays
def celu(x: jax.Array, alpha: float = 1.0) -> jax.Array:
    """x where x > 0, else alpha * (exp(x / alpha) - 1): an ELU that is smooth for every alpha (Barron 2017)."""
    return jax.nn.celu(x, alpha)


@arrays.takes_arrays
def selu(x: jax.Array) -> jax.Array:
    """The self-normalizing scaled ELU (Klambauer et al. 2017)."""
    return jax.nn.selu(x)


@arrays.takes_arrays
def gelu(x: jax.Array, approximate: bool = False) -> jax.Array:
    """x * Phi(x), with the normal distribution function Phi (Hendrycks & Gimpel 2016).

    ``approximate`` takes for Phi the tanh that comes near it.
    """
    return jax.nn.gelu(x, approximate=approximate)


@arrays.takes_arrays
def silu(x: jax.Array) -> jax.Array:
    """x * sigmoid(x), also called swish."""
    return jax.nn.silu(x)


@arrays.takes_arrays
def hard_silu(x: jax.Array) -> jax.Array:
    """x * hard_sigmoid(x), also called hard swish (Howard et al. 2019)."""
    return jax.nn.hard_silu(x)


@arrays.takes_arrays
def mish(x: jax.Array) -> jax.Array:
    """x * tanh(log(1 + exp(x))) (Misra 2019)."""
    return x * jnp.tanh(jax.nn.softplus(x))


@arrays.takes_arrays
def glu(x: jax.Array, axis: int = -1) -> jax.Array:
    """a * sigmoid(b), where a and b are the halves of x along ``axis`` (Dauphin et al. 2016)."""
    if x.shape[axis] % 2:
        raise checks.RavineValueError(
            f"activation: glu multiplies one half of the outputs by the other, but there are {x.shape[axis]} of them. "
            "Expected an even number."
        )
    return jax.nn.glu(x, axis=axis)


@arrays.takes_arrays
def exponential(x: jax.Array) -> jax.Array:
    """exp(x)."""
    return jnp.exp(x)


ELEMENTWISE: tuple[Activation, ...] = (
    linear,
    relu,
    leaky_relu,
    relu6,
    sigmoid,
    hard_sigmoid,
    sparse_sigmoid,
    log_sigmoid,
    tanh,
    hard_tanh,
    tanh_shrink,
    hard_shrink,
    soft_shrink,
    softplus,
    squareplus,
    sparse_plus,
    softsign,
    elu,
    celu,
    selu,
    gelu,
    silu,
    hard_silu,
    mish,
    exponential,
)
OF_AN_AXIS: tuple[Activation, ...] = (softmax, log_softmax, sparsemax)
TABLE: dict[str, Activation] = {
    **{f.__name__: f for f in (*ELEMENTWISE, *OF_AN_AXIS, glu)},
    "swish": silu,
    "hard_swish": hard_silu,
}

hard_swish = hard_silu
swish = silu


def get(activation: str | Activation | None) -> Activation:
    """The function for a name, a function or None (``linear``); unknown names raise, with the nearest valid one."""
    if activation is None:
        return linear
    if isinstance(activation, str):
        if activation == "threshold":
            checks.reject(
                "activation",
                activation,
                "its numbers too: lambda x: activations.threshold(x, threshold, default_value)",
            )
        return checks.look_up("activation", activation, TABLE)
    if callable(activation) and not isinstance(activation, type):
        return activation
    checks.reject_type("activation", activation, "a name, a function of one array, or None")


def output_shape(activation: str | Activation | None, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of a sample after ``activation``, given its ``shape`` before: another one after ``glu``.

    A function that does not give one output for each sample raises.
    """
    function = get(activation)
    if function in ELEMENTWISE or function in OF_AN_AXIS:
        return shape
    samples = 2
    found = tracing.shape_of("activation", function, jax.ShapeDtypeStruct((samples, *shape), jnp.float32))
    if getattr(found, "shape", ())[:1] != (samples,):
        expected = f"a function that gives an output for each of {samples} samples of shape {shape}"
        checks.reject("activation", activation, f"{expected}, but this gives {found}")
    return tuple(found.shape[1:])


if not TYPE_CHECKING:
    __getattr__ = keras_names.of_module(__name__, globals())
