import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ravine import Input, Sequential, activations, checks
from ravine.layers import Activation, Dense, ReLU, Softmax
from ravine.layers.network import Network

X = np.array([[-3.0, -1.0, -0.5, 0.0, 0.5, 1.0, 3.0, 9.0]], np.float32)


@jax.jit
def applied(layer, x=X):
    return layer.apply({}, {}, jnp.asarray(x), key=None, training=True)[0]


def test_an_activation_layer_is_its_function():
    for activation in ("tanh", activations.tanh, jnp.tanh):
        np.testing.assert_allclose(applied(Activation(activation)), np.tanh(X), rtol=1e-6)
    np.testing.assert_array_equal(applied(Activation(None)), X)


SETTINGS = [{}, {"max_value": 2.0}, {"negative_slope": 0.1}, {"threshold": 1.0}, {"max_value": 6}]
SETTINGS += [{"max_value": 2.0, "negative_slope": 0.1, "threshold": 1.0}]


@pytest.mark.parametrize("settings", SETTINGS)
def test_relu_and_its_gradient_are_keras(settings, keras):
    ours, theirs = ReLU(**settings), keras.layers.ReLU(**settings)
    np.testing.assert_allclose(applied(ours), theirs(X), rtol=1e-6, atol=1e-7)
    # At the threshold itself the slope is a convention.
    x = jnp.asarray(X[settings.get("threshold", 0.0) != X])
    gradient, expected = (jax.jit(jax.grad(lambda x, f=f: f(x).sum()))(x) for f in (lambda x: applied(ours, x), theirs))
    np.testing.assert_allclose(gradient, expected, rtol=1e-6)


def test_the_relu_layer_and_the_function_agree_at_zero():
    # A unit whose inputs are all 0 must not learn by the one and stand still by the other.
    for relu in (activations.relu, lambda x: applied(ReLU(), x)):
        assert jax.grad(relu)(0.0) == 0


@given(st.floats(-10, 10, width=32), st.floats(0, 5, width=32), st.floats(0, 1, width=32), st.floats(0, 2, width=32))
def test_the_formula_of_relu(x, max_value, slope, threshold):
    rest = x if x > threshold else slope * (x - threshold)
    result = float(applied(ReLU(max_value, negative_slope=slope, threshold=threshold), np.float32([[x]]))[0, 0])
    assert result == pytest.approx(min(rest, max_value), rel=1e-5, abs=1e-6)


def test_numbers_of_relu_are_leaves():
    first, second = ReLU(6.0), ReLU(5.0, negative_slope=0.2)
    assert jax.tree.structure(first) == jax.tree.structure(second)
    assert jax.tree.structure(first) != jax.tree.structure(ReLU())


def test_softmax_over_an_axis():
    x = np.random.default_rng(0).normal(size=(2, 3, 4))
    np.testing.assert_allclose(applied(Softmax(), x).sum(axis=-1), np.ones((2, 3)), rtol=1e-6)
    np.testing.assert_allclose(applied(Softmax(axis=1), x).sum(axis=1), np.ones((2, 4)), rtol=1e-6)


@pytest.mark.parametrize(
    ("layer", "link"),
    [
        (Activation("softmax"), "softmax"),
        (Activation(activations.sigmoid), "sigmoid"),
        (Softmax(), "softmax"),
        (Dense(3, activation="sigmoid"), "sigmoid"),
        (Activation("relu"), None),
        (Softmax(axis=1), None),
        (Dense(3), None),
        (ReLU(), None),
    ],
)
def test_which_layers_end_with_a_link(layer, link):
    assert [name for name in ("softmax", "sigmoid") if Network((layer,)).with_link(name).link] == [link] * bool(link)


@pytest.mark.parametrize(
    ("layer", "error", "expected"),
    [
        (Activation("softmex"), checks.RavineValueError, r"'softmex' is unknown. Did you mean 'softmax'\?"),
        (ReLU(max_value=-1), checks.RavineValueError, "max_value=-1: expected a finite number of at least 0"),
        (ReLU(negative_slope="steep"), checks.RavineTypeError, "negative_slope='steep' is a str"),
        (ReLU(threshold=float("nan")), checks.RavineValueError, "threshold=nan"),
        (Softmax(axis=0), checks.RavineValueError, r"axis=0: expected an axis of \(None, 3\) other than the first"),
        (Softmax(axis=2), checks.RavineValueError, "axis=2"),
        (Softmax(axis=-2), checks.RavineValueError, "axis=-2"),
        (Softmax(axis=1.0), checks.RavineTypeError, "axis=1.0 is a float: expected an integer"),
    ],
)
def test_wrong_settings_are_refused(layer, error, expected):
    with pytest.raises(error, match=expected):
        Sequential([Input((3,)), layer])
