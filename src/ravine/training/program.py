"""The compiled run: a loop over epochs around a scan over batches, with validation and early stopping inside.

``train_leg`` is the one function that trains. ``fit`` calls it for a few epochs at a time (a leg), so that progress,
callbacks and Ctrl-C get their turn in between. How long a leg is, is a number, not a structure: legs of any length
are one compilation and give the same bits. Where the host must have its turn within an epoch, the epoch's batches go
to ``train_chunk`` and its end to ``close_epoch``: the same steps, and the same end, that a leg is made of.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from ravine import seeds, trees
from ravine.layers.network import Network, Variables
from ravine.optimizers.transformation import Transformation
from ravine.training.data import Data
from ravine.training.plateau import Plateau, PlateauState
from ravine.training.probing import Probe
from ravine.training.state import TrainState
from ravine.training.statistics import population_statistics
from ravine.training.step import Sums, Task, read, test_step, train_step
from ravine.training.stopping import Rule, StopState
from ravine.training.walking import NEVER, Carry, Count, Settings, draw_order, evaluate_rows, train_epoch, train_steps

LEG_CAPACITY = 128
"""The most epochs that one leg can hold, since its record of them has a fixed size."""


@trees.tree
class Member:
    """What one run has of its own: the task, whose numbers are leaves, and the keys of its order and its noise."""

    task: Task
    rules: tuple[Rule, ...]
    plateaus: tuple[Plateau, ...]
    probes: tuple[Probe, ...]
    keys: tuple[jax.Array, jax.Array]


@trees.tree
class Agenda:
    """What the host says of each epoch of a leg.

    ``validates``, bool ``[LEG_CAPACITY]``, tells whether the i-th ends with validation; ``rates``, float32
    ``[LEG_CAPACITY]``, is the learning rate that it starts with, NaN for that which the last one left behind. It is
    None where nothing changes the learning rate.
    """

    validates: Any
    rates: Any = None

    def at(self, i: Any) -> Agenda:
        """Of the leg's i-th epoch alone."""
        return jax.tree.map(lambda a: a[i], self)


@trees.tree
class RunState:
    """What one leg hands to the next; ``epoch`` is the number of the next epoch.

    ``rate`` is its learning rate, None where nothing changes that.
    """

    train: TrainState
    epoch: jax.Array
    rules: tuple[StopState, ...]
    plateaus: tuple[PlateauState, ...] = ()
    rate: jax.Array | None = None


def begin_epoch(run: RunState, agenda: Agenda) -> RunState:
    """The run with the learning rate that the host set for its next epoch."""
    if run.rate is None:
        return run
    return replace(run, rate=jnp.where(jnp.isnan(agenda.rates), run.rate, agenda.rates))


def task_of(member: Member, rate: jax.Array | None) -> Task:
    """The task, at the learning rate of the run where something changes that."""
    if rate is None:
        return member.task
    return replace(member.task, optimizer=replace(member.task.optimizer, learning_rate=rate))  # type: ignore[call-arg]


def train_chunk(
    member: Member, rate: jax.Array | None, carry: Carry, chunk: Data, epoch: jax.Array, first: jax.Array
) -> Carry:
    """Train on consecutive batches of one size, arrays ``[batches, rows, ...]``, from the epoch's ``first`` on."""
    task, noise_key = task_of(member, rate), jax.random.fold_in(member.keys[1], epoch)

    def body(carry: Carry, part: tuple[jax.Array, Data]) -> tuple[Carry, None]:
        i, batch = part
        return train_step(task, *carry, batch, jax.random.fold_in(noise_key, i)), None

    return lax.scan(body, carry, (first + jnp.arange(chunk.rows), chunk))[0]


def evaluate_chunk(task: Task, variables: tuple[Variables, Variables], sums: Sums, chunk: Data) -> Sums:
    """The sums with consecutive batches of one size evaluated, arrays ``[batches, rows, ...]``."""
    return lax.scan(lambda sums, batch: (test_step(task, variables, sums, batch), None), sums, chunk)[0]


def used_variables(task: Task, train: TrainState) -> tuple[Variables, Variables]:
    """The arrays that validation sees and a stopping rule keeps: those that the run would leave behind."""
    return task.optimizer.evaluation_params(train.params, train.optimizer), train.stats


def settle(member: Member, settings: Settings, train: TrainState, data: Data) -> TrainState:
    """The state after an epoch's last batch, with the statistics over all rows where they are asked for."""
    if not settings.population_statistics:
        return train
    used, stats = used_variables(member.task, train)
    order = draw_order(replace(settings, shuffle=True), data, member.keys[0], NEVER)
    stats = population_statistics(member.task.network, used, stats, data.x, order, settings.batch_size)
    return replace(train, stats=stats)


def validate(
    member: Member, settings: Settings, train: TrainState, validation: Data | None, validates: jax.Array
) -> jax.Array | None:
    """The validation values, NaN in an epoch without; None for a run without."""
    if validation is None:
        return None
    return lax.cond(
        validates,
        lambda: evaluate_rows(member.task, settings, used_variables(member.task, train), validation),
        lambda: jnp.full(width(member.task), jnp.nan),
    )


def width(task: Task) -> int:
    """How many values an epoch has: its loss and its metrics."""
    return 1 + len(task.metrics) + len(task.weighted_metrics)


