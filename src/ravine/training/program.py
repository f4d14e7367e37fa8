"""The compiled run: a loop over epochs around a scan over batches, with validation and early stopping inside.

``train_leg`` is the one function that trains. ``fit`` calls it for a few epochs at a time (a leg), so that progress,
callbacks and Ctrl-C get their turn in between. How long a leg is, is a number, not a structure: legs of any length
are one compilation and give the same bits.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from ravine import seeds, trees
from ravine.layers.network import Network, Variables
from ravine.optimizers.transformation import Transformation
from ravine.training.data import Data
from ravine.training.probing import Probe
from ravine.training.state import TrainState
from ravine.training.statistics import population_statistics
from ravine.training.step import Sums, Task, read, test_step, train_step
from ravine.training.stopping import StoppingRule, StopState

LEG_CAPACITY = 128
"""The most epochs that one leg can hold, since its record of them has a fixed size."""

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


@trees.tree
class RunState:
    """What one leg hands to the next; ``epoch`` is the number of the next epoch."""

    train: TrainState
    epoch: jax.Array
    rules: tuple[StopState, ...]


Carry = tuple[TrainState, Sums]
Order = jax.Array | None


def draw_order(settings: Settings, data: Data, key: jax.Array, walked: Any) -> Order:
    """In which order pass number ``walked`` takes the rows; None for the order they have."""
    return seeds.permutation(jax.random.fold_in(key, walked), data.rows) if settings.shuffle else None


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


def train_leg(
    task: Task,
    rules: tuple[StoppingRule, ...],
    probes: tuple[Probe, ...],
    settings: Settings,
    run: RunState,
    data: Data,
    validation: Data | None,
    keys: tuple[jax.Array, jax.Array],
    epochs: jax.Array,
    validates: jax.Array,
) -> tuple[RunState, jax.Array]:
    """Train up to ``epochs`` epochs, fewer where a stopping rule ends the run.

    Args:
        keys: the streams of the batches' order and of the layers' noise.
        epochs: how many, at most LEG_CAPACITY.
        validates: bool ``[LEG_CAPACITY]``, whether the leg's i-th epoch ends with validation.

    Returns:
        The state after the leg, and its record, float32 ``[LEG_CAPACITY, columns]``: an epoch's training values, then
        its validation values (NaN where it had none), then what the probes measured after it.
    """
    columns = 1 + len(task.metrics) + len(task.weighted_metrics)
    first = run.epoch
    walk = train_steps if settings.steps else train_epoch
    any_order = draw_order(replace(settings, shuffle=settings.population_statistics), data, keys[0], NEVER)

    def probed(train: TrainState, epoch: jax.Array) -> list[jax.Array]:
        noise = jax.random.fold_in(jax.random.fold_in(keys[1], epoch), NEVER)
        return [probe.measure(task, train, data, noise) for probe in probes]

    def goes_on(carry: tuple[RunState, jax.Array]) -> jax.Array:
        run, _ = carry
        stopped = jnp.any(jnp.array([s.stopped_epoch >= 0 for s in run.rules], bool))
        return (run.epoch - first < epochs) & ~stopped

    def one_epoch(carry: tuple[RunState, jax.Array]) -> tuple[RunState, jax.Array]:
        run, record = carry
        i, epoch = run.epoch - first, run.epoch
        train, sums = walk(task, settings, run.train, data, keys, epoch)
        values = read(task, sums)
        # The weights that validation sees and a stopping rule keeps are those that the run would leave behind.
        used = task.optimizer.evaluation_params(train.params, train.optimizer)
        if settings.population_statistics:
            stats = population_statistics(task.network, used, train.stats, data.x, any_order, settings.batch_size)
            train = replace(train, stats=stats)
        arrays = (used, train.stats)
        seen = jnp.ones(columns, bool)
        if validation is not None:
            validated = validates[i]
            val_values = lax.cond(
                validated,
                lambda: evaluate_rows(task, settings, arrays, validation),
                lambda: jnp.full(columns, jnp.nan),
            )
            values = jnp.concatenate([values, val_values])
            seen = jnp.concatenate([seen, jnp.broadcast_to(validated, columns)])
        states = tuple(
            rule.update(state, epoch, values, seen[rule.column], arrays)
            for rule, state in zip(rules, run.rules, strict=True)
        )
        values = jnp.concatenate([values, *probed(train, epoch)])
        return replace(run, train=train, epoch=epoch + 1, rules=states), record.at[i].set(values)

    width = columns * (1 if validation is None else 2) + sum(v.size for v in jax.eval_shape(probed, run.train, first))
    record = jnp.full((LEG_CAPACITY, width), jnp.nan)
    return lax.while_loop(goes_on, one_epoch, (run, record))


def predict_rows(network: Network, variables: tuple[Variables, Variables], x: jax.Array) -> jax.Array:
    """The model's outputs for a batch."""
    return network.outputs(network.apply(*variables, x, key=None, training=False).outputs)


def population_of(
    network: Network, variables: tuple[Variables, Variables], x: jax.Array, key: jax.Array, size: BatchSize
) -> Variables:
    """The statistics over all rows of ``x``, taken in an order that ``key`` draws."""
    return population_statistics(network, *variables, x, seeds.permutation(key, len(x)), size.rows)


@trees.tree
class BatchSize:
    """How many rows a batch has, as structure."""

    rows: int = trees.static()


@trees.tree
class InputShape:
    """The shape of one sample, as structure."""

    shape: tuple[int, ...] = trees.static()


def first_run(state: TrainState, rules: tuple[StoppingRule, ...], epoch: jax.Array) -> RunState:
    """A run about to start with ``epoch``. Its arrays are copies, so a leg may take their memory."""
    arrays = (state.params, state.stats)
    return jax.tree.map(jnp.copy, RunState(state, epoch, tuple(rule.init(arrays) for rule in rules)))


def initial_optimizer_state(optimizer: Transformation, params: Variables) -> Any:
    """What an optimizer remembers before the first step."""
    return optimizer.init(params)


def initial_variables(network: Network, key: jax.Array, sample: InputShape) -> tuple[Variables, Variables]:
    """Initial parameters and statistics."""
    return network.init(key, sample.shape)
