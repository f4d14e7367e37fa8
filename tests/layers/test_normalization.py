"""Normalization of each sample by itself, as its formulas have it; test_keras.py holds it to Keras's."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ravine import Input, Sequential, checks
from ravine.layers import GroupNormalization, LayerNormalization, RMSNormalization, UnitNormalization

X = np.random.default_rng(0).normal(3, 2, size=(5, 2, 6)).astype(np.float32)
SCALE = np.linspace(0.5, 1.5, 6, dtype=np.float32)


def normal(x, axis, epsilon):
    return (x - x.mean(axis, keepdims=True)) / np.sqrt(x.var(axis, keepdims=True) + epsilon)


GROUPS = normal(X.reshape(5, 2, 3, 2), (1, 3), 0.1).reshape(X.shape)

FORMULAS = [
    (LayerNormalization(epsilon=0.1), SCALE * normal(X, -1, 0.1) + 1),
    (LayerNormalization(axis=[1, 2], scale=False, center=False), normal(X, (1, 2), 1e-3)),
    (GroupNormalization(3, epsilon=0.1), SCALE * GROUPS + 1),
    (GroupNormalization(1, scale=False, center=False), normal(X, (1, 2), 1e-3)),
    (RMSNormalization(epsilon=0.1), SCALE * X / np.sqrt((X**2).mean(-1, keepdims=True) + 0.1)),
    (UnitNormalization(axis=(1, 2)), X / np.sqrt((X**2).sum((1, 2), keepdims=True))),
]
IDS = [f"{i}-{type(layer).__name__}" for i, (layer, _) in enumerate(FORMULAS)]
each = pytest.mark.parametrize(("layer", "expected"), FORMULAS, ids=IDS)


def arrays_of(layer):
    values = {"gamma": SCALE, "scale": SCALE, "beta": np.ones(6, np.float32)}
    return {name: jnp.asarray(values[name]) for name in layer.init(jax.random.key(0), X.shape[1:])[0]}


@each
@pytest.mark.parametrize("training", [False, True])
def test_the_formula(layer, expected, training):
    y, _ = layer.apply(arrays_of(layer), {}, X, key=None, training=training)
    np.testing.assert_allclose(y, expected, rtol=1e-4, atol=1e-5)


@each
def test_zeros_have_finite_outputs_and_gradients(layer, expected):
    def total(x):
        return layer.apply(arrays_of(layer), {}, x, key=None, training=True)[0].sum()

    value, gradient = jax.value_and_grad(total)(jnp.zeros_like(X))
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()


@pytest.mark.parametrize("layer", [LayerNormalization, RMSNormalization, UnitNormalization])
@pytest.mark.parametrize(
    ("axis", "message"),
    [
        (0, r"axis=0: expected an axis of \(None, 2, 6\) other than the first, the batch"),
        (3, "axis=3: expected an axis of"),
        (-3, "axis=-3: expected an axis of"),
        ([1, -2], r"axis=\[1, -2\]: expected an axis of"),
        ([0, 1], r"axis=\[0, 1\]: expected an axis of"),
        ((), r"axis=\(\) is a tuple: expected an integer or several"),
        ("last", "axis='last' is a str: expected an integer or several"),
        (True, "axis=True is a bool"),
    ],
    ids=str,
)
def test_an_axis_that_is_no_axis_of_a_sample_is_refused(layer, axis, message):
    with pytest.raises(checks.RavineError, match=message):
        Sequential([Input((2, 6)), layer(axis=axis)])


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (LayerNormalization(epsilon=0), "epsilon=0: expected a finite number above 0"),
        (RMSNormalization(epsilon=-1e-3), "epsilon=-0.001"),
        (GroupNormalization(2, epsilon=float("nan")), "epsilon=nan"),
        (GroupNormalization(), "groups=32: expected a divisor of 6, the number of features, or -1 for one each"),
        (GroupNormalization(4), "groups=4: expected a divisor of 6"),
        (GroupNormalization(3, axis=1), "groups=3: expected a divisor of 2"),
        (GroupNormalization(0), "groups=0: expected an integer of at least 1"),
        (GroupNormalization(-2), "groups=-2"),
        (GroupNormalization(2.0), "groups=2.0 is a float"),
        (GroupNormalization(2, axis=0), "axis=0: expected an axis of"),
        (GroupNormalization(2, axis=(1, 2)), r"axis=\(1, 2\) is a tuple: expected an integer"),
        (LayerNormalization(center=1), "center=1 is a int: expected True or False"),
        (LayerNormalization(beta_initializer="zeroes"), r"='zeroes' is unknown. Did you mean 'zeros'\?"),
        (LayerNormalization(gamma_regularizer=0.1), "gamma_regularizer=0.1 is a float: expected a name such as 'l2'"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_work_is_refused_where_the_layer_joins_a_model(layer, message):
    model = Sequential([Input((2, 6))])
    with pytest.raises(checks.RavineError, match=message):
        model.add(layer)
    assert model.layers == []
