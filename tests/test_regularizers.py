"""Regularizers beside Keras's, forward and gradient, and what cannot work."""

import inspect

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ravine import Input, Sequential, checks, regularizers
from ravine.layers import Dense, Layer
from ravine.regularizers import L1, L1L2, L2, OrthogonalRegularizer

W = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)

# What is built of ours and of Keras's alike: a name and arguments.
CASES = [
    ("L1", {}),
    ("L1", {"l1": 0.3}),
    ("L2", {}),
    ("L2", {"l2": 0.3}),
    ("L1L2", {}),
    ("L1L2", {"l1": 0.1, "l2": 0.2}),
    ("L1L2", {"l2": 0.2}),
    ("OrthogonalRegularizer", {}),
    ("OrthogonalRegularizer", {"factor": 0.3, "mode": "columns"}),
]


def test_every_regularizer_is_in_the_table():
    hidden = {regularizers.Regularizer, regularizers.Function}
    classes = {
        c for c in vars(regularizers).values() if isinstance(c, type) and issubclass(c, regularizers.Regularizer)
    }
    assert {getattr(regularizers, name) for name, _ in CASES} == classes - hidden


@pytest.mark.parametrize(("name", "arguments"), CASES, ids=str)
def test_it_is_that_of_keras(keras, name, arguments):
    ours, theirs = getattr(regularizers, name)(**arguments), getattr(keras.regularizers, name)(**arguments)
    ours.check("kernel_regularizer")
    ours.check_shape("kernel_regularizer", W.shape)
    (value, gradient), expected = jax.jit(lambda w: [jax.value_and_grad(f)(w) for f in (ours, theirs)])(W)
    np.testing.assert_allclose(value, expected[0], rtol=1e-5)
    np.testing.assert_allclose(gradient, expected[1], rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("name", sorted({name for name, _ in CASES}))
def test_arguments_are_those_of_keras(keras, name):
    ours, theirs = (inspect.signature(getattr(m, name)).parameters for m in (regularizers, keras.regularizers))
    assert [(n, p.default) for n, p in ours.items()] == [(n, p.default) for n, p in theirs.items()]


def test_zeros_have_finite_penalties_and_gradients():
    functions = [jax.value_and_grad(getattr(regularizers, name)(**arguments)) for name, arguments in CASES]
    for value, gradient in jax.jit(lambda w: [function(w) for function in functions])(jnp.zeros((3, 2))):
        assert np.isfinite(value)
        assert np.isfinite(gradient).all()


def twice(w):
    return 2 * jnp.abs(w).sum()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("l1", L1()),
        ("l2", L2()),
        ("L2", L2()),
        ("l1_l2", L1L2(0.01, 0.01)),
        ("L1L2", L1L2(0.01, 0.01)),
        ("orthogonal_regularizer", OrthogonalRegularizer()),
        ("OrthogonalRegularizer", OrthogonalRegularizer()),
        (L1, L1()),
        (L2(0.5), L2(0.5)),
        (None, None),
    ],
    ids=repr,
)
def test_names_classes_and_objects(given, expected):
    assert regularizers.get("kernel_regularizer", given) == expected
    assert Dense(2, kernel_regularizer=given).kernel_regularizer == expected


def test_a_function_of_ones_own():
    found = regularizers.get("kernel_regularizer", twice)
    assert found(W) == pytest.approx(2 * np.abs(W).sum(), rel=1e-6)
    assert Dense(2, kernel_regularizer=twice) == Dense(2, kernel_regularizer=twice)


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (Dense(2, kernel_regularizer=L2(-1)), "kernel_regularizer: l2=-1: expected a finite number of at least 0"),
        (Dense(2, kernel_regularizer=L1(float("nan"))), "kernel_regularizer: l1=nan"),
        (Dense(2, bias_regularizer=L1L2(0.1, float("inf"))), "bias_regularizer: l2=inf"),
        (Dense(2, bias_regularizer=L1L2("0.1")), "bias_regularizer: l1='0.1' is a str"),
        (Dense(2, activity_regularizer=L2(-0.1)), "activity_regularizer: l2=-0.1"),
        (Dense(2, kernel_regularizer=OrthogonalRegularizer(-1)), "kernel_regularizer: factor=-1"),
        (
            Dense(2, kernel_regularizer=OrthogonalRegularizer(mode="row")),
            r"kernel_regularizer: mode='row' is unknown. Did you mean 'rows'\?",
        ),
        (Dense(2, kernel_regularizer=0.01), r"kernel_regularizer=0.01 is a float: expected a name such as 'l2'"),
        (
            Dense(2, bias_regularizer=OrthogonalRegularizer()),
            r"bias_regularizer: OrthogonalRegularizer compares the rows of a matrix.*shape \(2,\)",
        ),
        (
            Dense(1, kernel_regularizer=OrthogonalRegularizer(mode="columns")),
            r"compares the columns of a matrix.*\(3, 1\)",
        ),
        (Dense(2, kernel_regularizer=jnp.abs), r"kernel_regularizer=.*expected a function of an array to one number"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_work_is_refused_where_the_layer_joins_a_model(layer, message):
    model = Sequential([Input((3,))])
    with pytest.raises(checks.RavineError, match=message):
        model.add(layer)
    assert model.layers == []


def test_a_penalty_on_activities_must_fit_their_shape():
    with pytest.raises(
        checks.RavineValueError, match=r"activity_regularizer: OrthogonalRegularizer.*shape \(2, 4, 2\)"
    ):
        Sequential([Input((4, 3)), Dense(2, activity_regularizer=OrthogonalRegularizer())])
    model = Sequential([Input((3,)), Dense(2)])
    model.compile("sgd", "mse")
    model.layers[0].bias_regularizer = OrthogonalRegularizer()
    for call in (model.fit, model.evaluate, model.train_on_batch):
        with pytest.raises(checks.RavineValueError, match="bias_regularizer: OrthogonalRegularizer"):
            call(np.ones((4, 3)), np.ones((4, 2)))


def test_unknown_names_tell_the_nearest():
    for argument in ("kernel_regularizer", "activity_regularizer"):
        with pytest.raises(checks.RavineValueError, match=rf"{argument}='l_2' is unknown. Did you mean 'l2'\?"):
            Dense(2, **{argument: "l_2"})
    with pytest.raises(checks.RavineTypeError, match=r"kernel_regularizer=.*is a type"):
        Dense(2, kernel_regularizer=Layer)
