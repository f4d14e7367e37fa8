"""Weights by class, of samples and of steps."""

import numpy as np
import pytest

from ravine import Input, Sequential, layers, optimizers
from ravine.checks import RavineError
from ravine.training import classes
from ravine.training.data import Data

NAN = float("nan")
STEPS = np.array([[0, 1, 1], [1, 0, 0]])


def weights(y, class_weight, output_shape, ignored=None):
    return classes.with_class_weight(Data(np.zeros(len(y)), np.asarray(y)), class_weight, output_shape, ignored).w


WEIGHED = {
    "labels": ([0, 2, 1], {0: 2, 2: 3}, (3,), [2, 3, 1]),
    "labels in a column": ([[0], [1]], {1: 4}, (1,), [1, 4]),
    "labels of a single number": ([0, 1], {1: 4}, (), [1, 4]),
    "floats": (np.float32([0, 1]), {np.float32(1): 4}, (1,), [1, 4]),
    "keys of any whole kind": ([0, 1, 2], {np.int64(0): 2, 1.0: 3, np.float64(2): 4}, (3,), [2, 3, 4]),
    "bools": (np.array([True, False]), {np.True_: 5}, (1,), [5, 1]),
    "one-hot": (np.eye(3)[[0, 2]], {2: 7}, (3,), [1, 7]),
    "soft labels": ([[0.9, 0.1], [0.2, 0.8]], {1: 7}, (2,), [1, 7]),
    "a class for each step": (STEPS, {1: 10}, (3, 2), np.where(STEPS == 1, 10, 1)),
    "a class for each step, in a column": (STEPS[..., None], {1: 10}, (3, 2), np.where(STEPS == 1, 10, 1)),
    "a binary class for each step": (STEPS, {1: 10}, (3, 1), np.where(STEPS == 1, 10, 1)),
    "one-hot for each step": (np.eye(2)[STEPS], {0: 3}, (3, 2), np.where(STEPS == 0, 3, 1)),
    "a single step": ([[0], [1]], {1: 2}, (1, 2), [1, 2]),
    "ignored labels": ([-1, 1, 0], {1: 2}, (2,), [1, 2, 1]),
    "nothing": ([0, 1], {}, (2,), [1, 1]),
}


@pytest.mark.parametrize(("y", "class_weight", "output_shape", "expected"), WEIGHED.values(), ids=WEIGHED)
def test_each_target_by_its_class(y, class_weight, output_shape, expected):
    found = weights(y, class_weight, output_shape, -1)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, expected)


REFUSED = {
    "several labels a row": ([[1, 1, 0], [0, 0, 1]], {0: 2}, (3,), r"y\[0\]=\[1, 1, 0\] is not of one class"),
    "no label in a row": ([[0, 1, 0], [0, 0, 0]], {0: 2}, (3,), r"y\[1\]=\[0, 0, 0\] is not of one class"),
    "several labels a step": (np.ones((2, 3, 2)), {0: 2}, (3, 2), r"y\[0, 0\]=\[1.0, 1.0\] is not of one class"),
    "numbers": ([0.3, 1.0], {0: 2}, (1,), "class_weight: y holds 0.3, which is no class"),
    "huge numbers": ([1e30], {0: 2}, (1,), r"y holds 1e\+30, which is no class"),
    "signs": ([-1, 1], {0: 2}, (1,), "y holds -1, which is no class"),
    "labels for spelling": ([[1, 2]], {0: 2}, (5, 3), r"y has shape \(1, 2\) and the model's output is \(None, 5, 3\)"),
    "a fraction as key": ([0, 1], {0.5: 2}, (2,), r"class_weight key=0.5: expected a class in \[0, 2\)"),
    "NaN as key": ([0, 1], {NAN: 2}, (2,), "class_weight key=nan: expected a class"),
    "infinity as key": ([0, 1], {float("inf"): 2}, (2,), "class_weight key=inf: expected a class"),
    "a name as key": ([0, 1], {"cat": 2}, (2,), "class_weight key='cat' is a str: expected a class"),
    "a class too many": ([0, 1], {2: 2}, (2,), r"class_weight key=2: expected a class in \[0, 2\)"),
    "a negative weight": ([0, 1], {0: -1}, (2,), r"class_weight\[0\]=-1: expected a finite number of at least 0"),
    "a weight that is no number": ([0, 1], {0: "1"}, (2,), r"class_weight\[0\]='1' is a str"),
    "a list": ([0, 1], [1, 2], (2,), r"class_weight=\[1, 2\] is a list: expected a dict"),
}


@pytest.mark.differs("class-weights")
@pytest.mark.parametrize(("y", "class_weight", "output_shape", "expected"), REFUSED.values(), ids=REFUSED)
def test_refused(y, class_weight, output_shape, expected):
    with pytest.raises(RavineError, match=expected):
        weights(y, class_weight, output_shape)


def test_a_class_without_samples_may_have_a_weight():
    np.testing.assert_array_equal(weights([0, 0], {0: 2.0, 9: 3.0}, (10,)), [2, 2])
    weights([0, 0], {1: 3.0}, (1,))  # two classes and a sigmoid


def test_two_kinds_of_weights_are_too_much():
    with pytest.raises(RavineError, match="class_weight and sample_weight were both given"):
        classes.with_class_weight(Data(np.zeros(2), np.zeros(2, int), np.ones(2)), {0: 1.0}, (3,))


def test_steps_count_in_the_loss_by_their_class():
    x, y = np.random.default_rng(0).normal(size=(4, 5, 3)), np.zeros((4, 5), int)
    y[:, 0] = 1
    model = Sequential([Input((5, 3)), layers.Dense(2, activation="softmax", kernel_initializer="zeros")])
    model.compile(optimizers.SGD(0.0), "sparse_categorical_crossentropy", weighted_metrics=["accuracy"])
    history = model.fit(x, y, class_weight={0: 1.0, 1: 10.0}, verbose=0).history
    np.testing.assert_allclose(history["loss"], np.log(2) * (4 * 1 + 10) / 5, rtol=1e-6)
    np.testing.assert_allclose(history["accuracy"], 4 / 14, rtol=1e-6)  # all outputs are 0.5, and the first is chosen
    for found in (model.train_on_batch(x, y, class_weight={1: 10.0}), next(zip(*history.values(), strict=True))):
        np.testing.assert_allclose(sorted(found), sorted([np.log(2) * 14 / 5, 4 / 14]), rtol=1e-6)
