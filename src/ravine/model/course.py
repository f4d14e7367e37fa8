"""One run on its way: what is asked of a model, its callbacks' turns, and its history so far."""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np

from ravine import checks, seeds, trees
from ravine.callbacks import Callback, LearningRateScheduler, ReduceLROnPlateau, TerminateOnNaN
from ravine.callbacks.base import TEST, TRAIN_BATCH, Stopper, acts, overrides
from ravine.callbacks.progress import Progress
from ravine.model.evaluation import warn_of_undefined
from ravine.model.fitting import Request
from ravine.model.late_stopping import LateStopping
from ravine.model.resuming import Backup
from ravine.training import placement, programs
from ravine.training.history import History
from ravine.training.legs import Leg
from ravine.training.program import LEG_CAPACITY, Agenda, Member, RunState, first_run
from ravine.training.state import TrainState

if TYPE_CHECKING:
    from ravine.model.sequential import Sequential


class Course:
    """One run: the model, whose arrays are built, what is asked of it, and its history so far.

    Attributes:
        cut: whether Ctrl-C ended it.
        kept_epoch: the epoch, from 0, whose weights it left behind; -1 before there is one.
        stopped_epoch: the epoch, from 0, after which a rule ended it; None where none did.
    """

    cut = False
    kept_epoch = -1
    stopped_epoch: int | None = None

    def __init__(
        self, model: Sequential, request: Request, callbacks: Sequence[Callback], backup: Backup | None = None
    ) -> None:
        self.model, self.request, self.backup = model, request, backup
        self.progress = Progress(request.plan.verbose, request.plan.epochs.start)
        self.callbacks = [*callbacks, self.progress]
        self.stoppers = [c for c in callbacks if isinstance(c, Stopper)]
        self.reducers = [c for c in callbacks if isinstance(c, ReduceLROnPlateau)]
        self.schedulers = [c for c in callbacks if isinstance(c, LearningRateScheduler)]
        known = request.watchable, request.directions
        self.rules, self.plateaus = [], []
        self.late = [late for c in callbacks if (late := LateStopping.of(c, callbacks, *known)) is not None]
        if self.late and backup is not None:
            raise checks.RavineValueError(
                f"callbacks: EarlyStopping watches {self.late[0].callback.monitor!r}, which a callback writes. What it "
                "has seen is in no checkpoint: expected a value of the run itself, or no checkpoint."
            )
        watching = [late.callback for late in self.late]
        for stopper in self.stoppers:  # no comprehensions, whose frames would hide the line that a warning is about
            self.rules.append(None if stopper in watching else stopper.rule(*known))
        for reducer in self.reducers:
            self.plateaus.append(reducer.pure(*known))
        for callback in callbacks:
            callback.prepare(request.columns, request.directions)
        params = {"verbose": request.plan.verbose, "epochs": request.plan.epochs.stop, "steps": request.steps}
        self.history = History(params=params, seed=request.seed)
        self._legs: list[tuple[int, float]] = []
        self._handed: Any = None
        self._undefined: set[str] = set()
        if backup is not None:
            backup.check(self)

    @property
    def optimizer(self) -> Any:
        """The optimizer, whose numbers hooks may assign."""
        return self.request.task.optimizer

    @property
    def rate(self) -> Any:
        """The learning rate that the optimizer has now, float32."""
        return np.float32(self.optimizer.learning_rate)

    @property
    def every_epoch(self) -> bool:
        """Whether the host must have its turn after every epoch."""
        # A scheduler asks for the rate so far, which a reduction changes.
        turns = self.step_by_step or any(map(acts, self.callbacks))
        return turns or bool(self.schedulers and self.reducers)

    @property
    def step_by_step(self) -> bool:
        """Whether the host must have its turn within an epoch."""
        hears = any(overrides(c, TRAIN_BATCH) for c in self.callbacks)
        return hears or self.hears_tests or self.request.feed is not None

    @property
    def hears_tests(self) -> bool:
        """Whether a callback has hooks on the validation within an epoch."""
        return self.request.validates and any(overrides(c, TEST) for c in self.callbacks)

    def member(self) -> Member:
        """What the compiled run takes of this one alone, with the numbers that its objects have now."""
        rules = tuple(rule for rule in self.rules if rule is not None)
        plateaus = tuple(plateau for plateau in self.plateaus if plateau is not None)
        seed = self.request.seed
        keys = seeds.stream(seed, "shuffle"), seeds.stream(seed, "noise")
        return trees.as_leaves(Member(self.request.task, rules, plateaus, self.request.probes, keys))

    def now(self, member: Member) -> Member:
        """The same with the numbers that the optimizer has now; those of layers hold from the next ``fit`` on."""
        self.optimizer.check()  # a hook may have assigned one that cannot work
        return replace(member, task=replace(member.task, optimizer=trees.as_leaves(self.optimizer)))

    def start(self, member: Member) -> RunState:
        """The state to start from, or to go on from."""
        if self.backup is not None and self.backup.found:
            return self.backup.restored(self)
        begin = programs.compiled(first_run)
        rate = self.rate if self.request.manages_rate else None
        return begin(member, self.model.train_state(), rate, np.int32(self.request.plan.epochs.start))

    @property
    def over(self) -> bool:
        """Whether nothing is left to train of a run that goes on from a checkpoint."""
        return self.backup is not None and (self.backup.stopped or not self.request.plan.epochs)

    def hand_over(self, state: TrainState, *, given_up: bool = False) -> None:
        """Give the model the arrays that the run arrived at; if ``given_up``, the next step takes their memory."""
        # The arrays may still be being computed. Handing them over now keeps the model whole whatever interrupts the
        # wait.
        self.model.take_state(state, self.optimizer)
        self._handed = self.model.arrays()
        if not given_up:
            self.model.settle(self._handed)

    def trained(self, state: TrainState) -> TrainState:
        """The arrays to go on from: those of the run, or those that a hook gave the model since."""
        if self._handed is None or self.model.arrays() is self._handed:
            return state
        if self.model.optimizer is self.optimizer:
            given = jax.tree.map(jnp.copy, self.model.train_state())
        else:  # a hook compiled the model anew, for the next fit
            params, stats = jax.tree.map(jnp.copy, self.model.arrays())
            given = replace(state, params=self.optimizer.training_params(params, state.optimizer), stats=stats)
        # A layer that was frozen or freed is so from the next ``fit`` on.
        same = hash(jax.tree.structure(given)) == hash(jax.tree.structure(state))
        return given if same else state

    def resumed(self, run: RunState) -> RunState:
        """The run with what hooks assigned since it was handed over: the learning rate, other weights."""
        run = replace(run, train=self.trained(run.train))
        if run.rate is None:
            return run
        return replace(run, rate=self.rate)

    @property
    def multiply_adds(self) -> int:
        """About how many a step's forward pass takes: one for each parameter and row."""
        parameters = sum(array.size for array in jax.tree.leaves(self.model.arrays()[0]))
        return parameters * self.request.settings.batch_size

    @property
    def compiler_options(self) -> programs.Options:
        """How its steps are compiled."""
        return placement.compiler_options(self.multiply_adds, self.request.task.has_user_code)

    def begin(self) -> None:
        """Call the hooks before the first epoch."""
        self.model.stop_training, self.model.history = False, self.history
        for callback in self.callbacks:
            callback.set_model(self.model)
            callback.set_params(self.history.params)
            callback.on_train_begin({})

    def before(self, epoch: int) -> None:
        """Call the hooks before an epoch."""
        for callback in self.callbacks:
            callback.on_epoch_begin(epoch, {})

    def agenda(self, first: int, length: int) -> Agenda:
        """What the host says of ``length`` epochs from ``first`` on, for which alone the hooks before were called."""
        validates = np.zeros(LEG_CAPACITY, bool)
        validates[:length] = [self.request.plan.validates(first + i) for i in range(length)]
        if not self.request.manages_rate:
            return Agenda(validates)
        rates = np.full(LEG_CAPACITY, np.nan, np.float32)
        if self.schedulers:
            rate = rates[0] = float(self.rate)
            for i in range(1, length):
                for scheduler in self.schedulers:
                    rate = scheduler.ahead(first + i, rate)
                rates[i] = rate
        return Agenda(validates, rates)

    def take(self, leg: Leg, record: np.ndarray) -> None:
        """Take in this run's record of a leg. The hooks before the leg's first epoch were called already."""
        self.progress.leg_finished(len(record), leg.seconds)
        if len(record):
            self._legs.append((len(record), leg.seconds))
        self.model.stop_training |= leg.stopped
        for epoch, values in enumerate(record, leg.first_epoch):
            if epoch > leg.first_epoch:
                self.before(epoch)
            logs = self.request.logs(values, epoch)
            self._warn_of_nan(epoch, logs)
            warn_of_undefined(self.request.task, self.request.names, logs, self._undefined)
            self._undefined |= {key for key, value in logs.items() if math.isnan(value)}
            for callback in self.callbacks:
                callback.on_epoch_end(epoch, logs)
            self.history.append(epoch, _numbers(logs), self.request.seen(values))
            for late in self.late:
                self.model.stop_training |= late.epoch_ended(epoch, logs, self.model.arrays())

    def take_rate(self, rate: Any) -> None:
        """Give the optimizer the learning rate that the run arrived at."""
        if rate is not None:
            self.optimizer.learning_rate = float(rate)

    def _warn_of_nan(self, epoch: int, logs: dict[str, float]) -> None:
        """Say once in which epoch the loss stopped being a number, unless a callback ends the run for it."""
        known = self.history.history.get("loss", [])
        if not math.isnan(logs["loss"]) or any(map(math.isnan, known)):
            return
        if not any(isinstance(callback, TerminateOnNaN) for callback in self.callbacks):
            checks.warn(
                f"The loss became NaN in epoch {epoch + 1}. Training went on, but the weights are lost from there on: "
                "try a smaller learning rate.",
                RuntimeWarning,
            )

    @property
    def seconds(self) -> float:
        """The time of its epochs, as if the first leg, which may wait for a compilation, were like the others."""
        legs = self._legs[1:] or self._legs
        epochs = sum(count for count, _ in legs)
        return sum(seconds for _, seconds in legs) / max(1, epochs) * len(self.history.epoch)

    def finish(self, run: RunState) -> None:
        """Show each callback where its rule ended, and put the arrays back that one kept."""
        for reducer, state in _paired(self.reducers, self.plateaus, run.plateaus):
            reducer.take(state)
        self.kept_epoch = len(self.history.epoch) - 1
        for stopper, state in _paired(self.stoppers, self.rules, run.rules):
            if int(state.stopped_epoch) >= 0:
                self.stopped_epoch = int(state.stopped_epoch)
            self._keep(stopper.take(state), int(state.best_epoch))
        for late in self.late:
            kept, best_epoch, stopped = late.finish()
            self.stopped_epoch = self.stopped_epoch if stopped is None else stopped
            self._keep(kept, best_epoch)

    def _keep(self, kept: Any, epoch: int) -> None:
        """Give the model the arrays that a rule kept of an epoch, if it kept any."""
        if kept is not None:
            self.model.take_variables(kept)
            self.kept_epoch = self.history.epoch.index(epoch)

    def end(self) -> None:
        """Call the hooks after the last epoch."""
        logs = {key: values[-1] for key, values in self.history.history.items()}
        for callback in self.callbacks:
            callback.on_train_end(logs)
        if self.backup is not None and not self.cut:
            self.backup.end()


def _numbers(logs: Mapping[str, Any]) -> dict[str, float]:
    """What of an epoch's values History holds: those of the run, and numbers that callbacks wrote beside them."""
    return {key: float(value) for key, value in logs.items() if isinstance(value, numbers.Real) or _is_scalar(value)}


def _is_scalar(value: Any) -> bool:
    return hasattr(value, "dtype") and np.ndim(value) == 0


def _paired(callbacks: Sequence[Any], rules: Sequence[Any], states: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
    """Each callback whose rule is in the run, with that rule's state."""
    found = (callback for callback, rule in zip(callbacks, rules, strict=True) if rule is not None)
    return zip(found, states, strict=True)
