"""Functions of arrays under the names of ``keras.ops``, for losses, metrics and Lambda layers written for Keras.

They are JAX's own, those that mean the same; all others of ``jax.numpy`` may be used beside them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.lax import fori_loop, rsqrt, stop_gradient
from jax.nn import (
    elu,
    gelu,
    hard_sigmoid,
    log_sigmoid,
    log_softmax,
    relu,
    relu6,
    selu,
    sigmoid,
    silu,
    softmax,
    softplus,
)
from jax.numpy import (
    abs,
    absolute,
    add,
    append,
    arange,
    arccos,
    arccosh,
    arcsin,
    arcsinh,
    arctan,
    arctan2,
    arctanh,
    argsort,
    array,
    average,
    broadcast_to,
    ceil,
    concatenate,
    copy,
    cos,
    cosh,
    count_nonzero,
    cross,
    cumprod,
    cumsum,
    diag,
    diagonal,
    diff,
    digitize,
    divide,
    dot,
    einsum,
    equal,
    exp,
    expand_dims,
    expm1,
    eye,
    flip,
    floor,
    floor_divide,
    full,
    full_like,
    greater,
    greater_equal,
    hstack,
    identity,
    inner,
    isclose,
    isfinite,
    isinf,
    isnan,
    less,
    less_equal,
    linspace,
    log,
    log1p,
    log2,
    log10,
    logaddexp,
    logical_and,
    logical_not,
    logical_or,
    logical_xor,
    matmul,
    maximum,
    meshgrid,
    minimum,
    mod,
    moveaxis,
    multiply,
    ndim,
    negative,
    not_equal,
    ones,
    ones_like,
    outer,
    pad,
    power,
    ravel,
    reciprocal,
    repeat,
    roll,
    round,
    searchsorted,
    select,
    shape,
    sign,
    sin,
    sinh,
    size,
    sort,
    split,
    sqrt,
    square,
    squeeze,
    stack,
    subtract,
    swapaxes,
    take,
    take_along_axis,
    tan,
    tanh,
    tensordot,
    tile,
    trace,
    transpose,
    tri,
    tril,
    triu,
    true_divide,
    trunc,
    vdot,
    vstack,
    where,
    zeros,
    zeros_like,
)
from jax.numpy.linalg import norm
from jax.scipy.special import erf, erfinv

from ravine import keras_names

__all__ = [
    "abs",
    "absolute",
    "add",
    "all",
    "amax",
    "amin",
    "any",
    "append",
    "arange",
    "arccos",
    "arccosh",
    "arcsin",
    "arcsinh",
    "arctan",
    "arctan2",
    "arctanh",
    "argmax",
    "argmin",
    "argsort",
    "array",
    "average",
    "broadcast_to",
    "cast",
    "ceil",
    "clip",
    "concatenate",
    "cond",
    "convert_to_numpy",
    "convert_to_tensor",
    "copy",
    "cos",
    "cosh",
    "count_nonzero",
    "cross",
    "cumprod",
    "cumsum",
    "diag",
    "diagonal",
    "diff",
    "digitize",
    "divide",
    "dot",
    "einsum",
    "elu",
    "equal",
    "erf",
    "erfinv",
    "exp",
    "expand_dims",
    "expm1",
    "eye",
    "flip",
    "floor",
    "floor_divide",
    "fori_loop",
    "full",
    "full_like",
    "gelu",
    "greater",
    "greater_equal",
    "hard_sigmoid",
    "hstack",
    "identity",
    "inner",
    "isclose",
    "isfinite",
    "isinf",
    "isnan",
    "leaky_relu",
    "less",
    "less_equal",
    "linspace",
    "log",
    "log1p",
    "log2",
    "log10",
    "log_sigmoid",
    "log_softmax",
    "logaddexp",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "logsumexp",
    "matmul",
    "max",
    "maximum",
    "mean",
    "median",
    "meshgrid",
    "min",
    "minimum",
    "mod",
    "moveaxis",
    "multiply",
    "ndim",
    "negative",
    "norm",
    "not_equal",
    "one_hot",
    "ones",
    "ones_like",
    "outer",
    "pad",
    "power",
    "prod",
    "ravel",
    "reciprocal",
    "relu",
    "relu6",
    "repeat",
    "reshape",
    "roll",
    "round",
    "rsqrt",
    "searchsorted",
    "select",
    "selu",
    "shape",
    "sigmoid",
    "sign",
    "silu",
    "sin",
    "sinh",
    "size",
    "softmax",
    "softplus",
    "softsign",
    "sort",
    "split",
    "sqrt",
    "square",
    "squeeze",
    "stack",
    "std",
    "stop_gradient",
    "subtract",
    "sum",
    "swapaxes",
    "take",
    "take_along_axis",
    "tan",
    "tanh",
    "tensordot",
    "tile",
    "top_k",
    "trace",
    "transpose",
    "tri",
    "tril",
    "triu",
    "true_divide",
    "trunc",
    "var",
    "vdot",
    "vstack",
    "where",
    "zeros",
    "zeros_like",
]

Reduction = Callable[..., jax.Array]


def _reduction(function: Reduction) -> Reduction:
    """A reduction of ``jax.numpy`` with Keras's order of arguments, which has no ``dtype`` and ``out`` in between."""

    def reduced(x: Any, axis: int | tuple[int, ...] | None = None, keepdims: bool = False, **others: Any) -> jax.Array:
        return function(x, axis=axis, keepdims=keepdims, **others)

    reduced.__name__ = reduced.__qualname__ = function.__name__
    reduced.__doc__ = f"``jax.numpy.{function.__name__}`` over ``axis``, with its other arguments by name."
    return reduced


