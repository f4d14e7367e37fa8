"""How surely one contender differs from another, by paired seeds."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from ravine import checks
from ravine.statistics.intervals import AT_ONCE

LEVEL = 0.05
"""A difference is claimed where its p-value is below."""

LEAST_SEEDS = 6
"""The smallest two-sided p-value that n pairs can have is 2 / 2**n: below 0.05 from n = 6 on."""

EXACT_UP_TO = 13
"""Up to so many pairs all 2**n sign flips are counted; beyond, RESAMPLES are drawn from a fixed seed."""

RESAMPLES = 9999


def sign_flip_test(differences: Any) -> float:
    """The two-sided p-value of "the mean of paired ``differences`` ``[seeds]`` is 0", by flipping their signs.

    If the two contenders did not differ, each difference would be as likely to have the other sign. The p-value is the
    share of sign flips whose mean is at least as far from 0. Source: Fisher 1935, "The Design of Experiments", chapter
    3; computed by ``scipy.stats.permutation_test``.
    """
    array = np.asarray(differences, np.float64)
    if array.ndim != 1 or array.size == 0:
        checks.reject("differences", differences, "one number a seed")
    if not np.isfinite(array).all():
        return float("nan")
    if not array.any() or array.size == 1:
        return 1.0
    from scipy import stats

    count = np.inf if array.size <= EXACT_UP_TO else RESAMPLES
    batch = max(1, AT_ONCE // array.size)
    found = stats.permutation_test((array,), np.mean, permutation_type="samples", n_resamples=count, batch=batch, rng=0)
    return float(found.pvalue)


def holm(p_values: Sequence[float]) -> list[float]:
    """``p_values`` corrected for their number: each at most 0.05 still means 5 % for any false claim among them.

    Sorted from the smallest, the k-th of m is multiplied by m − k + 1, and is at least the one before. NaN stays and
    does not count. Source: Holm 1979, "A simple sequentially rejective multiple test procedure".
    """
    order = [i for i in np.argsort(p_values) if not np.isnan(p_values[i])]
    corrected, largest = list(map(float, p_values)), 0.0
    for rank, i in enumerate(order):
        largest = max(largest, min(1.0, (len(order) - rank) * p_values[i]))
        corrected[i] = largest
    return corrected


def least_seeds(comparisons: int) -> int:
    """With how many pairs one of so many comparisons can be significant at all, once corrected by :func:`holm`."""
    return next(n for n in itertools.count(LEAST_SEEDS) if comparisons * 2 / 2**n < LEVEL)
