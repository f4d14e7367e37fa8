import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ravine import Input, Sequential, checks, losses, metrics, trees
from ravine.callbacks import EarlyStopping
from ravine.layers import Dense

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
    state, update = metric.init(), jax.jit(metrics.SparseCategoricalAccuracy.update)
    for rows in np.split(np.arange(6), sorted(cuts)):
        state = update(metric, state, LABELS[rows], OUTPUTS[rows], WEIGHTS[rows])
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
    class MyLoss(losses.Loss):
        pass

    assert metrics.name_of(MyLoss()) == "my_loss"
    assert metrics.name_of(MyLoss(name="mine")) == "mine"
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
    for wrong in (int, None, 3, ["accuracy"]):
        with pytest.raises(checks.RavineTypeError, match=r"metrics\[1\]=.*expected a name such as 'accuracy'"):
            metrics.checked("metrics[1]", wrong)


def test_classes_and_functions_stand_for_metrics():
    assert metrics.checked("metrics[0]", metrics.AUC) == metrics.AUC()
    for name in ("binary_accuracy", "sparse_top_k_categorical_accuracy", "pearson_correlation"):
        found = metrics.checked("metrics[0]", getattr(metrics, name))
        assert metrics.name_of(found) == name
        assert isinstance(found, metrics.lookup.TABLE[name])
    found = metrics.checked("metrics[0]", metrics.kl_divergence)
    assert (metrics.name_of(found), found.better) == ("kl_divergence", "min")
    assert metrics.get("mse", (5, 1), (1,)) == metrics.MeanSquaredError()
    assert metrics.get("dice", (5, 1), (1,)) == metrics.MeanLoss(losses.Dice())


def largest_error(y, outputs):
    return jnp.abs(y - outputs).max(axis=-1)


def mean_of_batch(y, outputs):
    return jnp.abs(y - outputs).mean()


def test_functions_of_ones_own(tiny, keras):
    watched = [largest_error, mean_of_batch, functools.partial(largest_error), lambda y, outputs: y == outputs]
    histories = []
    ours = Sequential([Input((6,)), Dense(3, activation="softmax")])
    theirs = keras.Sequential([keras.Input((6,)), keras.layers.Dense(3, activation="softmax")])
    ours.arrays(seed=0)
    theirs.set_weights(ours.get_weights())
    targets = np.eye(3, dtype=np.float32)[tiny.y]
    for model, metrics_given in ((ours, watched), (theirs, [largest_error, mean_of_batch])):
        model.compile("sgd", "mse", metrics=metrics_given)
        options = {"batch_size": 8, "epochs": 2, "verbose": 0, "shuffle": False}
        histories.append(model.fit(tiny.x, targets, **options).history)
    assert set(histories[0]) == {"loss", "largest_error", "mean_of_batch", "largest_error_1", "lambda"}
    for key, values in histories[1].items():
        np.testing.assert_allclose(histories[0][key], values, rtol=1e-5)


def test_a_function_of_ones_own_takes_weights():
    metric = metrics.MeanMetricWrapper(largest_error, name="worst")
    assert metrics.name_of(metric) == "worst"
    values = np.abs(ONE_HOT - OUTPUTS).max(axis=1)
    weighted = (values * WEIGHTS).sum() / WEIGHTS.sum()
    assert of_all(metric, ONE_HOT, OUTPUTS, jnp.asarray(WEIGHTS)) == pytest.approx(weighted, rel=1e-5)


def test_what_a_function_is_better_by_must_be_said(tiny):
    model = tiny.model(loss="mse", metrics=[mean_of_batch])
    targets = np.eye(3)[tiny.y]
    with pytest.raises(checks.RavineValueError, match="monitor='mean_of_batch': nobody can tell whether less of this"):
        tiny.fit(model, y=targets, callbacks=[EarlyStopping("mean_of_batch")])
    tiny.fit(model, y=targets, callbacks=[EarlyStopping("mean_of_batch", mode="min")])


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (len, "metric 'len'=<built-in function len> failed for y of shape .* TypeError"),
        (lambda y, outputs: outputs[:2], "metric 'lambda'=.*a function of y and outputs to an array"),
        (lambda y, outputs: outputs @ y, "metric 'lambda'=.* failed for y of shape"),
    ],
)
def test_functions_that_cannot_work_are_refused_before_training(function, expected, tiny):
    with pytest.raises(checks.RavineValueError, match=expected):
        tiny.fit(tiny.model(metrics=[function]))


@pytest.mark.differs("metric-numbers")
def test_objects_without_names_are_numbered(tiny):
    watched = [metrics.Precision(class_id=0), metrics.Precision(class_id=1), metrics.Precision(name="precision_2")]
    model = tiny.model(loss="categorical_crossentropy", metrics=watched, weighted_metrics=[metrics.Precision()])
    _, history = tiny.fit(model, y=np.eye(3)[tiny.y], validation_split=0.4)
    names = ["loss", "precision", "precision_1", "precision_2", "weighted_precision"]
    assert set(history.history) == {*names, *(f"val_{name}" for name in names)}
    with pytest.raises(checks.RavineValueError, match="metrics: 'precision_1' is there twice"):
        tiny.model(metrics=[metrics.Precision(name="precision_1"), metrics.Precision(), metrics.Precision()])


