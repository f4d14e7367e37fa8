"""Statistics of interleaved rounds: a machine drifts, so what counts is the ratio of neighbours in time."""

from collections.abc import Sequence
from statistics import median
from typing import NamedTuple


class Spread(NamedTuple):
    """A median and the range around it."""

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{figures(self.median)} ({figures(self.low)}–{figures(self.high)})"


def spread(values: Sequence[float]) -> Spread:
    """Median and range."""
    return Spread(median(values), min(values), max(values))


def ratios(values: Sequence[float], baseline: Sequence[float]) -> Spread:
    """Each round's value divided by the baseline's in the same round."""
    return spread([value / base for value, base in zip(values, baseline, strict=True)])


def figures(value: float) -> str:
    """Three figures, never in exponents: 0.0123, 1.23, 12.3, 123."""
    if value == 0:
        return "0"
    digits = 2
    size = abs(value)
    while size >= 10 and digits > 0:
        size, digits = size / 10, digits - 1
    while size < 1:
        size, digits = size * 10, digits + 1
    return f"{value:.{digits}f}"
