import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ravine import checks, losses, metrics, trees

RNG = np.random.default_rng(0)
OUTPUTS = RNG.uniform(0.05, 0.95, size=(6, 3)).astype(np.float32)
LABELS = np.array([0, 2, 1, 2, 0, 1], np.int32)
ONE_HOT = np.eye(3, dtype=np.float32)[LABELS]
BITS = np.array([0, 1, 1, 0, 1, 0], np.int32)
WEIGHTS = np.array([0, 1, 2, 0.5, 3, 1], np.float32)
HITS = (OUTPUTS.argmax(axis=1) == LABELS).astype(float)
RIGHT = ((OUTPUTS[:, 0] > 0.5) == BITS).astype(float)

# metric, targets, outputs, the value of each sample, the name of the same metric in Keras
CASES = [
    (metrics.BinaryAccuracy(), BITS, OUTPUTS[:, :1], RIGHT, "BinaryAccuracy"),
    (metrics.BinaryAccuracy(), BITS[:, None], OUTPUTS[:, :1], RIGHT, "BinaryAccuracy"),
    (metrics.BinaryAccuracy(), ONE_HOT, OUTPUTS, ((OUTPUTS > 0.5) == ONE_HOT).mean(axis=1), "BinaryAccuracy"),
    (metrics.CategoricalAccuracy(), ONE_HOT, OUTPUTS, HITS, "CategoricalAccuracy"),
    (metrics.SparseCategoricalAccuracy(), LABELS, OUTPUTS, HITS, "SparseCategoricalAccuracy"),
    (metrics.SparseCategoricalAccuracy(), LABELS[:, None], OUTPUTS, HITS, "SparseCategoricalAccuracy"),
    (
        metrics.MeanLoss(losses.MeanSquaredError()),
        ONE_HOT,
        OUTPUTS,
        ((ONE_HOT - OUTPUTS) ** 2).mean(axis=1),
        "MeanSquaredError",
    ),
]
IDS = [f"{i}-{name}" for i, (*_, name) in enumerate(CASES)]


def of_all(metric, y, outputs, weights=None):
    return metric.result(metric.update(metric.init(), jnp.asarray(y), jnp.asarray(outputs), weights))


@pytest.mark.parametrize(("metric", "y", "outputs", "values", "name"), CASES, ids=IDS)
def test_values(metric, y, outputs, values, name):
    assert of_all(metric, y, outputs) == pytest.approx(values.mean(), rel=1e-5)
    weighted = (values * WEIGHTS).sum() / WEIGHTS.sum()
    assert of_all(metric, y, outputs, jnp.asarray(WEIGHTS)) == pytest.approx(weighted, rel=1e-5)


@pytest.mark.parametrize(("metric", "y", "outputs", "values", "name"), CASES, ids=IDS)
def test_values_are_keras(metric, y, outputs, values, name, keras):
    for weights in (None, WEIGHTS):
        theirs = getattr(keras.metrics, name)()
        theirs.update_state(y, outputs, sample_weight=weights)
        assert of_all(metric, y, outputs, weights) == pytest.approx(float(theirs.result()), rel=1e-5)


@given(cuts=st.sets(st.integers(1, 5)))
def test_batches_of_any_sizes_accumulate_to_the_whole(cuts):
    metric = metrics.SparseCategoricalAccuracy()
    state = metric.init()
    for rows in np.split(np.arange(6), sorted(cuts)):
        state = metric.update(state, jnp.asarray(LABELS[rows]), jnp.asarray(OUTPUTS[rows]), jnp.asarray(WEIGHTS[rows]))
    assert metric.result(state) == pytest.approx((HITS * WEIGHTS).sum() / WEIGHTS.sum())


def test_a_mean_of_nothing_is_zero():
    assert metrics.Mean.zero().result() == 0
    assert of_all(metrics.BinaryAccuracy(), BITS, OUTPUTS[:, :1], jnp.zeros(6)) == 0


def test_the_threshold_is_a_leaf():
    assert jax.tree.leaves(metrics.BinaryAccuracy(0.3)) == [0.3]
    assert of_all(metrics.BinaryAccuracy(0.99), jnp.ones(6), OUTPUTS[:, :1]) == 0  # all are below


BINARY, SPARSE, ONE = metrics.BinaryAccuracy(), metrics.SparseCategoricalAccuracy(), metrics.CategoricalAccuracy()


@pytest.mark.parametrize("name", ["accuracy", "acc"])
@pytest.mark.parametrize(
    ("y_shape", "output_shape", "expected"),
    [
        ((5,), (1,), BINARY),
        ((5, 1), (1,), BINARY),
        ((5,), (10,), SPARSE),
        ((5, 1), (10,), SPARSE),
        ((1,), (10,), SPARSE),
        ((1, 1), (10,), SPARSE),
        ((5, 10), (10,), ONE),
        ((5, 7), (7, 10), SPARSE),
        ((5, 7, 1), (7, 10), SPARSE),
        ((5, 7, 10), (7, 10), ONE),
    ],
)
def test_accuracy_is_resolved_as_keras_does(name, y_shape, output_shape, expected, keras):
    assert metrics.get(name, y_shape, output_shape) == expected
    from keras.src.trainers.compile_utils import get_metric

    theirs = get_metric(name, np.zeros(y_shape), np.zeros((y_shape[0], *output_shape)))
    assert type(theirs).__name__ == type(expected).__name__


def test_names():
    expected = {
        "accuracy": "accuracy",
        "acc": "acc",
        "mse": "mse",
        "categorical_crossentropy": "categorical_crossentropy",
        "binary_accuracy": "binary_accuracy",
        metrics.SparseCategoricalAccuracy(): "sparse_categorical_accuracy",
        metrics.BinaryAccuracy(name="mine"): "mine",
        losses.MeanSquaredError(): "mean_squared_error",
    }
    assert {metric: metrics.name_of(metric) for metric in expected} == expected


def test_a_metric_of_ones_own_has_a_name():
    @trees.tree
    class Huber(losses.Loss):
        pass

    assert metrics.name_of(Huber()) == "huber"
    assert metrics.name_of(metrics.Metric()) == "metric"


@pytest.mark.parametrize(
    ("metric", "y", "expected"),
    [
        (ONE, LABELS, "categorical_accuracy expected one-hot targets with 3 columns"),
        (SPARSE, ONE_HOT, "sparse_categorical_accuracy expected one class index per sample"),
        (BINARY, LABELS, r"binary_accuracy compares the two element by element. Expected y of shape \(6, 3\)"),
        (metrics.MeanLoss(losses.MeanSquaredError()), LABELS, "MeanSquaredError compares the two"),
    ],
)
def test_targets_that_do_not_fit_are_refused(metric, y, expected):
    with pytest.raises(checks.RavineValueError, match=expected):
        metric.check(y, (3,))


def test_checked():
    with pytest.raises(checks.RavineValueError, match=r"metrics\[0\]='acuracy' is unknown. Did you mean 'accuracy'\?"):
        metrics.checked("metrics[0]", "acuracy")
    with pytest.raises(checks.RavineTypeError, match=r"metrics\[0\].name=3 is a int: expected a string"):
        metrics.checked("metrics[0]", metrics.BinaryAccuracy(name=3))
    for wrong in (metrics.BinaryAccuracy, None, len, ["accuracy"]):
        with pytest.raises(checks.RavineTypeError, match=r"metrics\[1\]=.*expected a name such as 'accuracy'"):
            metrics.checked("metrics[1]", wrong)