def close_epoch(
    member: Member,
    run: RunState,
    carry: Carry,
    validated: jax.Array | None,
    agenda: Agenda,
    probed: Data,
) -> tuple[RunState, jax.Array]:
    """The run after an epoch whose batches came to ``carry``, and the epoch's values: a line of a leg's record.

    ``validated`` are its validation values, ``probed`` the data that probes look at.
    """
    train, sums = carry
    values = read(member.task, sums)
    seen = jnp.ones(len(values), bool)
    if validated is not None:
        values = jnp.concatenate([values, validated])
        seen = jnp.concatenate([seen, jnp.broadcast_to(agenda.validates, len(validated))])
    arrays = used_variables(member.task, train)
    rules = tuple(
        rule.update(state, run.epoch, values, seen[rule.column], arrays)
        for rule, state in zip(member.rules, run.rules, strict=True)
    )
    rate, plateaus = run.rate, []
    for plateau, state in zip(member.plateaus, run.plateaus, strict=True):
        state, rate = plateau.update(state, values, seen[plateau.column], rate)
        plateaus.append(state)
    line = [values] if run.rate is None else [values, run.rate[None]]
    after = replace(run, train=train, epoch=run.epoch + 1, rules=rules, plateaus=tuple(plateaus), rate=rate)
    return after, jnp.concatenate([*line, *measured(member, train, run.epoch, probed)])


def end_epoch(
    member: Member,
    settings: Settings,
    run: RunState,
    carry: Carry,
    data: Data,
    validation: Data | None,
    validated: jax.Array | None,
    agenda: Agenda,
) -> tuple[RunState, jax.Array]:
    """:func:`close_epoch` of a settled epoch, validated here unless it was ``validated`` already."""
    if validated is None:
        validated = validate(member, settings, carry[0], validation, agenda.validates)
    return close_epoch(member, run, carry, validated, agenda, data)


def measured(member: Member, train: TrainState, epoch: jax.Array, data: Data) -> list[jax.Array]:
    """What the probes see after an epoch."""
    noise = jax.random.fold_in(jax.random.fold_in(member.keys[1], epoch), NEVER)
    return [probe.measure(member.task, train, data, noise) for probe in member.probes]


def train_leg(
    member: Member,
    settings: Settings,
    run: RunState,
    data: Data,
    validation: Data | None,
    epochs: jax.Array,
    agenda: Agenda,
) -> tuple[RunState, jax.Array]:
    """Train up to ``epochs`` epochs, at most LEG_CAPACITY, fewer where a stopping rule ends the run.

    Returns:
        The state after the leg, and its record, float32 ``[LEG_CAPACITY, columns]``: an epoch's training values, then
        its validation values (NaN where it had none), then its learning rate where something changes that, then what
        the probes measured after it.
    """
    first = run.epoch
    walk = train_steps if settings.steps else train_epoch

    def goes_on(carry: tuple[RunState, jax.Array]) -> jax.Array:
        run, _ = carry
        stopped = jnp.any(jnp.array([s.stopped_epoch >= 0 for s in run.rules], bool))
        return (run.epoch - first < epochs) & ~stopped

    def one_epoch(carry: tuple[RunState, jax.Array]) -> tuple[RunState, jax.Array]:
        run, record = carry
        i = run.epoch - first
        today = agenda.at(i)
        run = begin_epoch(run, today)
        train, sums = walk(task_of(member, run.rate), settings, run.train, data, member.keys, run.epoch)
        train = settle(member, settings, train, data)
        validated = validate(member, settings, train, validation, today.validates)
        run, line = close_epoch(member, run, (train, sums), validated, today, data)
        return run, record.at[i].set(line)

    columns = width(member.task) * (1 if validation is None else 2) + (run.rate is not None)
    columns += sum(v.size for v in jax.eval_shape(measured, member, run.train, first, data))
    return lax.while_loop(goes_on, one_epoch, (run, jnp.full((LEG_CAPACITY, columns), jnp.nan)))


def first_run(member: Member, state: TrainState, rate: jax.Array | None, epoch: jax.Array) -> RunState:
    """A run about to start with ``epoch``. Its arrays are copies, so a leg may take their memory."""
    arrays = (state.params, state.stats)
    rules = tuple(rule.init(arrays) for rule in member.rules)
    plateaus = tuple(plateau.init() for plateau in member.plateaus)
    return jax.tree.map(jnp.copy, RunState(state, epoch, rules, plateaus, rate))


def initial_optimizer_state(optimizer: Transformation, params: Variables) -> Any:
    """What an optimizer remembers before the first step."""
    return optimizer.init(params)


def initial_variables(network: Network, key: jax.Array, sample: InputShape) -> tuple[Variables, Variables]:
    """Initial parameters and statistics."""
    return network.init(key, sample.shape)


def predict_rows(network: Network, variables: tuple[Variables, Variables], x: jax.Array) -> jax.Array:
    """The model's outputs for a batch."""
    return network.outputs(network.apply(*variables, x, key=None, training=False).outputs)


def population_of(
    network: Network, variables: tuple[Variables, Variables], x: jax.Array, key: jax.Array, size: Count
) -> Variables:
    """The statistics over all rows of ``x``, taken in an order that ``key`` draws."""
    return population_statistics(network, *variables, x, seeds.permutation(key, len(x)), size.rows)


@trees.tree
class InputShape:
    """The shape of one sample, as structure."""

    shape: tuple[int, ...] = trees.static()
