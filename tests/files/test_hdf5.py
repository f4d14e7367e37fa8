import io

import h5py
import numpy as np
import pytest

from ravine.checks import RavineValueError
from ravine.files import hdf5

ARRAY = np.arange(6, dtype=np.float32).reshape(2, 3)


def image(make):
    """A file of one group, of which ``make`` makes something."""
    file = io.BytesIO()
    with h5py.File(file, "w") as made:
        make(made.create_group("layers/dense/vars"), made)
    return file.getvalue()


def read(image, shape=(2, 3)):
    with hdf5.opened(image) as groups:
        return groups.array("layers/dense", 0, shape)


def test_arrays_are_read_back():
    groups = {"": hdf5.Group(name="m"), "layers/dense": hdf5.Group([ARRAY, np.int32(7)], "dense")}
    with hdf5.opened(hdf5.written(groups)) as found:
        np.testing.assert_array_equal(found.array("layers/dense", 0, (2, 3)), ARRAY)
        assert found.array("layers/dense", 1, (), np.int32) == 7
        assert [found.count(path) for path in ("", "layers/dense", "layers/other", "optimizer")] == [0, 2, 0, 0]


@pytest.mark.parametrize("dtype", ["<f8", ">f4", "<f2"])
def test_other_floats_become_float32(dtype):
    found = read(image(lambda group, file: group.create_dataset("0", data=ARRAY.astype(dtype))))
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, ARRAY)


def external(group, file):
    group["0"] = h5py.ExternalLink("/etc/passwd", "/x")


def soft(group, file):
    file["elsewhere"] = ARRAY
    group["0"] = h5py.SoftLink("/elsewhere")


def stored_elsewhere(group, file):
    group.create_dataset("0", (2, 3), "f4", external=[("/etc/hostname", 0, 24)])


def virtual(group, file):
    layout = h5py.VirtualLayout((2, 3), "f4")
    layout[:] = h5py.VirtualSource("/etc/hostname", "x", (2, 3))
    group.create_virtual_dataset("0", layout)


def never_written(group, file):
    group.create_dataset("0", (2, 3), "f4")


HOSTILE = {
    "a link to another file": (external, "layers/dense/vars/0 is a link to somewhere else"),
    "a soft link": (soft, "layers/dense/vars/0 is a link to somewhere else"),
    "storage in another file": (stored_elsewhere, "is stored in another file"),
    "a virtual array": (virtual, "is chunked, filtered or virtual"),
    "a compressed array": (
        lambda group, file: group.create_dataset("0", data=ARRAY, compression="gzip"),
        "is chunked, filtered or virtual",
    ),
    "chunks": (lambda group, file: group.create_dataset("0", data=ARRAY, chunks=(1, 3)), "is chunked, filtered"),
    "another shape": (lambda group, file: group.create_dataset("0", data=ARRAY.T), r"has shape \(3, 2\): expected"),
    "a huge shape": (
        lambda group, file: group.create_dataset("0", (2**40, 2**10), "f4"),
        r"has shape \(1099511627776, 1024\): expected \(2, 3\)",
    ),
    "numbers that are not there": (never_written, "the file does not hold that many numbers"),
    "no array": (lambda group, file: None, r"layers/dense/vars/0 is missing: expected an array of shape \(2, 3\)"),
    "an empty array": (lambda group, file: group.create_dataset("0", data=h5py.Empty("f4")), "has shape None"),
    "a group": (lambda group, file: group.create_group("0"), "is a Group: expected an array"),
    "a type": (lambda group, file: group.__setitem__("0", np.dtype("f4")), "is a Datatype: expected an array"),
    "integers": (lambda group, file: group.create_dataset("0", data=ARRAY.astype(int)), "dtype int64: expected floats"),
    "texts": (lambda group, file: group.create_dataset("0", data=[["a"] * 3] * 2), "dtype object: expected floats"),
    "records": (
        lambda group, file: group.create_dataset("0", data=np.zeros((2, 3), [("a", "f4")])),
        "expected floats",
    ),
    "complex numbers": (lambda group, file: group.create_dataset("0", data=ARRAY * 1j), "expected floats"),
    "long doubles": (lambda group, file: group.create_dataset("0", data=ARRAY.astype("f16")), "expected floats"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_what_is_no_plain_array_of_the_file_is_refused(case):
    make, expected = HOSTILE[case]
    with pytest.raises(RavineValueError, match=expected):
        read(image(make))


def test_a_group_that_is_a_link():
    def make(group, file):
        file["layers/dense_1"] = h5py.ExternalLink("/etc/passwd", "/x")

    with hdf5.opened(image(make)) as groups, pytest.raises(RavineValueError, match="/layers/dense_1 is a link"):
        groups.count("layers/dense_1")


def test_a_group_that_is_an_array():
    def make(group, file):
        file["layers/dense_1"] = ARRAY

    with hdf5.opened(image(make)) as groups, pytest.raises(RavineValueError, match="is a Dataset: expected a group"):
        groups.count("layers/dense_1")


def test_a_link_opens_no_other_file(tmp_path):
    """A pipe that nobody writes to would hang whoever opens it."""
    import os

    if not hasattr(os, "mkfifo"):
        pytest.skip("no pipes here")
    os.mkfifo(tmp_path / "pipe")

    def make(group, file):
        group["0"] = h5py.ExternalLink(str(tmp_path / "pipe"), "/x")

    with pytest.raises(RavineValueError, match="is a link to somewhere else"):
        read(image(make))


@pytest.mark.parametrize("content", [b"", b"PK", b"\x89HDF\r\n\x1a\n", b"\x89HDF\r\n\x1a\n" + bytes(1000)])
def test_what_is_no_file_of_weights(content):
    with pytest.raises(RavineValueError, match="no HDF5 file of weights, or a part of one"):
        read(content)


def test_every_truncation_is_found():
    whole = image(lambda group, file: group.create_dataset("0", data=ARRAY))
    for length in range(0, len(whole), 7):
        with pytest.raises(RavineValueError):
            read(whole[:length])
