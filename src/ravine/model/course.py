"""Runs on their way, leg by leg: from what was asked of models to their histories.

``fit`` is a population of one: a run by itself and a group of runs in one program take the same way.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING

import jax
import numpy as np

from ravine import checks, seeds, trees
from ravine.callbacks import Callback, EarlyStopping
from ravine.callbacks.progress import Progress
from ravine.model.fitting import Request
from ravine.training import placement
from ravine.training.data import Data
from ravine.training.history import History
from ravine.training.legs import Interrupts, Leg, run_legs
from ravine.training.population import Member, stacked, train_group, train_group_apart, train_member, unstacked
from ravine.training.program import RunState, first_run

if TYPE_CHECKING:
    from ravine.model.sequential import Sequential

TrainLeg = Callable[[RunState, int, np.ndarray], tuple[RunState, jax.Array]]


class Course:
    """One run: the model, whose arrays are built, what is asked of it, and its history so far.

    Attributes:
        cut: whether Ctrl-C ended it.
        kept_epoch: the epoch, from 0, whose weights it left behind; -1 before there is one.
    """

    cut = False
    kept_epoch = -1

    def __init__(self, model: Sequential, request: Request, callbacks: Sequence[Callback]) -> None:
        self.model, self.request = model, request
        self.progress = Progress(request.plan.verbose, request.plan.epochs.start)
        self.callbacks = [*callbacks, self.progress]
        self.stoppers = [c for c in callbacks if isinstance(c, EarlyStopping)]
        self.rules = []
        for stopper in self.stoppers:  # no comprehension, whose frame would hide the line that a warning is about
            self.rules.append(stopper.rule(request.columns, request.directions))
        params = {"verbose": request.plan.verbose, "epochs": request.plan.epochs.stop, "steps": request.steps}
        self.history = History(params=params, seed=request.seed)
        self._legs: list[tuple[int, float]] = []

    def member(self) -> Member:
        """What the compiled run takes of this one alone."""
        rules = tuple(rule for rule in self.rules if rule is not None)
        seed = self.request.seed
        keys = seeds.stream(seed, "shuffle"), seeds.stream(seed, "noise")
        return trees.as_leaves(Member(self.request.task, rules, self.request.probes, keys))

    def start(self, member: Member) -> RunState:
        """The state to start from."""
        begin = placement.compiled(first_run)
        return begin(self.model.train_state(), member.rules, np.int32(self.request.plan.epochs.start))

    @property
    def multiply_adds(self) -> int:
        """About how many a step's forward pass takes: one for each parameter and row."""
        parameters = sum(array.size for array in jax.tree.leaves(self.model.variables()[0]))
        return parameters * self.request.settings.batch_size

    def begin(self) -> None:
        """Call the hooks before the first epoch."""
        self.model.stop_training = False
        for callback in self.callbacks:
            callback.set_model(self.model)
            callback.set_params(self.history.params)
            callback.on_train_begin()

    def before(self, epoch: int) -> None:
        """Call the hooks before an epoch."""
        for callback in self.callbacks:
            callback.on_epoch_begin(epoch)

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
            _warn_of_nan(self.history, epoch, logs)
            self.history.append(epoch, logs, self.request.seen(values))
            for callback in self.callbacks:
                callback.on_epoch_end(epoch, logs)

    @property
    def seconds(self) -> float:
        """The time of its epochs, as if the first leg, which may wait for a compilation, were like the others."""
        legs = self._legs[1:] or self._legs
        epochs = sum(count for count, _ in legs)
        return sum(seconds for _, seconds in legs) / max(1, epochs) * len(self.history.epoch)

    def finish(self, run: RunState) -> None:
        """Show each stopping callback where its rule ended, and put the arrays back that one kept."""
        states = iter(run.rules)
        self.kept_epoch = len(self.history.epoch) - 1
        for stopper, rule in zip(self.stoppers, self.rules, strict=True):
            kept = None if rule is None else stopper.take(next(states))
            if kept is not None:
                self.model.take_variables(kept)
                self.kept_epoch = self.history.epoch.index(stopper.best_epoch)

    def end(self) -> None:
        """Call the hooks after the last epoch."""
        logs = {key: values[-1] for key, values in self.history.history.items()}
        for callback in self.callbacks:
            callback.on_train_end(logs)


