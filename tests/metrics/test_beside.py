"""A metric beside a loss sees outputs and labels as the loss does."""

import numpy as np
import pytest

import ravine
from ravine import layers, losses, metrics
from ravine.checks import RavineValueError

RNG = np.random.default_rng(0)
LOGITS = RNG.normal(size=(40, 1)).astype(np.float32)
SIGMOIDS = 1 / (1 + np.exp(-LOGITS))
BINARY = (LOGITS[:, 0] + RNG.normal(size=40) > 0).astype(np.int32)
SCORES = RNG.normal(size=(40, 3)).astype(np.float32)
CLASSES = RNG.integers(0, 3, 40)
ONE_HOT = np.eye(3)[CLASSES]


def measured(outputs, y, loss, *watched):
    """What metrics say of outputs that are a model's as they stand."""
    model = ravine.Sequential([layers.Input(outputs.shape[1:]), layers.Identity()])
    model.compile("sgd", loss, metrics=list(watched))
    return model.evaluate(outputs, y, verbose=0)[1:]


THRESHOLDS = [
    lambda: "accuracy",
    lambda: metrics.BinaryAccuracy(),
    lambda: metrics.Precision(),
    lambda: metrics.Recall(thresholds=0.3),
    lambda: metrics.TruePositives(),
    lambda: metrics.AUC(),
    lambda: metrics.AUC(num_thresholds=7),
    lambda: metrics.F1Score("micro", threshold=0.5),
    lambda: metrics.PrecisionAtRecall(0.5),
    lambda: metrics.BinaryIoU([0, 1]),
    lambda: "binary_crossentropy",
    lambda: metrics.BinaryCrossentropy(),
]


@pytest.mark.differs("metrics-of-logits")
@pytest.mark.parametrize("make", THRESHOLDS)
def test_thresholds_are_those_of_probabilities(make):
    of_logits = measured(LOGITS, BINARY, losses.BinaryCrossentropy(from_logits=True), make())
    of_sigmoids = measured(SIGMOIDS, BINARY, losses.BinaryCrossentropy(), make())
    np.testing.assert_allclose(of_logits, of_sigmoids, rtol=1e-5)


def test_a_threshold_that_was_given_for_logits_stays():
    loss = losses.BinaryCrossentropy(from_logits=True)
    expected = ((LOGITS[:, 0] > 0.7) == BINARY).mean()
    assert measured(LOGITS, BINARY, loss, metrics.BinaryAccuracy(threshold=0.7)) == pytest.approx([expected])


@pytest.mark.differs("metrics-of-logits")
@pytest.mark.parametrize("make", [lambda: metrics.Precision(), lambda: metrics.F1Score("macro", threshold=0.5)])
def test_thresholds_of_several_classes(make):
    softmax = np.exp(SCORES) / np.exp(SCORES).sum(axis=1, keepdims=True)
    of_logits = measured(SCORES, ONE_HOT, losses.CategoricalCrossentropy(from_logits=True), make())
    np.testing.assert_allclose(of_logits, measured(softmax, ONE_HOT, losses.CategoricalCrossentropy(), make()))


@pytest.mark.differs("ignored-labels-in-metrics")
@pytest.mark.parametrize("shape", [(40,), (8, 5)])
@pytest.mark.parametrize("name", ["accuracy", "sparse_top_k_categorical_accuracy", "sparse_categorical_crossentropy"])
def test_labels_that_the_loss_ignores_count_for_nothing(name, shape):
    watched = metrics.SparseTopKCategoricalAccuracy(2) if "top_k" in name else name
    y = np.where(np.arange(40) % 4 == 0, -1, CLASSES)
    kept = y >= 0
    ours = losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-1)
    found = measured(SCORES.reshape(*shape, 3), y.reshape(shape), ours, watched)
    whole = losses.SparseCategoricalCrossentropy(from_logits=True)
    np.testing.assert_allclose(found, measured(SCORES[kept], y[kept], whole, watched), rtol=1e-5)


@pytest.mark.differs("accuracy-beside-a-hinge")
@pytest.mark.parametrize("loss", ["hinge", "squared_hinge"])
@pytest.mark.parametrize("negative", [-1, 0])
def test_accuracy_beside_a_hinge_is_that_of_the_signs(loss, negative):
    y = np.where(BINARY == 1, 1, negative)
    assert measured(LOGITS, y, loss, "accuracy") == pytest.approx([((LOGITS[:, 0] > 0) == BINARY).mean()])


@pytest.mark.differs("targets-of-accuracy")
@pytest.mark.parametrize(("y", "watched"), [(np.where(BINARY, 1, -1), "accuracy"), (3.0 * BINARY, "binary_accuracy")])
def test_targets_that_no_answer_can_meet_are_refused(y, watched):
    with pytest.raises(RavineValueError, match="binary_accuracy expected targets 0 and 1"):
        measured(LOGITS, y, "mse", watched)


@pytest.mark.differs("f-scores-of-one-output")
def test_the_largest_of_one_output_is_no_answer():
    with pytest.raises(RavineValueError, match=r"F1Score\(threshold=None\) takes the largest output.*threshold=0.5"):
        measured(SIGMOIDS, BINARY, "binary_crossentropy", metrics.F1Score("micro"))
