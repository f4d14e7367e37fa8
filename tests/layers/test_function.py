import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ravine import Input, Sequential, checks, optimizers
from ravine.layers import Dense, Lambda

X = np.random.default_rng(0).normal(size=(20, 4)).astype(np.float32)


def test_the_function_and_the_shape_that_it_gives():
    made = Sequential([Input((4,)), Lambda(lambda x: jnp.stack([x, x**2], axis=1))])
    assert made.output_shape == (None, 2, 4)
    np.testing.assert_allclose(made.predict(X), np.stack([X, X**2], axis=1), rtol=1e-6)


@pytest.mark.parametrize(
    "expected", [(2,), [2], (None,), lambda shape: (shape[0], 2), lambda shape: [None, shape[1] // 2]], ids=type
)
def test_a_shape_that_is_promised_and_kept(expected):
    assert Sequential([Input((4,)), Lambda(lambda x: x[:, ::2], output_shape=expected)]).output_shape == (None, 2)


def test_arguments():
    made = Sequential(
        [Input((4,)), Lambda(lambda x, by, shift: x * by + sum(shift), arguments={"by": 3, "shift": [1, 2]})]
    )
    np.testing.assert_allclose(made.predict(X), 3 * X + 3, rtol=1e-5)
    partial = functools.partial(lambda x, by: x * by, by=2)
    np.testing.assert_allclose(Sequential([Input((4,)), Lambda(partial)]).predict(X), 2 * X, rtol=1e-6)


def test_it_may_know_whether_it_trains():
    layer = Lambda(lambda x, training: x * (2.0 if training else 1.0))
    assert layer.apply({}, {}, jnp.ones((1, 1)), key=None, training=True)[0] == 2
    assert layer.apply({}, {}, jnp.ones((1, 1)), key=None, training=False)[0] == 1


@pytest.mark.parametrize(
    "function", [lambda x: x > 0, lambda x: (x > 0).astype(int), jnp.argsort], ids=["bool", "int", "argsort"]
)
def test_outputs_become_floats(function):
    found = Sequential([Input((4,)), Lambda(function)]).predict(X)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, function(X))


def doubled(x):
    return 2 * x


def test_a_function_is_part_of_the_program(compilations):
    def run(function, **settings):
        made = Sequential([Input((4,)), Lambda(function, **settings), Dense(2)])
        made.compile(optimizers.SGD(0.1), "mse")
        return made.fit(X, X[:, :2], verbose=0, seed=1).history["loss"]

    first = run(doubled)
    compilations.clear()
    assert run(doubled, name="again", output_shape=(4,)) == first
    assert compilations == []
    assert run(lambda x: 2 * x) == first
    assert compilations
    structures = [jax.tree.structure(Lambda(doubled, arguments=a)) for a in ({"a": 1, "b": 2}, {"b": 2, "a": 1}, None)]
    assert structures[0] == structures[1] != structures[2]


def test_its_gradient_is_the_functions():
    made = Sequential([Input((4,)), Dense(1, kernel_initializer="ones"), Lambda(jnp.square)])
    made.compile(optimizers.SGD(1.0), "mse")
    x, y = np.ones((1, 4)), np.full((1, 1), 15.0)
    made.train_on_batch(x, y)
    # d/dw (z² − 15)² = 2·(16 − 15)·2z·x with z = 4.
    np.testing.assert_allclose(made.layers[0].kernel, 1 - 16 * np.ones((4, 1)), rtol=1e-5)


def fails(x):
    raise KeyError("nothing of this name")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Lambda("sin"), "function='sin' is a str: expected a function of an array, made of jax.numpy"),
        (
            lambda: Lambda(fails),
            r"function: it fails on a batch of shape \(None, 4\): KeyError: 'nothing of this name'",
        ),
        (lambda: Lambda(np.linalg.norm), r"function: it fails on a batch of shape \(None, 4\): NumPy cannot"),
        (
            lambda: Lambda(lambda x: x @ jnp.ones((3, 2))),
            r"function: it fails on a batch of shape \(None, 4\): TypeErr",
        ),
        (lambda: Lambda(jnp.mean), r"of a batch of shape \(2, 4\) it makes float32\(\): expected one array .* 2 rows"),
        (lambda: Lambda(lambda x: x.mean(axis=0)), r"it makes float32\(4,\): expected one array"),
        (lambda: Lambda(lambda x: (x, x)), "function: of a batch .* it makes .*: expected one array of real numbers"),
        (lambda: Lambda(lambda x: x + 1j), r"it makes complex64\(2, 4\): expected one array of real numbers"),
        (lambda: Lambda(lambda x: jnp.ones((2, len(x)))), r"of a batch of shape \(3, 4\) it makes float32\(2, 3\)"),
        (lambda: Lambda(lambda x: x @ x.T), r"samples have shape \(2,\) in a batch of 2 rows and \(3,\) in one of 3"),
        (
            lambda: Lambda(doubled, output_shape=(3,)),
            r"output_shape=\(3,\): expected \(4,\), the shape that the function",
        ),
        (lambda: Lambda(doubled, output_shape=(None, 4)), r"output_shape=\(None, 4\): expected \(4,\)"),
        (lambda: Lambda(doubled, mask=doubled), "mask=.*expected None, since no layer here masks"),
        (
            lambda: Lambda(doubled, arguments={"by": 2}),
            "function: it fails .*TypeError.*unexpected keyword argument 'by'",
        ),
        (lambda: Lambda(doubled, arguments=[2]), r"arguments=\[2\] is a list: expected a dict of arguments by name"),
        (lambda: Lambda(doubled, arguments={"w": X}), "w=array.*is a ndarray: expected something that can be hashed"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_work_is_refused_where_the_layer_joins_a_model(make, message):
    made = Sequential([Input((4,))])
    with pytest.raises(checks.RavineError, match=message):
        made.add(make())
    assert made.layers == []
