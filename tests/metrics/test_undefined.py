"""What is undefined is NaN or left out, and said; what diverged is never right."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import ravine
from ravine import layers, losses, metrics
from ravine.checks import RavineTypeError, RavineValueError

RNG = np.random.default_rng(0)
NAN = np.full((30, 3), np.nan, np.float32)
LABELS = np.arange(30) % 3


def of_batches(metric, y, outputs):
    metric = metric.fitted(outputs.shape[1:])
    state = metric.init()
    for start in range(0, len(y), 8):
        state = metric.update(state, jnp.asarray(y[start : start + 8]), jnp.asarray(outputs[start : start + 8]))
    return float(metric.result(state))


def identity(shape, **compiling):
    model = ravine.Sequential([layers.Input(shape), layers.Identity()])
    model.compile("sgd", **compiling)
    return model


@pytest.mark.differs("nan-is-never-right")
@pytest.mark.parametrize(
    ("metric", "y"),
    [
        (metrics.SparseCategoricalAccuracy(), LABELS),
        (metrics.CategoricalAccuracy(), np.eye(3)[LABELS]),
        (metrics.SparseTopKCategoricalAccuracy(2), LABELS),
        (metrics.TopKCategoricalAccuracy(2), np.eye(3)[LABELS]),
        (metrics.BinaryAccuracy(), np.eye(3)[LABELS]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_outputs_of_nan_are_never_right(metric, y):
    assert of_batches(metric, y, NAN) == 0


@pytest.mark.differs("nan-is-never-right")
@pytest.mark.parametrize(
    "metric",
    [
        metrics.Precision(),
        metrics.Recall(),
        metrics.TrueNegatives(),
        metrics.FalsePositives(),
        metrics.AUC(),
        metrics.AUC(num_thresholds=5),
        metrics.PrecisionAtRecall(0.5),
        metrics.F1Score("micro", threshold=0.5),
        metrics.F1Score("macro"),
        metrics.OneHotMeanIoU(3),
    ],
    ids=lambda metric: type(metric).__name__,
)
def test_counts_of_nan_are_nan(metric):
    assert np.isnan(of_batches(metric, np.eye(3)[LABELS], NAN))


@pytest.mark.parametrize(("mean", "deviation"), [(1e4, 1), (-311030, 7), (0, 1)])
def test_r2_of_targets_far_from_0(mean, deviation):
    z = RNG.normal(size=64)
    y = (mean + deviation * (z + 0.5 * RNG.normal(size=64))).astype(np.float32)[:, None]
    p = (mean + deviation * z).astype(np.float32)[:, None]
    exact = 1 - ((y - p).astype(float) ** 2).sum() / ((y.astype(float) - y.mean(dtype=float)) ** 2).sum()
    assert of_batches(metrics.R2Score(), y, p) == pytest.approx(exact, rel=1e-4)


@pytest.mark.differs("undefined-metrics")
def test_r2_of_equal_targets_is_undefined():
    y = np.full((30, 1), 0.1, np.float32)
    assert np.isnan(of_batches(metrics.R2Score(), y, y))
    assert np.isnan(of_batches(metrics.R2Score(), y, y + 1))


@pytest.mark.differs("constant-rows-of-a-correlation")
def test_rows_without_a_correlation_count_for_nothing():
    x = np.array([[1.0, 2, 3], [3, 1, 2], [0.1, 0.1, 0.1], [1, 2, 3]], np.float32)
    outputs = x.copy()
    outputs[3] = [3, 2, 1]
    assert of_batches(metrics.PearsonCorrelation(), x, outputs) == pytest.approx(1 / 3, rel=1e-5)
    assert np.isnan(of_batches(metrics.PearsonCorrelation(), x[2:3], outputs[2:3]))


def test_what_is_undefined_is_said_once():
    model = identity((1,), loss="binary_crossentropy", metrics=[metrics.AUC()])
    x, y = RNG.uniform(size=(12, 1)), np.zeros(12)
    with pytest.warns(UserWarning, match="auc is NaN: it is undefined for these targets"):
        assert np.isnan(model.evaluate(x, y, verbose=0)[1])
    with pytest.warns(UserWarning, match="is NaN: it is undefined") as told:
        model.fit(x, y, epochs=3, verbose=0, validation_split=0.25)
    assert sorted(str(warning.message).split()[0] for warning in told) == ["auc", "val_auc"]


def test_values_of_a_batch_are_of_the_batches_that_were_asked_for():
    def spread_of_batch(y, outputs):
        return jnp.std(outputs)

    x = RNG.normal(size=(50, 1)).astype(np.float32)
    model = identity((1,), loss="mse", metrics=[spread_of_batch])
    for size in (50, 32):
        parts = [x[:size], x[size:]] if size < 50 else [x]
        expected = np.mean([part.std() for part in parts])
        assert model.evaluate(x, x, batch_size=size, verbose=0)[1] == pytest.approx(expected, rel=1e-5)
        history = model.fit(x, x, validation_data=(x, x), validation_batch_size=size, verbose=0).history
        assert history["val_spread_of_batch"] == pytest.approx([expected], rel=1e-5)


def test_a_function_of_ones_own_sees_the_batches_in_predict_too():
    model = ravine.Sequential([layers.Input((1,)), layers.Lambda(lambda x: x - x.mean(axis=0))])
    x = RNG.normal(size=(40, 1)).astype(np.float32)
    expected = np.concatenate([x[:32] - x[:32].mean(), x[32:] - x[32:].mean()])
    np.testing.assert_allclose(model.predict(x, verbose=0), expected, atol=1e-6)
    np.testing.assert_allclose(model.predict(x, batch_size=40, verbose=0), x - x.mean(), atol=1e-6)


@pytest.mark.parametrize("own", ["loss", "metrics", "layer"])
def test_products_in_code_of_ones_own_are_right(own):
    """jax-ml/jax#39103: with its library, jaxlib 0.10.2 gives other numbers for some of many rows."""
    matrix = RNG.normal(size=(3, 3)).astype(np.float32)
    x = RNG.normal(size=(33000, 3)).astype(np.float32)

    def squares(rows):
        return jax.vmap(lambda row: jnp.sum((jnp.asarray(matrix) @ row) ** 2))(rows)

    exact = ((x @ matrix.T) ** 2).sum(axis=1)
    if own == "layer":
        model = ravine.Sequential([layers.Input((3,)), layers.Lambda(lambda rows: squares(rows)[:, None])])
        for outputs in (model.predict_on_batch(x), model.predict(x, batch_size=33000, verbose=0), model(x)):
            np.testing.assert_allclose(np.asarray(outputs)[:, 0], exact, rtol=1e-3, atol=1e-3)
        return
    watched = {"loss": lambda y, outputs: squares(outputs)} if own == "loss" else {"loss": "mse"}
    model = identity((3,), metrics=[lambda y, outputs: squares(outputs)], **watched)
    for _ in range(5):
        found = model.evaluate(x, x, batch_size=33000, verbose=0), model.test_on_batch(x, x)
        assert [values[1] for values in found] == pytest.approx([exact.mean()] * 2, rel=1e-3)


