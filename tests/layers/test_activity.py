"""Penalties on what layers put out: divided by the rows of the batch, in training and in evaluation."""

import jax.numpy as jnp
import numpy as np
import pytest

from ravine import Input, Sequential, checks, regularizers
from ravine.layers import Activation, ActivityRegularization, Dense, Flatten

X = np.random.default_rng(0).normal(size=(10, 2, 3)).astype(np.float32)


@pytest.mark.parametrize("shape", [(10, 6), (10, 2, 3), (1, 2, 3)])
def test_a_penalty_counts_by_rows(shape):
    x = jnp.resize(X, shape)
    layer = ActivityRegularization(0.1, 0.2)
    assert layer.apply({}, {}, x, key=None, training=True)[0] is x
    expected = (0.1 * np.abs(x).sum() + 0.2 * np.square(x).sum()) / shape[0]
    assert layer.penalty({}, x) == pytest.approx(expected, rel=1e-5)
    same = Activation(None, activity_regularizer=regularizers.L1L2(0.1, 0.2))
    assert same.penalty({}, x) == pytest.approx(expected, rel=1e-5)
    layer.activity_regularizer = "l2"
    assert layer.penalty({}, x) == pytest.approx(expected + 0.01 * np.square(x).sum() / shape[0], rel=1e-5)


def build(*layers, last=None):
    model = Sequential([Input((2, 3)), *layers, Flatten(), last or Dense(1, kernel_initializer="zeros")])
    model.compile("sgd", "mse")
    return model


@pytest.mark.parametrize("rows", [10, 7, 1])
def test_losses_hold_it_however_rows_are_batched(rows):
    model = build(ActivityRegularization(0.1, 0.2))
    expected = (0.1 * np.abs(X).sum() + 0.2 * np.square(X).sum()) / 10
    assert model.evaluate(X, np.zeros(10), verbose=0) == pytest.approx(expected, rel=1e-5)
    history = model.fit(X, np.zeros(10), batch_size=rows, validation_data=(X, np.zeros(10)), verbose=0).history
    assert [history["loss"], history["val_loss"]] == [pytest.approx([expected], rel=1e-5)] * 2


def test_a_penalty_on_the_outputs_is_one_after_the_activation():
    # The loss links to the logits before a softmax, but the penalty is on the probabilities.
    last = Dense(4, activation="softmax", kernel_initializer="zeros", activity_regularizer=regularizers.L2(0.5))
    model = build(last=last)
    model.compile("sgd", "sparse_categorical_crossentropy")
    loss = model.evaluate(X, np.zeros(10, int), verbose=0)
    assert loss == pytest.approx(np.log(4) + 0.5 * 4 / 16, rel=1e-5)


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (ActivityRegularization(-1), "ActivityRegularization: l1=-1: expected a finite number of at least 0"),
        (ActivityRegularization(0, float("nan")), "ActivityRegularization: l2=nan"),
        (ActivityRegularization("l2"), "ActivityRegularization: l1='l2' is a str"),
        (Dense(4, activity_regularizer=jnp.abs), "activity_regularizer=.*expected a function of an array to one"),
        (
            Dense(4, activity_regularizer="orthogonal"),
            r"activity_regularizer: OrthogonalRegularizer compares the rows of a matrix.*shape \(2, 2, 4\)",
        ),
        (
            ActivityRegularization(activity_regularizer=0.1),
            "activity_regularizer=0.1 is a float: expected a name such as 'l2'",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_work_is_refused_where_the_layer_joins_a_model(layer, message):
    with pytest.raises(checks.RavineError, match=message):
        build(layer)