def run_course(course: Course, interrupts: Interrupts | None = None) -> History:
    """Train one model; it holds the result after every leg, and its callbacks may be of any kind.

    ``interrupts`` are those of whoever runs many and hears of Ctrl-C first; a run by itself has its own.
    """
    course.begin()
    member, leg = course.member(), None
    every_epoch = any(callback.every_epoch for callback in course.callbacks)
    try:
        with Interrupts() if interrupts is None else nullcontext(interrupts) as heard:
            train = _train_leg([course], train_member, member)
            for leg in _legs(course, train, course.start(member), every_epoch=every_epoch):
                course.take(leg, leg.record)
                if heard.requested and interrupts is None:
                    print(f"Interrupted: training ended after epoch {course.history.epoch[-1] + 1}.")
                course.cut = heard.requested and not _over(leg, course)
                if course.cut or course.model.stop_training:
                    break
        if leg is not None:
            course.finish(leg.run)
        course.end()
    finally:
        course.progress.close()
    return course.history


def run_group(courses: Sequence[Course], size: int = 0, interrupts: Interrupts | None = None) -> list[History]:
    """Train models of one structure in one program; their callbacks only describe the compiled run.

    Their data are the same, or of the same shapes. A group smaller than ``size`` is filled up with runs that nobody
    looks at, so that groups of one size are one program.
    """
    padding = max(0, size - len(courses))
    members = [course.member() for course in courses]
    runs = [course.start(member) for course, member in zip(courses, members, strict=True)]
    members, runs = members + members[-1:] * padding, runs + runs[-1:] * padding
    for course in courses:
        course.begin()
    # Small data are copied for each, shared or not, so that both are one program.
    first = courses[0].request
    shares = all(c.request.data is first.data for c in courses) and not first.settings.reorders
    function = train_group if shares else train_group_apart
    train, leg = _train_leg([*courses, *[courses[-1]] * padding], function, placement.spread(stacked(members))), None
    for leg in _legs(courses[0], train, placement.spread(stacked(runs)), every_epoch=False):
        ends = np.asarray(leg.run.epoch)[: len(courses)]
        for course, record, end in zip(courses, leg.record, ends, strict=False):
            course.take(leg, record[: max(0, end - leg.first_epoch)])
        if interrupts is not None and interrupts.requested and not _over(leg, courses[0]):
            for course in courses:
                course.cut = True
            break
    finished = [] if leg is None else unstacked(leg.run)
    for course, run in zip(courses, finished, strict=False):
        course.model.take_state(run.train)
        course.finish(run)
    for course in courses:
        course.end()
    return [course.history for course in courses]


def _over(leg: Leg, course: Course) -> bool:
    """Whether a run, or a group of runs, came to its own end."""
    return leg.stopped or int(np.max(leg.run.epoch)) >= course.request.plan.epochs.stop


def _legs(course: Course, train: TrainLeg, run: RunState, *, every_epoch: bool) -> Iterator[Leg]:
    plan = course.request.plan
    return run_legs(train, run, plan.epochs, plan.validates, every_epoch=every_epoch, before=course.before)


def _train_leg(
    courses: Sequence[Course], function: Callable[..., tuple[RunState, jax.Array]], member: Member
) -> TrainLeg:
    """The compiled function with everything bound that stays the same from leg to leg."""
    first = courses[0]
    request = first.request
    data, validation = _data(courses, apart=function is train_group_apart)
    options = placement.compiler_options(first.multiply_adds)
    leg = placement.compiled(function, options, donate=("run",))

    def train(run: RunState, epochs: int, validates: np.ndarray) -> tuple[RunState, jax.Array]:
        state, record = leg(member, request.settings, run, data, validation, np.int32(epochs), validates)
        if function is train_member:
            # The arrays are still being computed. Handing them over now keeps the model whole whatever interrupts the
            # wait.
            first.model.take_state(state.train)
        return state, record

    return train


def _data(courses: Sequence[Course], *, apart: bool) -> tuple[Data, Data | None]:
    """What the runs train and validate on, where they run; ``apart`` for data of each one's own."""
    requests = [course.request for course in courses]
    if apart:
        pairs = [(request.data.on_device(), _placed(request.validation)) for request in requests]
        return placement.spread(stacked(pairs))
    if len(courses) > 1:
        return placement.everywhere((requests[0].data, requests[0].validation))
    return requests[0].data.on_device(), _placed(requests[0].validation)


def _placed(data: Data | None) -> Data | None:
    return None if data is None else data.on_device()


def _warn_of_nan(history: History, epoch: int, logs: dict[str, float]) -> None:
    """Say once in which epoch the loss stopped being a number."""
    if math.isnan(logs["loss"]) and not any(map(math.isnan, history.history.get("loss", []))):
        checks.warn(
            f"The loss became NaN in epoch {epoch + 1}. Training went on, but the weights are lost from there on: try "
            "a smaller learning rate.",
            RuntimeWarning,
        )