def test_what_no_weight_can_act_on_is_refused():
    model = identity((1,), loss=lambda y, outputs: jnp.mean((y - outputs) ** 2))
    with pytest.raises(RavineValueError, match="sample_weight was given, but the loss's function gives one number"):
        model.fit(np.ones((4, 1)), np.ones(4), sample_weight=np.ones(4), verbose=0)
    model = identity((1,), loss="mse", weighted_metrics=[lambda y, outputs: jnp.mean(outputs)])
    with pytest.raises(RavineValueError, match="the weighted metric's function gives one number"):
        model.evaluate(np.ones((4, 1)), np.ones(4), sample_weight=np.ones(4), verbose=0)


def test_targets_that_are_compared_with_every_output_are_refused():
    model = identity((1,), loss=lambda y, outputs: (y - outputs[:, 0]) ** 2)
    with pytest.raises(RavineValueError, match=r"gives values of shape \(4, 4\) for 4 samples: each target"):
        model.fit(np.ones((4, 1)), np.ones((4, 1)), verbose=0)


def test_objects_of_another_library_are_refused(keras):
    with pytest.raises(RavineTypeError, match=r"metrics\[0\]=<AUC name=auc\w*> is an object with a state of its own"):
        identity((1,), loss="mse", metrics=[keras.metrics.AUC()])
    with pytest.raises(RavineTypeError, match=r"loss=.* is a MeanSquaredError"):
        identity((1,), loss=keras.losses.MeanSquaredError())


def test_sparse_labels_can_be_smoothed():
    logits = jnp.asarray(RNG.normal(size=(30, 3)), jnp.float32)
    sparse = losses.SparseCategoricalCrossentropy(from_logits=True, label_smoothing=0.2)
    dense = losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.2)
    np.testing.assert_allclose(sparse.values(LABELS, logits), dense.values(np.eye(3)[LABELS], logits), rtol=1e-5)


def spellings(labels, steps, classes):
    """All ways to take a class at each step that read ``labels`` without repetitions and then without blanks (0)."""
    for way in itertools.product(range(classes), repeat=steps):
        read = [c for c, before in zip(way, (None, *way), strict=False) if c != before and c != 0]
        if read == labels:
            yield way


@pytest.mark.differs("ctc-of-repeated-labels")
@pytest.mark.parametrize("labels", [[1, 2], [1, 1], [2, 2, 1], [1], []])
def test_ctc_sums_over_all_spellings(labels):
    logits = RNG.normal(size=(1, 5, 3)).astype(np.float32)
    p = np.exp(logits[0]) / np.exp(logits[0]).sum(axis=1, keepdims=True)
    whole = sum(np.prod([p[t, c] for t, c in enumerate(way)]) for way in spellings(labels, 5, 3))
    y = np.array([labels + [0] * (3 - len(labels))])
    np.testing.assert_allclose(losses.ctc(y, logits), -np.log(whole), rtol=1e-4)


@pytest.mark.differs("iou-weights")
def test_weights_of_overlaps_are_taken_as_they_are():
    y, answers = np.array([0, 0, 1, 1]), np.array([[0], [1], [1], [1]])
    metric = metrics.MeanIoU(2)
    state = metric.update(metric.init(), jnp.asarray(y), jnp.asarray(answers), jnp.asarray([0.5, 0.5, 1.5, 0.5]))
    expected = np.mean([0.5 / 1.0, 2.0 / 2.5])
    assert float(metric.result(state)) == pytest.approx(expected, rel=1e-5)
