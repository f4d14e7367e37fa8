import numpy as np
import pytest

from ravine import Input, checks


@pytest.mark.parametrize("dtype", ["int32", "int64", "float32", "bfloat16", "bool", np.uint8, None])
def test_a_dtype_changes_nothing(dtype):
    assert Input((3,), dtype=dtype).shape == (3,)


@pytest.mark.parametrize("dtype", ["string", "complex64", "in32", object(), "datetime64[D]"])
def test_no_dtype(dtype):
    with pytest.raises(checks.RavineError, match=r"dtype=.*: expected a type of real numbers, such as 'float32' or"):
        Input((3,), dtype=dtype)


def test_shape():
    assert Input(shape=(28, 28)).shape == (28, 28)
    assert Input([np.int64(3)]).shape == (3,)
    assert Input(()).shape == ()
    assert repr(Input((3,))) == "Input(shape=(3,))"


@pytest.mark.parametrize(
    ("shape", "error", "expected"),
    [
        (3, checks.RavineTypeError, "shape=3 is a int: expected a tuple of positive integers, the shape of one sample"),
        ((3, 0), checks.RavineValueError, r"shape\[1\]=0: expected an integer of at least 1"),
        ((None, 3), checks.RavineTypeError, r"shape\[0\]=None"),
        ((2.0,), checks.RavineTypeError, r"shape\[0\]=2.0"),
        ("28", checks.RavineTypeError, "shape='28'"),
    ],
)
def test_no_shape(shape, error, expected):
    with pytest.raises(error, match=expected):
        Input(shape)


def test_keras_other_words():
    assert Input(batch_shape=(None, 28, 28)).shape == Input(batch_shape=[32, 28, 28]).shape == (28, 28)
    assert Input((3,), batch_size=32).shape == (3,)
