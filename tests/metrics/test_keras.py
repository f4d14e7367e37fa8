"""Every metric beside Keras's over several batches, by itself, inside ``fit``, and in a group of runs."""

import inspect

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import special

from ravine import Input, Sequential, layers, losses, metrics, optimizers, trees
from ravine.metrics.lookup import CLASSES

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")

RNG = np.random.default_rng(0)
ROWS, BATCHES = 24, 3  # batches of one size compile once
LABELS = RNG.integers(0, 4, ROWS)
ONE_HOT = np.eye(4, dtype=np.float32)[LABELS]
CHANCES = special.softmax(2 * RNG.normal(size=(ROWS, 4)), axis=1).astype(np.float32)
BITS = RNG.integers(0, 2, ROWS)
MANY_BITS = RNG.integers(0, 2, (ROWS, 4)).astype(np.float32)
UNIT = RNG.uniform(0.01, 0.99, (ROWS, 4)).astype(np.float32)
ROUND = np.round(UNIT, 1)  # many lie on a threshold
ONE = UNIT[:, :1]
REAL = RNG.normal(size=(ROWS, 4)).astype(np.float32)
NEAR = (REAL + 0.3 * RNG.normal(size=(ROWS, 4))).astype(np.float32)
COUNTS = RNG.integers(0, 5, (ROWS, 4)).astype(np.float32)
RATES = RNG.uniform(0.2, 4, (ROWS, 4)).astype(np.float32)
DIGITS = RNG.integers(0, 4, (ROWS, 1))
ANSWERS = RNG.integers(0, 4, (ROWS, 1)).astype(np.float32)
MAPS, GUESSES = RNG.integers(0, 2, (ROWS, 3, 2)), RNG.uniform(0, 1, (ROWS, 3, 2)).astype(np.float32)
WEIGHTS = RNG.uniform(0, 2, ROWS).astype(np.float32)
WHOLE = RNG.integers(0, 4, ROWS).astype(np.float32)

# A metric, its arguments, targets, outputs.
CASES = [
    ("Accuracy", {}, DIGITS, ANSWERS),
    ("BinaryAccuracy", {}, BITS, ONE),
    ("BinaryAccuracy", {"threshold": 0.3}, MANY_BITS, UNIT),
    ("CategoricalAccuracy", {}, ONE_HOT, CHANCES),
    ("SparseCategoricalAccuracy", {}, LABELS, CHANCES),
    ("TopKCategoricalAccuracy", {"k": 2}, ONE_HOT, CHANCES),
    ("TopKCategoricalAccuracy", {}, ONE_HOT, CHANCES),
    ("SparseTopKCategoricalAccuracy", {"k": 2}, LABELS, CHANCES),
    ("SparseTopKCategoricalAccuracy", {"k": 2}, LABELS, ROUND),
    ("SparseTopKCategoricalAccuracy", {"k": 3}, LABELS[:, None], CHANCES),
    ("SparseTopKCategoricalAccuracy", {"k": 2, "from_sorted_ids": True}, LABELS, np.argsort(-CHANCES, axis=1)),
    ("MeanSquaredError", {}, REAL, NEAR),
    ("MeanSquaredError", {}, REAL[:, 0], NEAR[:, :1]),
    ("RootMeanSquaredError", {}, REAL, NEAR),
    ("MeanAbsoluteError", {}, REAL, NEAR),
    ("MeanAbsolutePercentageError", {}, REAL, NEAR),
    ("MeanSquaredLogarithmicError", {}, COUNTS, RATES),
    ("CosineSimilarity", {}, REAL, NEAR),
    ("CosineSimilarity", {"axis": 1}, MAPS + 0.5, GUESSES),
    ("LogCoshError", {}, REAL, NEAR),
    ("R2Score", {}, REAL, NEAR),
    ("R2Score", {}, REAL[:, 0], NEAR[:, :1]),
    ("R2Score", {"class_aggregation": "variance_weighted_average", "num_regressors": 3}, REAL, NEAR),
    ("PearsonCorrelation", {}, REAL, NEAR),
    ("ConcordanceCorrelation", {}, REAL, NEAR),
    ("BinaryCrossentropy", {}, BITS[:, None], ONE),
    ("BinaryCrossentropy", {"from_logits": True, "label_smoothing": 0.2}, MANY_BITS, REAL),
    ("CategoricalCrossentropy", {}, ONE_HOT, CHANCES),
    ("CategoricalCrossentropy", {"from_logits": True, "label_smoothing": 0.1}, ONE_HOT, REAL),
    ("SparseCategoricalCrossentropy", {}, LABELS, CHANCES),
    ("SparseCategoricalCrossentropy", {"from_logits": True}, LABELS, REAL),
    ("KLDivergence", {}, UNIT / UNIT.sum(axis=1, keepdims=True), CHANCES),
    ("Poisson", {}, COUNTS, RATES),
    ("Hinge", {}, MANY_BITS, REAL),
    ("SquaredHinge", {}, 2 * MANY_BITS - 1, REAL),
    ("CategoricalHinge", {}, ONE_HOT, REAL),
    *((name, {}, BITS, ONE) for name in ("TruePositives", "FalsePositives", "TrueNegatives", "FalseNegatives")),
    *(
        (name, {"thresholds": 0.3}, MANY_BITS, ROUND)
        for name in ("TruePositives", "FalsePositives", "TrueNegatives", "FalseNegatives")
    ),
]
for _name in ("Precision", "Recall"):
    CASES += [
        (_name, {}, BITS, ONE),
        (_name, {}, ONE_HOT, CHANCES),
        (_name, {"thresholds": [0.2]}, MANY_BITS, UNIT),
        (_name, {"top_k": 2}, ONE_HOT, CHANCES),
        (_name, {"top_k": 2, "thresholds": 0.3, "class_id": 2}, ONE_HOT, CHANCES),
        (_name, {"class_id": 1}, MANY_BITS, UNIT),
        (_name, {}, MAPS, GUESSES),
    ]
