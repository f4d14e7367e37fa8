"""Batch normalization's statistics over all data: the formula, and agreement of training and inference early on."""

import numpy as np
import pytest

import ravine
from ravine import Input, Sequential, callbacks, checks, optimizers, seeds
from ravine.layers import BatchNormalization, Dense, Dropout, ReLU

RNG = np.random.default_rng(0)
X = RNG.normal(size=(400, 5)).astype(np.float32)
Y = (X @ RNG.normal(size=5)).astype(np.float32)


def build(*layers):
    model = Sequential([Input((5,)), *layers])
    model.compile(optimizers.SGD(0.01), "mse")
    return model


def first():
    return build(BatchNormalization(center=False, scale=False, name="bn"), Dense(1))


@pytest.mark.parametrize("steps", [0, 1, 10, 100])
def test_inference_agrees_with_training_after_any_number_of_steps(steps):
    model = first()
    inputs = 20 * X + 7  # far from where moving averages start
    if steps:
        model.fit(inputs, Y, epochs=steps, steps_per_epoch=1, verbose=0, seed=1)
    short = model.activations(inputs, "bn").std()
    ravine.population_statistics(model, X)
    assert model.activations(X, "bn").std() == pytest.approx(1, abs=0.05)
    ravine.population_statistics(model, inputs)
    assert model.activations(inputs, "bn").std() == pytest.approx(1, abs=0.05)
    assert model.activations(inputs, "bn").mean() == pytest.approx(0, abs=0.05)
    # What moving averages remember of their start is far off for these inputs.
    assert abs(short - 1) > 0.05


def batches(x, size):
    """The batches that statistics are taken over, without a single row that is left over."""
    order = np.asarray(seeds.permutation(seeds.stream(0, "population statistics"), len(x)))
    parts = [x[order[i : i + size]] for i in range(0, len(x), size)]
    return [part for part in parts if len(part) > 1]


def population(parts):
    """E_B(μ_B) and N_B/(N_B − 1)·E_B(σ_B²), where a batch counts by its rows."""
    rows = [len(part) for part in parts]
    variances = [len(part) / (len(part) - 1) * part.var(0) for part in parts]
    return np.average([part.mean(0) for part in parts], axis=0, weights=rows), np.average(
        variances, axis=0, weights=rows
    )


