"""Paired tests beside counting by hand, and their correction."""

import itertools

import numpy as np
import pytest

from ravine import checks
from ravine.statistics.significance import LEAST_SEEDS, holm, sign_flip_test


def by_counting(differences):
    """The share of all sign flips whose mean is at least as far from 0."""
    signs = np.array(list(itertools.product((1, -1), repeat=len(differences))))
    means = np.abs((signs * differences).mean(axis=1))
    return (means >= abs(np.mean(differences)) - 1e-12).mean()


@pytest.mark.parametrize("count", [2, 5, 6, 10])
def test_it_counts_all_sign_flips(count):
    differences = np.random.default_rng(count).normal(0.5, 1, count)
    assert sign_flip_test(differences) == pytest.approx(by_counting(differences))
    assert sign_flip_test(-differences) == pytest.approx(by_counting(differences))


def test_fewer_than_six_pairs_are_never_significant():
    assert sign_flip_test(np.arange(1.0, LEAST_SEEDS)) > 0.05
    assert sign_flip_test(np.arange(1.0, LEAST_SEEDS + 1)) < 0.05


def test_many_pairs_are_sampled_alike_each_time():
    differences = np.random.default_rng(0).normal(0.3, 1, 40)
    p = sign_flip_test(differences)
    assert p == sign_flip_test(differences)
    # The normal approximation is near at forty pairs.
    from scipy import stats

    assert p == pytest.approx(stats.ttest_1samp(differences, 0).pvalue, abs=0.02)


def test_no_difference_is_no_claim():
    assert sign_flip_test([0.0, 0.0, 0.0]) == 1
    assert sign_flip_test([0.3]) == 1
    assert np.isnan(sign_flip_test([0.3, np.nan]))
    with pytest.raises(checks.RavineValueError, match="one number a seed"):
        sign_flip_test([])


def test_under_no_difference_one_in_twenty_is_claimed():
    rng = np.random.default_rng(0)
    claimed = np.mean([sign_flip_test(rng.normal(size=8)) <= 0.05 for _ in range(400)])
    assert 0.02 < claimed < 0.08


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.9]) == pytest.approx([1.0, 1.0])
    assert holm([]) == []
    corrected = holm([0.02, float("nan"), 0.01])
    assert corrected[::2] == pytest.approx([0.02, 0.02])
    assert np.isnan(corrected[1])