LABEL_WEIGHTS, SEVEN = [0.1, 0.2, 0.3, 1.0], {"num_thresholds": 7}
for _name, _value in [
    ("SensitivityAtSpecificity", 0.6),
    ("SpecificityAtSensitivity", 0.6),
    ("PrecisionAtRecall", 0.6),
    ("RecallAtPrecision", 0.6),
]:
    _argument = _name.split("At")[1].lower()
    CASES += [
        (_name, {_argument: _value, "num_thresholds": 7}, BITS, ONE),
        (_name, {_argument: _value, "num_thresholds": 7}, MANY_BITS, ROUND),
        (_name, {_argument: 0.3, "num_thresholds": 1, "class_id": 1}, MANY_BITS, UNIT),
        (_name, {_argument: 0.3, "num_thresholds": 2}, MANY_BITS, UNIT),
    ]
CASES += [
    ("AUC", {"curve": curve, "summation_method": summation, **more}, BITS, ONE)
    for curve in ("ROC", "PR", "PRGAIN")
    for summation in ("interpolation", "minoring", "majoring")
    for more in ({"num_thresholds": 7}, *([{}] if summation == "interpolation" else []))
]
# Seven thresholds wherever the number is of no consequence, since every shape is compiled for.
CASES += [
    ("AUC", {"num_thresholds": 7}, ONE_HOT, CHANCES),
    ("AUC", {"num_thresholds": 7}, MANY_BITS, ROUND),
    ("AUC", {"num_thresholds": 7, "curve": "pr"}, MANY_BITS, ROUND),
    ("AUC", {"thresholds": [0.9, 0.1, 0.5, 0.3, 0.2]}, MANY_BITS, ROUND),
    ("AUC", {"thresholds": [0.25, 0.5, 0.75, 0.8, 0.85]}, MANY_BITS, UNIT),
    ("AUC", {"multi_label": True, "num_thresholds": 7}, MANY_BITS, UNIT),
    ("AUC", {"multi_label": True, "label_weights": LABEL_WEIGHTS, "num_labels": 4, **SEVEN}, MANY_BITS, UNIT),
    ("AUC", {"multi_label": True, "curve": "PR", "thresholds": [0.2, 0.4, 0.5, 0.6, 0.7]}, MANY_BITS, UNIT),
    ("AUC", {"label_weights": LABEL_WEIGHTS, "num_thresholds": 7}, MANY_BITS, UNIT),
    ("AUC", {"from_logits": True, "num_thresholds": 7}, BITS, REAL[:, :1]),
]
for _average in ("micro", "macro", "weighted"):
    CASES += [
        ("F1Score", {"average": _average}, ONE_HOT, CHANCES),
        ("F1Score", {"average": _average, "threshold": 0.4}, MANY_BITS, UNIT),
        ("FBetaScore", {"average": _average, "beta": 2.0}, ONE_HOT, CHANCES),
        ("FBetaScore", {"average": _average, "beta": 0.5, "threshold": 0.6}, MANY_BITS, UNIT),
    ]
