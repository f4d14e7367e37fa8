"""Constraints beside Keras's, forward and gradient, and what cannot work."""

import inspect

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ravine import Input, Sequential, checks, constraints
from ravine.constraints import MaxNorm, MinMaxNorm, NonNeg, UnitNorm
from ravine.layers import BatchNormalization, Dense

SHAPES = {"matrix": (4, 3), "vector": (5,), "filters": (2, 3, 4)}

CASES = [
    ("MaxNorm", {}, "matrix"),
    ("MaxNorm", {"max_value": 0.7, "axis": 1}, "matrix"),
    ("MaxNorm", {"max_value": 0.7, "axis": [0, 1]}, "filters"),
    ("NonNeg", {}, "matrix"),
    ("UnitNorm", {}, "matrix"),
    ("UnitNorm", {"axis": -1}, "filters"),
    ("UnitNorm", {}, "vector"),
    ("MinMaxNorm", {}, "matrix"),
    ("MinMaxNorm", {"min_value": 1.5, "max_value": 1.8, "rate": 0.3, "axis": 1}, "matrix"),
]


def test_every_constraint_is_in_the_table():
    hidden = {constraints.Constraint, constraints.NormConstraint, constraints.Function}
    classes = {c for c in vars(constraints).values() if isinstance(c, type) and issubclass(c, constraints.Constraint)}
    assert {getattr(constraints, name) for name, _, _ in CASES} == classes - hidden


@pytest.mark.parametrize(("name", "arguments", "shape"), CASES, ids=str)
def test_it_is_that_of_keras(keras, name, arguments, shape):
    rng = np.random.default_rng(0)
    w = jnp.asarray(rng.normal(size=SHAPES[shape]), jnp.float32)
    along = jnp.asarray(rng.normal(size=SHAPES[shape]), jnp.float32)
    ours, theirs = getattr(constraints, name)(**arguments), getattr(keras.constraints, name)(**arguments)
    ours.check("kernel_constraint")
    ours.check_shape("kernel_constraint", w.shape)
    found, expected = (jax.value_and_grad(lambda w, c=c: (c(w) * along).sum())(w) for c in (ours, theirs))
    np.testing.assert_allclose(ours(w), theirs(w), rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(found[1], expected[1], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", sorted({name for name, _, _ in CASES}))
def test_arguments_are_those_of_keras(keras, name):
    ours, theirs = (inspect.signature(getattr(m, name)).parameters for m in (constraints, keras.constraints))
    ours, theirs = ({n: p.default for n, p in given.items() if n != "kwargs"} for given in (ours, theirs))
    theirs.pop("args", None)
    assert list(ours.items()) == list(theirs.items())


def doubled(w):
    return 2 * w


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("max_norm", MaxNorm()),
        ("MaxNorm", MaxNorm()),
        ("min_max_norm", MinMaxNorm()),
        ("non_neg", NonNeg()),
        ("NonNeg", NonNeg()),
        ("unit_norm", UnitNorm()),
        (UnitNorm, UnitNorm()),
        (MaxNorm(3), MaxNorm(3)),
        (None, None),
    ],
    ids=repr,
)
def test_names_classes_and_objects(given, expected):
    assert constraints.get("kernel_constraint", given) == expected
    assert Dense(2, kernel_constraint=given).kernel_constraint == expected


def test_a_function_of_ones_own():
    np.testing.assert_array_equal(constraints.get("bias_constraint", doubled)(jnp.ones(2)), [2, 2])


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (Dense(2, kernel_constraint=MaxNorm(0)), "kernel_constraint: max_value=0: expected a finite number above 0"),
        (Dense(2, kernel_constraint=MaxNorm(-1)), "kernel_constraint: max_value=-1"),
        (Dense(2, kernel_constraint=MaxNorm(float("nan"))), "kernel_constraint: max_value=nan"),
        (Dense(2, kernel_constraint=MinMaxNorm(2, 1)), "kernel_constraint: min_value=2: expected .* of at most 1"),
        (Dense(2, kernel_constraint=MinMaxNorm(-1, 1)), "kernel_constraint: min_value=-1"),
        (Dense(2, kernel_constraint=MinMaxNorm(rate=1.5)), "kernel_constraint: rate=1.5"),
        (Dense(2, kernel_constraint=MaxNorm(axis=2)), r"kernel_constraint: axis=\(2,\): expected axes of .*\(3, 2\)"),
        (Dense(2, bias_constraint=UnitNorm(axis=1)), r"bias_constraint: axis=\(1,\)"),
        (Dense(2, kernel_constraint=UnitNorm(axis=0.5)), "kernel_constraint: axis="),
        (Dense(2, kernel_constraint=UnitNorm(axis=())), "kernel_constraint: axis="),
        (BatchNormalization(gamma_constraint=MaxNorm(0)), "gamma_constraint: max_value=0"),
        (Dense(2, kernel_constraint=2), "kernel_constraint=2 is a int: expected a name such as 'max_norm'"),
        (Dense(2, kernel_constraint=jnp.sum), "kernel_constraint=.*expected a function that keeps the shape"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_work_is_refused_where_the_layer_joins_a_model(layer, message):
    model = Sequential([Input((3,))])
    with pytest.raises(checks.RavineError, match=message):
        model.add(layer)
    assert model.layers == []


def test_unknown_names_tell_the_nearest():
    with pytest.raises(
        checks.RavineValueError, match=r"kernel_constraint='maxnrm' is unknown. Did you mean 'max_norm'\?"
    ):
        Dense(2, kernel_constraint="maxnrm")
