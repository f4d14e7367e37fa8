"""The verdict of a comparison in words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ravine.statistics import LEAST_SEEDS, least_seeds

if TYPE_CHECKING:
    from ravine.comparison.findings import Contrast, Summary
    from ravine.comparison.result import Comparison


def unit(metric: str) -> tuple[float, str]:
    """What values of a metric are multiplied by for a reader, and the unit that they then have."""
    return (100.0, " points") if metric.endswith("accuracy") else (1.0, "")


def shown(values: Sequence[float], metric: str) -> list[str]:
    """Differences with their signs, for a reader: all in as many places as the largest has in three digits."""
    scale, _ = unit(metric)
    scaled = [scale * value for value in values]
    largest = max((abs(value) for value in scaled if math.isfinite(value)), default=0.0)
    if largest == 0:
        return ["0" if value == 0 else "–" for value in scaled]
    places = 2 - math.floor(math.log10(largest))
    form = f"+.{max(0, places)}f" if -3 <= places <= 6 else "+.2e"
    return ["–" if math.isnan(value) else f"{value:{form}}".replace("-", "−") for value in scaled]


def verdict(result: Comparison) -> str:
    """One sentence a contender, and what keeps them from saying more."""
    protocol = result.protocol
    lines = []
    if not result.complete:
        whole = len(protocol.contenders) * len(protocol.seeds)
        lines.append(f"Partial: {len(result.runs)} of {whole} runs are done.")
    lines += [contrast_in_words(contrast, protocol.direction) for contrast in result.comparisons]
    untuned = [name for name, tuned in protocol.tune.items() if not tuned]
    if protocol.trials and untuned:
        lines.append(f"Not tuned: {', '.join(untuned)}.")
    if protocol.trials and any(contrast.claimed for contrast in result.comparisons):
        lines.append(
            "Each was tuned once: what is shown is of the hyperparameters that were chosen, not of those that another "
            "tuning might choose."
        )
    pairs = [contrast.seeds for contrast in result.comparisons]
    least = least_seeds(len(pairs)) if pairs else 0
    if pairs and max(pairs) < least:
        others = f" and {len(pairs)} comparisons" if least > LEAST_SEEDS else ""
        lines.append(f"With fewer than {least} paired seeds{others} no difference can be significant.")
    lines += [_failures(summary) for summary in result.summaries if summary.failed]
    if protocol.target is not None:
        target = target_in_words(protocol.target)
        lines += [_target(summary, target) for summary in result.summaries]
    return "\n".join(lines)


def target_in_words(target: tuple[str, float, str]) -> str:
    """``val_accuracy ≥ 0.97``."""
    key, value, direction = target
    return f"{key} {'≤' if direction == 'min' else '≥'} {value:g}"


def contrast_in_words(contrast: Contrast, direction: str) -> str:
    """A difference from the baseline, or that none is shown."""
    if not contrast.seeds:
        return f"{contrast.contender}: nothing to compare with {contrast.baseline}; no seed has a result of both."
    metric, (_, units) = contrast.metric, unit(contrast.metric)
    seeds = f"{contrast.seeds} paired seed{'s' * (contrast.seeds > 1)}"
    mean, low, high = shown((contrast.mean_difference, contrast.low, contrast.high), metric)
    if math.isnan(contrast.low):
        return f"{contrast.contender}: {mean}{units} from {contrast.baseline} in {metric}; one seed shows nothing."
    limits = f"95 % interval {low} to {high}{units}"
    if not contrast.claimed:
        return (
            f"{contrast.contender}: no difference from {contrast.baseline} in {metric} shown at {seeds} "
            f"({limits}, corrected p = {contrast.p_value:.2g})."
        )
    better = (contrast.mean_difference < 0) == (direction == "min")
    return (
        f"{contrast.contender}: {'better' if better else 'worse'} than {contrast.baseline} in {metric}, {mean}{units} "
        f"({limits}, corrected p = {contrast.p_value:.2g}, {seeds})."
    )


def _failures(summary: Summary) -> str:
    return (
        f"{summary.contender}: {summary.failed} of {summary.runs} runs failed; means and differences are of the "
        "others, which may flatter it."
    )


def _target(summary: Summary, target: str) -> str:
    if not summary.reached:
        return f"{summary.contender}: {target} was never reached."
    name = f"{summary.contender}: {target} was reached in {summary.reached} of {summary.runs} runs"
    median = summary.to_target or math.inf
    if math.isinf(median):
        return f"{name}."
    return f"{name}; half of the runs had it after {median:g} epoch{'s' * (median != 1)}."
