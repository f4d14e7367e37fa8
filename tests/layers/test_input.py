import numpy as np
import pytest

from ravine import Input, checks


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
