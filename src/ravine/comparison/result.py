"""What came of a comparison: its runs, and what they say about the contenders."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ravine import checks, tables
from ravine.comparison import tabulating
from ravine.comparison.records import Run, dumps, loads
from ravine.comparison.wording import target_in_words, verdict
from ravine.files.atomic import replacing
from ravine.statistics import LEVEL, Interval, differences, holm, interval, paired_difference, sign_flip_test

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMAT = "ravine comparison 1"
NOTHING = Interval(math.nan, math.nan, math.nan)


@dataclass(frozen=True)
class Protocol:
    """How the comparison was made.

    Attributes:
        contenders: their names; ``baseline`` is the one that the others are compared with.
        metric: the key of the value that is compared; ``direction`` tells whether less or more is better.
        selection: the key by which trials were chosen.
        target: the key and the value to be reached, and the key's direction; None where there is none.
        seeds: those of the runs that are compared.
        trials: how many each contender had.
        tune: by contender the search space of each hyperparameter.
        study: what the contenders and the data were.
    """

    contenders: tuple[str, ...]
    baseline: str
    metric: str
    direction: str
    selection: str
    target: tuple[str, float, str] | None
    seeds: tuple[int, ...]
    epochs: int
    trials: int
    tune: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    study: Mapping[str, Any] = field(default_factory=dict)


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


@dataclass(frozen=True)
class Comparison:
    """The result of :func:`ravine.compare`.

    Attributes:
        protocol: how it was made.
        runs: one record a run that is compared, by contender and seed.
        trials: one record a run that served to choose hyperparameters.
        versions: of the software that it was made with.
    """

    protocol: Protocol
    runs: tuple[Run, ...]
    trials: tuple[Run, ...]
    versions: Mapping[str, str] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Whether every contender has a run of every seed."""
        return len(self.runs) == len(self.protocol.contenders) * len(self.protocol.seeds)

    def runs_of(self, contender: str) -> list[Run]:
        """A contender's runs, by seed."""
        checks.look_up("contender", contender, dict.fromkeys(self.protocol.contenders))
        return [run for run in self.runs if run.contender == contender]

    @cached_property
    def comparisons(self) -> tuple[Contrast, ...]:
        """One record a contender other than the baseline, on the protocol's metric."""
        return self.contrasts()

    def contrasts(self, metric: str | None = None, baseline: str | None = None) -> tuple[Contrast, ...]:
        """As :attr:`comparisons`, on another metric or with another baseline.

        Looking at many metrics and baselines until one shows a difference is not what the p-values are corrected for.
        """
        keys = {key: key for key in self.keys}
        metric = self.protocol.metric if metric is None else checks.look_up("metric", metric, keys)
        known = {name: name for name in self.protocol.contenders}
        baseline = self.protocol.baseline if baseline is None else checks.look_up("baseline", baseline, known)
        others = [name for name in known if name != baseline]
        pairs = [self._pairs(name, baseline, metric) for name in others]
        p_values = holm([sign_flip_test(differences(a, b)) if len(a) else math.nan for a, b in pairs])
        found = [paired_difference(a, b) if len(a) else NOTHING for a, b in pairs]
        return tuple(
            Contrast(name, baseline, metric, i.mean, i.low, i.high, p, len(a), self._seeds_of(name, baseline) - len(a))
            for name, (a, _), i, p in zip(others, pairs, found, p_values, strict=True)
        )

    def _pairs(self, contender: str, baseline: str, metric: str) -> tuple[np.ndarray, np.ndarray]:
        """The values of both, with the seeds of which both have one."""
        first, second = ({run.seed: run.value(metric) for run in self.runs_of(n)} for n in (contender, baseline))
        both = [seed for seed in first if math.isfinite(first[seed]) and math.isfinite(second.get(seed, math.nan))]
        return np.array([first[seed] for seed in both]), np.array([second[seed] for seed in both])

    def _seeds_of(self, first: str, second: str) -> int:
        """How many seeds both have a run of, whatever came of it."""
        return len({run.seed for run in self.runs_of(first)} & {run.seed for run in self.runs_of(second)})

    @property
    def keys(self) -> list[str]:
        """The keys of the final values that all contenders have."""
        found = [run.final.keys() for run in self.runs if not run.failure]
        return [key for key in found[0] if all(key in keys for keys in found)] if found else [self.protocol.metric]

    @cached_property
    def summaries(self) -> tuple[Summary, ...]:
        """One record a contender."""
        return tuple(self._summary(name) for name in self.protocol.contenders)

    def _summary(self, name: str) -> Summary:
        runs = self.runs_of(name)
        good = [run for run in runs if math.isfinite(run.value(self.protocol.metric))]
        values = [run.value(self.protocol.metric) for run in good]
        times = self.epochs_to_target(name)
        steps = [e * run.steps_per_epoch if math.isfinite(e) else e for e, run in zip(times, runs, strict=False)]
        seconds = [e * run.seconds / run.epochs if math.isfinite(e) else e for e, run in zip(times, runs, strict=False)]
        has = self.protocol.target is not None and bool(runs)
        return Summary(
            contender=name,
            value=interval(values) if values else NOTHING,
            runs=len(runs),
            failed=len(runs) - len(good),
            epochs=float(np.mean([run.epochs for run in good])) if good else math.nan,
            stopped=sum(run.stopped_epoch is not None for run in good),
            reached=sum(map(math.isfinite, times)) if has else None,
            to_target=_median(times) if has else None,
            steps_to_target=_median(steps) if has else None,
            seconds_to_target=_median(seconds) if has else None,
            seconds=float(np.mean([run.seconds for run in runs])) if runs else math.nan,
            hyperparameters=runs[0].hyperparameters if runs else {},
        )

    def epochs_to_target(self, contender: str) -> list[float]:
        """After how many epochs each of its runs reached the target; infinite for one that did not."""
        if self.protocol.target is None:
            return []
        return [run.epochs_to(*self.protocol.target) for run in self.runs_of(contender)]

    # What a person reads.

    @property
    def verdict(self) -> str:
        """What was found, in words that claim no more than it shows."""
        return verdict(self)

    @property
    def tables(self) -> tuple[tables.Table, ...]:
        """The contenders; their time to the target, where there is one; what was chosen for them by tuning."""
        found = (tabulating.contenders(self), tabulating.times(self), tabulating.chosen(self))
        return tuple(table for table in found if table is not None)

    def table(self, format: str = "plain") -> Any:
        """The contenders in a table.

        Args:
            format: ``"plain"``, ``"markdown"`` or ``"latex"`` text, ``"rich"`` for a terminal, or ``"frame"``.
        """
        checks.look_up("format", format, dict.fromkeys((*tables.FORMATS, "rich", "frame")))
        if format == "frame":
            return tables.frame(tabulating.columns(self), "pandas")
        table = tabulating.contenders(self)
        return table.rich(120) if format == "rich" else table.text(format)

    def to_frame(self, backend: str = "pandas") -> Any:
        """A row a run, with its hyperparameters and final values, as a frame of pandas, polars or pyarrow."""
        return tables.frame(tabulating.run_columns(self.runs), backend)

    def __str__(self) -> str:
        return "\n\n".join([*(table.plain() for table in self.tables), self.verdict])

    # Figures.

    def plot_curves(self, key: str | None = None) -> Figure:
        """The values of ``key`` over the epochs, by default the metric's: mean and 95 % interval."""
        from ravine.plots import comparison as plots

        key = self._curve_key(key)
        curves = {
            name: [r.history[key] for r in self.runs_of(name) if not r.failure] for name in self.protocol.contenders
        }
        target = self.protocol.target
        line = target[1] if target is not None and target[0] == key else None
        return plots.curves_figure(curves, key, self.protocol.epochs, line)

    def _curve_key(self, key: str | None) -> str:
        known = [k for run in self.runs if not run.failure for k in run.history]
        default = self.protocol.metric.replace("test_", "val_", 1)
        return checks.look_up("key", default if key is None else key, {k: k for k in known})

    def plot_differences(self, metric: str | None = None) -> Figure:
        """Each contender's difference from the baseline with its interval, and the seeds' own differences."""
        from ravine.plots import comparison as plots

        contrasts = self.contrasts(metric)
        rows = []
        for contrast in contrasts:
            first, second = self._pairs(contrast.contender, contrast.baseline, contrast.metric)
            rows.append(
                plots.Difference(
                    contrast.contender,
                    Interval(contrast.mean_difference, contrast.low, contrast.high),
                    first - second,
                    contrast.claimed,
                )
            )
        used = self.protocol.metric if metric is None else metric
        return plots.differences_figure(rows, used, self.protocol.baseline, self._direction(used))

    def _direction(self, metric: str) -> str:
        bare, known = metric.removeprefix("val_").removeprefix("test_"), self.protocol.metric
        same = bare == known.removeprefix("val_").removeprefix("test_")
        return self.protocol.direction if same else "min" if bare.endswith("loss") else "max"

    def plot_sensitivity(self, hyperparameter: str | None = None) -> Figure:
        """What each trial arrived at over a hyperparameter, by default the first that was tuned."""
        from ravine.plots import comparison as plots

        known = list(dict.fromkeys(path for run in self.trials for path in run.hyperparameters))
        if not known:
            raise checks.RavineValueError("plot_sensitivity: nothing was tuned; give compare(..., tune=...).")
        path = checks.look_up("hyperparameter", hyperparameter or known[0], {k: k for k in known})
        chosen = {run.contender: run.trial for run in self.runs}
        points: dict[str, list[plots.Trial]] = {name: [] for name in self.protocol.contenders}
        for run in self.trials:
            if path in run.hyperparameters:
                value, result = run.hyperparameters[path], run.value(self.protocol.selection)
                points[run.contender].append(plots.Trial(value, result, chosen.get(run.contender) == run.trial))
        tuned = [spaces for spaces in self.protocol.tune.values() if path in spaces]
        logarithmic = any("loguniform" in spaces[path] for spaces in tuned)
        alone = all(len(spaces) == 1 for spaces in tuned)
        return plots.sensitivity_figure(points, path, self.protocol.selection, logarithmic, alone)

    def plot_time_to_target(self) -> Figure:
        """The share of runs that had reached the target after so many epochs."""
        from ravine.plots import comparison as plots

        if self.protocol.target is None:
            raise checks.RavineValueError("plot_time_to_target: there is no target; give compare(..., target=...).")
        times = {name: self.epochs_to_target(name) for name in self.protocol.contenders}
        return plots.profile_figure(times, self.protocol.epochs, target_in_words(self.protocol.target))

    # Files.

    def to_json(self, path: str | os.PathLike[str] | None = None) -> str:
        """All of it as JSON, which :meth:`from_json` reads back; written to ``path`` where there is one."""
        parts = {
            "format": FORMAT,
            "protocol": asdict(self.protocol),
            "comparisons": [asdict(contrast) for contrast in self.comparisons],
            "summaries": [{**asdict(s), "value": s.value._asdict()} for s in self.summaries],
            "runs": [asdict(run) for run in self.runs],
            "trials": [asdict(run) for run in self.trials],
            "versions": dict(self.versions),
        }
        text = dumps(parts, indent=1)
        if path is not None:
            with replacing(path) as file:
                file.write(text.encode())
        return text

    @classmethod
    def from_json(cls, source: str | os.PathLike[str]) -> Comparison:
        """A result from a file that :meth:`to_json` wrote, or from its text."""
        is_text = isinstance(source, str) and source.lstrip().startswith("{")
        try:
            given = loads(str(source) if is_text else Path(source).read_bytes())
            if given["format"] != FORMAT:
                raise ValueError
            return cls(
                _protocol(given["protocol"]),
                tuple(map(Run.from_dict, given["runs"])),
                tuple(map(Run.from_dict, given["trials"])),
                given["versions"],
            )
        except OSError as error:
            raise checks.RavineValueError(f"source={str(source)!r}: {error.strerror or error}.") from None
        except (ValueError, KeyError, TypeError, AttributeError):
            checks.reject("source", source, "JSON that Comparison.to_json wrote")

    def to_html(self, path: str | os.PathLike[str], title: str = "Comparison") -> None:
        """Write a report with tables and figures to ``path``, one file that needs no other."""
        from ravine.comparison.report import html

        text = html(self, title)
        with replacing(path) as file:
            file.write(text.encode())


def _protocol(given: Mapping[str, Any]) -> Protocol:
    values = {f.name: given[f.name] for f in fields(Protocol)}
    for name in ("contenders", "seeds", "target"):
        values[name] = None if values[name] is None else tuple(values[name])
    return Protocol(**values)


def _median(values: Sequence[float]) -> float:
    """The middle value, the upper one of two: infinite where half of the values or more are."""
    return float(sorted(values)[len(values) // 2])
