"""``model.fit`` behind its checks: from a compiled model and checked data to a History."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import jax
import numpy as np

from ravine import checks, seeds, trees
from ravine.callbacks import Callback, EarlyStopping, Probe
from ravine.callbacks.progress import Progress
from ravine.model.summary import Row
from ravine.training import placement, probing
from ravine.training.data import Data
from ravine.training.history import History
from ravine.training.legs import Interrupts, Leg, run_legs
from ravine.training.program import RunState, Settings, first_run, train_leg
from ravine.training.step import Task
from ravine.training.stopping import StoppingRule

if TYPE_CHECKING:
    from ravine.model.sequential import Sequential


@dataclass(frozen=True)
class Request:
    """A run as the user asked for it, checked."""

    task: Task
    names: tuple[str, ...]
    directions: dict[str, str]
    settings: Settings
    data: Data
    validation: Data | None
    validates: Callable[[int], bool]
    probes: tuple[probing.Probe, ...]
    probed: tuple[str, ...]
    epochs: range
    verbose: int
    seed: int

    @property
    def columns(self) -> tuple[str, ...]:
        """The keys of an epoch's values in the order of the run's record, which what is ``probed`` follows."""
        return self.names if self.validation is None else (*self.names, *(f"val_{n}" for n in self.names))

    @property
    def steps(self) -> int:
        """Batches in an epoch."""
        return self.settings.steps or math.ceil(self.data.rows / self.settings.batch_size)

    def logs(self, values: np.ndarray, epoch: int) -> dict[str, float]:
        """One row of the record as Keras shows it: sorted, and only what was computed."""
        row = dict(zip(self.columns, map(float, values), strict=False))
        shown = self.columns if self.validation is not None and self.validates(epoch) else self.names
        return {key: row[key] for key in sorted(shown)}

    def seen(self, values: np.ndarray) -> dict[str, float]:
        """What the probes recorded in one row."""
        return dict(zip(self.probed, map(float, values[len(self.columns) :]), strict=True))


def run_fit(model: Sequential, request: Request, callbacks: list[Callback]) -> History:
    """Train ``model``, whose arrays are built, as ``request`` says; the model holds the result after every leg."""
    progress = Progress(request.verbose, request.epochs.start)
    stoppers = [c for c in callbacks if isinstance(c, EarlyStopping)]
    rules = []
    for stopper in stoppers:
        rules.append(stopper.rule(request.columns, request.directions))
    params = {"verbose": request.verbose, "epochs": request.epochs.stop, "steps": request.steps}
    history = History(params=params, seed=request.seed)
    observers: list[Callback] = [*callbacks, progress]
    model.stop_training = False
    for observer in observers:
        observer.set_model(model)
        observer.set_params(params)
        observer.on_train_begin()
    try:
        leg = _train(model, request, tuple(r for r in rules if r is not None), observers, progress, history)
        if leg is not None:
            _restore(model, stoppers, rules, leg.run)
        for observer in observers:
            observer.on_train_end({k: v[-1] for k, v in history.history.items()})
    finally:
        progress.close()
    return history


def _train(
    model: Sequential,
    request: Request,
    rules: tuple[StoppingRule, ...],
    observers: list[Callback],
    progress: Progress,
    history: History,
) -> Leg | None:
    """Drive the legs; returns the last one, None where there was none."""
    leg = None

    def before(epoch: int) -> None:
        for observer in observers:
            observer.on_epoch_begin(epoch)

    with Interrupts() as interrupts:
        for leg in run_legs(
            _compiled_leg(model, request, rules),
            _first_run(model, request, rules),
            request.epochs,
            request.validates,
            every_epoch=any(o.every_epoch for o in observers),
            before=before,
        ):
            progress.leg_finished(len(leg.record), leg.seconds)
            model.stop_training |= leg.stopped
            for epoch, values in enumerate(leg.record, leg.first_epoch):
                if epoch > leg.first_epoch:
                    before(epoch)
                logs = request.logs(values, epoch)
                _warn_of_nan(history, epoch, logs)
                history.append(epoch, logs, request.seen(values))
                for observer in observers:
                    observer.on_epoch_end(epoch, logs)
            if interrupts.requested:
                print(f"Interrupted: training ended after epoch {history.epoch[-1] + 1}.")
            if interrupts.requested or model.stop_training:
                break
    return leg


def _compiled_leg(
    model: Sequential, request: Request, rules: tuple[StoppingRule, ...]
) -> Callable[[RunState, int, np.ndarray], tuple[RunState, jax.Array]]:
    """The compiled function with everything bound that stays the same from leg to leg."""
    task, rules, probes = trees.as_leaves((request.task, rules, request.probes))
    data = request.data.on_device()
    validation = None if request.validation is None else request.validation.on_device()
    keys = seeds.stream(request.seed, "shuffle"), seeds.stream(request.seed, "noise")
    # A forward pass takes about one multiply-add for each parameter and row.
    parameters = sum(array.size for array in jax.tree.leaves(model.variables()[0]))
    options = placement.compiler_options(parameters * request.settings.batch_size)
    leg = placement.compiled(train_leg, options, donate=("run",))

    def run_one(run: RunState, epochs: int, validates: np.ndarray) -> tuple[RunState, jax.Array]:
        arrays = (run, data, validation, keys, np.int32(epochs), validates)
        state, record = leg(task, rules, probes, request.settings, *arrays)
        # The arrays are still being computed. Handing them over now keeps the model whole whatever interrupts the wait.
        model.take_state(state.train)
        return state, record

    return run_one


def _first_run(model: Sequential, request: Request, rules: tuple[StoppingRule, ...]) -> RunState:
    begin = placement.compiled(first_run)
    return begin(model.train_state(), trees.as_leaves(rules), np.int32(request.epochs.start))


def _warn_of_nan(history: History, epoch: int, logs: dict[str, float]) -> None:
    """Say once in which epoch the loss stopped being a number."""
    if math.isnan(logs["loss"]) and not any(map(math.isnan, history.history.get("loss", []))):
        warnings.warn(
            f"The loss became NaN in epoch {epoch + 1}. Training went on, but the weights are lost from there on: try "
            "a smaller learning rate.",
            RuntimeWarning,
            stacklevel=5,
        )


def _restore(model: Sequential, stoppers: list[EarlyStopping], rules: list[StoppingRule | None], run: RunState) -> None:
    """Show each stopping callback where its rule ended, and put the arrays back that one kept."""
    states = iter(run.rules)
    for stopper, rule in zip(stoppers, rules, strict=True):
        kept = None if rule is None else stopper.take(next(states))
        if kept is not None:
            model.take_variables(kept)


def check_epochs(epochs: object, initial_epoch: object) -> range:
    """The epochs to run, from ``initial_epoch`` up to ``epochs``."""
    return range(checks.integer("initial_epoch", initial_epoch, least=0), checks.integer("epochs", epochs, least=0))


def check_validation_freq(freq: object) -> Callable[[int], bool]:
    """Whether epoch e, from 0, ends with validation: every ``freq``-th, or those listed (counted from 1)."""
    if isinstance(freq, list | tuple | set | range):
        listed = {checks.integer("validation_freq", e, least=1) for e in freq}
        return lambda epoch: epoch + 1 in listed
    every = checks.integer("validation_freq", freq, least=1)
    return lambda epoch: (epoch + 1) % every == 0


def check_probes(
    observers: list[Callback], names: list[str], layers: list[Row], rows: int
) -> tuple[tuple[probing.Probe, ...], tuple[str, ...]]:
    """What the callbacks among ``observers`` that look inside layers want recorded, and what that is called."""
    trained = [layer.trainable > 0 for layer in layers]
    widths = [(layer.output_shape or (1,))[-1] or 1 for layer in layers]
    probes = tuple(o.pure(names, widths, trained, rows) for o in observers if isinstance(o, Probe))
    columns = [column for probe in probes for column in probe.columns(names, trained)]
    repeated = {c for c in columns if columns.count(c) > 1}
    if repeated:
        raise checks.RavineValueError(f"callbacks: two probes record {sorted(repeated)[0]!r}; expected it once.")
    return probes, tuple(columns)


EVALUATION_ROWS = 2048


def evaluation_rows(rows: int) -> int:
    """How many of ``rows`` to evaluate at once.

    The largest divisor within bounds, where there is one: then no odd batch is left over that would need a program of
    its own, and data sets of round sizes share one.
    """
    for size in range(min(rows, EVALUATION_ROWS), EVALUATION_ROWS // 8, -1):
        if rows % size == 0:
            return size
    return min(rows, EVALUATION_ROWS)
