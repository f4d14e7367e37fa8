"""What is made of a plan, and in which order. test_comparing.py has whole studies."""

import math

import numpy as np
import pytest

from ravine import checks
from ravine.comparison.execution import _best, check_limits, check_trainer, chunks, in_turn

X, Y = np.arange(20, dtype=np.float32).reshape(10, 2), np.arange(10) % 2


def test_lists_take_turns():
    assert in_turn([["a1", "a2", "a3"], ["b1"], []]) == ["a1", "b1", "a2", "a3"]
    assert in_turn([]) == []


def test_chunks_hold_everything_once():
    assert chunks([1, 2, 3, 4, 5], 2) == [[1, 2], [3, 4], [5]]


def test_the_best_value_is_one_that_is_a_number():
    assert _best([0.5, math.nan, 0.2], "min") == 0.2
    assert _best([0.5, math.nan, 0.2], "max") == 0.5
    assert math.isnan(_best([math.nan], "min"))


def test_limits():
    assert (check_limits(None, None).jobs, check_limits(2, 3).budget) == (None, 3.0)
    for jobs, budget in ((0, None), (1.5, None), (None, 0), (None, math.inf)):
        with pytest.raises(checks.RavineError):
            check_limits(jobs, budget)


def test_other_data_are_told_apart():
    first = check_trainer(X, Y, None, 0.2, None).described()
    assert check_trainer(X.copy(), Y.copy(), None, 0.2, None).described() == first
    others = [(X + 1, Y, None, 0.2, None), (X, 1 - Y, None, 0.2, None), (X, Y, None, 0.3, None)]
    others += [(X, Y, (X, Y), 0.2, None), (X, Y, None, 0.2, (X, Y))]
    assert all(check_trainer(*other).described() != first for other in others)
