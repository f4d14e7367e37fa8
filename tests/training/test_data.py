import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ravine.checks import RavineTypeError, RavineValueError
from ravine.training import data
from ravine.training.data import Data

NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("given_x", "dtype"),
    [
        (np.zeros((2, 3)), np.float32),
        ([[1, 2], [3, 4]], np.int32),
        (np.zeros((2, 3), np.float16), np.float32),
        (np.zeros((2, 3), bool), np.float32),
        (np.zeros((2, 3), np.int64), np.int32),
        (np.array([[2**31 - 1], [-(2**31)]]), np.int32),
        (np.array([[2**31]]), np.float32),
        (np.array([[7]], np.uint16), np.int32),
        (np.array([[2**31]], np.uint32), np.float32),
        (jnp.array([[7]]), np.int32),
        (jnp.zeros((2, 3)), np.float32),
        (np.zeros((2, 3), np.uint8), np.uint8),
        (np.zeros((2, 3), np.int8), np.int8),
        ([1.0, 2.0], np.float32),
    ],
)
def test_samples_become_float32_or_stay_whole_numbers(given_x, dtype):
    array = data.as_samples("x", given_x)
    assert array.dtype == dtype
    np.testing.assert_array_equal(array, np.asarray(given_x))


@pytest.mark.parametrize(
    ("given_y", "dtype"),
    [
        ([0, 1], np.int32),
        (np.array([0, 1], np.uint8), np.int32),
        (np.array([2**31 - 1, -(2**31)]), np.int32),
        ([0.0, 0.5], np.float32),
        ([True, False], np.float32),
    ],
)
def test_whole_targets_become_int32_and_others_float32(given_y, dtype):
    array = data.as_targets("y", given_y)
    assert array.dtype == dtype
    np.testing.assert_array_equal(array, np.asarray(given_y))


@pytest.mark.parametrize("dtype", [np.float32, np.int32, np.uint8])
def test_what_fits_is_not_copied(dtype):
    x = np.zeros((2, 3), dtype)
    assert data.as_samples("x", x) is x


def test_data_with_the_same_samples_are_the_same():
    rows = Data(np.arange(3), np.arange(3), np.ones(3))
    assert rows.with_x(rows.x) is rows
    other = rows.with_x(np.zeros(3))
    assert (other.y is rows.y, other.w is rows.w, other.x.sum()) == (True, True, 0)


@pytest.mark.parametrize(
    ("wrong", "error", "expected"),
    [
        (None, RavineTypeError, "x=None is a NoneType: expected an array"),
        ("abc", RavineTypeError, "x='abc' is a str: expected an array of numbers"),
        ({"a": [1]}, RavineTypeError, "is a dict: expected an array of numbers"),
        ({1, 2}, RavineTypeError, "is a set"),
        (["a", "b"], RavineTypeError, r"x has dtype <U1 \(first value .*'a'.*\): expected an array of real numbers"),
        (np.array([1, "a", None], object), RavineTypeError, "x has dtype object"),
        (np.array(["2020-01-01"], "datetime64[D]"), RavineTypeError, "x has dtype datetime64"),
        ([1j], RavineTypeError, "x has dtype complex128"),
        ((i for i in range(3)), RavineTypeError, "x has dtype object"),
        ([[1, 2], [3]], RavineTypeError, "x is ragged: its rows differ in length"),
        (3.0, RavineValueError, "x=3.0: expected an array with one row a sample"),
        ([], RavineValueError, r"x is empty: it has shape \(0,\)"),
        (np.zeros((0, 4)), RavineValueError, r"x is empty: it has shape \(0, 4\)"),
        (np.zeros((4, 0)), RavineValueError, r"x is empty: it has shape \(4, 0\)"),
        ([[1.0, NAN]], RavineValueError, r"x holds nan at index \(0, 1\) \(1 such values\): expected finite numbers"),
        ([[1.0], [INF], [NAN]], RavineValueError, r"x holds inf at index \(1, 0\) \(2 such values\)"),
        ([INF, -INF], RavineValueError, r"x holds inf at index \(0,\) \(2 such values\)"),
        ([1e300], RavineValueError, "x holds inf"),
    ],
)
def test_what_is_no_array_of_numbers_is_refused(wrong, error, expected):
    for read in (data.as_samples, data.as_targets):
        with pytest.raises(error, match=expected):
            read("x", wrong)


def test_large_finite_numbers_are_fine():
    x = np.array([3e38, 3e38, -3e38], np.float32)  # their sum in float32 would be inf
    assert data.as_samples("x", x) is x


def test_what_does_not_lie_row_after_row_is_looked_through_too():
    x = np.ones((4, 6), np.float32)
    x[2, 3] = np.nan
    for view, where in ((x.T, r"\(3, 2\)"), (x[:, ::3], r"\(2, 1\)")):
        with pytest.raises(RavineValueError, match=f"x holds nan at index {where}"):
            data.as_samples("x", view)


def test_integers_beyond_32_bits_are_no_targets():
    with pytest.raises(RavineValueError, match="y holds integers beyond 32 bits"):
        data.as_targets("y", np.array([2**31]))


