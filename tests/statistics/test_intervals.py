"""Intervals beside SciPy's, their coverage, and values that have none."""

import numpy as np
import pytest
from scipy import stats

from ravine import checks
from ravine.statistics import Interval, interval, paired_difference

VALUES = np.random.default_rng(0).exponential(size=12)


def test_it_is_scipys_bca_interval():
    found = interval(VALUES)
    expected = stats.bootstrap((VALUES,), np.mean, method="BCa", rng=0, n_resamples=9999).confidence_interval
    assert found == Interval(VALUES.mean(), expected.low, expected.high)
    assert found.low < found.mean < found.high
    assert found == interval(list(VALUES))  # the same each time


def test_nineteen_of_twenty_intervals_hold_the_mean():
    rng = np.random.default_rng(1)
    held = [not interval(rng.normal(3, 1, 20)).excludes(3) for _ in range(150)]
    assert 0.87 < np.mean(held) <= 0.99


def test_pairs_are_told_apart_where_groups_are_not():
    noise = 10 * np.random.default_rng(2).normal(size=10)
    first, second = noise + np.linspace(0.9, 1.1, 10), noise
    assert paired_difference(first, second).mean == pytest.approx(1)
    assert paired_difference(first, second).excludes(0)
    assert not interval(first).excludes(interval(second).mean)


@pytest.mark.parametrize("values", [[2.5, 2.5, 2.5], [0.1 + 0.2, 0.3]])
def test_values_that_are_all_the_same_give_that_one(values):
    found = interval(values)
    assert found.low == found.mean == found.high
    assert not found.excludes(found.mean)
    assert found.excludes(7)


@pytest.mark.parametrize("values", [[1.0], [1.0, float("nan")], [1.0, float("inf")]])
def test_values_without_an_interval_exclude_nothing(values):
    found = interval(values)
    assert np.isnan([found.low, found.high]).all()
    assert not found.excludes(0)


@pytest.mark.parametrize("count", [2, 3])
def test_few_values_have_one(count):
    found = interval(np.arange(count) + 1.0)
    assert 1 <= found.low <= found.mean <= found.high <= count


def test_what_cannot_work_is_refused():
    for wrong in ([], [[1.0, 2.0]]):
        with pytest.raises(checks.RavineValueError, match=r"values=.*expected one number a seed"):
            interval(wrong)
    with pytest.raises(checks.RavineValueError, match=r"values has shape \(2,\) and baseline \(3,\).*the same seeds"):
        paired_difference([1, 2], [1, 2, 3])


def test_shown():
    assert Interval(0.12345, 0.1, 0.2).shown(2) == "0.12 (0.10 to 0.20)"
    assert interval([0.12345]).shown(2) == "0.12"


def test_what_rounding_leaves_is_no_difference():
    found = paired_difference([0.1 + 0.2, 0.3], [0.3, 0.3])
    assert found == Interval(0, 0, 0)
    assert not found.excludes(0)


def test_small_numbers_have_a_spread_of_their_own():
    tiny, whole = interval(1e-15 * VALUES), interval(VALUES)
    assert tiny.low < tiny.mean < tiny.high
    assert tiny == pytest.approx([1e-15 * number for number in whole], rel=1e-6)


@pytest.mark.parametrize("baseline", [1.0, float("inf"), float("nan")])
def test_a_pair_that_is_not_finite_has_no_interval(baseline):
    found = paired_difference([float("inf"), 1.0], [baseline, 0.5])
    assert np.isnan([found.low, found.high]).all()