@pytest.mark.differs("one-number-a-metric")
@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        (metrics.Precision(thresholds=[0.1, 0.5]), "is a number for each threshold, but a metric is a single number"),
        (metrics.FalsePositives(thresholds=1.5), "thresholds=1.5: expected a finite number of at least 0 of at most 1"),
        (metrics.Recall(top_k=0), "top_k=0: expected an integer of at least 1"),
        (metrics.Recall(class_id=-1), "class_id=-1: expected an integer of at least 0"),
        (metrics.F1Score(), r"F1Score\(average=None\) is a score for each class.*'micro', 'macro' or 'weighted'"),
        (metrics.FBetaScore("marco"), "average='marco' is unknown. Did you mean 'macro'"),
        (metrics.FBetaScore("macro", beta=0), "beta=0: expected a finite number above 0"),
        (metrics.F1Score("macro", threshold=0), "threshold=0: expected a finite number above 0 of at most 1"),
        (metrics.R2Score(None), "class_aggregation=None: expected one of uniform_average"),
        (metrics.R2Score("uniform"), "class_aggregation='uniform' is unknown. Did you mean 'uniform_average'"),
        (metrics.R2Score(num_regressors=-1), "num_regressors=-1"),
        (metrics.AUC(num_thresholds=1), "num_thresholds=1: expected an integer of at least 2"),
        (metrics.AUC(curve="RCO"), "curve='RCO' is unknown. Did you mean"),
        (metrics.AUC(summation_method="left"), "summation_method='left' is unknown"),
        (metrics.AUC(thresholds=[0.5, 2]), "thresholds=2"),
        (metrics.AUC(thresholds=0.5), "thresholds=0.5 is a float: expected a list"),
        (metrics.AUC(num_labels=3), "num_labels=3: expected None without multi_label=True"),
        (metrics.AUC(label_weights=[-1.0]), "label_weights=-1.0"),
        (metrics.AUC(label_weights=1.0), "label_weights=1.0 is a float: expected a list"),
        (metrics.SensitivityAtSpecificity(1.5), "specificity=1.5: expected a finite number of at least 0 of at most 1"),
        (metrics.PrecisionAtRecall(0.5, num_thresholds=0), "num_thresholds=0"),
        (metrics.TopKCategoricalAccuracy(0), "k=0: expected an integer of at least 1"),
        (metrics.BinaryAccuracy(threshold="half"), "threshold='half' is a str"),
        (metrics.MeanIoU(1), "num_classes=1: expected an integer of at least 2"),
        (metrics.IoU(3, [3]), r"target_class_ids=\(3,\): expected class indices in \[0, 3\)"),
        (metrics.IoU(3, []), r"target_class_ids=\(\): expected one class index or more"),
        (metrics.IoU(3, 1), "target_class_ids=1 is a int: expected a list"),
        (metrics.MeanIoU(3, ignore_class="x"), "ignore_class='x' is a str"),
        (metrics.CosineSimilarity(axis=0.5), "axis=0.5 is a float"),
        (metrics.CategoricalCrossentropy(label_smoothing=2), "label_smoothing=2"),
        (metrics.MeanMetricWrapper(3), "fn=3 is a int: expected a function of y and outputs"),
        ("MeanIoU", r"MeanIoU does not go without its settings: expected metrics.MeanIoU\(num_classes=...\)"),
        ("precision_at_recall", r"expected metrics.PrecisionAtRecall\(recall=...\)"),
        ("f1_score", r"F1Score\(average=None\) is a score for each class"),
        ("AUCC", r"metrics\[0\]='AUCC' is unknown. Did you mean 'auc'"),
        (metrics.IoU, r"expected metrics.IoU\(num_classes=..., target_class_ids=...\)"),
    ],
)
def test_settings_that_cannot_work(metric, expected, tiny):
    with pytest.raises(checks.RavineError, match=expected):
        tiny.model(metrics=[metric])


