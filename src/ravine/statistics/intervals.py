"""Means over seeds, with intervals that tell how much they say."""

from __future__ import annotations

import math
import warnings
from typing import Any, NamedTuple

import numpy as np

from ravine import checks

RESAMPLES = 9999

AT_ONCE = 2_000_000
"""How many numbers the resamples that are drawn at once may have: their memory."""

ROUNDING = 1e-12  # relative; far below what float32 tells apart
Values = Any
"""Numbers, one a seed: ``[seeds]``."""


class Interval(NamedTuple):
    """A mean and its 95 % interval; of a single value the interval is NaN."""

    mean: float
    low: float
    high: float

    def excludes(self, value: float = 0.0) -> bool:
        """Whether ``value`` lies outside the interval; False where there is none."""
        return bool(value < self.low or value > self.high)

    def shown(self, digits: int = 4) -> str:
        """``mean (low to high)``, or the mean alone where there is no interval."""
        if math.isnan(self.low):
            return f"{self.mean:.{digits}f}"
        return f"{self.mean:.{digits}f} ({self.low:.{digits}f} to {self.high:.{digits}f})"


def interval(values: Values, resamples: int = RESAMPLES) -> Interval:
    """The mean of ``values`` ``[seeds]`` with its 95 % bootstrap interval, bias-corrected and accelerated (BCa).

    The resamples are drawn from a fixed seed, so the same values give the same interval. Values that are all the same
    give that one.

    Source: Efron 1987, "Better bootstrap confidence intervals"; computed by ``scipy.stats.bootstrap``.
    """
    array = np.asarray(values, np.float64)
    if array.ndim != 1 or array.size == 0:
        checks.reject("values", values, "one number a seed")
    mean = float(array.mean())
    if not np.isfinite(array).all() or array.size == 1:
        return Interval(mean, np.nan, np.nan)
    # Differences that rounding made are no spread, and BCa has no acceleration without one.
    if np.ptp(array) <= ROUNDING * np.abs(array).max():
        return Interval(mean, mean, mean)
    from scipy import stats

    batch = max(1, AT_ONCE // array.size)
    with warnings.catch_warnings():
        # Of two or three values BCa may have no answer; the percentiles then stand in.
        warnings.simplefilter("ignore")
        for method in ("BCa", "percentile"):
            made = stats.bootstrap((array,), np.mean, n_resamples=resamples, batch=batch, method=method, rng=0)
            found = made.confidence_interval
            if np.isfinite(found).all():
                break
    return Interval(mean, float(found.low), float(found.high))


def paired_difference(values: Values, baseline: Values) -> Interval:
    """The mean of ``values - baseline``, seed by seed, with its interval."""
    return interval(differences(values, baseline))


def differences(values: Values, baseline: Values) -> np.ndarray:
    """``values - baseline``, seed by seed; what only rounding tells apart differs by 0."""
    first, second = np.asarray(values, np.float64), np.asarray(baseline, np.float64)
    if first.shape != second.shape:
        raise checks.RavineValueError(
            f"values has shape {first.shape} and baseline {second.shape}: expected the same seeds in both."
        )
    with np.errstate(invalid="ignore"):  # two infinities differ by NaN, which is right
        found = first - second
    # What rounding leaves of equal values would be a difference whose interval is clear of zero.
    equal = np.isfinite(first) & np.isclose(first, second, rtol=ROUNDING, atol=0)
    return np.where(equal, 0.0, found)
