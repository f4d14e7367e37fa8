"""The statistics of batch normalization over all of the training data, in place of their moving averages."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from ravine.layers.network import Network, Variables


def population_statistics(
    network: Network, params: Variables, stats: Variables, x: Any, order: Any, batch_size: int
) -> Variables:
    """The statistics with those of batch normalization replaced: E(x) = E_B(μ_B), Var(x) = N_B/(N_B − 1)·E_B(σ_B²).

    Every row is seen once, in batches of ``batch_size`` taken in ``order``, with each layer normalizing by the batch's
    own statistics, as in training, but nothing dropped, as at inference. A batch counts by its rows; a single row that
    is left over is left out, since its variance is undefined.

    Source: Ioffe & Szegedy 2015, algorithm 2.
    """
    full, rest = divmod(len(x), batch_size)

    def estimate(start: Any, rows: int) -> Variables:
        taken = lax.dynamic_slice_in_dim(order, start, rows)
        found = network.estimates(params, stats, x.at[taken].get(mode="promise_in_bounds"))
        return jax.tree.map(lambda e: e * rows, found)

    def add(i: jax.Array, sums: Variables) -> Variables:
        return jax.tree.map(jnp.add, sums, estimate(i * batch_size, batch_size))

    zero = jax.tree.map(lambda a: jnp.zeros(a.shape, a.dtype), jax.eval_shape(lambda: estimate(0, batch_size)))
    sums, counted = lax.fori_loop(0, full, add, zero), full * batch_size
    if rest > 1:
        sums, counted = jax.tree.map(jnp.add, sums, estimate(counted, rest)), counted + rest
    means = jax.tree.map(lambda s: s / counted, sums)
    return tuple({**kept, **found} for kept, found in zip(stats, means, strict=True))
