"""What runs say about contenders: where each arrived, and how they differ over paired seeds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ravine.comparison.records import Run
from ravine.statistics import LEVEL, Interval, differences, holm, interval, paired_difference, sign_flip_test

NOTHING = Interval(math.nan, math.nan, math.nan)


@dataclass(frozen=True)
class Contrast:
    """How a contender differs from the baseline, over paired seeds.

    Attributes:
        mean_difference: contender less baseline, ``low`` and ``high`` its 95 % interval (BCa bootstrap).
        p_value: of a sign-flip test, corrected for the number of contenders (Holm).
        seeds: how many pairs there are: seeds with which neither failed.
        failed: with how many seeds one of the two failed.
    """

    contender: str
    baseline: str
    metric: str
    mean_difference: float
    low: float
    high: float
    p_value: float
    seeds: int
    failed: int = 0

    @property
    def claimed(self) -> bool:
        """Whether a difference is shown: never where a run failed, since those that are left are a choice of seeds."""
        return self.p_value < LEVEL and not self.failed


@dataclass(frozen=True)
class Summary:
    """What a contender arrived at.

    Attributes:
        value: the mean of the metric with its interval, over runs that did not fail.
        runs: how many are done; ``failed`` how many of them have no finite value of the metric.
        epochs: the mean number of epochs trained; ``stopped`` how many runs stopped early.
        reached: how many reached the target; None where there is none.
        to_target: the median number of epochs to the target, infinite where half of the runs or more missed it;
            ``steps_to_target`` and ``seconds_to_target`` likewise.
        seconds: the mean time of a run.
        hyperparameters: those that were chosen for it.
    """

    contender: str
    value: Interval
    runs: int
    failed: int
    epochs: float
    stopped: int
    reached: int | None
    to_target: float | None
    steps_to_target: float | None
    seconds_to_target: float | None
    seconds: float
    hyperparameters: dict[str, float]


def paired(first: Sequence[Run], second: Sequence[Run], metric: str) -> tuple[np.ndarray, np.ndarray]:
    """The values of both contenders' runs, with the seeds of which both have one."""
    ours, theirs = ({run.seed: run.value(metric) for run in runs} for runs in (first, second))
    both = [seed for seed in ours if math.isfinite(ours[seed]) and math.isfinite(theirs.get(seed, math.nan))]
    return np.array([ours[seed] for seed in both]), np.array([theirs[seed] for seed in both])


def contrasts(runs: Mapping[str, Sequence[Run]], metric: str, baseline: str) -> tuple[Contrast, ...]:
    """How every contender but the baseline differs from it; ``runs`` are those of each by name."""
    others = [name for name in runs if name != baseline]
    pairs = [paired(runs[name], runs[baseline], metric) for name in others]
    p_values = holm([sign_flip_test(differences(a, b)) if len(a) else math.nan for a, b in pairs])
    found = [paired_difference(a, b) if len(a) else NOTHING for a, b in pairs]
    shared = [len({run.seed for run in runs[name]} & {run.seed for run in runs[baseline]}) for name in others]
    return tuple(
        Contrast(name, baseline, metric, i.mean, i.low, i.high, p, len(a), seeds - len(a))
        for name, (a, _), i, p, seeds in zip(others, pairs, found, p_values, shared, strict=True)
    )


def summary(name: str, runs: Sequence[Run], metric: str, target: tuple[str, float, str] | None) -> Summary:
    """Where a contender's runs arrived, and after how long they reached the target."""
    good = [run for run in runs if math.isfinite(run.value(metric))]
    times = [] if target is None else [run.epochs_to(*target) for run in runs]
    reached = [(t, run) for t, run in zip(times, runs, strict=False) if math.isfinite(t)]
    missed = [math.inf] * (len(times) - len(reached))
    return Summary(
        contender=name,
        value=interval([run.value(metric) for run in good]) if good else NOTHING,
        runs=len(runs),
        failed=len(runs) - len(good),
        epochs=float(np.mean([run.epochs for run in good])) if good else math.nan,
        stopped=sum(run.stopped_epoch is not None for run in good),
        reached=len(reached) if times else None,
        to_target=_median(times),
        steps_to_target=_median([t * run.steps_per_epoch for t, run in reached] + missed),
        seconds_to_target=_median([t * run.seconds / run.epochs for t, run in reached] + missed),
        seconds=float(np.mean([run.seconds for run in runs])) if runs else math.nan,
        hyperparameters=runs[0].hyperparameters if runs else {},
    )


def _median(values: Sequence[float]) -> float | None:
    """The middle value, the upper one of two: infinite where half of the values or more are; None of none."""
    return float(sorted(values)[len(values) // 2]) if values else None