# 400 = 57·7 + 1 = 66·6 + 4
@pytest.mark.parametrize("size", [6, 7, 1000, *(pytest.param(size, marks=pytest.mark.slow) for size in (2, 10, 400))])
def test_the_formula(size):
    model = first()
    ravine.population_statistics(model, X, size)
    mean, variance = population(batches(X, size))
    np.testing.assert_allclose(model.get_layer("bn").moving_mean, mean, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(model.get_layer("bn").moving_variance, variance, rtol=1e-5)


def test_the_formula_behind_other_layers():
    model = build(BatchNormalization(name="a"), ReLU(), Dropout(0.9), Dense(6), BatchNormalization(name="b"), Dense(1))
    rng = np.random.default_rng(1)
    model.set_weights([rng.uniform(0.5, 1.5, w.shape) * rng.choice([-1, 1], w.shape) for w in model.get_weights()])
    ravine.population_statistics(model, X, 64)
    kernel, bias = model.layers[3].get_weights()
    gamma, beta, *_ = model.get_layer("a").get_weights()
    hidden = []
    for part in batches(X, 64):
        normal = gamma * (part - part.mean(0)) / np.sqrt(part.var(0) + 1e-3) + beta
        hidden.append(np.maximum(normal, 0) @ kernel + bias)
    mean, variance = population(hidden)
    np.testing.assert_allclose(model.get_layer("b").moving_mean, mean, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(model.get_layer("b").moving_variance, variance, rtol=1e-4)


def test_rows_sorted_by_size_do_not_mislead():
    model, order = first(), np.argsort(X[:, 0])
    ravine.population_statistics(model, X[order], 20)
    np.testing.assert_allclose(model.get_layer("bn").get_weights()[-1], X.var(0), rtol=0.1)


def test_it_repeats_and_leaves_parameters_and_frozen_layers_alone():
    model = build(BatchNormalization(name="a"), BatchNormalization(name="b", trainable=False), Dense(1))
    before = model.named_weights
    ravine.population_statistics(model, X)
    once = model.named_weights
    ravine.population_statistics(model, X)
    for name, array in model.named_weights.items():
        np.testing.assert_array_equal(array, once[name])
        changes = name.startswith("a/moving")
        assert np.array_equal(array, before[name]) != changes


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({}, id="plain", marks=pytest.mark.slow),
        pytest.param({"use_ema": True, "ema_momentum": 0.9}, id="averages"),
    ],
)
def test_in_fit_validation_sees_those_of_the_weights_left_behind(options):
    inputs = X + 3
    held_out = inputs[:50], Y[:50]

    def trained(**fitting):
        model = build(Dense(4, name="dense"), BatchNormalization(name="bn"), Dense(1))
        model.compile(optimizers.SGD(0.05, **options), "mse")
        return model, model.fit(inputs, Y, epochs=2, validation_data=held_out, verbose=0, seed=1, **fitting).history

    model, history = trained(population_statistics=True)
    np.testing.assert_allclose(model.evaluate(*held_out, verbose=0), history["val_loss"][-1], rtol=1e-5)
    mean, variance = model.get_layer("bn").get_weights()[-2:]
    np.testing.assert_allclose(mean, model.activations(inputs, "dense").mean(0), rtol=1e-4, atol=1e-5)
    ravine.population_statistics(model, inputs)  # takes the rows in another order
    np.testing.assert_allclose(model.get_layer("bn").moving_mean, mean, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(model.get_layer("bn").moving_variance, variance, rtol=0.1)
    _, other = trained()
    # Training itself does not look at them.
    np.testing.assert_allclose(history["loss"], other["loss"], rtol=1e-5)
    assert not np.allclose(history["val_loss"], other["val_loss"], rtol=1e-3)


def test_early_stopping_keeps_those_of_the_best_epoch():
    model = build(Dense(8, activation="relu"), BatchNormalization(), Dense(1))
    model.compile(optimizers.SGD(0.05), "mse")
    stopper = callbacks.EarlyStopping(patience=2, restore_best_weights=True)
    wrong = (X[:50], -Y[:50])
    history = model.fit(
        X, Y, epochs=40, validation_data=wrong, population_statistics=True, callbacks=[stopper], verbose=0, seed=1
    )
    assert len(history.epoch) < 40
    assert model.evaluate(*wrong, verbose=0) == pytest.approx(min(history.history["val_loss"]), rel=1e-5)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: ravine.population_statistics(m, X[:1]), "x has 1 row, whose variance is undefined"),
        (lambda m: ravine.population_statistics(m, X, 1), "batch_size=1: expected at least 2"),
        (lambda m: ravine.population_statistics(m, X, 0), "batch_size=0"),
        (lambda m: ravine.population_statistics(m, X[:, :3]), r"x has samples of shape \(3,\)"),
        (lambda m: ravine.population_statistics(m, None), "x=None"),
        (lambda m: m.fit(X, Y, population_statistics=1), "population_statistics=1 is a int"),
    ],
    ids=range(6),
)
def test_what_cannot_work_is_refused(call, message):
    model = first()
    before = model.get_weights()
    with pytest.raises(checks.RavineError, match=message):
        call(model)
    for was, now in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(was, now)


@pytest.mark.parametrize("layers", [[], [BatchNormalization(trainable=False)]], ids=["none", "frozen"])
def test_a_model_without_such_statistics_is_refused(layers):
    model = build(*layers, Dense(1))
    for call in (
        lambda: ravine.population_statistics(model, X),
        lambda: model.fit(X, Y, population_statistics=True, verbose=0),
    ):
        with pytest.raises(
            checks.RavineValueError, match="expected a model with a BatchNormalization layer that is not"
        ):
            call()
