"""Ravine beside Keras on its JAX backend: the same initial weights and data, and then the same of everything."""

import inspect

import numpy as np
import pytest

from ravine import Input, Sequential, layers, losses, optimizers

# Keras hands NumPy its variables in a way that NumPy 2 will no longer take.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")

EPOCHS = 3
RNG = np.random.default_rng(0)
X = RNG.normal(size=(20, 6)).astype(np.float32)
LABELS = RNG.integers(0, 3, 20)
ONE_HOT = np.eye(3, dtype=np.float32)[LABELS]
BITS = (LABELS > 0).astype(np.int64)
NUMBERS = (X @ RNG.normal(size=(6, 3)) + 0.3).astype(np.float32)
WEIGHTS = RNG.uniform(0, 2, 20).astype(np.float32)

# For each problem the targets, the last layer, the loss and the metrics.
PROBLEMS = {
    "sparse": (LABELS, (3, "softmax"), "sparse_categorical_crossentropy", ["accuracy"]),
    "sparse column": (LABELS[:, None], (3, "softmax"), "sparse_categorical_crossentropy", ["acc"]),
    "one-hot": (ONE_HOT, (3, "softmax"), "categorical_crossentropy", ["accuracy", "mse"]),
    "binary": (BITS, (1, "sigmoid"), "binary_crossentropy", ["accuracy", "binary_accuracy"]),
    "multi-label": (ONE_HOT, (3, "sigmoid"), "binary_crossentropy", ["binary_accuracy"]),
    "mse": (NUMBERS[:, 0], (1, None), "mse", ["mae"]),
    "mae": (NUMBERS, (3, None), "mae", ["mean_squared_error"]),
    "sparse logits": (LABELS, (3, None), ("SparseCategoricalCrossentropy", True), ["accuracy"]),
    "binary logits": (BITS[:, None], (1, None), ("BinaryCrossentropy", True), []),
}

PLAIN, HEAVY, NESTEROV = (0.3,), (0.1, 0.9), (0.1, 0.9, True)

# A problem, the optimizer's settings, what compile and what fit are told besides.
CASES = {
    "the lecture's": ("sparse", HEAVY, {}, {"validation_split": 0.4}),
    "plain descent": ("sparse column", PLAIN, {}, {}),
    "nesterov and class weights": (
        "one-hot",
        NESTEROV,
        {"weighted_metrics": ["mae"]},
        {"class_weight": {0: 0.3, 1: 1.0, 2: 2.0}, "validation_split": 0.4},
    ),
    "a class without a weight": ("sparse", HEAVY, {}, {"class_weight": {0: 0.3, 2: 2.0}}),
    "weighted validation data": (
        "binary",
        HEAVY,
        {"weighted_metrics": ["accuracy", "mse"]},
        {"sample_weight": WEIGHTS, "validation_data": (X[:12], BITS[:12], WEIGHTS[:12])},
    ),
    "weights and a split": (
        "mse",
        NESTEROV,
        {"weighted_metrics": ["mse"], "loss_weights": 0.25},
        {"sample_weight": WEIGHTS, "validation_split": 0.4},
    ),
    "mae": ("mae", PLAIN, {}, {}),
    "sparse logits": ("sparse logits", HEAVY, {}, {}),
    "binary logits, no metrics": ("binary logits", PLAIN, {}, {}),
    "validation_freq": (
        "sparse",
        HEAVY,
        {},
        {"validation_data": (X[:12], LABELS[:12]), "validation_freq": 2, "initial_epoch": 1, "epochs": 6},
    ),
    "validation_freq as a list": (
        "sparse column",
        HEAVY,
        {},
        {"validation_data": (X[:12], LABELS[:12, None]), "validation_freq": [1, 3]},
    ),
    "steps": (
        "sparse",
        HEAVY,
        {},
        {
            "x": X[:16],
            "y": LABELS[:16],
            "batch_size": 4,
            "steps_per_epoch": 2,
            "validation_data": (X, LABELS),
            "validation_steps": 2,
            "validation_batch_size": 4,
        },
    ),
    "one batch": ("sparse", HEAVY, {}, {"x": X[:8], "y": LABELS[:8], "batch_size": 100}),
}

# Of these the others, or the tests of losses and of single batches, see everything but the combination.
SLOW = {"plain descent", "a class without a weight", "mae", "sparse logits", "validation_freq", "one batch"}


