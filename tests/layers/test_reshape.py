import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ravine.layers import Flatten


@given(st.lists(st.integers(1, 4), max_size=4).map(tuple), st.integers(1, 3))
def test_flatten_keeps_rows_and_order(shape, rows):
    x = np.arange(rows * int(np.prod(shape))).reshape(rows, *shape)
    y, _ = Flatten().apply({}, {}, x, key=None, training=True)
    assert y.shape == (rows, *Flatten().output_shape(shape))
    np.testing.assert_array_equal(np.ravel(y), np.ravel(x))


def test_flatten_of_images():
    assert Flatten().output_shape((28, 28)) == (784,)
    with pytest.raises(TypeError):
        Flatten((28, 28))  # the shape is a keyword, as in Keras