# With whole weights only, since Keras cuts off what is behind their point.
COUNTING = [
    ("BinaryIoU", {}, BITS[:, None], ONE),
    ("BinaryIoU", {"target_class_ids": [1], "threshold": 0.3}, BITS[:, None], ONE),
    ("IoU", {"num_classes": 4, "target_class_ids": [0, 2]}, DIGITS, ANSWERS),
    ("IoU", {"num_classes": 4, "target_class_ids": [1], "sparse_y_pred": False}, LABELS, CHANCES),
    ("IoU", {"num_classes": 4, "target_class_ids": [0, 1], "ignore_class": 1}, DIGITS, ANSWERS),
    ("MeanIoU", {"num_classes": 4}, DIGITS, ANSWERS),
    ("MeanIoU", {"num_classes": 3, "ignore_class": 0}, DIGITS, ANSWERS),
    ("MeanIoU", {"num_classes": 4, "sparse_y_pred": False}, LABELS, CHANCES),
    ("OneHotIoU", {"num_classes": 4, "target_class_ids": [0, 3]}, ONE_HOT, CHANCES),
    ("OneHotIoU", {"num_classes": 4, "target_class_ids": [0, 3], "sparse_y_pred": True}, ONE_HOT, ANSWERS),
    ("OneHotMeanIoU", {"num_classes": 4}, ONE_HOT, CHANCES),
]
ALL = [*((*case, WEIGHTS) for case in CASES), *((*case, WHOLE) for case in COUNTING)]
IDS = [f"{i}-{name}" for i, (name, *_) in enumerate(ALL)]


@pytest.fixture(scope="module")
def ours():
    """For each case the metric of three batches without weights and with them.

    All are one program, since one for each would take several times as long. As in a run the settings are numbers that
    nobody knows yet, and a state keeps its shapes.
    """
    prepared, data = [], []
    for name, settings, y, outputs, weights in ALL:
        metric = metrics.checked("metrics[0]", getattr(metrics, name)(**settings))
        metric.check(y, outputs.shape[1:])
        prepared.append(trees.as_leaves(metrics.get(metric, y.shape, outputs.shape[1:])))
        data.append([jnp.asarray(a.reshape(BATCHES, -1, *a.shape[1:])) for a in (y, outputs, weights)])

    def of_batches(metric, *batches):
        state = jax.tree.map(jnp.asarray, metric.init())
        state, _ = jax.lax.scan(lambda state, batch: (metric.update(state, *batch), None), state, batches)
        return metric.result(state)

    def of_all(prepared, data):
        return [
            (of_batches(metric, y, outputs), of_batches(metric, y, outputs, weights))
            for metric, (y, outputs, weights) in zip(prepared, data, strict=True)
        ]

    return jax.jit(of_all)(prepared, data)


def test_every_metric_has_a_case():
    assert {name for name, *_ in ALL} == {cls.__name__ for cls in CLASSES}


