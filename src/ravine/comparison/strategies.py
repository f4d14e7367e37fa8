"""How a search chooses what to try next.

A strategy is a generator: it yields runs to be made and is sent their records, until it has seen enough. What it yields
depends on nothing else, so a search that was cut short goes on as it would have gone.
"""

from __future__ import annotations

import contextlib
import copy
import math
from collections.abc import Callable, Generator, Mapping
from dataclasses import replace
from typing import Any

from ravine import checks
from ravine.comparison import spaces
from ravine.comparison.contenders import Contender
from ravine.comparison.records import TRIAL, Run
from ravine.comparison.spaces import Choice, LogUniform, Space, Uniform

Strategy = Generator[list[Run], list[Run], None]

REDUCTION = 3
"""Of how many runs successive halving goes on with one."""

METHODS = ("random", "grid", "halving")


def ranked(runs: list[Run], key: str, direction: str) -> list[Run]:
    """The runs from the best on; those that failed come last."""
    sign = 1.0 if direction == "min" else -1.0
    good = [run for run in runs if not math.isnan(run.value(key))]
    return sorted(good, key=lambda run: sign * run.value(key)) + [run for run in runs if math.isnan(run.value(key))]


def at_once(runs: list[Run]) -> Strategy:
    """All runs."""
    yield runs


def rungs(trials: int, epochs: int) -> list[tuple[int, int]]:
    """How many runs of how many epochs each rung has; the last has all ``epochs``."""
    steps = 0
    while trials // REDUCTION ** (steps + 1) >= 1 and epochs // REDUCTION ** (steps + 1) >= 1:
        steps += 1
    return [(trials // REDUCTION**i, epochs // REDUCTION ** (steps - i)) for i in range(steps + 1)]


def halving(runs: list[Run], epochs: int, key: str, direction: str) -> Strategy:
    """All runs for a few epochs, the best third of them for three times as many, and so on up to ``epochs``.

    A run that goes on begins anew, since its early stopping must have seen all epochs; of the work that costs a third.
    Source: Jamieson & Talwalkar 2016, "Non-stochastic best arm identification and hyperparameter optimization".
    """
    left = runs
    for count, limit in rungs(len(runs), epochs):
        done = yield [replace(run, limit=limit) for run in left[:count]]
        good = [run for run in ranked(done, key, direction) if not math.isnan(run.value(key))]
        left = [Run(run.contender, run.phase, run.trial, run.seed, run.hyperparameters) for run in good]
        if not left:
            return


def sampled(
    sampler: Any, tuned: Mapping[str, Space], first: Run, trials: int, lanes: int, direction: str, key: str
) -> Strategy:
    """What a sampler of Optuna suggests, ``lanes`` runs at a time; it hears of each round before the next."""
    import optuna

    directions = optuna.study.StudyDirection
    way = directions.MINIMIZE if direction == "min" else directions.MAXIMIZE
    # A copy, so that the same sampler begins alike in another search, and in one that goes on from its file.
    study = optuna.create_study(sampler=copy.deepcopy(sampler), direction=way)
    made = 0
    while made < trials:
        asked = [study.ask() for _ in range(min(lanes, trials - made))]
        runs = []
        for number, trial in enumerate(asked, made):
            point = {path: float(_suggested(trial, path, space)) for path, space in tuned.items()}
            runs.append(replace(first, trial=number, hyperparameters=point))
        done = yield runs
        for trial, run in zip(asked, done, strict=True):
            if math.isnan(run.value(key)):
                study.tell(trial, state=optuna.trial.TrialState.FAIL)
            else:
                with contextlib.suppress(RuntimeError):  # a sampler may stop a study, which only optimize() knows
                    study.tell(trial, run.value(key))
        made += len(asked)


def _suggested(trial: Any, path: str, space: Space) -> Any:
    if isinstance(space, Choice):
        return trial.suggest_categorical(path, list(space.values))
    assert isinstance(space, Uniform | LogUniform)
    return trial.suggest_float(path, space.low, space.high, log=isinstance(space, LogUniform))


def check_method(method: Any, tuned: Mapping[str, Space]) -> str:
    """The name of a method that can work on these spaces; that of a sampler is its class's."""
    if isinstance(method, str):
        checks.look_up("method", method, dict.fromkeys(METHODS))
        if method == "grid":
            spaces.grid("space", tuned)
        return method
    if not _is_sampler(method):
        checks.reject_type("method", method, f"one of {', '.join(METHODS)}, or an Optuna sampler (installed)")
    return f"optuna {type(method).__name__}"


def _is_sampler(method: Any) -> bool:
    try:
        from optuna.samplers import BaseSampler
    except ModuleNotFoundError:
        return False
    return isinstance(method, BaseSampler)


def planned(
    method: Any, tuned: Mapping[str, Space], trials: int, limit: int, seed: int, side: Contender
) -> tuple[int, Callable[[int, str, str], Strategy]]:
    """How many runs a checked method comes to, and what makes its strategy of lanes, key and direction."""

    def runs(points: list[dict[str, float]]) -> list[Run]:
        return [Run(side.name, TRIAL, i, seed, point, limit) for i, point in enumerate(side.distinct(points))]

    if not isinstance(method, str):
        first = Run(side.name, TRIAL, 0, seed, {}, limit)
        return trials, lambda lanes, key, way: sampled(method, tuned, first, trials, lanes, way, key)
    if method == "grid":
        every = runs(spaces.grid("space", tuned))
        return len(every), lambda lanes, key, way: at_once(every)
    spread = runs(spaces.trials(tuned, trials, seed))
    if method == "halving":
        size = sum(count for count, _ in rungs(len(spread), limit))
        return size, lambda lanes, key, way: halving(spread, limit, key, way)
    return len(spread), lambda lanes, key, way: at_once(spread)