all = _reduction(jnp.all)
amax = _reduction(jnp.amax)
amin = _reduction(jnp.amin)
any = _reduction(jnp.any)
argmax = _reduction(jnp.argmax)
argmin = _reduction(jnp.argmin)
logsumexp = _reduction(jax.nn.logsumexp)
max = _reduction(jnp.max)
mean = _reduction(jnp.mean)
median = _reduction(jnp.median)
min = _reduction(jnp.min)
prod = _reduction(jnp.prod)
std = _reduction(jnp.std)
sum = _reduction(jnp.sum)
var = _reduction(jnp.var)


def cast(x: Any, dtype: Any) -> jax.Array:
    """``x`` as an array of another type."""
    return jnp.asarray(x).astype(dtype)


def clip(x: Any, x_min: Any, x_max: Any) -> jax.Array:
    """``x``, kept within [x_min, x_max]."""
    return jnp.clip(x, x_min, x_max)


def cond(pred: Any, true_fn: Callable[[], Any], false_fn: Callable[[], Any]) -> Any:
    """What one of two functions without arguments gives."""
    return jax.lax.cond(pred, true_fn, false_fn)


def convert_to_numpy(x: Any) -> np.ndarray:
    """``x`` as a NumPy array. Within a compiled function no array has values yet, and this raises."""
    return np.array(x)


def convert_to_tensor(x: Any, dtype: Any = None) -> jax.Array:
    """``x`` as an array of JAX."""
    return jnp.asarray(x, dtype)


def leaky_relu(x: Any, negative_slope: float = 0.2) -> jax.Array:
    """``x`` where x >= 0, else ``negative_slope`` * x; by default steeper than JAX's."""
    return jax.nn.leaky_relu(x, negative_slope)


def one_hot(x: Any, num_classes: int, axis: int = -1, dtype: Any = None) -> jax.Array:
    """For each whole number in [0, num_classes) zeros with a one at its place, along a new ``axis``."""
    return jax.nn.one_hot(x, num_classes, axis=axis, dtype=dtype)


def reshape(x: Any, newshape: Any) -> jax.Array:
    """``x`` in another shape."""
    return jnp.reshape(x, newshape)


def softsign(x: Any) -> jax.Array:
    """x / (1 + |x|)."""
    return jax.nn.soft_sign(x)


def top_k(x: Any, k: int) -> tuple[jax.Array, jax.Array]:
    """The ``k`` largest along the last axis, from the largest down, and their places."""
    values, indices = jax.lax.top_k(x, k)
    return values, indices


if not TYPE_CHECKING:
    __getattr__ = keras_names.of_module(__name__, __all__)