@pytest.mark.parametrize(
    ("weights", "error", "expected"),
    [
        ([1, 1], RavineValueError, r"w has shape \(2,\): expected one weight per sample, \(3,\)"),
        ([[1], [1], [1]], RavineValueError, r"w has shape \(3, 1\)"),
        ([1, -0.5, 1], RavineValueError, r"w\[1\]=-0.5: expected weights of at least 0"),
        ([1, NAN, 1], RavineValueError, "w holds nan"),
        ([1, 1e300, 1], RavineValueError, "w holds inf"),
        ("abc", RavineTypeError, "w='abc' is a str"),
    ],
)
def test_wrong_weights(weights, error, expected):
    with pytest.raises(error, match=expected):
        data.as_weights("w", weights, 3)


def test_as_data():
    result = data.as_data([[1.0], [2.0]], [0, 1], [1, 0])
    assert result.rows == 2
    assert result.w.dtype == np.float32
    assert data.as_data([[1.0]], [0]).w is None
    with pytest.raises(RavineValueError, match="x has 2 rows and y has 3: expected one target per sample"):
        data.as_data([[1.0], [2.0]], [0, 1, 2])
    with pytest.raises(RavineValueError, match="y=None: expected targets"):
        data.as_data([[1.0]], None)
    with pytest.raises(RavineValueError, match="validation x has 1 rows and validation y has 2"):
        data.as_data([[1.0]], [0, 1], prefix="validation ")
    with pytest.raises(RavineValueError, match="validation sample_weight has shape"):
        data.as_data([[1.0]], [0], [1, 1], prefix="validation ")


ROWS = Data(np.arange(20).reshape(10, 2), np.arange(10), np.arange(10.0))


def test_rows_are_taken_together():
    part = jax.jit(Data.take)(ROWS.on_device(), jnp.array([7, 2]))
    np.testing.assert_array_equal(part.x, [[14, 15], [4, 5]])
    np.testing.assert_array_equal(part.y, [7, 2])
    np.testing.assert_array_equal(part.w, [7, 2])
    part = ROWS.on_device().rows_from(jnp.int32(3), 2)
    np.testing.assert_array_equal(part.x, [[6, 7], [8, 9]])
    np.testing.assert_array_equal(part.w, [3, 4])
    head, tail = ROWS.split(4)
    assert (head.rows, tail.rows) == (4, 6)
    np.testing.assert_array_equal(tail.y, np.arange(4, 10))
    np.testing.assert_array_equal(ROWS.first(3).w, [0, 1, 2])


def test_data_without_weights_has_none_anywhere():
    assert Data(ROWS.x, ROWS.y).first(3).w is None


@given(st.integers(1, 200), st.floats(0.001, 0.999))
def test_hold_out_is_keras_split(rows, fraction):
    whole = Data(np.arange(rows), np.arange(rows))
    at = math.floor(rows * (1.0 - fraction))
    if 0 < at < rows:
        train, held = data.hold_out(whole, fraction)
        np.testing.assert_array_equal(train.x, np.arange(at))
        np.testing.assert_array_equal(held.x, np.arange(at, rows))
    else:
        with pytest.raises(RavineValueError, match=f"of {rows} rows leaves {at} to train on and {rows - at} to"):
            data.hold_out(whole, fraction)


@pytest.mark.parametrize("fraction", [1, 1.5, -0.1, NAN])
def test_no_fraction(fraction):
    with pytest.raises(RavineValueError, match=r"validation_split=.*expected a finite number of at least 0 below 1"):
        data.hold_out(ROWS, fraction)


X3 = np.zeros((3, 1), np.float32)


@pytest.mark.parametrize(
    ("y", "outputs"),
    [
        (np.array([0, 2, 1]), 3),
        (np.array([[0.0], [2.0], [1.0]]), 3),
        (np.eye(3)[[0, 2, 1]], 3),
        (np.array([0, 2, 1]), 1),
    ],
)
def test_class_weights(y, outputs):
    weighted = data.with_class_weight(Data(X3, y), {0: 0.5, 2: 3}, outputs)
    np.testing.assert_array_equal(weighted.w, np.float32([0.5, 3, 1]))


def test_a_class_without_samples_may_have_a_weight():
    weighted = data.with_class_weight(Data(X3, np.zeros(3, int)), {0: 2.0, 9: 3.0}, 10)
    np.testing.assert_array_equal(weighted.w, [2, 2, 2])
    data.with_class_weight(Data(X3, np.zeros(3, int)), {1: 3.0}, 1)  # two classes and a sigmoid


@pytest.mark.parametrize(
    ("class_weight", "error", "expected"),
    [
        ([1, 2, 3], RavineTypeError, r"class_weight=\[1, 2, 3\] is a list: expected a dict of class index to weight"),
        ({3: 1.0}, RavineValueError, r"class_weight key=3: expected a class in \[0, 3\)"),
        ({-1: 1.0}, RavineValueError, "class_weight key=-1: expected an integer of at least 0"),
        ({"a": 1.0}, RavineTypeError, "class_weight key='a' is a str"),
        ({0: -1.0}, RavineValueError, r"class_weight\[0\]=-1.0: expected a finite number of at least 0"),
        ({0: "1"}, RavineTypeError, r"class_weight\[0\]='1' is a str"),
    ],
)
def test_wrong_class_weights(class_weight, error, expected):
    with pytest.raises(error, match=expected):
        data.with_class_weight(Data(X3, np.array([0, 2, 1])), class_weight, 3)


def test_class_weights_and_sample_weights_are_too_much():
    with pytest.raises(RavineValueError, match="class_weight and sample_weight were both given"):
        data.with_class_weight(Data(X3, np.zeros(3, int), np.ones(3)), {0: 1.0}, 3)