@pytest.mark.filterwarnings("ignore:You are passing weight as `float`", "ignore:Explicitly requested dtype")
@pytest.mark.parametrize("case", range(len(ALL)), ids=IDS)
def test_values_are_keras(case, ours, keras):
    name, settings, y, outputs, weights = ALL[case]
    for found, given in zip(ours[case], (None, weights), strict=True):
        theirs = getattr(keras.metrics, name)(**settings)
        for rows in np.split(np.arange(ROWS), BATCHES):
            of_rows = y[rows] if y.ndim > 1 or name != "R2Score" else y[rows, None]
            w = None if given is None else given[rows]
            if w is not None and outputs.ndim == 3 and name in ("Precision", "Recall"):
                w = np.broadcast_to(w[:, None], (len(rows), 3))
            theirs.update_state(of_rows, outputs[rows], sample_weight=w)
        assert found.shape == ()
        assert float(found) == pytest.approx(float(theirs.result()), rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_arguments_have_the_names_and_defaults_of_keras(cls, keras):
    expected = inspect.signature(getattr(keras.metrics, cls.__name__)).parameters
    # The axis of the classes is the last one, and dtypes are those of the run.
    left_out = {"dtype", "name", "args", "kwargs"} | ({"axis"} if "rossentropy" in cls.__name__ else set())
    expected = {name: p.default for name, p in expected.items() if name not in left_out}
    found = {name: p.default for name, p in inspect.signature(cls).parameters.items()}
    assert {name: found[name] for name in expected} == expected
    assert set(found) - set(expected) <= {"name", "outputs", "classes", "sparse_y_true"}


def default_name(made):
    """Keras's name of an object, without the number that tells it from those made before it."""
    head, _, number = made.name.rpartition("_")
    return head if number.isdigit() else made.name


REQUIRED = {"num_classes": 3, "target_class_ids": [0], "specificity": 0.5, "sensitivity": 0.5}
REQUIRED |= {"recall": 0.5, "precision": 0.5}


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_default_names_and_directions_are_keras(cls, keras):
    settings = {n: REQUIRED[n] for n, p in inspect.signature(cls).parameters.items() if p.default is p.empty}
    theirs = getattr(keras.metrics, cls.__name__)(**settings)
    ours = cls(**settings)
    assert metrics.name_of(ours) == default_name(theirs)
    if hasattr(theirs, "_direction"):
        assert ours.better == {"up": "max", "down": "min"}[theirs._direction]


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_names_are_those_that_keras_knows(cls, keras):
    from keras.src.metrics import ALL_OBJECTS_DICT

    names = {name for name, theirs in ALL_OBJECTS_DICT.items() if theirs.__name__ == cls.__name__}
    for name in names:
        if name.lower() != "accuracy":
            assert metrics.lookup.ALIASES.get(name, metrics.lookup.TABLE.get(name)) is cls


X = RNG.normal(size=(ROWS, 5)).astype(np.float32)


def one_of_each_kind(library):
    """Metrics of each kind of state."""
    m = library.metrics
    return [
        "accuracy",
        m.Precision(),
        m.AUC(curve="PR", num_thresholds=7),
        m.F1Score(average="macro"),
        m.OneHotMeanIoU(num_classes=4),
    ]


def model(library, watched=None, **compiling):
    made = library.Sequential(
        [library.Input((5,)), library.layers.Dense(6, activation="tanh"), library.layers.Dense(4, activation="softmax")]
    )
    made.compile(
        library.optimizers.SGD(0.1),
        "categorical_crossentropy",
        metrics=watched or one_of_each_kind(library),
        **compiling,
    )
    return made


def fitted(made, **options):
    # Batches of one size, since Keras compiles its steps' operations for each; of other sizes the cases above are.
    defaults = {"batch_size": 8, "epochs": 2, "verbose": 0, "shuffle": False, "validation_data": (X[:8], ONE_HOT[:8])}
    return made.fit(X, ONE_HOT, **(defaults | options)).history


@pytest.mark.filterwarnings("ignore:Explicitly requested dtype")
def test_history_of_many_metrics_at_once_is_keras(keras):
    import ravine

    weighted = {"weighted_metrics": lambda m: [m.Recall(name="weighted_recall"), m.R2Score()]}
    ours = model(ravine, weighted_metrics=weighted["weighted_metrics"](metrics))
    theirs = model(keras, weighted_metrics=weighted["weighted_metrics"](keras.metrics))
    ours.arrays(seed=0)
    theirs.set_weights(ours.get_weights())
    found, expected = (fitted(made, sample_weight=WEIGHTS) for made in (ours, theirs))
    numbered = {default_name_of(key): values for key, values in expected.items()}
    assert set(found) == set(numbered)
    for key, values in numbered.items():
        np.testing.assert_allclose(found[key], values, rtol=1e-5, atol=1e-6, err_msg=key)


def default_name_of(key):
    """A key of Keras's History, without the number that counts the objects made before."""
    head, _, number = key.rpartition("_")
    return head if number.isdigit() else key


def test_a_group_of_runs_gives_the_same_numbers():
    import ravine
    from ravine.comparison import compare

    def made():
        return model(ravine, [metrics.AUC(num_thresholds=7), metrics.F1Score("macro"), metrics.OneHotMeanIoU(4)])

    validation = (X[:8], ONE_HOT[:8])
    result = compare({"alone": made}, X, ONE_HOT, validation_data=validation, seeds=[3, 4], epochs=2, batch_size=8)
    for run in result.runs:
        history = fitted(made(), seed=run.seed, shuffle=True)
        for key in ("auc", "val_auc", "val_f1_score", "one_hot_mean_io_u"):
            np.testing.assert_allclose(run.history[key], history[key], rtol=1e-5)


def test_equal_settings_are_one_program_and_numbers_are_leaves(compilations):
    def fit(threshold):
        made = Sequential([Input((5,)), layers.Dense(4, activation="softmax")])
        watched = [metrics.Precision(thresholds=threshold), metrics.FBetaScore("macro", beta=1 + threshold)]
        watched += [metrics.SensitivityAtSpecificity(threshold), metrics.BinaryIoU(threshold=threshold)]
        made.compile(optimizers.SGD(0.1), losses.CategoricalCrossentropy(), metrics=watched)
        return fitted(made)

    fit(0.3)
    compilations.clear()
    fit(0.6)
    assert "train_member" not in compilations
