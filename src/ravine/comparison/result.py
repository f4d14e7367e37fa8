"""What came of a comparison: its runs, and what they say about the contenders."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ravine import checks, tables
from ravine.atomic import replacing
from ravine.comparison import codec, findings, tabulating
from ravine.comparison.findings import Contrast, Summary
from ravine.comparison.protocol import Protocol
from ravine.comparison.records import Run
from ravine.comparison.wording import target_in_words, verdict
from ravine.statistics import Interval

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMAT = "ravine comparison 1"


@dataclass(frozen=True, repr=False)
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
        return findings.contrasts({name: self.runs_of(name) for name in known}, metric, baseline)

    @property
    def keys(self) -> list[str]:
        """The keys of the final values that all contenders have."""
        found = [run.final.keys() for run in self.runs if not run.failure]
        return [key for key in found[0] if all(key in keys for keys in found)] if found else [self.protocol.metric]

    @cached_property
    def summaries(self) -> tuple[Summary, ...]:
        """One record a contender."""
        metric, target = self.protocol.metric, self.protocol.target
        return tuple(findings.summary(name, self.runs_of(name), metric, target) for name in self.protocol.contenders)

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

    def __repr__(self) -> str:
        names = ", ".join(self.protocol.contenders)
        done = "" if self.complete else ", not complete"
        return (
            f"<Comparison of {names} by {self.protocol.metric}: {len(self.runs)} runs{done}; print() shows the table>"
        )

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

        rows = []
        for contrast in self.contrasts(metric):
            sides = self.runs_of(contrast.contender), self.runs_of(contrast.baseline)
            first, second = findings.paired(*sides, contrast.metric)
            found = Interval(contrast.mean_difference, contrast.low, contrast.high)
            rows.append(plots.Difference(contrast.contender, found, first - second, contrast.claimed))
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
            "protocol": asdict(self.protocol),
            "comparisons": [asdict(contrast) for contrast in self.comparisons],
            "summaries": [{**asdict(s), "value": s.value._asdict()} for s in self.summaries],
            "runs": [asdict(run) for run in self.runs],
            "trials": [asdict(run) for run in self.trials],
            "versions": dict(self.versions),
        }
        return codec.written(FORMAT, parts, path)

    @classmethod
    def from_json(cls, source: str | os.PathLike[str]) -> Comparison:
        """A result from a file that :meth:`to_json` wrote, or from its text."""

        def made(given: dict[str, Any]) -> Comparison:
            runs, trials = (tuple(map(Run.from_dict, given[name])) for name in ("runs", "trials"))
            return cls(Protocol.from_dict(given["protocol"]), runs, trials, given["versions"])

        return codec.read(FORMAT, "Comparison.to_json", source, made)

    def to_html(self, path: str | os.PathLike[str], title: str = "Comparison") -> None:
        """Write a report with tables and figures to ``path``, one file that needs no other."""
        from ravine.comparison.report import html

        text = html(self, title)
        with replacing(path) as file:
            file.write(text.encode())
