import hashlib

import numpy as np
import pytest

from ravine.checks import RavineError
from ravine.datasets import california_housing
from ravine.datasets.download import Published

RNG = np.random.default_rng(0)
ROWS = 705  # so that fractions of them are no whole numbers


@pytest.fixture(scope="module")
def small_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("housing") / "california_housing.npz"
    np.savez(path, x=RNG.normal(size=(ROWS, 8)).astype(np.float32), y=np.arange(ROWS, dtype=np.float32))
    return path


@pytest.fixture
def housing(server, cache, monkeypatch, small_file):
    data = small_file.read_bytes()
    server.answers["/h"] = data
    monkeypatch.setattr(california_housing, "URLS", (server.url("/h"),))
    monkeypatch.setattr(california_housing, "FILE", Published(len(data), hashlib.sha256(data).hexdigest()))
    return california_housing


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"version": "small"},
        {"test_split": 0.0},
        {"test_split": 0.33, "seed": 0},
        {"version": "small", "test_split": 0.999, "seed": 2**32 - 1},
    ],
    ids=str,
)
def test_rows_and_their_order_are_those_of_keras(housing, keras, monkeypatch, small_file, options):
    monkeypatch.setattr("keras.src.datasets.california_housing.get_file", lambda *args, **kwargs: small_file)
    ours, theirs = housing.load_data(**options), keras.datasets.california_housing.load_data(**options)
    for mine, yours in zip((*ours[0], *ours[1]), (*theirs[0], *theirs[1]), strict=True):
        np.testing.assert_array_equal(mine, yours, strict=True)


def test_the_file_is_the_one_that_keras_checks_for(keras, monkeypatch):
    asked = {}

    def get_file(name, origin, file_hash):
        asked.update(origin=origin, file_hash=file_hash)
        raise FileNotFoundError

    monkeypatch.setattr("keras.src.datasets.california_housing.get_file", get_file)
    with pytest.raises(FileNotFoundError):
        keras.datasets.california_housing.load_data()
    assert asked == {"origin": california_housing.URLS[0], "file_hash": california_housing.FILE.sha256}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"version": "smal"}, "Did you mean 'small'"),
        ({"test_split": 1.0}, "test_split=1.0: expected .*below 1"),
        ({"test_split": -0.1}, "test_split=-0.1: expected .*at least 0"),
        ({"seed": -1}, "seed=-1: expected an integer of at least 0"),
        ({"seed": 2**32}, "seed=4294967296: expected an integer of at most 4294967295"),
        ({"seed": None}, "seed=None is a NoneType"),
        ({"path": "other.npz"}, "path='other.npz': expected 'california_housing.npz'"),
    ],
    ids=str,
)
def test_arguments_are_checked_before_anything_is_downloaded(housing, server, options, message):
    with pytest.raises(RavineError, match=message):
        housing.load_data(**options)
    assert server.asked == []
