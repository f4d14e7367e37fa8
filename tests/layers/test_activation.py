import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ravine import Input, Sequential, activations, checks
from ravine.layers import ELU, Activation, Dense, LeakyReLU, PReLU, ReLU, Softmax
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
    np.testing.assert_allclose(applied(Softmax(axis=(1, 2)), x).sum(axis=(1, 2)), np.ones(2), rtol=1e-6)


@given(st.floats(-10, 10, width=32), st.floats(0, 5, width=32))
def test_the_formulas_of_the_leaky_and_the_exponential_unit(x, a):
    leaky, exponential = (float(applied(layer, np.float32([[x]]))[0, 0]) for layer in (LeakyReLU(a), ELU(a)))
    assert leaky == pytest.approx(x if x >= 0 else a * x, rel=1e-5)
    assert exponential == pytest.approx(x if x > 0 else a * np.expm1(x), rel=1e-5, abs=1e-7)


def test_slopes_that_are_learned():
    model = Sequential([Input((2, 3)), PReLU("ones", shared_axes=1, alpha_constraint="non_neg")])
    model.compile("sgd", "mse")
    layer = model.layers[0]
    layer.set_weights([np.float32([[0.1, 0.2, 0.3]])])
    x = np.random.default_rng(0).normal(size=(5, 2, 3)).astype(np.float32)
    np.testing.assert_allclose(model.predict(x), np.where(x > 0, x, np.float32([0.1, 0.2, 0.3]) * x), rtol=1e-6)
    model.fit(x, -10 * np.ones_like(x), epochs=20, verbose=0)  # the slope would have to be steep
    assert (layer.alpha > [[0.1, 0.2, 0.3]]).all()
    model.fit(x, 10 * np.ones_like(x), epochs=200, verbose=0)
    np.testing.assert_array_equal(layer.alpha, np.zeros((1, 3)))


def test_numbers_of_the_others_are_leaves():
    for layer in (LeakyReLU, ELU):
        assert jax.tree.structure(layer(0.1)) == jax.tree.structure(layer(0.2))


@pytest.mark.parametrize(
    ("layer", "link"),
    [
        (Activation("softmax"), "softmax"),
        (Activation(activations.sigmoid), "sigmoid"),
        (Softmax(), "softmax"),
        (Dense(3, activation="sigmoid"), "sigmoid"),
        (Activation("relu"), None),
        (Softmax(axis=1), None),
        (Softmax(axis=(1, 2)), None),
        (LeakyReLU(), None),
        (PReLU(), None),
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
        (Softmax(axis=(1, 1)), checks.RavineValueError, r"axis=\(1, 1\): expected an axis of"),
        (LeakyReLU(-0.1), checks.RavineValueError, "negative_slope=-0.1: expected a finite number of at least 0"),
        (LeakyReLU(None), checks.RavineTypeError, "negative_slope=None is a NoneType"),
        (ELU("1"), checks.RavineTypeError, "alpha='1' is a str"),
        (ELU(float("inf")), checks.RavineValueError, "alpha=inf"),
        (PReLU("zerros"), checks.RavineValueError, r"initializer='zerros' is unknown. Did you mean 'zeros'\?"),
        (PReLU(shared_axes=2), checks.RavineValueError, r"shared_axes=2: expected axes of \(None, 3\) other than the"),
        (PReLU(shared_axes=[0]), checks.RavineValueError, "shared_axes=0: expected an integer of at least 1"),
        (PReLU(shared_axes="1"), checks.RavineTypeError, "shared_axes='1' is a str"),
    ],
)
def test_wrong_settings_are_refused(layer, error, expected):
    with pytest.raises(error, match=expected):
        Sequential([Input((3,)), layer])
