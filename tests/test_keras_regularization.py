"""Whole fits beside Keras's: regularization, normalization, constraints and frozen layers, with every kind of rule."""

import numpy as np
import pytest

import ravine

# Keras hands NumPy its variables in a way that NumPy 2 will no longer take.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")

EPOCHS = 2
BATCH = 4  # of which all data are a multiple: Keras compiles each of its operations for each shape
RNG = np.random.default_rng(0)
X = RNG.normal(size=(20, 6)).astype(np.float32)
LABELS = RNG.integers(0, 3, 20)
WEIGHTS = RNG.uniform(0, 2, 20).astype(np.float32)

# With a tiny ε it does not matter on which side of the square root's correction it stands.
RULES = {
    "adam": lambda library: library.Adam(0.01, epsilon=1e-10),
    "rmsprop": lambda library: library.RMSprop(0.01),
    "momentum": lambda library: library.SGD(0.1, momentum=0.9),
}


def regularized_and_constrained(k):
    return [
        k.layers.Dense(
            5,
            activation="tanh",
            kernel_regularizer=k.regularizers.L2(0.02),
            bias_regularizer=k.regularizers.L1(0.01),
            activity_regularizer=k.regularizers.L1L2(0.01, 0.02),
            kernel_constraint=k.constraints.MaxNorm(0.8),
            bias_constraint="non_neg",
        ),
        k.layers.Dense(
            4,
            activation="sigmoid",
            kernel_regularizer="l2",
            activity_regularizer="l1",
            kernel_constraint=k.constraints.MinMaxNorm(0.5, 0.9, rate=0.5),
        ),
        k.layers.Dense(
            3,
            activation="softmax",
            kernel_regularizer=k.regularizers.OrthogonalRegularizer(0.1),
            kernel_constraint=k.constraints.UnitNorm(axis=0),
        ),
    ]


def batch_normalized(k):
    # No bias before it: its gradient is nothing but rounding.
    return [
        k.layers.Dense(5, use_bias=False),
        k.layers.BatchNormalization(gamma_regularizer=k.regularizers.L2(0.01)),
        k.layers.ReLU(),
        k.layers.Dense(4, use_bias=False),
        k.layers.BatchNormalization(momentum=0.7, epsilon=0.01),
        k.layers.Activation("tanh"),
        k.layers.Dense(3, activation="softmax"),
    ]


def normalized_otherwise(k):
    return [
        k.layers.UnitNormalization(),
        k.layers.Dense(6, activation="tanh", kernel_regularizer=k.regularizers.L2(0.01)),
        k.layers.GroupNormalization(2),
        k.layers.Dense(4, activation="tanh"),
        k.layers.LayerNormalization(),
        k.layers.ActivityRegularization(l1=0.01, l2=0.02),
        k.layers.Dense(4, activation="tanh"),
        k.layers.RMSNormalization(),
        k.layers.LayerNormalization(center=False),
        k.layers.Dense(3, activation="softmax"),
    ]


def frozen(k):
    return [
        k.layers.Dense(5, activation="tanh", trainable=False, kernel_regularizer="l2", activity_regularizer="l2"),
        k.layers.BatchNormalization(trainable=False),
        k.layers.Dense(4, activation="tanh"),
        k.layers.Dense(3, activation="softmax"),
    ]


NETWORKS = (regularized_and_constrained, batch_normalized, normalized_otherwise, frozen)
CASES = [(network, "adam") for network in NETWORKS]
CASES += [pytest.param(network, "momentum", marks=pytest.mark.slow) for network in NETWORKS]
CASES += [pytest.param(network, "rmsprop", marks=pytest.mark.slow) for network in NETWORKS]


def models(keras, network, rule, **compiling):
    """One model of Ravine and one of Keras, compiled alike and with the same weights."""
    pair = []
    for k in (ravine, keras):
        model = k.Sequential([k.Input((6,)), *network(k)])
        options = {"metrics": ["accuracy"]} | compiling
        model.compile(RULES[rule](k.optimizers), "sparse_categorical_crossentropy", **options)
        pair.append(model)
    ours, theirs = pair
    ours.arrays(seed=0)
    theirs.set_weights(ours.get_weights())
    return ours, theirs


