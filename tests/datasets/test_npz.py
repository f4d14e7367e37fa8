import io
import os
import random
import zipfile

import numpy as np
import pytest

from ravine.checks import RavineValueError
from ravine.datasets import npz

ARRAYS = {"x": np.arange(12, dtype="f").reshape(4, 3), "y": np.arange(4)}


@pytest.fixture(params=[np.savez, np.savez_compressed])
def path(tmp_path, request):
    request.param(tmp_path / "data.npz", **ARRAYS)
    return tmp_path / "data.npz"


def test_arrays_are_what_was_saved(path):
    found = npz.load("data", path)
    assert found.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(found[name], array, strict=True)


@pytest.mark.parametrize("count", [200, pytest.param(3000, marks=pytest.mark.slow)])
def test_a_flipped_bit_is_refused_or_changes_nothing(path, count):
    whole, draw = path.read_bytes(), random.Random(0)
    for _ in range(count):
        content = bytearray(whole)
        content[draw.randrange(len(whole))] ^= 1 << draw.randrange(8)
        path.write_bytes(content)
        try:
            found = npz.load("data", path)
        except RavineValueError:
            continue
        for array, expected in zip(found.values(), ARRAYS.values(), strict=True):
            np.testing.assert_array_equal(array, expected, strict=True)


def member(content):
    """An archive of one member ``x.npy``."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("x.npy", content)
    return file.getvalue()


def header(text):
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello",
        np.arange(3).tobytes(),
        member(b""),
        member(b"hello"),
        member(header("{'descr': '<f4', 'fortran_order': False, 'shape': (1099511627776, 1024)}\n")),
        member(header("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}\n")),
        member(header("{'descr': 3, 'fortran_order': False, 'shape': (1,)}\n")),
        member(header("(" * 2000)),
        member(header("{'descr': '<f4', 'fortran_order': False, 'shape': ()}\n") + bytes(8)),
    ],
)
def test_what_is_no_file_of_arrays(tmp_path, content):
    (tmp_path / "data.npz").write_bytes(content)
    with pytest.raises(RavineValueError, match=r"data='.*data\.npz': expected an \.npz file of arrays \(.+\)"):
        npz.load("data", tmp_path / "data.npz")


def test_what_is_no_file(tmp_path):
    os.mkfifo(tmp_path / "data.npz")
    with pytest.raises(RavineValueError, match="is a pipe: expected a file"):
        npz.load("data", tmp_path / "data.npz")
