"""Batch normalization as the lecture has it; test_keras.py holds it to Keras's."""

import jax.numpy as jnp
import numpy as np
import pytest

from ravine import Input, Sequential, checks
from ravine.layers import BatchNormalization, Dense

X = np.random.default_rng(0).normal(3, 2, size=(8, 5, 4)).astype(np.float32)
ONES = {"gamma": jnp.ones(4), "beta": jnp.zeros(4)}
START = {"moving_mean": jnp.zeros(4), "moving_variance": jnp.ones(4)}


def test_training_normalizes_by_the_batch_and_the_biased_variance():
    layer = BatchNormalization(epsilon=0.1)
    y, _ = layer.apply(ONES, START, X, key=None, training=True)
    mean, variance = X.mean((0, 1)), X.var((0, 1))
    np.testing.assert_allclose(y, (X - mean) / np.sqrt(variance + 0.1), rtol=1e-4, atol=1e-5)
    scaled, _ = layer.apply({"gamma": 2 * ONES["gamma"], "beta": ONES["beta"] + 3}, START, X, key=None, training=True)
    np.testing.assert_allclose(scaled, 2 * y + 3, rtol=1e-4, atol=1e-5)


def test_inference_normalizes_by_what_is_kept():
    stats = {"moving_mean": jnp.full(4, 2.0), "moving_variance": jnp.full(4, 9.0)}
    y, after = BatchNormalization(epsilon=1e-6).apply(ONES, stats, X, key=None, training=False)
    np.testing.assert_allclose(y, (X - 2) / 3, rtol=1e-4, atol=1e-5)
    assert after is stats


def test_a_batch_estimates_the_variance_without_bias():
    found = BatchNormalization().estimates(X)
    np.testing.assert_allclose(found["moving_mean"], X.mean((0, 1)), rtol=1e-5)
    np.testing.assert_allclose(found["moving_variance"], X.var((0, 1), ddof=1), rtol=1e-5)
    assert BatchNormalization(trainable=False).estimates(X) == {}


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (BatchNormalization(momentum=1.1), "momentum=1.1: expected a finite number of at least 0 of at most 1"),
        (BatchNormalization(momentum=float("nan")), "momentum=nan"),
        (BatchNormalization(epsilon=0), "epsilon=0: expected a finite number above 0"),
        (BatchNormalization(axis=0), "axis=0: expected an axis of .* other than the first, the batch"),
        (BatchNormalization(axis=2), "axis=2: expected an axis of"),
        (BatchNormalization(axis=-2), "axis=-2: expected an axis of"),
        (BatchNormalization(axis=(1,)), r"axis=\(1,\) is a tuple: expected an integer"),
        (BatchNormalization(scale="no"), "scale='no' is a str"),
        (BatchNormalization(gamma_initializer="onse"), r"initializer='onse' is unknown. Did you mean 'ones'\?"),
        (BatchNormalization(synchronized=True), "synchronized=True: expected False"),
        (BatchNormalization(trainable=1), "trainable=1 is a int"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_work_is_refused_where_the_layer_joins_a_model(layer, message):
    with pytest.raises(checks.RavineError, match=message):
        Sequential([Input((4,)), layer])


def rows_of(rows, shape=(4,), **settings):
    model = Sequential([Input(shape), BatchNormalization(**settings), Dense(1)])
    model.compile("sgd", "mse")
    return model, np.ones((rows, *shape)), np.zeros((rows, *shape[:-1], 1))


ONE_VALUE = "BatchNormalization: a batch of 1 row has one value of each feature, and the variance of one is undefined"


@pytest.mark.differs("one-row-of-batch-normalization")
@pytest.mark.parametrize(("rows", "batch_size"), [(8, 1), (1, 32), (9, 4), (33, 32)])
def test_batches_of_one_row_are_refused_the_last_included(rows, batch_size):
    model, x, y = rows_of(rows)
    before = model.get_weights()
    with pytest.raises(checks.RavineValueError, match=ONE_VALUE):
        model.fit(x, y, batch_size=batch_size, verbose=0)
    for was, now in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(was, now)


def test_a_single_batch_of_one_row_is_refused():
    model, x, y = rows_of(1)
    with pytest.raises(checks.RavineValueError, match=ONE_VALUE):
        model.train_on_batch(x, y)
    assert np.isfinite(model.test_on_batch(x, y))
    assert model.predict(x).shape == (1, 1)


@pytest.mark.parametrize(("shape", "settings"), [((4,), {"trainable": False}), ((3, 4), {})])
def test_one_row_is_enough_where_each_feature_has_several_values_or_none_is_taken(shape, settings):
    model, x, y = rows_of(3, shape, **settings)
    history = model.fit(x, y, batch_size=1, verbose=0)
    assert np.isfinite(history.history["loss"]).all()


def test_a_batch_of_one_row_that_comes_later_is_refused(tmp_path, monkeypatch):
    from ravine.training.sources import kinds

    x, y = np.ones((9, 3), np.float32), np.ones((9, 1), np.float32)
    model = Sequential([Input((3,)), BatchNormalization(), Dense(1)])
    model.compile("sgd", "mse")
    with pytest.raises(checks.RavineValueError, match=ONE_VALUE):
        model.fit(iter([(x, y), (x[:1], y[:1])]), verbose=0)
    monkeypatch.setattr(kinds, "SMALL", 0)  # rows on disk: the last batch is known before anything trains
    np.save(tmp_path / "x.npy", x)
    before = model.get_weights()
    with pytest.raises(checks.RavineValueError, match=ONE_VALUE):
        model.fit(np.load(tmp_path / "x.npy", mmap_mode="r"), y, batch_size=4, verbose=0)
    for was, now in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(was, now)
