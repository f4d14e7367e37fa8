"""Fashion-MNIST and Kuzushiji-MNIST, from a server that has small files of their form."""

import gzip
import hashlib
import struct

import numpy as np
import pytest

from ravine import datasets
from ravine.datasets import mnist
from ravine.datasets.download import Published

RNG = np.random.default_rng(0)
ARRAYS = {
    f"{name}.gz": RNG.integers(0, 256 if "images" in name else 10, (count, *shape[1:]), np.uint8)
    for (name, shape), count in zip(mnist.FILES.items(), (7, 7, 3, 3), strict=True)
}


def packed(array):
    return gzip.compress(struct.pack(f">HBB{array.ndim}I", 0, 0x08, array.ndim, *array.shape) + array.tobytes())


@pytest.fixture(params=["fashion_mnist", "kmnist"])
def published(request, server, cache, monkeypatch):
    """A module of ``datasets`` whose mirrors are a server here; the first has nothing."""
    module = getattr(datasets, request.param)
    assert list(module.FILES) == list(ARRAYS)
    small = {name: packed(array) for name, array in ARRAYS.items()}
    server.answers |= {f"/second/{name}": data for name, data in small.items()}
    files = {name: Published(len(data), hashlib.sha256(data).hexdigest()) for name, data in small.items()}
    monkeypatch.setattr(module, "FILES", files)
    monkeypatch.setattr(module, "MIRRORS", (server.url("/first/"), server.url("/second/")))
    return module


def test_images_and_labels_are_where_they_belong(published, server, cache):
    (x_train, y_train), (x_test, y_test) = published.load_data()
    for array, expected in zip((x_train, y_train, x_test, y_test), ARRAYS.values(), strict=True):
        np.testing.assert_array_equal(array, expected, strict=True)
        assert array.flags.writeable
    folder = cache / published.__name__.split(".")[-1]
    assert {path.name for path in folder.iterdir()} == set(ARRAYS)
    server.answers.clear()
    np.testing.assert_array_equal(published.load_data()[0][0], x_train)


def test_fashion_mnist_is_what_keras_makes_of_the_same_files(keras, monkeypatch, tmp_path):
    def get_file(name, **options):
        (tmp_path / name).write_bytes(packed(ARRAYS[name]))
        return tmp_path / name

    monkeypatch.setattr("keras.src.datasets.fashion_mnist.get_file", get_file)
    theirs = keras.datasets.fashion_mnist.load_data()
    for array, expected in zip((*theirs[0], *theirs[1]), ARRAYS.values(), strict=True):
        np.testing.assert_array_equal(array, expected, strict=True)
