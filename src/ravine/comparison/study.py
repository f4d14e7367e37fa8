"""A comparison before it starts: contenders, data, seeds and spaces, all checked, and the runs that they come to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ravine import checks
from ravine import seeds as random_seeds
from ravine.comparison import paths, spaces
from ravine.comparison.contenders import Contender
from ravine.comparison.execution import Executor, Trainer, Wanted, chunks, in_turn
from ravine.comparison.protocol import Protocol
from ravine.comparison.records import RUN, TRIAL, Run
from ravine.comparison.strategies import ranked
from ravine.model import population
from ravine.model.course import Course
from ravine.training import placement

TUNING = 0x7E57
"""Mixed with a study's seed it gives the seed of its trials."""

SEEDS_APART = MOST_RUNS = 1_000_000
"""How far apart the runs' seeds are for one ``seed`` of a study and the next; so many runs it has at most."""


@dataclass(frozen=True)
class Study:
    """What a comparison consists of.

    Attributes:
        epochs: the most that a run trains for.
        tuned: by contender the search space of each hyperparameter.
        trials: how many points of it each tries.
        seeds: those of the runs that are compared.
        seed: what the points and the seed of the trials come from.
    """

    contenders: Sequence[Contender]
    trainer: Trainer
    epochs: int
    tuned: Mapping[str, Mapping[str, spaces.Space]]
    trials: int
    seeds: Sequence[int]
    seed: int

    @cached_property
    def samples(self) -> dict[str, Course]:
        """A run of each contender that is ready to start: making it checks that the data fit."""
        made = {}
        for side in self.contenders:
            try:
                wanted = Wanted(side, Run(side.name, RUN, 0, self.seeds[0], {}, self.epochs))
                made[side.name] = self.trainer.course(wanted)
                self.trainer.check(made[side.name])
            except checks.RavineError as error:
                raise checks.RavineValueError(f"contenders[{side.name!r}]: {error}") from None
        return made

    @cached_property
    def layouts(self) -> dict[str, placement.Layout]:
        """How each contender's runs are placed."""
        shared = self.trainer.splits.shared
        return {name: population.layout(course, shared=shared) for name, course in self.samples.items()}

    @cached_property
    def directions(self) -> dict[str, str | None]:
        """The keys of the values that all contenders have; for each whether less or more is better, if one can tell."""
        found: list[dict[str, str | None]] = []
        for course in self.samples.values():
            bare = {name: course.request.directions.get(name) for name in course.request.names}
            prefixes = ("", "val_") if self.trainer.test is None else ("", "val_", "test_")
            found.append({f"{prefix}{name}": way for prefix in prefixes for name, way in bare.items()})
        return {key: way for key, way in found[0].items() if all(other.get(key, "") == way for other in found)}

    def _metric(self, given: str | Mapping[str, str] | None) -> tuple[str, str]:
        """The key of the value that is compared, and ``"min"`` or ``"max"``."""
        if isinstance(given, Mapping):
            if len(given) != 1:
                checks.reject_type("metric", given, "a key, or a dict of one key and 'min' or 'max'")
            ((key, way),) = given.items()
            checks.look_up("metric", key, self.directions)
            way = checks.look_up(f"metric[{key!r}]", way, {"min": "min", "max": "max"})
            # Trials are ranked by the same metric on validation data.
            bare = key.removeprefix("val_").removeprefix("test_")
            self.directions.update(dict.fromkeys((key, bare, f"val_{bare}"), way))
            return key, way
        if given is None:
            common = [key for key in self.directions if not key.startswith(("val_", "test_"))]
            prefix = "val_" if self.trainer.test is None else "test_"
            given = prefix + (common[1] if len(common) > 1 else "loss")
        checks.look_up("metric", given, self.directions)
        found = self.directions[given]
        if found is None:
            raise checks.RavineValueError(
                f"metric={given!r}: nobody can tell whether less of it is better. Expected metric={{{given!r}: 'min'}} "
                f"or metric={{{given!r}: 'max'}}, or another of {', '.join(self.directions)}."
            )
        return given, found

    def protocol(
        self, metric: str | Mapping[str, str] | None, baseline: str | None, target: Mapping[str, float] | None
    ) -> Protocol:
        """The protocol, with what was not said filled in; raises where a part of it names what is not there."""
        names = [side.name for side in self.contenders]
        metric, direction = self._metric(metric)
        return Protocol(
            contenders=tuple(names),
            baseline=checks.look_up("baseline", names[0] if baseline is None else baseline, {n: n for n in names}),
            metric=metric,
            direction=direction,
            selection=f"val_{metric.removeprefix('val_').removeprefix('test_')}",
            target=self._target(target),
            seeds=tuple(self.seeds),
            epochs=self.epochs,
            trials=self.trials if any(self.tuned.values()) else 0,
            tune=self._spaces(),
            study=self._identity(),
        )

    def _target(self, target: Mapping[str, float] | None) -> tuple[str, float, str] | None:
        if target is None:
            return None
        if not isinstance(target, Mapping) or len(target) != 1:
            checks.reject_type("target", target, "a dict of one key and value, such as {'val_accuracy': 0.97}")
        ((key, value),) = target.items()
        known = {k: way for k, way in self.directions.items() if way is not None and not k.startswith("test_")}
        return key, checks.number(f"target[{key!r}]", value), checks.look_up("target", key, known)

    def _spaces(self) -> dict[str, dict[str, Any]]:
        """The search spaces as JSON takes them."""
        return {name: {path: s.described() for path, s in tuned.items()} for name, tuned in self.tuned.items()}

    def _identity(self) -> dict[str, Any]:
        """What tells this study from others. More seeds or another target are the same study, gone on with."""
        return {
            "contenders": {side.name: side.described() for side in self.contenders},
            "data": self.trainer.described(),
            "epochs": self.epochs,
            "tune": self._spaces(),
            "trials": self.trials if any(self.tuned.values()) else 0,
            "seed": self.seed,
        }

    @property
    def tuning_seed(self) -> int:
        """The seed of the trials, which is none of those that are compared."""
        rng = np.random.default_rng([self.seed, TUNING])
        return next(s for s in map(int, iter(lambda: rng.integers(random_seeds.LIMIT), None)) if s not in self.seeds)

    def trials_of(self, side: Contender) -> list[Run]:
        """A contender's trials; none where nothing of it is tuned."""
        tuned = self.tuned.get(side.name)
        points = side.distinct(spaces.trials(tuned, self.trials, self.seed)) if tuned else []
        return [Run(side.name, TRIAL, i, self.tuning_seed, point, self.epochs) for i, point in enumerate(points)]

    @property
    def size(self) -> int:
        """How many runs there are in all."""
        return sum(len(self.trials_of(side)) for side in self.contenders) + len(self.contenders) * len(self.seeds)

    def carry_out(self, executor: Executor, selection: str) -> tuple[list[Run], list[Run]]:
        """Make the trials, choose, make the runs to compare; returns the records of both that are there."""
        self.trainer.splits.keep(max(layout.lanes * layout.group for layout in self.layouts.values()))
        trials = {side.name: self.trials_of(side) for side in self.contenders}
        executor.make(self._bundles(trials), self.layouts)
        tried = {name: executor.found(runs) for name, runs in trials.items()}
        runs: dict[str, list[Run]] = {}
        if all(len(tried[name]) == len(wanted) for name, wanted in trials.items()):
            for name, done in tried.items():
                best = ranked(done, selection, self.directions[selection] or "min")[0] if done else None
                number, values = (best.trial, best.hyperparameters) if best else (0, {})
                runs[name] = [Run(name, RUN, number, s, values, self.epochs) for s in self.seeds]
            executor.make(self._bundles(runs), self.layouts)
        made = [run for wanted in runs.values() for run in executor.found(wanted)]
        return made, [run for done in tried.values() for run in done]

    def _bundles(self, runs: Mapping[str, Sequence[Run]]) -> list[list[Wanted]]:
        """Runs as they go together, the contenders in turn, so that what is cut short has the same seeds of each."""
        sides = {side.name: side for side in self.contenders}
        return in_turn(
            [
                [[Wanted(sides[name], run) for run in part] for part in chunks(its, self.layouts[name].group)]
                for name, its in runs.items()
            ]
        )


