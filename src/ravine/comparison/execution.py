"""Carrying out the runs of a study: those that are missing, many at a time, each kept as it finishes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from ravine import checks
from ravine.comparison import describing
from ravine.comparison.contenders import Contender
from ravine.comparison.progress import Progress
from ravine.comparison.records import Run
from ravine.comparison.splits import Splits
from ravine.comparison.store import Store
from ravine.model import population
from ravine.model.course import Course
from ravine.model.fitting import Plan
from ravine.training import data as training_data
from ravine.training import placement
from ravine.training.data import Data

MOST_JOBS = 1024
"""So many programs side by side, each with a thread of its own, are more than any machine has cores for."""


@dataclass(frozen=True)
class Wanted:
    """A run to be made: the record that it will fill, and of which contender."""

    contender: Contender
    run: Run


@dataclass(frozen=True)
class Trainer:
    """Makes runs ready, and tells what came of them.

    ``test`` is what finished runs are evaluated on, where there is such data.
    """

    splits: Splits
    test: Data | None

    def described(self) -> dict[str, Any]:
        """What tells the data from others, as JSON takes it."""
        test = None if self.test is None else describing.checksum(self.test)
        return {**self.splits.described(), "test": test}

    def course(self, wanted: Wanted) -> Course:
        """A run that is ready to start."""
        host, device = self.splits.of(wanted.run.seed)
        model, callbacks = wanted.contender.made(wanted.run.hyperparameters)
        plan = Plan(batch_size=wanted.contender.batch_size, epochs=range(wanted.run.limit))
        course = model.course(plan, host.train, host.validation, callbacks, wanted.run.seed)
        # Checked on the host; what trains are the rows that are on the device already.
        course.request = replace(course.request, data=device.train, validation=device.validation)
        return course

    def check(self, course: Course) -> None:
        """Raise where the test data do not fit a model that is ready to start."""
        if self.test is not None:
            course.model.check_data("test ", self.test)

    def record(self, wanted: Wanted, outcome: population.Outcome) -> Run:
        """The record of a run from what came of it."""
        if outcome.course is None:
            return replace(wanted.run, error=outcome.error, seconds=outcome.seconds)
        course = outcome.course
        history, directions = course.history.history, course.request.directions
        final = {key: values[course.kept_epoch] for key, values in history.items()}
        if self.test is not None:
            try:
                tested = course.model.evaluate_data(self.test)
            except Exception as error:
                told = f"on test data, {type(error).__name__}: {checks.one_line(error)}"
                return replace(wanted.run, error=told, seconds=outcome.seconds)
            final |= {f"test_{name}": value for name, value in tested.items()}
        return replace(
            wanted.run,
            epochs=len(course.history.epoch),
            steps_per_epoch=course.request.steps or 0,
            stopped_epoch=course.stopped_epoch,
            kept_epoch=course.kept_epoch,
            history={key: list(values) for key, values in history.items()},
            probes={key: list(values) for key, values in course.history.probes.items()},
            final=final,
            best={
                key: _best(values, directions[key.removeprefix("val_")])
                for key, values in history.items()
                if key.removeprefix("val_") in directions
            },
            seconds=outcome.seconds,
        )


def _best(values: Sequence[float], direction: str) -> float:
    finite = np.asarray(values)[~np.isnan(values)]
    if not finite.size:
        return float("nan")
    return float(finite.min() if direction == "min" else finite.max())


@dataclass(frozen=True)
class Limits:
    """How many programs run side by side, None for one a core; the seconds after which no further run is begun."""

    jobs: int | None = None
    budget: float | None = None


def check_trainer(x: Any, y: Any, validation_data: Any, validation_split: float, test_data: Any) -> Trainer:
    """The trainer for the data that a user gave; raises where something cannot work."""
    data = training_data.as_data(x, y)
    validation, test = (
        None if given is None else training_data.as_pair(name, given, data.columns)
        for name, given in (("validation", validation_data), ("test", test_data))
    )
    return Trainer(Splits(data, validation, validation_split), test)


def check_limits(jobs: object, budget: Any) -> Limits:
    """The limits for what a user gave."""
    return Limits(
        None if jobs is None else checks.integer("jobs", jobs, least=1, most=MOST_JOBS),
        None if budget is None else checks.number("budget", budget, above=0),
    )


class Executor:
    """Makes the runs that are asked for, unless they are done.

    Attributes:
        cut: whether Ctrl-C or the budget ended it before all were made.
    """

    def __init__(self, trainer: Trainer, store: Store, progress: Progress, limits: Limits) -> None:
        self.trainer, self.store, self.progress, self.limits = trainer, store, progress, limits
        self.begun = time.monotonic()
        self.cut = False

    def found(self, runs: Sequence[Run]) -> list[Run]:
        """The records of those of ``runs`` that are done."""
        return [self.store[run.key] for run in runs if run.key in self.store]

    def make(self, wanted: Sequence[Sequence[Wanted]], layouts: Mapping[str, placement.Layout]) -> None:
        """Make the runs of each list, which are of one contender and go as one program where that pays.

        Lists are made whole or not at all, whatever of them is done: what comes of a run may depend, by rounding, on
        whether it went in a group.
        """
        if self.cut:
            return
        lanes = self.limits.jobs or max(layout.lanes for layout in layouts.values())
        interrupted = population.run_population(self._bundles(wanted, layouts), min(lanes, len(wanted)))
        self.cut = self.cut or interrupted

    def _bundles(
        self, wanted: Sequence[Sequence[Wanted]], layouts: Mapping[str, placement.Layout]
    ) -> Iterator[population.Bundle]:
        for runs in wanted:
            missing = [one for one in runs if one.run.key not in self.store]
            if not missing:
                continue
            if self.limits.budget is not None and time.monotonic() - self.begun > self.limits.budget:
                self.cut = True
                return
            size = layouts[runs[0].contender.name].size(len(runs))
            made = runs if size > 1 else missing
            jobs: list[Callable[[], Course]] = [partial(self.trainer.course, one) for one in made]
            yield population.Bundle(jobs, size, partial(self._take, made))

    def _take(self, wanted: Sequence[Wanted], index: int, outcome: population.Outcome) -> None:
        one = wanted[index]
        if one.run.key not in self.store:
            run = self.trainer.record(one, outcome)
            self.store.add(run)
            self.progress.took(run)


def chunks(runs: Sequence[Any], size: int) -> list[Sequence[Any]]:
    """``runs`` in lists of ``size``, the last of which may be shorter."""
    return [runs[i : i + size] for i in range(0, len(runs), size)]


def in_turn(lists: Sequence[Sequence[Any]]) -> list[Any]:
    """The first of every list, then the second of every list, and so on."""
    longest = max((len(one) for one in lists), default=0)
    return [one[i] for i in range(longest) for one in lists if i < len(one)]
