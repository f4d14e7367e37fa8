"""Named random streams of one seed.

Everything random in a run is drawn from ``stream(seed, name)``: initial weights, the order of the batches, dropout.
Streams of different names are independent, so adding a dropout layer does not change the order of the batches.
"""

from __future__ import annotations

import functools
import math
import numbers
import random
import secrets
import zlib
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.random import threefry2x32_p

from ravine import checks, settings

LIMIT = 2**32

_sequence: np.random.Generator | None = None


def stream(seed: int, name: str) -> jax.Array:
    """The JAX key of the stream called ``name`` of ``seed``, an integer in [0, 2**32)."""
    return _stream(np.uint32(seed), np.uint32(zlib.crc32(name.encode())))


def streams(seeds: np.ndarray[Any, Any], name: str) -> jax.Array:
    """The keys of the streams called ``name`` of many seeds, uint32 ``[seeds]``."""
    return _streams(seeds, np.uint32(zlib.crc32(name.encode())))


@settings.ordinary
@jax.jit
def _stream(seed: jax.Array, name: jax.Array) -> jax.Array:
    return jax.random.fold_in(jax.random.key(seed, impl="threefry2x32"), name)


_streams = settings.ordinary(jax.jit(jax.vmap(_stream, (0, None))))


def permutation(key: jax.Array, n: int) -> jax.Array:
    """The numbers 0..n-1 in random order, int32 ``[n]``.

    ``jax.random.permutation`` sorts pairs of a key and a value, which takes XLA on a CPU 20 ms for 48,000 rows: a
    twelfth of an epoch of the lecture's network. Here each round sorts single words, random bits above the position
    below, in about 2 ms. The rounds together draw 2 log2(n) bits or more for each number, so that less than one tie
    is to be expected in all.
    """
    position_bits = max(1, (n - 1).bit_length())
    rounds = -(-2 * position_bits // (32 - position_bits))
    positions, mask = jnp.arange(n, dtype=jnp.uint32), jnp.uint32(2**position_bits - 1)
    order = None
    for words in jax.random.bits(key, (rounds, n)):
        moved = jnp.sort((words & ~mask) | positions) & mask
        order = moved if order is None else order.at[moved].get(mode="promise_in_bounds")
    return jnp.asarray(order, jnp.int32)


def bits16(key: jax.Array, shape: tuple[int, ...]) -> jax.Array:
    """Random numbers in [0, 2**16), uint32 ``shape`` with at least one axis: for noise drawn anew in every step.

    They are Threefry-2x32's, like those of ``jax.random.bits``, but all of a block's words are used, and both halves of
    a word, which takes a CPU a fifth of the time (docs/benchmarks.md).
    """
    rows, *rest = shape
    half = -(-rows // 2)
    words = _generator(half * math.prod(rest))(jax.random.key_data(key)).reshape(half, *rest)
    return jnp.concatenate([words & 0xFFFF, words >> 16])[:rows]


@functools.cache
def _generator(count: int) -> Callable[[jax.Array], jax.Array]:
    """A function of a key's two words that draws ``count`` words.

    XLA's own generator is faster than JAX's, but ``vmap`` would draw for every key what the first one draws; there the
    words of the same blocks come from JAX's.
    """

    @jax.custom_batching.custom_vmap
    def words(key: jax.Array) -> jax.Array:
        start = jnp.concatenate([key, jnp.zeros(2, jnp.uint32)])
        threefry = jax.lax.RandomAlgorithm.RNG_THREE_FRY
        return jax.lax.rng_bit_generator(start, (count,), jnp.uint32, algorithm=threefry)[1]

    def blocks(key: jax.Array) -> jax.Array:
        counter = jnp.arange(-(-count // 2), dtype=jnp.uint32)
        pairs = threefry2x32_p.bind(key[0], key[1], counter, jnp.zeros_like(counter))
        return jnp.stack(pairs, axis=1).reshape(-1)[:count]

    @words.def_vmap
    def each(size: int, batched: list[bool], keys: jax.Array) -> tuple[jax.Array, bool]:
        return jax.vmap(blocks)(keys), True

    return words


def check_seed(argument: str, seed: object) -> int:
    """``seed`` as an int in [0, 2**32), or an error that names ``argument``."""
    if isinstance(seed, numbers.Integral) and int(seed) >= LIMIT:
        checks.reject(argument, seed, "an integer below 2**32")
    return checks.integer(argument, seed, least=0, most=LIMIT - 1)


def next_seed() -> int:
    """A seed for whoever was given none: from :func:`set_random_seed`'s sequence, or else from the system."""
    return secrets.randbelow(LIMIT) if _sequence is None else int(_sequence.integers(LIMIT))


def set_random_seed(seed: int) -> None:
    """Make every later model and run that is given no seed of its own repeatable.

    Also seeds Python's ``random`` and NumPy's legacy global generator, as Keras's function of this name does.

    Args:
        seed: an integer in [0, 2**32).
    """
    global _sequence
    seed = check_seed("seed", seed)
    random.seed(seed)
    np.random.seed(seed)
    _sequence = np.random.default_rng(seed)
