"""Data frames as arrays, in every place that takes arrays."""

import narwhals
import numpy as np
import pytest

from ravine.checks import RavineError, RavineTypeError, RavineValueError
from ravine.training import data

NAN = float("nan")
COLUMNS = {"a": [1, 2, 3], "b": [True, False, True], "c": [0.5, 1.5, -2.0]}
ROWS = np.array([[1, 1, 0.5], [2, 0, 1.5], [3, 1, -2]], np.float32)


@pytest.fixture(params=["pandas", "polars"])
def library(request):
    return pytest.importorskip(request.param)


def test_a_frame_is_an_array_of_rows_and_columns(library):
    frame = library.DataFrame(COLUMNS)
    array = data.as_samples("x", frame)
    assert array.dtype == np.float32
    np.testing.assert_array_equal(array, ROWS)
    np.testing.assert_array_equal(data.as_samples("x", frame[["a"]]), ROWS[:, :1])


@pytest.mark.parametrize("column", ["a", "b", "c"])
def test_a_series_is_an_array_of_rows(library, column):
    series = library.Series(COLUMNS[column])
    array = data.as_targets("y", series)
    assert array.dtype == (np.int32 if column == "a" else np.float32)
    np.testing.assert_array_equal(array, np.asarray(COLUMNS[column]))


def test_whole_numbers_stay_whole(library):
    frame = library.DataFrame({"a": np.arange(3, dtype=np.uint8), "b": np.arange(3, dtype=np.uint8)})
    assert data.as_samples("x", frame).dtype == np.uint8
    assert data.as_samples("x", library.DataFrame({"a": [1], "b": [2]})).dtype == np.int32


def test_frames_for_every_argument(library):
    frame = library.DataFrame(COLUMNS)
    read = data.as_data(frame[["a", "c"]], frame["a"], frame["b"])
    assert (read.x.shape, read.y.shape, read.w.tolist()) == ((3, 2), (3,), [1, 0, 1])
    assert data.as_data(frame, frame[["a"]]).y.shape == (3, 1)


# A column of values, what its type is called, and the error that it is.
WRONG = {
    "strings": (["u", "v", "w"], RavineTypeError, r"'wrong' \(\w+, first value 'u'\).*Encode strings"),
    "a null": ([1.0, None, 2.0], RavineValueError, r"missing values: 'wrong' \(first in row 1\)"),
    "NaN": ([1.0, 2.0, NAN], RavineValueError, r"missing values: 'wrong' \(first in row 2\).*Fill them"),
    "dates": (
        np.array(["2020-01-01"] * 3, "datetime64[us]"),
        RavineTypeError,
        r"not numbers: 'wrong' \(Datetime\(.*2020.*Encode",
    ),
}


@pytest.mark.parametrize(("values", "error", "expected"), WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("read", [data.as_samples, data.as_targets], ids=["x", "y"])
def test_what_is_no_number_is_named(library, values, error, expected, read):
    frame = library.DataFrame({"right": [1.0, 2.0, 3.0], "wrong": values})
    for given in (frame, frame["wrong"]):
        with pytest.raises(error, match=f"^there has columns .*{expected}"):
            read("there", given)


def test_all_that_is_wrong_is_one_error(library):
    frame = library.DataFrame({"s": ["u", "v"], "fine": [1, 2], "gap": [1.0, None], "t": ["a", "b"], "nan": [NAN, 1]})
    with pytest.raises(RavineTypeError) as refused:
        data.as_array("x", frame)
    message = str(refused.value)
    for part in ("'s' (", "'t' (", "'gap' (first in row 1)", "'nan' (first in row 0)", "not numbers", "missing"):
        assert part in message
    assert "fine" not in message


def test_of_many_wrong_columns_only_some_are_named(library):
    frame = library.DataFrame({f"c{i}": ["u"] for i in range(9)})
    with pytest.raises(RavineTypeError, match=r"'c4' \(.*\) and 4 more\. Encode") as refused:
        data.as_array("x", frame)
    assert "c5" not in str(refused.value)


@pytest.mark.parametrize("columns", [{}, {"a": []}], ids=["no columns", "no rows"])
def test_an_empty_frame(library, columns):
    frame = library.DataFrame({name: np.zeros(0) for name in columns})
    with pytest.raises(RavineValueError, match="x is empty: it has shape"):
        data.as_array("x", frame)


def test_frames_of_pandas_alone():
    pandas = pytest.importorskip("pandas")
    for values in (pandas.array([1, 0], "Int64"), pandas.array([True, False], "boolean")):
        np.testing.assert_array_equal(data.as_targets("y", pandas.Series(values)), [1, 0])
    frame = pandas.DataFrame({"n": pandas.array([1, None], "Int64"), "o": pandas.Series([1, "a"], dtype=object)})
    with pytest.raises(RavineTypeError, match=r"'o' \(Object, first value 1\).*'n' \(first in row 1\)"):
        data.as_array("x", frame)
    with pytest.raises(RavineTypeError, match=r"'k' \(Categorical"):
        data.as_array("x", pandas.DataFrame({"k": pandas.Categorical(["u"])}))
    with pytest.raises(RavineError, match=r"x is a frame of ambiguous columns: .*'a' 2 times"):
        data.as_array("x", pandas.DataFrame(np.eye(2), columns=["a", "a"]))
    np.testing.assert_array_equal(data.as_array("x", pandas.DataFrame(np.eye(2))), np.eye(2))
    np.testing.assert_array_equal(data.as_array("x", pandas.Index([1, 2])), [1, 2])
    with pytest.raises(RavineTypeError, match=r"not numbers: unnamed \(\w+, first value 'u'\)"):
        data.as_array("x", pandas.Series(["u"]))


def test_a_lazy_frame_is_to_be_collected():
    polars = pytest.importorskip("polars")
    with pytest.raises(RavineTypeError, match=r"x is a lazy frame.*call collect\(\) first"):
        data.as_array("x", polars.LazyFrame(COLUMNS))


def test_frames_of_narwhals_itself(library):
    np.testing.assert_array_equal(data.as_array("x", narwhals.from_native(library.DataFrame(COLUMNS))), ROWS)