def models(keras, problem, rule=PLAIN, **compiling):
    """One model of Ravine and one of Keras, compiled alike and with the same weights."""
    _, (units, activation), loss, metrics = PROBLEMS[problem]
    pair = []
    for library, k in ((layers, None), (keras.layers, keras)):
        start = Input((6,)) if k is None else k.Input((6,))
        hidden, last = library.Dense(4, activation="sigmoid"), library.Dense(units, activation=activation)
        model = (k or __import__("ravine")).Sequential([start, hidden, last])
        the_losses, rules = (losses, optimizers) if k is None else (k.losses, k.optimizers)
        options = {"metrics": metrics} | compiling
        the_loss = loss if isinstance(loss, str) else getattr(the_losses, loss[0])(from_logits=loss[1])
        if k is not None:
            options["run_eagerly"] = True  # compiles each operation once for all cases
        model.compile(rules.SGD(*rule), loss=the_loss, **options)
        pair.append(model)
    ours, theirs = pair
    ours.arrays(seed=0)
    theirs.set_weights(ours.get_weights())
    return ours, theirs


def assert_close(ours, theirs):
    """The same structure of lists, dictionaries and numbers."""
    assert isinstance(ours, dict) == isinstance(theirs, dict)
    assert isinstance(ours, list) == isinstance(theirs, list)
    if isinstance(ours, dict):
        assert set(ours) == set(theirs)
        ours, theirs = list(ours.values()), [theirs[key] for key in ours]
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("problem", "rule", "compiling", "fitting"),
    [pytest.param(*case, id=name, marks=[pytest.mark.slow] * (name in SLOW)) for name, case in CASES.items()],
)
def test_fit(keras, problem, rule, compiling, fitting):
    ours, theirs = models(keras, problem, rule, **compiling)
    y = PROBLEMS[problem][0]
    options = {"x": X, "y": y, "batch_size": 8, "epochs": EPOCHS, "verbose": 0, "shuffle": False} | fitting
    history, expected = ours.fit(**options), theirs.fit(**options)
    assert sorted(history.history) == sorted(expected.history)
    for key, values in expected.history.items():
        np.testing.assert_allclose(history.history[key], values, rtol=1e-5, atol=1e-6, err_msg=key)
    assert history.epoch == expected.epoch
    assert history.params == expected.params
    for our, their in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(our, their, rtol=1e-4, atol=1e-5)
    for options in ({}, {"sample_weight": WEIGHTS, "return_dict": True}):
        options = {"verbose": 0, "batch_size": 8} | options
        found, expected = (model.evaluate(X, y, **options) for model in (ours, theirs))
        if isinstance(found, list) and "weighted_accuracy" in history.history:
            expected = expected[: len(found)]  # Keras lists twice what it calls alike
        assert_close(found, expected)


@pytest.mark.parametrize(
    ("problem", "compiling"),
    [
        ("sparse", {}),
        pytest.param("binary logits", {}, marks=pytest.mark.slow),
        ("mse", {"weighted_metrics": ["mse"]}),
    ],
)
def test_batches(keras, problem, compiling):
    ours, theirs = models(keras, problem, HEAVY, **compiling)
    y = PROBLEMS[problem][0]
    first, second = slice(0, 8), slice(8, 12)
    calls = [
        ("train_on_batch", (X[first], y[first]), {}),
        ("train_on_batch", (X[second], y[second]), {"return_dict": True}),
        ("test_on_batch", (X[first], y[first]), {}),
        ("test_on_batch", (X[first], y[first]), {"sample_weight": WEIGHTS[first], "return_dict": True}),
        ("train_on_batch", (X[second], y[second]), {"sample_weight": WEIGHTS[second]}),
        ("evaluate", (X, y), {"verbose": 0, "batch_size": 8, "steps": 2}),
    ]
    if problem == "sparse":
        calls.append(("train_on_batch", (X[first], y[first]), {"class_weight": {0: 0.3, 2: 2.0}}))
    for name, arguments, options in calls:
        assert_close(*(getattr(model, name)(*arguments, **options) for model in (ours, theirs)))
    for name in ("predict", "predict_on_batch"):
        our, their = (getattr(model, name)(X) for model in (ours, theirs))
        assert (our.shape, our.dtype) == (their.shape, their.dtype)
        np.testing.assert_allclose(our, their, rtol=1e-4, atol=1e-5)