@pytest.mark.parametrize(("network", "rule"), CASES, ids=lambda value: getattr(value, "__name__", value))
def test_fit(keras, network, rule):
    ours, theirs = models(keras, network, rule)
    options = {"batch_size": BATCH, "epochs": EPOCHS, "verbose": 0, "shuffle": False, "validation_split": 0.2}
    history, expected = ours.fit(X, LABELS, **options), theirs.fit(X, LABELS, **options)
    assert sorted(history.history) == sorted(expected.history)
    for key, values in expected.history.items():
        np.testing.assert_allclose(history.history[key], values, rtol=1e-5, atol=1e-6, err_msg=key)
    for our, their in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(our, their, rtol=1e-3, atol=1e-5)
    found, wanted = (m.evaluate(X, LABELS, batch_size=BATCH, verbose=0, sample_weight=WEIGHTS) for m in (ours, theirs))
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)
    found, wanted = (m.predict(X, batch_size=BATCH, verbose=0) for m in (ours, theirs))
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5)


def test_weights_of_samples_and_of_the_loss_leave_the_penalties_alone(keras):
    ours, theirs = models(keras, regularized_and_constrained, "momentum", loss_weights=0.25)
    for method in ("train_on_batch", "test_on_batch", "train_on_batch"):
        options = {"sample_weight": WEIGHTS[:BATCH], "return_dict": True}
        found, wanted = (getattr(m, method)(X[:BATCH], LABELS[:BATCH], **options) for m in (ours, theirs))
        assert found["loss"] == pytest.approx(float(wanted["loss"]), rel=1e-5)


def test_losses_include_the_penalties(keras):
    ours, _ = models(keras, regularized_and_constrained, "momentum")
    plain = ravine.Sequential([ravine.Input((6,)), *regularized_and_constrained(ravine)])
    for layer in plain.layers:
        for name in ("kernel_regularizer", "bias_regularizer", "activity_regularizer"):
            setattr(layer, name, None)
    plain.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    plain.set_weights(ours.get_weights())
    with_penalties, without = (m.evaluate(X, LABELS, verbose=0)[0] for m in (ours, plain))
    assert with_penalties > without + 0.01


def trained(rule, learning_rate, l2=0.0, weight_decay=0.0):
    """Weights of a small network that ``rule`` has trained, flat; one program for each rule."""
    regularizer = ravine.regularizers.L2(l2)
    model = ravine.Sequential(
        [
            ravine.Input((6,)),
            ravine.layers.Dense(5, activation="tanh", kernel_regularizer=regularizer),
            ravine.layers.Dense(3, activation="softmax", kernel_regularizer=regularizer),
        ]
    )
    optimizer = getattr(ravine.optimizers, rule)(learning_rate, weight_decay=weight_decay, undecayed=("bias",))
    model.compile(optimizer, "sparse_categorical_crossentropy")
    model.fit(X, LABELS, batch_size=8, epochs=40, verbose=0, seed=3)
    return np.concatenate([w.ravel() for w in model.get_weights()])


@pytest.mark.parametrize(
    ("rule", "learning_rate", "same"),
    [
        ("SGD", 0.1, True),
        ("Adam", 0.01, False),
        pytest.param("RMSprop", 0.01, False, marks=pytest.mark.slow),
        pytest.param("Adagrad", 0.1, False, marks=pytest.mark.slow),
    ],
)
def test_l2_is_weight_decay_with_sgd_and_not_with_adaptive_rules(rule, learning_rate, same):
    by_penalty = trained(rule, learning_rate, l2=0.02)
    by_decay = trained(rule, learning_rate, weight_decay=0.04)
    untouched = trained(rule, learning_rate)
    distance = np.linalg.norm(by_penalty - by_decay) / np.linalg.norm(by_decay)
    assert np.linalg.norm(by_penalty) < 0.95 * np.linalg.norm(untouched)
    assert distance < 1e-5 if same else distance > 0.01
