import jax.numpy as jnp
import numpy as np
import pytest

from ravine.checks import RavineError, RavineTypeError
from ravine.utils import to_categorical

LABELS = {
    "list": ([0, 2, 1, 2], None),
    "more classes than labels": ([0, 2, 1], 5),
    "one sample": ([1], None),
    "one class": ([0, 0], None),
    "a number": (2, None),
    "trailing axis of 1": (np.array([[0], [1], [3]]), None),
    "one row, trailing axis of 1": (np.array([[2]]), 4),
    "two axes": (np.array([[0, 1, 2], [2, 1, 0]]), None),
    "three axes, the last of 1": (np.arange(6).reshape(2, 3, 1), None),
    "bytes": (np.array([0, 255], np.uint8), None),
    "int8": (np.array([3, 0], np.int8), 4),
    "uint64": (np.array([3, 0], np.uint64), None),
    "whole floats": (np.array([0.0, 2.0, 1.0], np.float32), None),
    "booleans": (np.array([True, False]), None),
    "booleans of one class": (np.array([False, False]), 2),
    "none": ([], 3),
    "none of a row": (np.zeros((1, 0)), 3),
    "none, trailing axis of 1": (np.zeros((0, 1), int), 3),
    "a NumPy number of classes": ([0, 1], np.int64(3)),
}


@pytest.mark.parametrize(("labels", "num_classes"), LABELS.values(), ids=LABELS)
def test_as_in_keras(keras, labels, num_classes):
    expected = keras.utils.to_categorical(labels, num_classes)
    np.testing.assert_array_equal(to_categorical(labels, num_classes), expected, strict=True)


def test_jax_arrays_are_labels_too():
    np.testing.assert_array_equal(to_categorical(jnp.array([0, 2]), 3), [[1, 0, 0], [0, 0, 1]])


def test_the_labels_stay_as_they_are():
    labels = np.array([[2.0], [1.0]])
    to_categorical(labels)
    np.testing.assert_array_equal(labels, [[2.0], [1.0]], strict=True)


@pytest.mark.parametrize(
    ("labels", "num_classes", "message"),
    [
        ([0, -1, 2], None, "holds the label -1: expected whole numbers from 0"),
        ([0, -1, 2], 3, "holds the label -1: expected whole numbers from 0"),
        ([0.0, 1.5], None, r"holds the label 1\.5: expected whole numbers"),
        ([0.0, np.nan], 2, "holds the label nan"),
        ([0.0, np.inf], None, "holds the label inf"),
        ([0, 3, 1], 3, "holds the label 3: expected labels from 0 to 2 for num_classes=3"),
        (np.array([0, 2**63], np.uint64), 3, "holds the label 9223372036854775808: expected labels from 0 to 2"),
        (np.array([True]), 1, "holds the label 1: expected labels from 0 to 0"),
        ([], None, "no labels to count the classes by"),
        ([0], 0, "num_classes=0: expected an integer of at least 1"),
        ([0], 2.0, "num_classes=2.0 is a float"),
    ],
    ids=str,
)
def test_labels_that_have_no_place(labels, num_classes, message):
    with pytest.raises(RavineError, match=message):
        to_categorical(labels, num_classes)


@pytest.mark.parametrize("labels", [["a", "b"], [None], [1j]], ids=str)
def test_labels_that_are_no_numbers(labels):
    with pytest.raises(RavineTypeError, match=r"x has dtype .*expected an array of real numbers"):
        to_categorical(labels)
