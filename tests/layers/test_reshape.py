import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ravine import Input, Sequential, checks
from ravine.layers import Flatten, Identity, Permute, RepeatVector, Reshape

SHAPES = st.lists(st.integers(1, 4), max_size=4).map(tuple)


def applied(layer, x):
    layer.check()
    layer.check_input(x.shape[1:])
    y, _ = layer.apply({}, {}, x, key=None, training=True)
    assert y.shape == (len(x), *layer.output_shape(x.shape[1:]))
    return y


def rows_of(rows, shape):
    return np.arange(rows * int(np.prod(shape))).reshape(rows, *shape)


@given(SHAPES, st.integers(1, 3))
def test_flatten_keeps_rows_and_order(shape, rows):
    x = rows_of(rows, shape)
    y = applied(Flatten(), x)
    assert y.ndim == 2
    np.testing.assert_array_equal(np.ravel(y), np.ravel(x))
    np.testing.assert_array_equal(applied(Identity(), x), x)


def test_flatten_of_images():
    assert Flatten().output_shape((28, 28)) == (784,)
    with pytest.raises(TypeError):
        Flatten((28, 28))  # the shape is a keyword, as in Keras


@given(SHAPES, st.integers(1, 3), st.data())
def test_reshape_keeps_rows_and_order(target, rows, data):
    x = rows_of(rows, (int(np.prod(target)),))
    np.testing.assert_array_equal(applied(Reshape(target), x), x.reshape(rows, *target))
    if target:
        left = list(target)
        left[data.draw(st.integers(0, len(target) - 1))] = -1
        np.testing.assert_array_equal(applied(Reshape(left), x), x.reshape(rows, *target))


@given(SHAPES, st.integers(1, 3), st.data())
def test_permute_is_numpys_transpose(shape, rows, data):
    dims = data.draw(st.permutations(range(1, len(shape) + 1)))
    x = rows_of(rows, shape)
    np.testing.assert_array_equal(applied(Permute(dims), x), x.transpose(0, *dims))


@given(st.integers(1, 4), st.integers(1, 4), st.integers(1, 3))
def test_repeated_vectors(n, features, rows):
    x = rows_of(rows, (features,))
    np.testing.assert_array_equal(applied(RepeatVector(n), x), np.stack([x] * n, axis=1))


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (Reshape((4, 3)), r"target_shape=\(4, 3\): expected a shape for the 6 numbers of samples of shape \(2, 3\)"),
        (Reshape((-1, 4)), r"target_shape=\(-1, 4\): expected a shape for the 6 numbers"),
        (Reshape((-1, -1)), r"target_shape=\(-1, -1\): expected a tuple of positive integers, one of which may be -1"),
        (Reshape((0, 6)), r"target_shape\[0\]=0: expected an integer of at least 1"),
        (Reshape((-2, 3)), r"target_shape\[0\]=-2"),
        (Reshape((2.0, 3)), r"target_shape\[0\]=2.0 is a float"),
        (Reshape(6), "target_shape=6 is a int: expected a tuple of positive integers"),
        (Reshape("6"), "target_shape='6' is a str"),
        (Permute((1, 3)), r"dims=\(1, 3\): expected the numbers 1, 2, ... of a sample's axes, each once"),
        (Permute((1, 1)), r"dims=\(1, 1\)"),
        (Permute((0, 1)), r"dims\[0\]=0: expected an integer of at least 1"),
        (Permute((1,)), r"dims=\(1,\): expected an order of 2 axes, those of samples of shape \(2, 3\)"),
        (Permute(1), "dims=1 is a int"),
        (RepeatVector(0), "n=0: expected an integer of at least 1"),
        (RepeatVector(2.0), "n=2.0 is a float"),
        (RepeatVector(2), r"RepeatVector repeats samples of shape \(features,\), but here they have shape \(2, 3\)"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_work_is_refused_where_the_layer_joins_a_model(layer, message):
    with pytest.raises(checks.RavineError, match=message):
        Sequential([Input((2, 3)), layer])