@pytest.mark.parametrize(
    ("metric", "y", "output_shape", "expected"),
    [
        (metrics.Precision(), LABELS, (3,), r"Expected one-hot targets of shape \(6, 3\), not class indices"),
        (metrics.AUC(), ONE_HOT + 1, (3,), "y holds values from 1 to 2: auc expected targets 0 and 1"),
        (metrics.Recall(class_id=3), ONE_HOT, (3,), "class_id=3: expected one of the model's 3 outputs"),
        (metrics.Recall(top_k=4), ONE_HOT, (3,), "top_k=4: expected at most the model's 3 outputs"),
        (metrics.AUC(multi_label=True), np.zeros((6, 2, 3)), (2, 3), r"AUC\(multi_label=True\) needs outputs"),
        (metrics.AUC(multi_label=True, num_labels=4), ONE_HOT, (3,), "num_labels=4: expected the model's 3 outputs"),
        (metrics.AUC(label_weights=[1.0]), ONE_HOT, (3,), "label_weights=.*one for each of"),
        (metrics.RecallAtPrecision(0.5, class_id=5), ONE_HOT, (3,), "class_id=5"),
        (metrics.F1Score("macro"), LABELS, (3,), "f1_score compares the two element by element"),
        (metrics.F1Score("macro"), np.zeros((6, 2, 3)), (2, 3), r"F1Score compares outputs \[batch, outputs\]"),
        (metrics.R2Score(), np.zeros((6, 2, 3)), (2, 3), r"R2Score compares outputs \[batch, outputs\]"),
        (metrics.TopKCategoricalAccuracy(), LABELS, (3,), "'sparse_top_k_categorical_accuracy'"),
        (metrics.SparseTopKCategoricalAccuracy(), ONE_HOT, (3,), "expected one class index per sample"),
        (metrics.MeanIoU(3), LABELS, (3,), "MeanIoU expected one label for each answer"),
        (metrics.OneHotMeanIoU(4), ONE_HOT, (3,), r"OneHotMeanIoU\(num_classes=4\): y has shape \(None, 3\)"),
        (metrics.MeanIoU(3, sparse_y_pred=False, axis=4), LABELS, (3,), "axis=4: expected an axis of"),
        (metrics.BinaryIoU(), LABELS, (3,), "BinaryIoU compares the two element by element"),
        (metrics.PearsonCorrelation(), BITS, (1,), "correlates the outputs of a sample along axis -1, two or more"),
        (metrics.CosineSimilarity(axis=2), ONE_HOT, (3,), "axis=2"),
        (metrics.RootMeanSquaredError(), LABELS, (3,), "MeanSquaredError compares the two element by element"),
        (metrics.KLDivergence(), 2 * ONE_HOT, (3,), "kl_divergence expected probabilities"),
        (metrics.Accuracy(), LABELS, (3,), "accuracy compares the two element by element"),
    ],
)
def test_targets_that_do_not_fit(metric, y, output_shape, expected):
    with pytest.raises(checks.RavineValueError, match=expected):
        metric.fitted(output_shape).check(y, output_shape)


def test_a_label_to_ignore_counts_for_nothing():
    y = np.where(LABELS == 1, -1, LABELS)
    metric = metrics.SparseCategoricalCrossentropy(ignore_class=-1)
    metric.check(y, (3,))
    p = OUTPUTS / OUTPUTS.sum(axis=1, keepdims=True)
    kept = y >= 0
    values = -np.log(p[np.arange(6), LABELS])
    assert of_all(metric, y, OUTPUTS) == pytest.approx(values[kept].mean(), rel=1e-5)
    weighted = (values * WEIGHTS)[kept].sum() / WEIGHTS[kept].sum()
    assert of_all(metric, y, OUTPUTS, jnp.asarray(WEIGHTS)) == pytest.approx(weighted, rel=1e-5)


# Parts of three sizes, since every size is compiled for.
@pytest.mark.parametrize("cuts", [(3,), (2, 4), (1, 2, 4, 5)], ids=str)
@pytest.mark.parametrize(
    "metric",
    [metrics.AUC(num_thresholds=7), metrics.F1Score("macro"), metrics.R2Score(), metrics.MeanIoU(3)],
    ids=lambda metric: type(metric).__name__,
)
def test_accumulators_do_not_care_for_the_cuts(metric, cuts):
    outputs = OUTPUTS.argmax(axis=1)[:, None] if isinstance(metric, metrics.MeanIoU) else OUTPUTS
    y = LABELS if isinstance(metric, metrics.MeanIoU) else ONE_HOT
    metric = metric.fitted(outputs.shape[1:])
    state = metric.init()
    for rows in np.split(np.arange(6), sorted(cuts)):
        state = metric.update(state, jnp.asarray(y[rows]), jnp.asarray(outputs[rows]), jnp.asarray(WEIGHTS[rows]))
    assert metric.result(state) == pytest.approx(float(of_all(metric, y, outputs, jnp.asarray(WEIGHTS))), rel=1e-5)


@pytest.mark.parametrize("name", sorted(cls.__name__ for cls in metrics.lookup.CLASSES))
def test_before_the_first_sample_there_is_a_number_or_nan(name):
    settings = {"num_classes": 3, "target_class_ids": [0], "specificity": 0.5, "sensitivity": 0.5, "recall": 0.5}
    settings |= {"precision": 0.5, "average": "macro"}
    cls = getattr(metrics, name)
    metric = cls(**{n: v for n, v in settings.items() if n in trees.fields(cls)}).fitted((3,))
    result = metric.result(jax.tree.map(jnp.asarray, metric.init()))
    assert result.shape == ()
    assert jnp.isfinite(result) or name in ("R2Score", "AUC", "PearsonCorrelation")
