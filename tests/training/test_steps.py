"""Weights of the single steps of samples."""

import inspect

import jax.numpy as jnp
import numpy as np
import pytest

from ravine import Input, Sequential, checks, layers, losses, metrics, optimizers
from ravine.metrics.base import MeanLoss
from ravine.training.steps import LOSSES, METRICS, weighs_steps

RNG = np.random.default_rng(0)
X, W = RNG.normal(size=(6, 4, 3)).astype(np.float32), RNG.uniform(size=(6, 4)).astype(np.float32)
Y = RNG.normal(size=(6, 4, 2)).astype(np.float32)
LABELS = RNG.integers(0, 2, (6, 4))


def squares(y, outputs):
    return jnp.square(y - outputs).mean(axis=-1)


def square(y, outputs):
    return jnp.square(y - outputs).mean()


def pair(library, rules, loss, weighted):
    model = library.Sequential(
        [library.Input((4, 3)), library.layers.Dense(2, "softmax" if "cross" in str(loss) else None)]
    )
    model.compile(rules.SGD(0.3), loss, metrics=["mse"] if loss == "mse" else None, weighted_metrics=weighted)
    return model


@pytest.mark.parametrize(
    ("loss", "weighted", "y"),
    [
        ("mse", ["mae"], Y),
        ("sparse_categorical_crossentropy", ["accuracy"], LABELS),
        ("categorical_crossentropy", ["accuracy"], np.eye(2)[LABELS]),
    ],
)
@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")
def test_as_in_keras(keras, adopt, loss, weighted, y):
    import ravine

    ours, theirs = pair(ravine, optimizers, loss, weighted), pair(keras, keras.optimizers, loss, weighted)
    adopt(ours, theirs.get_weights())
    options = {"sample_weight": W, "batch_size": 3, "epochs": 2, "shuffle": False, "verbose": 0}
    options["validation_data"] = (X[:3], y[:3], W[:3])
    found, expected = (model.fit(X, y, **options).history for model in (ours, theirs))
    assert found.keys() == expected.keys()
    for key, values in expected.items():
        np.testing.assert_allclose(found[key], values, rtol=1e-5, err_msg=key)
    values = ours.evaluate(X, y, sample_weight=W, verbose=0)
    np.testing.assert_allclose(values[0], theirs.evaluate(X, y, sample_weight=W, verbose=0)[0], rtol=1e-5)


def fitted(loss, w, y=Y, **options):
    model = Sequential([Input((4, 3)), layers.Dense(2, kernel_initializer="ones")])
    model.compile(optimizers.SGD(0.1), loss, **options)
    return model.fit(X, y, sample_weight=w, epochs=2, verbose=0, seed=1).history["loss"]


def test_a_function_sees_the_steps_of_a_sample_together():
    assert fitted(squares, W) == pytest.approx(fitted("mse", W), rel=1e-6)


def test_a_weight_in_a_column_is_one_for_each_sample():
    assert fitted("mse", W[:, :1]) == fitted("mse", W[:, 0])
    assert fitted("mse", np.repeat(W[:, :1], 4, 1)) == pytest.approx(fitted("mse", W[:, 0]), rel=1e-6)


@pytest.mark.parametrize(
    ("loss", "w", "options", "expected"),
    [
        ("mse", np.ones((6, 3)), {}, r"sample_weight has shape \(6, 3\): .*\(6,\), or one for each step, \(6, 4\)"),
        ("mse", np.ones((6, 4, 2)), {}, r"sample_weight has shape \(6, 4, 2\)"),
        ("mse", -np.eye(6)[:, :4], {}, r"sample_weight\[0, 0\]=-1: expected weights of at least 0"),
        (losses.Dice(), W, {}, "Dice has one value for all steps of a sample"),
        ("mse", W, {"weighted_metrics": [squares]}, "MeanMetricWrapper has one value for all steps"),
        (square, W, {}, "gives one number for a whole batch"),
    ],
)
def test_refused(loss, w, options, expected):
    with pytest.raises(checks.RavineError, match=expected):
        fitted(loss, w, np.clip(Y, 0, 1), **options)


def made(cls):
    required = [p for p in inspect.signature(cls).parameters.values() if p.default is p.empty]
    return cls(*([0.5] * len(required)))


OUTPUTS = jnp.asarray(RNG.uniform(0.1, 0.9, (3, 4, 2)), jnp.float32)
TARGETS = jnp.asarray(np.eye(2)[LABELS[:3]], jnp.float32)


@pytest.mark.parametrize("cls", [c for c in LOSSES if c is not losses.base.Function], ids=lambda c: c.__name__)
def test_a_sample_is_the_mean_of_its_steps(cls):
    of_labels = "Sparse" in cls.__name__ or cls is losses.CategoricalGeneralizedCrossEntropy
    loss, y = cls(), LABELS[:3] if of_labels else TARGETS
    weights = jnp.ones((3, 4))
    by_step, flat = loss.weighed(jnp.asarray(y), OUTPUTS, weights)
    assert flat.shape == by_step.shape == (12,)
    np.testing.assert_allclose(by_step.reshape(3, 4).mean(axis=1), loss.values(y, OUTPUTS), rtol=1e-5)


@pytest.mark.parametrize("cls", [c for c in metrics.lookup.CLASSES if issubclass(c, METRICS)], ids=lambda c: c.__name__)
def test_metrics_of_steps_are_those_of_samples_that_are_steps(cls):
    if "IoU" in cls.__name__ and cls is not metrics.BinaryIoU:
        return
    metric, y = made(cls).fitted((4, 2)), jnp.asarray(LABELS[:3]) if "Sparse" in cls.__name__ else TARGETS
    whole = metric.update(metric.init(), y, OUTPUTS, jnp.ones(3))
    steps = metric.update(metric.init(), *losses.base.by_step(y, OUTPUTS, jnp.ones((3, 4))))
    np.testing.assert_allclose(metric.result(whole), metric.result(steps), rtol=1e-5)


@pytest.mark.parametrize(
    ("comparison", "expected"),
    [
        (losses.CosineSimilarity(), True),
        (losses.CosineSimilarity(1), False),
        (losses.CTC(), False),
        (metrics.MeanSquaredError(), True),
        (MeanLoss(losses.Dice()), False),
        (metrics.R2Score(), False),
    ],
    ids=str,
)
def test_what_weighs_steps(comparison, expected):
    assert weighs_steps(comparison) is expected
