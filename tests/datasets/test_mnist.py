import gzip
import hashlib
from importlib import resources

import numpy as np
import pytest

from ravine import datasets
from ravine.checks import RavineError
from ravine.datasets import mnist

SHA256 = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
LABEL_COUNTS = {
    "train": [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949],
    "test": [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009],
}


@pytest.fixture(scope="module")
def data():
    return datasets.mnist.load_data()


@pytest.mark.parametrize("name", SHA256)
def test_files_are_the_originals(name):
    packed = (resources.files("ravine.datasets") / "data" / f"{name}.gz").read_bytes()
    assert hashlib.sha256(gzip.decompress(packed)).hexdigest() == SHA256[name]


def test_shapes_and_dtypes(data):
    (x_train, y_train), (x_test, y_test) = data
    assert [a.shape for a in (x_train, y_train, x_test, y_test)] == list(mnist.FILES.values())
    assert all(a.dtype == np.uint8 for a in (x_train, y_train, x_test, y_test))
    assert (x_train.min(), x_train.max(), x_test.min(), x_test.max()) == (0, 255, 0, 255)


def test_label_counts(data):
    (_, y_train), (_, y_test) = data
    assert np.bincount(y_train).tolist() == LABEL_COUNTS["train"]
    assert np.bincount(y_test).tolist() == LABEL_COUNTS["test"]


def test_first_image_is_the_well_known_five(data):
    (x_train, y_train), _ = data
    assert y_train[0] == 5
    assert x_train[0, 5, 12:24].tolist() == [3, 18, 18, 18, 126, 136, 175, 26, 166, 255, 247, 127]


def test_every_call_returns_arrays_of_its_own(data):
    (x_train, y_train), (x_test, y_test) = data
    again = mnist.load_data()
    for mine, yours in zip((x_train, y_train, x_test, y_test), (*again[0], *again[1]), strict=True):
        assert not np.shares_memory(mine, yours)
        before = mine[0].copy()
        yours[0] = 7  # writable, and without effect on the other
        np.testing.assert_array_equal(mine[0], before)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda packed: packed[:-9],
        lambda packed: packed[: len(packed) // 2],
        lambda packed: b"",
        lambda packed: b"<html>" + packed,
        lambda packed: packed[:3000] + bytes([packed[3000] ^ 1]) + packed[3001:],
        lambda packed: gzip.compress(b"\0\0\x08\x01\0\0\0\x02ab"),
        None,
    ],
    ids=["end cut off", "half", "empty", "not gzip", "one bit flipped", "another shape", "missing"],
)
def test_a_damaged_installation_is_a_clear_error(tmp_path, monkeypatch, spoil):
    name = "t10k-labels-idx1-ubyte"
    packed = (resources.files("ravine.datasets") / "data" / f"{name}.gz").read_bytes()
    if spoil is not None:
        (tmp_path / "data").mkdir()
        (tmp_path / "data" / f"{name}.gz").write_bytes(spoil(packed))
    monkeypatch.setattr(mnist.resources, "files", lambda _: tmp_path)
    with pytest.raises(RavineError, match=f"(?s)reinstall ravine.*{name}"):
        mnist._load(name)


def test_keras_argument():
    (x, _), _ = mnist.load_data("mnist.npz")
    assert x.shape == (60_000, 28, 28)
    for path in ("other.npz", None, 3):
        with pytest.raises(RavineError, match=r"path=.*: expected 'mnist.npz', since the data come with the package"):
            mnist.load_data(path=path)