def test_early_stopping_with_everything(keras):
    from ravine import callbacks

    ours, theirs = models(keras, "sparse", (0.03, 0.9))
    stoppers = []
    for model, library in ((ours, callbacks), (theirs, keras.callbacks)):
        stopper = library.EarlyStopping(monitor="val_loss", patience=3, restore_best_weights=True)
        options = {"batch_size": 8, "epochs": 30, "verbose": 0, "shuffle": False, "validation_split": 0.4}
        stoppers.append((stopper, model.fit(X, LABELS, callbacks=[stopper], **options)))
    (our, history), (their, expected) = stoppers
    assert 3 < our.stopped_epoch < 29
    assert (our.stopped_epoch, our.best_epoch, our.wait) == (their.stopped_epoch, their.best_epoch, their.wait)
    assert our.best == pytest.approx(float(their.best), rel=1e-5)
    assert_close(history.history["val_loss"], expected.history["val_loss"])
    for ours_now, theirs_now in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(ours_now, theirs_now, rtol=1e-4, atol=1e-5)


def test_all_layers(keras):
    images = X[:8].reshape(8, 2, 3)
    pair = []
    for k, library, start in (("ravine", layers, Input((2, 3))), ("keras", keras.layers, keras.Input((2, 3)))):
        model = __import__(k).Sequential(
            [
                start,
                library.Dense(4, activation="tanh"),
                library.Flatten(),
                library.Dense(5, use_bias=False),
                library.ReLU(max_value=2.0, negative_slope=0.1),
                library.Dense(3),
                library.Activation("gelu"),
                library.Dense(3),
                library.Softmax(),
            ]
        )
        model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
        pair.append(model)
    ours, theirs = pair
    assert [w.shape for w in ours.get_weights()] == [w.shape for w in theirs.get_weights()]
    assert ours.count_params() == theirs.count_params()
    assert (ours.input_shape, ours.output_shape) == (theirs.input_shape, theirs.output_shape)
    theirs.set_weights(ours.get_weights())
    for model in pair:
        model.history_of_test = model.fit(images, LABELS[:8], epochs=EPOCHS, verbose=0, shuffle=False)
    assert_close(ours.history_of_test.history["loss"], theirs.history_of_test.history["loss"])
    np.testing.assert_allclose(ours.predict(images), theirs.predict(images, verbose=0), rtol=1e-4, atol=1e-5)


OURS_ONLY = {"fit": ["validation_shuffle", "seed", "population_statistics", "checkpoint"]}
METHODS = ["compile", "fit", "evaluate", "predict", "train_on_batch", "test_on_batch", "predict_on_batch"]


@pytest.mark.parametrize("method", METHODS)
def test_arguments_have_the_names_order_and_defaults_of_keras(keras, method):
    def arguments(model):
        found = dict(inspect.signature(getattr(model, method)).parameters)
        left_out = {"kwargs", *OURS_ONLY.get(method, [])}
        return [(name, parameter.default) for name, parameter in found.items() if name not in left_out]

    found, expected = arguments(Sequential), arguments(keras.Sequential)
    assert [name for name, _ in found] == [name for name, _ in expected]
    # Data that Keras lets a caller leave out must be given where nothing can be done without.
    assert [pair for pair in found if pair[1] is not inspect.Parameter.empty] == [
        (name, default)
        for (name, default), (_, ours) in zip(expected, found, strict=True)
        if ours is not inspect._empty
    ]


# Where Ravine's default is the lecture's or the paper's instead, and arguments that Keras does not have.
OWN_DEFAULTS = {("Adagrad", "initial_accumulator_value"), ("RMSprop", "momentum"), ("Muon", "exclude_layers")}
OWN_ARGUMENTS = {"undecayed"}


@pytest.mark.parametrize("ours", optimizers.RULES, ids=lambda rule: rule.__name__)
def test_optimizers_have_the_defaults_of_keras(keras, ours):
    expected = inspect.signature(getattr(keras.optimizers, ours.__name__)).parameters
    for argument, parameter in inspect.signature(ours).parameters.items():
        if argument not in OWN_ARGUMENTS and (ours.__name__, argument) not in OWN_DEFAULTS:
            assert parameter.default == expected[argument].default, argument


def test_early_stopping_has_the_arguments_of_keras(keras):
    from ravine.callbacks import EarlyStopping

    ours, theirs = (inspect.signature(c).parameters for c in (EarlyStopping, keras.callbacks.EarlyStopping))
    assert {name: p.default for name, p in ours.items()} == {name: p.default for name, p in theirs.items()}
    assert list(ours) == list(theirs)
