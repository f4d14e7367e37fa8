"""A comparison's tables."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ravine.comparison.records import Run
from ravine.comparison.wording import shown, target_in_words, unit
from ravine.tables import Table

if TYPE_CHECKING:
    from ravine.comparison.findings import Contrast, Summary
    from ravine.comparison.result import Comparison


def contenders(result: Comparison) -> Table:
    """A row a contender: its value, its difference from the baseline, failures, time to the target, what was chosen."""
    protocol = result.protocol
    metric, (scale, units) = protocol.metric, unit(protocol.metric)
    named = f"{metric}, %" if scale == 100 else metric
    header = ["", named, f"difference from {protocol.baseline}{',' * bool(units)}{units}", "p"]
    header += ["epochs", "failed"]
    contrasts = {contrast.contender: contrast for contrast in result.comparisons}
    rows = []
    for summary in result.summaries:
        row = [summary.contender, _value(summary, scale), *_difference(contrasts.get(summary.contender))]
        row += [
            f"{summary.epochs:.3g}" if summary.runs > summary.failed else "–",
            f"{summary.failed} of {summary.runs}",
        ]
        rows.append(row)
    seeds = len(protocol.seeds)
    caption = f"Mean and 95 % interval over {seeds} seed{'s' * (seeds > 1)}, paired; {_arrow(protocol.direction)}"
    return Table(caption, header, rows)


def chosen(result: Comparison) -> Table | None:
    """A row a contender: the hyperparameters that its trials chose; None where nothing was tuned."""
    tune = result.protocol.tune
    paths = list(dict.fromkeys(path for tuned in tune.values() for path in tuned))
    if not paths:
        return None
    rows = []
    for summary in result.summaries:
        trials = [run for run in result.trials if run.contender == summary.contender]
        values = [f"{summary.hyperparameters[p]:.3g}" if p in summary.hyperparameters else "–" for p in paths]
        failed = sum(run.failure is not None for run in trials)
        rows.append([summary.contender, *values, f"{len(trials)}", f"{failed}"])
    caption = f"Chosen by {result.protocol.selection}, of {result.protocol.trials} trials each"
    return Table(caption, ["", *paths, "trials", "failed"], rows)


def times(result: Comparison) -> Table | None:
    """A row a contender: how many runs reached the target, and after how long; None where there is no target."""
    target = result.protocol.target
    if target is None:
        return None
    rows = []
    for summary in result.summaries:
        medians = (summary.to_target, summary.steps_to_target, summary.seconds_to_target)
        rows.append([summary.contender, f"{summary.reached or 0} of {summary.runs}", *map(_median, medians)])
    caption = f"Time to {target_in_words(target)}: medians; – where half of the runs or more missed it"
    return Table(caption, ["", "reached", "epochs", "steps", "seconds"], rows)


def columns(result: Comparison) -> dict[str, list[Any]]:
    """The same numbers, unrounded, by column."""
    contrasts = {contrast.contender: contrast for contrast in result.comparisons}
    table: dict[str, list[Any]] = {}
    for summary in result.summaries:
        contrast = contrasts.get(summary.contender)
        row: dict[str, Any] = {
            "contender": summary.contender,
            "metric": result.protocol.metric,
            "mean": summary.value.mean,
            "low": summary.value.low,
            "high": summary.value.high,
            "baseline": result.protocol.baseline,
            "mean_difference": math.nan if contrast is None else contrast.mean_difference,
            "difference_low": math.nan if contrast is None else contrast.low,
            "difference_high": math.nan if contrast is None else contrast.high,
            "p_value": math.nan if contrast is None else contrast.p_value,
            "runs": summary.runs,
            "failed": summary.failed,
            "epochs": summary.epochs,
            "reached": math.nan if summary.reached is None else summary.reached,
            "epochs_to_target": math.nan if summary.to_target is None else summary.to_target,
        }
        for key, value in row.items():
            table.setdefault(key, []).append(value)
    return table


def run_columns(runs: Sequence[Run]) -> dict[str, list[Any]]:
    """A row a run, by column."""
    paths = list(dict.fromkeys(path for run in runs for path in run.hyperparameters))
    finals = list(dict.fromkeys(key for run in runs for key in run.final))
    table: dict[str, list[Any]] = {
        name: [getattr(run, name) for run in runs] for name in ("contender", "seed", "epochs")
    }
    for name in ("stopped_epoch", "kept_epoch"):
        table[name] = [math.nan if getattr(run, name) is None else float(getattr(run, name)) for run in runs]
    table |= {path: [run.hyperparameters.get(path, math.nan) for run in runs] for path in paths}
    table |= {key: [run.final.get(key, math.nan) for run in runs] for key in finals}
    table["seconds"] = [run.seconds for run in runs]
    table["failure"] = [run.failure or "" for run in runs]
    return table


def _value(summary: Summary, scale: float) -> str:
    if math.isnan(summary.value.mean):
        return "–"
    mean, low, high = (scale * number for number in summary.value)
    magnitude = math.floor(math.log10(abs(mean))) if mean and math.isfinite(mean) else 0
    digits = 2 if scale == 100 else max(0, min(8, 3 - magnitude))
    return type(summary.value)(mean, low, high).shown(digits)


def _difference(contrast: Contrast | None) -> list[str]:
    if contrast is None:
        return ["baseline", ""]
    if not contrast.seeds:
        return ["–", "–"]
    mean, low, high = shown((contrast.mean_difference, contrast.low, contrast.high), contrast.metric)
    if math.isnan(contrast.low):
        return [mean, "–"]
    return [f"{mean} ({low} to {high})", f"{contrast.p_value:.2g}"]


def _median(value: float | None) -> str:
    return "–" if value is None or math.isinf(value) else f"{value:.3g}" if value < 1000 else f"{value:.0f}"


def _arrow(direction: str) -> str:
    return "less is better" if direction == "min" else "more is better"
