import jax
import numpy as np
import pytest

from ravine import Input, Sequential, checks
from ravine.layers import Dense

KERNEL = np.arange(6.0).reshape(3, 2) - 2
BIAS = np.array([0.5, -0.5])


@pytest.mark.parametrize("shape", [(4, 3), (4, 5, 3)])
@pytest.mark.parametrize(("activation", "function"), [(None, lambda z: z), ("relu", lambda z: np.maximum(z, 0))])
def test_the_formula(shape, activation, function):
    x = np.random.default_rng(0).normal(size=shape)
    y, _ = Dense(2, activation=activation).apply({"kernel": KERNEL, "bias": BIAS}, {}, x, key=None, training=True)
    np.testing.assert_allclose(y, function(x @ KERNEL + BIAS), rtol=1e-5, atol=1e-6)


def test_without_bias():
    layer = Dense(2, use_bias=False)
    assert set(layer.init(jax.random.key(0), (3,))[0]) == {"kernel"}
    y, _ = layer.apply({"kernel": KERNEL}, {}, np.ones((1, 3)), key=None, training=True)
    np.testing.assert_allclose(y, KERNEL.sum(axis=0, keepdims=True))


def test_default_weights_are_glorot_uniform_and_zeros():
    params, _ = Dense(50).init(jax.random.key(0), (100,))
    bound = np.sqrt(6 / 150)
    assert 0.95 * bound < abs(params["kernel"]).max() <= bound
    np.testing.assert_array_equal(params["bias"], np.zeros(50))


def test_initializers_by_name_and_by_function():
    layer = Dense(2, kernel_initializer="ones", bias_initializer=lambda key, shape: jax.numpy.full(shape, 3.0))
    params, _ = layer.init(jax.random.key(0), (3,))
    np.testing.assert_array_equal(params["kernel"], np.ones((3, 2)))
    np.testing.assert_array_equal(params["bias"], [3, 3])


def test_units_of_a_numpy_type_are_shown_as_a_number():
    assert str(Sequential([Input((3,)), Dense(np.int64(4))]).output_shape) == "(None, 4)"


@pytest.mark.parametrize(
    ("layer", "error", "expected"),
    [
        (Dense(0), checks.RavineValueError, "units=0: expected an integer of at least 1"),
        (Dense(2.5), checks.RavineTypeError, "units=2.5 is a float"),
        (Dense("10"), checks.RavineTypeError, "units='10' is a str"),
        (Dense(2, activation="rleu"), checks.RavineValueError, r"activation='rleu' is unknown. Did you mean 'relu'\?"),
        (Dense(2, activation=3), checks.RavineTypeError, "activation=3 is a int"),
        (Dense(2, kernel_initializer="glorot"), checks.RavineValueError, "initializer='glorot' is unknown"),
        (Dense(2, bias_initializer=None), checks.RavineTypeError, "initializer=None"),
        (Dense(2, use_bias="no"), checks.RavineTypeError, "use_bias='no' is a str: expected True or False"),
    ],
)
def test_wrong_settings_are_refused_where_the_layer_joins_a_model(layer, error, expected):
    model = Sequential([Input((3,))])
    with pytest.raises(error, match=expected):
        model.add(layer)
    assert model.layers == []


def test_a_single_number_is_no_sample():
    with pytest.raises(checks.RavineValueError, match="Dense needs samples of at least one axis"):
        Sequential([Input(()), Dense(2)])
