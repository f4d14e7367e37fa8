"""What each seed trains on, and what is held out from it."""

import threading

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ravine import checks
from ravine.comparison import hold_out
from ravine.comparison.splits import Splits
from ravine.training import data as training_data

X = np.arange(20, dtype=np.float32).reshape(10, 2)
Y = np.arange(10) % 3
DATA = training_data.as_data(X, Y)
FIXED = training_data.as_data(X[:3] + 100, Y[:3])


def rows(x):
    """Which rows of ``X`` these are."""
    return [int(row[0]) // 2 for row in np.asarray(x)]


@given(st.integers(0, 2**32 - 1), st.integers(2, 40), st.floats(0.05, 0.95))
def test_it_is_a_partition_in_order_that_keeps_targets_with_samples(seed, count, fraction):
    at = int(np.floor(count * (1 - fraction)))
    if not 0 < at < count:
        return
    x = np.arange(count, dtype=np.float32)[:, None]
    (train, train_y), (held, held_y) = hold_out(x, np.arange(count), fraction, seed)
    assert len(train) == at
    assert sorted([*train[:, 0], *held[:, 0]]) == list(range(count))
    for part, targets in ((train, train_y), (held, held_y)):
        assert list(part[:, 0]) == sorted(part[:, 0])
        np.testing.assert_array_equal(part[:, 0], targets)


def test_a_seed_decides_the_rows():
    parts = [rows(hold_out(X, Y, 0.3, seed)[1][0]) for seed in (0, 0, 1, 2, 3)]
    assert parts[0] == parts[1]
    assert len({tuple(part) for part in parts}) == 4


def test_the_rows_of_a_seed_do_not_depend_on_what_they_hold():
    first = rows(hold_out(X, Y, 0.3, 5)[1][0])
    (_, targets) = hold_out(np.random.default_rng(0).normal(size=(10, 7)), np.arange(10), 0.3, 5)[1]
    assert first == list(targets)


def test_every_row_is_held_out_about_as_often():
    counts = np.bincount([row for seed in range(300) for row in rows(hold_out(X, Y, 0.3, seed)[1][0])], minlength=10)
    assert counts.min() > 60  # 90 are expected, with a deviation of 8
    assert counts.max() < 120


@pytest.mark.parametrize(
    ("fraction", "message"),
    [
        (0, r"validation_split=0: expected a finite number above 0 below 1"),
        (1, r"validation_split=1: expected"),
        (-0.2, r"validation_split=-0.2: expected"),
        (float("nan"), r"validation_split=nan: expected"),
        ("0.2", r"validation_split='0.2' is a str"),
        (None, r"validation_split=None is a NoneType"),
        (0.95, r"validation_split=0.95 of 10 rows leaves 0 to train on and 10 to validate on: expected at least one"),
    ],
)
def test_fractions_that_cannot_work(fraction, message):
    with pytest.raises(checks.RavineError, match=message):
        hold_out(X, Y, fraction, 0)
    with pytest.raises(checks.RavineError, match=message):
        Splits(DATA, None, fraction).of(0)


def test_a_fraction_above_zero_holds_a_row_out():
    assert len(hold_out(X, Y, 1e-9, 0)[1][0]) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((X, Y[:9], 0.2, 0), "x has 10 rows and y has 9"),
        ((X, None, 0.2, 0), "y=None: expected targets"),
        ((X, Y, 0.2, -1), "seed=-1: expected an integer of at least 0"),
        ((X, Y, 0.2, 2**32), r"seed=4294967296: expected an integer below 2\*\*32"),
        ((X, Y, 0.2, 0.5), "seed=0.5 is a float"),
    ],
    ids=["rows", "targets", "negative", "large", "float"],
)
def test_what_cannot_be_split(arguments, message):
    with pytest.raises(checks.RavineError, match=message):
        hold_out(*arguments)


def test_a_study_has_the_rows_that_hold_out_gives():
    for seed in (0, 7):
        host, device = Splits(DATA, None, 0.3).of(seed)
        for part, (x, y), on_device in zip(host, hold_out(X, Y, 0.3, seed), device, strict=True):
            for own, expected, other in ((part.x, x, on_device.x), (part.y, y, on_device.y)):
                assert isinstance(own, np.ndarray)
                assert isinstance(other, jax.Array)
                np.testing.assert_array_equal(own, expected)
                np.testing.assert_array_equal(other, expected)


def test_sample_weights_go_with_their_rows():
    data = training_data.as_data(X, Y, np.arange(10))
    host, _ = Splits(data, None, 0.3).of(1)
    for part in host:
        assert list(part.w) == rows(part.x)


def test_the_last_split_is_kept():
    splits = Splits(DATA, None, 0.3)
    first = splits.of(0)
    assert splits.of(0) is first
    splits.of(1)
    assert splits.of(0) is not first


def test_as_many_are_kept_as_asked_for_and_those_asked_for_last():
    splits = Splits(DATA, None, 0.3)
    splits.keep(2)
    zero, one = splits.of(0), splits.of(1)
    assert splits.of(0) is zero
    splits.of(2)  # 1 is the one that nobody asked for since
    assert splits.of(0) is zero
    assert splits.of(1) is not one


def test_validation_data_are_the_same_for_every_seed():
    splits = Splits(DATA, FIXED, 0.3)
    assert splits.of(0) is splits.of(1)
    host, device = splits.of(2)
    np.testing.assert_array_equal(host.train.x, DATA.x)
    np.testing.assert_array_equal(host.validation.y, FIXED.y)
    np.testing.assert_array_equal(device.train.x, X)
    np.testing.assert_array_equal(device.validation.x, X[:3] + 100)


def test_several_threads_get_one_object():
    splits, found = Splits(DATA, None, 0.3), []
    start = threading.Barrier(4)

    def ask():
        start.wait()
        found.append(splits.of(3))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(one) for one in found}) == 1


@pytest.mark.parametrize(
    "other",
    [
        Splits(training_data.as_data(X + 1, Y), None, 0.3),
        Splits(training_data.as_data(X, Y[::-1]), None, 0.3),
        Splits(training_data.as_data(X, Y, np.ones(10)), None, 0.3),
        Splits(DATA, None, 0.2),
        Splits(DATA, FIXED, 0.3),
    ],
    ids=["x", "y", "weights", "fraction", "validation"],
)
def test_other_data_have_another_description(other):
    described = Splits(DATA, None, 0.3).described()
    assert described == Splits(training_data.as_data(X.copy(), Y.copy()), None, 0.3).described()
    assert described["held_out"] == 0.3
    assert other.described() != described


def test_the_fraction_means_nothing_beside_validation_data():
    assert Splits(DATA, FIXED, 0.3).described() == Splits(DATA, FIXED, 0.2).described()
    assert Splits(DATA, FIXED, 0.3).described() != Splits(DATA, DATA, 0.3).described()
