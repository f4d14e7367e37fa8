"""Rows held out: the last, or such as a seed draws."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ravine.checks import RavineValueError
from ravine.comparison import hold_out
from ravine.training import holding_out
from ravine.training.data import Data
from ravine.training.sources import hold_out as of_source
from ravine.training.sources import of_arrays


@given(st.integers(1, 200), st.floats(0.001, 0.999))
def test_the_last_rows_are_keras_split(rows, fraction):
    whole = Data(np.arange(rows), np.arange(rows))
    at = math.floor(rows * (1.0 - fraction))
    if 0 < at < rows:
        train, held = holding_out.last(whole, fraction)
        np.testing.assert_array_equal(train.x, np.arange(at))
        np.testing.assert_array_equal(held.x, np.arange(at, rows))
    else:
        with pytest.raises(RavineValueError, match=f"of {rows} rows leaves {at} to train on and {rows - at} to"):
            holding_out.last(whole, fraction)


@given(st.lists(st.integers(0, 4), min_size=5, max_size=120), st.floats(0.1, 0.6), st.integers(0, 9))
def test_classes_have_their_shares(labels, fraction, seed):
    y = np.array(labels)
    train, held = holding_out.drawn(Data(np.arange(len(y)), y), fraction, seed, y)
    assert sorted([*train.x, *held.x]) == list(range(len(y)))
    assert len(train.x) == math.floor(len(y) * (1 - fraction))
    share = len(held.x) / len(y)
    for label, count in zip(*np.unique(y, return_counts=True), strict=True):
        assert abs((held.y == label).sum() - share * count) < 1.5
    assert (np.diff(train.x) > 0).all()


def fitted(tiny, **options):
    """The rows that a run trained on, told by the weights of a fit without the held-out ones."""
    return tiny.fit(epochs=1, validation_split=0.3, **options)[1].history


def test_fit_holds_out_the_rows_of_a_comparison(tiny):
    found = fitted(tiny, validation_shuffle=True)
    train, held = hold_out(tiny.x, tiny.y, 0.3, 1)  # the seed that tiny fits with
    expected = tiny.fit(x=train[0], y=train[1], epochs=1, validation_data=held)[1].history
    assert found == expected
    assert found != fitted(tiny)


@pytest.mark.parametrize("y", [np.repeat([0, 1, 2], [10, 6, 4]), np.eye(3)[np.repeat([0, 1, 2], [10, 6, 4])]])
def test_fit_holds_out_shares_of_sorted_classes(tiny, y):
    _, held = of_source(Data(tiny.x, y), 0.5, "stratified", 3)
    labels = held.y if held.y.ndim == 1 else held.y.argmax(axis=1)
    np.testing.assert_array_equal(np.bincount(labels), [5, 3, 2])


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"validation_shuffle": "yes"}, "validation_shuffle='yes': expected False, True or 'stratified'"),
        ({"validation_shuffle": 1}, "validation_shuffle=1: expected False"),
        ({"validation_shuffle": "stratified", "y": np.linspace(0, 1, 20)}, "y holds .* which is no class"),
    ],
)
def test_refused(tiny, options, expected):
    with pytest.raises(RavineValueError, match=expected):
        fitted(tiny, **options)


def test_rows_that_are_not_in_memory_cannot_be_drawn_from(tiny):
    rows = of_arrays(Data(tiny.x, tiny.y), 8)
    with pytest.raises(RavineValueError, match="there are no rows in memory to draw from"):
        of_source(rows, 0.3, True)
    train, held = of_source(rows, 0.3)
    assert (train.rows, held.rows) == (14, 6)
