import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import special

from ravine import activations, checks

X = np.array([[-100.0, -5.0, -1.5, -0.1], [0.0, 0.1, 1.5, 20.0], [3.0, 3.0, 3.0, 3.0]])
ALPHA, SCALE = 1.6732632423543772, 1.0507009873554805

FORMULAS = {
    "linear": lambda x: x,
    "relu": lambda x: np.maximum(x, 0),
    "sigmoid": special.expit,
    "softmax": lambda x: special.softmax(x, axis=-1),
    "log_softmax": lambda x: special.log_softmax(x, axis=-1),
    "tanh": np.tanh,
    "softplus": lambda x: np.logaddexp(0, x),
    "softsign": lambda x: x / (1 + np.abs(x)),
    "elu": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
    "selu": lambda x: SCALE * np.where(x > 0, x, ALPHA * np.expm1(np.minimum(x, 0))),
    "gelu": lambda x: x * special.ndtr(x),
    "silu": lambda x: x * special.expit(x),
    "swish": lambda x: x * special.expit(x),
    "exponential": np.exp,
}


def test_every_activation_is_in_the_table():
    assert set(FORMULAS) == set(activations.TABLE)


@pytest.mark.parametrize("name", FORMULAS)
def test_values(name):
    result = activations.get(name)(jnp.float32(X))
    np.testing.assert_allclose(result, FORMULAS[name](np.float32(X).astype(float)), rtol=1e-5, atol=2e-8)


@pytest.mark.parametrize("name", FORMULAS)
def test_values_and_gradients_are_keras(name, keras):
    x = jnp.float32(X)

    def value_and_gradient(function):
        def score(x):
            y = function(x)
            return (y * jnp.arange(1.0, 5.0)).sum(), y

        return jax.jit(jax.grad(score, has_aux=True))(x)

    (ours, our_y), (theirs, their_y) = map(value_and_gradient, (activations.get(name), keras.activations.get(name)))
    np.testing.assert_allclose(our_y, their_y, rtol=1e-5, atol=2e-8)
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", sorted(set(FORMULAS) - {"exponential"}))
def test_finite_however_large_the_input(name):
    x = jnp.array([[-1e30, 0.0, 1e30], [1e30, 1e30, 1e30]])
    value, gradient = jax.jit(jax.value_and_grad(lambda x: activations.get(name)(x)[:, 0].sum()))(x)
    assert jnp.isfinite(value)
    assert jnp.isfinite(gradient).all()


def test_get():
    assert activations.get(None) is activations.linear
    assert activations.get("swish") is activations.silu
    assert activations.get(jnp.cos) is jnp.cos
    with pytest.raises(checks.RavineValueError, match=r"activation='sigmod' is unknown. Did you mean 'sigmoid'\?"):
        activations.get("sigmod")
    for wrong in (3, type):
        with pytest.raises(checks.RavineTypeError, match=r"activation=.* is a .*: expected a name, a function"):
            activations.get(wrong)
