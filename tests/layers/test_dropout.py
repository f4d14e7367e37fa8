"""Noise by its statistics: what is dropped, how the rest is scaled, and that no two draws are alike."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ravine import Input, Sequential, checks, losses, optimizers, trees
from ravine.layers import AlphaDropout, Dense, Dropout, GaussianDropout, GaussianNoise
from ravine.layers.network import Network

X = np.random.default_rng(0).normal(size=(500, 40)).astype(np.float32)
LAYERS = [Dropout(0.3), AlphaDropout(0.3), GaussianDropout(0.3), GaussianNoise(0.3)]
each = pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: type(layer).__name__)


@jax.jit
def disturbed(layer, x, key):
    return layer.apply({}, {}, x, key=key, training=True)[0]


def noisy(layer, x=X, seed=0):
    return np.asarray(disturbed(trees.as_leaves(layer), x, jax.random.key(seed)))


@pytest.mark.parametrize("rate", [0.0, 0.1, 0.2, 0.5, 0.9])
def test_dropout_keeps_its_rate_its_scale_and_the_mean(rate):
    y = noisy(Dropout(rate), np.ones((1000, 100), np.float32))
    assert set(np.unique(y)) <= {0.0, np.float32(y.max())}
    assert y.max() == pytest.approx(1 / (1 - rate), rel=1e-4)
    # Five standard deviations of a mean of 100,000 draws.
    assert (y == 0).mean() == pytest.approx(rate, abs=5 * np.sqrt(rate * (1 - rate) / y.size) + 1e-9)
    assert y.mean() == pytest.approx(1, abs=5 * np.sqrt(rate / (1 - rate) / y.size) + 1e-6)


def test_dropout_draws_every_unit_and_every_row_by_itself():
    dropped = noisy(Dropout(0.5), np.ones((2000, 20), np.float32)) == 0
    correlations = np.corrcoef(dropped.T) - np.eye(20)
    assert abs(correlations).max() < 5 / np.sqrt(2000)
    rows = dropped.astype(float) - 0.5
    neighbours = (rows[:-1] * rows[1:]).mean() * 4
    assert abs(neighbours) < 5 / np.sqrt(rows.size)


@each
def test_steps_and_layers_draw_differently_and_a_key_draws_alike(layer):
    np.testing.assert_array_equal(noisy(layer), noisy(layer))
    assert (noisy(layer) != noisy(layer, seed=1)).mean() > 0.3
    both, one = trees.as_leaves(Network((layer, layer))), trees.as_leaves(Network((layer,)))
    first, second = both.walk(({}, {}), ({}, {}), jnp.ones((50, 40)), key=jax.random.key(0), training=True)
    alone = one.apply(({},), ({},), jnp.ones((50, 40)), key=jax.random.key(0), training=True)
    np.testing.assert_array_equal(first.outputs, alone.outputs)
    like_the_first = one.apply(({},), ({},), second.inputs, key=jax.random.key(0), training=True)
    assert np.asarray(second.outputs != like_the_first.outputs).mean() > 0.2


@each
def test_without_a_key_nothing_happens(layer):
    for training in (False, True):
        assert layer.apply({}, {}, X, key=None, training=training)[0] is X


@each
def test_gradients_pass_where_outputs_do(layer):
    key = jax.random.key(0)
    gradient = jax.grad(lambda x: disturbed(trees.as_leaves(layer), x, key).sum())(X)
    step = noisy(layer, X + 1) - noisy(layer, X)
    np.testing.assert_allclose(gradient, step, atol=1e-4)


def test_gaussian_dropout_multiplies_by_its_noise():
    factors = noisy(GaussianDropout(0.2)) / X
    assert factors.mean() == pytest.approx(1, abs=0.02)
    assert factors.std() == pytest.approx(np.sqrt(0.2 / 0.8), rel=0.02)


def test_gaussian_noise_is_added():
    noise = noisy(GaussianNoise(0.7)) - X
    assert noise.mean() == pytest.approx(0, abs=0.03)
    assert noise.std() == pytest.approx(0.7, rel=0.02)
    np.testing.assert_array_equal(noisy(GaussianNoise(0.0)), X)


@pytest.mark.parametrize("rate", [0.1, 0.5])
def test_alpha_dropout_keeps_mean_and_variance(rate):
    x = np.random.default_rng(1).normal(size=(2000, 100)).astype(np.float32)
    y = noisy(AlphaDropout(rate), x)
    assert y.mean() == pytest.approx(0, abs=0.02)
    assert y.var() == pytest.approx(1, abs=0.02)
    _, counts = np.unique(y, return_counts=True)
    assert counts.max() / y.size == pytest.approx(rate, rel=0.05)  # those that were dropped have one value


@pytest.mark.parametrize("noise_shape", [(None, 1, 3), (4, 1, 3), [None, 1, None]])
def test_noise_shape_drops_an_axis_as_one(noise_shape):
    y = noisy(Dropout(0.5, noise_shape=noise_shape), np.ones((4, 5, 3), np.float32))
    np.testing.assert_array_equal(y, np.broadcast_to(y[:, :1], y.shape))
    assert 0 < (y[:, 0] == 0).sum() < 12


def test_a_seed_of_the_layer_draws_otherwise():
    first, second, own = (noisy(Dropout(0.5, seed=seed)) for seed in (1, 2, None))
    assert not np.array_equal(first, second)
    assert not np.array_equal(first, own)
    assert not np.array_equal(first, noisy(Dropout(0.5, seed=1), seed=1))  # the run's seed still decides


@pytest.mark.differs("dropout-of-all")
@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (Dropout(1.0), "rate=1.0: expected a finite number of at least 0 below 1"),
        (Dropout(1), "rate=1"),
        (Dropout(-0.1), "rate=-0.1"),
        (Dropout(float("nan")), "rate=nan"),
        (Dropout("0.5"), "rate='0.5' is a str"),
        (AlphaDropout(1.5), "rate=1.5"),
        (GaussianDropout(1.0), "rate=1.0"),
        (GaussianNoise(-1), "stddev=-1"),
        (GaussianNoise(float("inf")), "stddev=inf"),
        (Dropout(0.5, seed=-1), "seed=-1"),
        (GaussianNoise(0.5, seed=0.5), "seed=0.5"),
        (Dropout(0.5, noise_shape=(None, 2)), r"noise_shape=\(None, 2\): expected for each axis of \(None, 3\)"),
        (Dropout(0.5, noise_shape=(None,)), "noise_shape="),
        (Dropout(0.5, noise_shape=3), "noise_shape=3"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_work_is_refused_where_the_layer_joins_a_model(layer, message):
    with pytest.raises(checks.RavineError, match=message):
        Sequential([Input((3,)), layer])


@trees.tree
class Sum(losses.Loss):
    """The outputs themselves, so that what a step sees is what it reports."""

    def values(self, y, outputs):
        return losses.per_sample(outputs)


def reported(seed, *, epochs=4, rate=0.5):
    """The loss of each epoch of one step, in which a network of fixed weights sees its inputs through dropout."""
    hidden = Dense(1, use_bias=False, kernel_initializer="ones")
    model = Sequential([Input((40,)), Dropout(rate), hidden])
    model.compile(optimizers.SGD(0.0), loss=Sum())
    ones = np.ones((4, 40), np.float32)
    return model, model.fit(ones, np.zeros(4), epochs=epochs, verbose=0, seed=seed).history["loss"]


def test_in_a_run_every_step_draws_anew_and_a_seed_repeats_it():
    model, first = reported(1)
    assert len(set(first)) == 4
    assert first == reported(1)[1]
    assert first != reported(2)[1]
    assert model.evaluate(np.ones((4, 40)), np.zeros(4), verbose=0) == pytest.approx(40)
    np.testing.assert_allclose(model.predict(np.ones((4, 40))), 40)


def test_batches_one_by_one_draw_anew():
    model, _ = reported(1)
    assert len({model.train_on_batch(X[:4], np.zeros(4)) for _ in range(4)}) == 4


def test_adding_dropout_changes_neither_the_first_weights_nor_the_order(tiny):
    def start(*extra):
        model = Sequential([Input((6,)), Dense(4, activation="sigmoid"), *extra, Dense(3, activation="softmax")])
        model.compile(optimizers.SGD(0.5), "sparse_categorical_crossentropy")
        tiny.fit(model, epochs=0)
        return model

    plain, dropped = start(), start(Dropout(0.0))
    np.testing.assert_array_equal(plain.layers[0].kernel, dropped.layers[0].kernel)
    dropped.set_weights(plain.get_weights())
    histories = [tiny.fit(model, epochs=3)[1].history["loss"] for model in (plain, dropped)]
    np.testing.assert_allclose(*histories, rtol=1e-5)
