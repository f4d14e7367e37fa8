import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.sparse

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
        (np.array(["2020-01-01"], "datetime64[D]"), RavineTypeError, "x has dtype datetime64.*Make numbers of dates"),
        (np.array([3], "timedelta64[D]"), RavineTypeError, "x has dtype timedelta64.*Make numbers of them"),
        ([1j], RavineTypeError, "x has dtype complex128.*real and the imaginary parts side by side"),
        ([10**400], RavineTypeError, "x has dtype object"),
        (np.zeros(2, [("a", "f4")]), RavineTypeError, "fields of a structured array side by side"),
        (
            jax.random.split(jax.random.key(0)),
            RavineTypeError,
            "is a PRNGKeyArray: expected an array of numbers; reading",
        ),
        (np.ma.masked_array([1.0, 2.0], [False, True]), RavineValueError, "x is a masked array.*sample_weight=0"),
        ([np.ma.masked_array([1.0], [True]), [2.0]], RavineValueError, "x is a masked array"),
        (scipy.sparse.eye(3), RavineTypeError, r"x=.* expected a dense array; call toarray\(\) first"),
        ((i for i in range(3)), RavineTypeError, "x has dtype object"),
        ([[1, 2], [3]], RavineTypeError, "x is ragged: its rows differ in length"),
        (3.0, RavineValueError, "x=3.0: expected an array with one row a sample"),
        ([], RavineValueError, r"x is empty: it has shape \(0,\)"),
        (np.zeros((0, 4)), RavineValueError, r"x is empty: it has shape \(0, 4\)"),
        (np.zeros((4, 0)), RavineValueError, r"x is empty: it has shape \(4, 0\)"),
        ([[1.0, NAN]], RavineValueError, r"x holds nan at index \(0, 1\) \(1 such values\): expected finite numbers"),
        ([[1.0], [INF], [NAN]], RavineValueError, r"x holds inf at index \(1, 0\) \(2 such values\)"),
        ([INF, -INF], RavineValueError, r"x holds inf at index \(0,\) \(2 such values\)"),
        ([1e300], RavineValueError, r"x holds 1e\+300 at index \(0,\), too large for float32"),
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
        ([1, -0.5, 1], RavineValueError, r"w\[1\]=-0.5: expected weights of at least 0"),
        ([1, NAN, 1], RavineValueError, "w holds nan"),
        ([1, 1e300, 1], RavineValueError, r"w holds 1e\+300 at index \(1,\), too large"),
        ([1, -1e300, 1], RavineValueError, r"w holds -1e\+300 at index \(1,\), too large"),
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


@pytest.mark.parametrize(
    "dtype", ["bfloat16", "float8_e4m3fn", "float8_e5m2", "int4", "uint4", "float16", "longdouble", "bool", "int64"]
)
def test_types_of_any_width(dtype):
    values = np.array([[1, 0], [0, 1]])
    given = values.astype(dtype) if hasattr(np, dtype) else jnp.asarray(values, dtype)
    for read in (data.as_samples, data.as_targets):
        found = read("x", given)
        assert found.dtype in (np.float32, np.int32, np.int8)
        np.testing.assert_array_equal(found, values)


def test_masks_without_a_masked_number_are_just_arrays():
    np.testing.assert_array_equal(data.as_samples("x", np.ma.masked_array([1.0, 2.0], [False, False])), [1, 2])