def check_seeds(given: object, seed: int) -> list[int]:
    """The seeds of the runs: so many that no other ``seed`` has, or those given."""
    if isinstance(given, list | tuple | range):
        listed = [random_seeds.check_seed(f"seeds[{i}]", s) for i, s in enumerate(given)]
        if not listed or len(set(listed)) < len(listed):
            checks.reject("seeds", given, "one seed or more, none of them twice")
        return listed
    count = checks.integer("seeds", given, least=1, most=MOST_RUNS)
    return [(SEEDS_APART * seed + i) % random_seeds.LIMIT for i in range(count)]


def check_tune(tune: object, contenders: Sequence[Contender]) -> dict[str, dict[str, spaces.Space]]:
    """The search spaces of each contender, from those common to all or from those of each by name."""
    if tune is None:
        return {side.name: {} for side in contenders}
    if not isinstance(tune, Mapping):
        checks.reject_type("tune", tune, "a dict such as {'learning_rate': loguniform(1e-4, 1)}")
    names = [side.name for side in contenders]
    by_name = bool(tune) and all(isinstance(value, Mapping) for value in tune.values())
    for name in tune if by_name else ():
        checks.look_up("tune", name, dict.fromkeys(names))
    missing = [name for name in names if name not in tune] if by_name else []
    if missing:
        raise checks.RavineValueError(
            f"tune: there is nothing for {missing[0]!r}; expected spaces for every contender, {{}} for one that stays "
            "as it is."
        )
    tuned = {}
    for side in contenders:
        argument = f"tune[{side.name!r}]" if by_name else "tune"
        tuned[side.name] = spaces.check(argument, tune.get(side.name, {}) if by_name else tune)
        check_spaces(argument, tuned[side.name], side)
    return tuned


def check_spaces(argument: str, tuned: Mapping[str, spaces.Space], side: Contender) -> None:
    """Raise where the contender has no such hyperparameter, or would not take one of the space's ends."""
    for path in tuned:
        side.check_path(argument, path)
    paths.check_apart(argument, [*side.values, *tuned], side.model, side.callbacks)
    for path, space in tuned.items():
        for end in space.ends():
            side.check_values(f"{argument}[{path!r}]", {path: end})
