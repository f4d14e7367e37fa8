"""MNIST as the experiments use it."""

import numpy as np

from ravine import datasets
from ravine.experiments.data import digits


def test_shapes_types_and_ranges():
    data = digits(3, 50, 40)
    assert [part[0].shape for part in data] == [(50, 784), (40, 784), (10_000, 784)]
    assert [len(part[1]) for part in data] == [50, 40, 10_000]
    for x, _ in data:
        assert x.dtype == np.float32
        assert 0 == x.min() < x.max() == 1


def test_the_seed_draws_the_rows():
    data = digits(3, 50, 40)
    np.testing.assert_array_equal(data.train[0], digits(3, 50, 40).train[0])
    assert not np.array_equal(data.train[1], digits(4, 50, 40).train[1])


def test_no_row_is_in_training_and_in_validation():
    data = digits(3, 50, 40)
    assert len(np.unique(np.concatenate([data.train[0], data.validation[0]]), axis=0)) == 90


def test_images_keep_their_labels():
    (images, labels), (test_images, test_labels) = datasets.mnist.load_data()
    rows = np.random.default_rng(5).permutation(len(labels))[:20]
    (x, y), _, test = digits(5, 20, 0)
    np.testing.assert_array_equal(np.round(x * 255).reshape(-1, 28, 28), images[rows])
    np.testing.assert_array_equal(y, labels[rows])
    np.testing.assert_array_equal(test[1], test_labels)
    np.testing.assert_array_equal(np.round(test[0][:9] * 255).reshape(-1, 28, 28), test_images[:9])
