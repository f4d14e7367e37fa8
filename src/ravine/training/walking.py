"""Walking through the data: an epoch's batches in their order, trained on or evaluated."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from ravine import seeds, trees
from ravine.layers.network import Variables
from ravine.training.data import Data
from ravine.training.state import TrainState
from ravine.training.step import Sums, Task, read, test_step, train_step

NEVER = np.uint32(2**32 - 1)
"""The number of a pass or step that no run arrives at: what is drawn for it is nothing that training draws."""


@trees.tree
class Settings:
    """How a run walks through its data.

    ``batch_size`` rows a step, at most as many as there are; the order is drawn anew for each pass where ``shuffle`` is
    set; ``evaluation_rows`` rows are evaluated at once; an epoch has ``steps`` batches, or with 0 is one pass; with
    ``reorders`` the rows are put in order once a pass, else each batch gathers its own; ``population_statistics`` says
    whether each epoch ends with those of batch normalization taken over all rows.
    """

    batch_size: int = trees.static()
    shuffle: bool = trees.static()
    evaluation_rows: int = trees.static()
    steps: int = trees.static(default=0)
    reorders: bool = trees.static(default=False)
    population_statistics: bool = trees.static(default=False)


Carry = tuple[TrainState, Sums]
Order = jax.Array | None


def draw_order(settings: Settings, data: Data, key: jax.Array, walked: Any) -> Order:
    """In which order pass number ``walked`` takes the rows; None for the order they have."""
    return order_of(key, walked, Count(data.rows)) if settings.shuffle else None


@trees.tree
class Count:
    """A number of rows, as structure."""

    rows: int = trees.static()


def order_of(key: jax.Array, walked: Any, count: Count) -> jax.Array:
    """The order in which pass number ``walked`` takes so many rows, int32 ``[rows]``."""
    return seeds.permutation(jax.random.fold_in(key, walked), count.rows)


def batch_at(settings: Settings, data: Data, order: Order, i: Any, rows: int) -> Data:
    """Batch ``i`` of a pass, of ``rows`` rows."""
    start = i * settings.batch_size
    return data.rows_from(start, rows) if order is None else data.take(lax.dynamic_slice_in_dim(order, start, rows))


def train_epoch(
    task: Task, settings: Settings, state: TrainState, data: Data, keys: tuple[jax.Array, jax.Array], epoch: jax.Array
) -> tuple[TrainState, Sums]:
    """Every row once, in full batches and then what is left over as a batch of its own size."""
    full, rest = divmod(data.rows, settings.batch_size)
    order = draw_order(settings, data, keys[0], epoch)
    if order is not None and settings.reorders:
        data, order = data.take(order), None
    noise_key = jax.random.fold_in(keys[1], epoch)

    def body(carry: Carry, i: jax.Array) -> tuple[Carry, None]:
        batch = batch_at(settings, data, order, i, settings.batch_size)
        return train_step(task, *carry, batch, jax.random.fold_in(noise_key, i)), None

    carry, _ = lax.scan(body, (state, Sums.zero(task)), jnp.arange(full))
    if rest:
        batch = batch_at(settings, data, order, full, rest)
        carry = train_step(task, *carry, batch, jax.random.fold_in(noise_key, full))
    return carry


def train_steps(
    task: Task, settings: Settings, state: TrainState, data: Data, keys: tuple[jax.Array, jax.Array], epoch: jax.Array
) -> tuple[TrainState, Sums]:
    """``settings.steps`` batches: an epoch goes on where the last one ended, and at the rows' end starts anew."""
    full, rest = divmod(data.rows, settings.batch_size)
    batches = full + bool(rest)
    first = epoch * settings.steps
    noise_key = jax.random.fold_in(keys[1], epoch)

    def body(carry: tuple[Carry, Order], i: jax.Array) -> tuple[tuple[Carry, Order], None]:
        sums, order = carry
        walked, j = jnp.divmod(first + i, batches)
        order = lax.cond(j == 0, lambda: draw_order(settings, data, keys[0], walked), lambda: order)

        def step(size: int) -> Carry:
            batch = batch_at(settings, data, order, j, size)
            return train_step(task, *sums, batch, jax.random.fold_in(noise_key, i))

        if not rest:
            return (step(settings.batch_size), order), None
        return (lax.cond(j < full, lambda: step(settings.batch_size), lambda: step(rest)), order), None

    order = draw_order(settings, data, keys[0], first // batches)
    (carry, _), _ = lax.scan(body, ((state, Sums.zero(task)), order), jnp.arange(settings.steps))
    return carry


def evaluate_rows(task: Task, settings: Settings, variables: tuple[Variables, Variables], data: Data) -> jax.Array:
    """Loss and metrics over all rows, without training."""
    rows, size = data.rows, min(settings.evaluation_rows, data.rows)
    full = rows // size

    def body(i: jax.Array, sums: Sums) -> Sums:
        return test_step(task, variables, sums, data.rows_from(i * size, size))

    sums = lax.fori_loop(0, full, body, Sums.zero(task))
    if rows % size:
        sums = test_step(task, variables, sums, data.rows_from(full * size, rows % size))
    return read(task, sums)
