"""Arrays of any library, and functions of arrays that say what they cannot work with."""

import inspect
import pickle

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ravine import activations, arrays, checks, losses, metrics

FUNCTIONS = [*losses.FUNCTIONS, *metrics.lookup.FUNCTIONS, *activations.ELEMENTWISE, *activations.OF_AN_AXIS]
ODD = ["x", {}, object(), len, np.array(["a"])]


def working(function):
    """Arguments that a function works with, by name."""
    parameters = inspect.signature(function).parameters
    found = {"x": jnp.ones((2, 3)), "y": jnp.ones((2, 3)), "outputs": jnp.full((2, 3), 0.5)}
    return {name: found[name] for name, p in parameters.items() if p.default is p.empty}


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
def test_what_is_no_array_is_named(function):
    if function is activations.linear:
        return  # it passes anything on
    for name in working(function):
        for odd in ODD:
            with pytest.raises(checks.RavineTypeError, match=rf"^{name}=.* is a .*: expected an array of numbers\.$"):
                function(**{**working(function), name: odd})
        with pytest.raises(checks.RavineValueError, match=rf"^{name}=1000.*: expected numbers of at most 32 bits"):
            function(**{**working(function), name: 10**400})


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda odd: activations.elu(1.0, odd), "alpha"),
        (lambda odd: activations.relu(1.0, max_value=odd), "max_value"),
        (lambda odd: losses.huber(jnp.ones((2, 3)), jnp.ones((2, 3)), delta=odd), "delta"),
    ],
)
def test_settings_are_named_too(call, name):
    with pytest.raises(checks.RavineTypeError, match=rf"^{name}='x' is a str: expected a number\.$"):
        call("x")


def test_they_stay_what_they_were():
    assert activations.relu.__name__ == "relu"
    assert list(inspect.signature(activations.relu).parameters) == ["x", "negative_slope", "max_value", "threshold"]
    assert pickle.loads(pickle.dumps(activations.relu)) is activations.relu
    assert jax.jit(activations.relu)(jnp.float32(-1)) == 0
    with pytest.raises(TypeError, match="unexpected keyword argument 'slope'"):
        activations.relu(1.0, slope=2)
    with pytest.raises(TypeError, match="missing 1 required positional argument"):
        losses.mean_squared_error(jnp.ones(3))
    with pytest.raises(checks.RavineValueError, match=r"^mean_squared_error: "):
        losses.mean_squared_error(jnp.ones((2, 3)), jnp.ones((2, 4)))


def test_errors_of_ones_own_stay():
    @arrays.takes_arrays
    def refuse(x):
        checks.reject("x", x, "nothing")

    with pytest.raises(checks.RavineValueError, match=r"^x=1: expected nothing"):
        refuse(1)


class Tensor:
    """Like one of PyTorch that NumPy has no type for."""

    def numpy(self):
        raise TypeError("Got unsupported ScalarType BFloat16")


def test_a_tensor_that_cannot_be_read_is_named():
    with pytest.raises(checks.RavineTypeError, match=r"^x=.*Tensor.*reading it failed: Got unsupported ScalarType"):
        arrays.real("x", Tensor())


@pytest.mark.parametrize(
    "wrong", ["abc", None, np.array(["a"]), [[1.0], [1.0, 2.0]], np.ma.masked_equal(np.ones((6, 4)), 1)]
)
def test_weights_that_are_no_numbers(tiny, wrong):
    model = tiny.model()
    first, *rest = before = model.get_weights()
    for holder, given in ((model, [wrong, *rest]), (model.layers[0], [wrong, rest[0]])):
        with pytest.raises(checks.RavineError, match=r"^weights: .*kernel"):
            holder.set_weights(given)
    for was, now in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(was, now)
    model.set_weights([jnp.asarray(first, jnp.bfloat16), *rest])
    np.testing.assert_allclose(model.get_weights()[0], first, rtol=1e-2)
