import gzip
import io
import os
import struct

import numpy as np
import pytest

from ravine.checks import RavineTypeError, RavineValueError
from ravine.datasets import idx

CODES = {"u1": 0x08, "i1": 0x09, "i2": 0x0B, "i4": 0x0C, "f4": 0x0D, "f8": 0x0E}


def packed(array: np.ndarray) -> bytes:
    code = CODES[array.dtype.str[1:]]
    header = struct.pack(f">HBB{array.ndim}I", 0, code, array.ndim, *array.shape)
    return header + array.astype(array.dtype.newbyteorder(">")).tobytes()


def read(data: bytes, **options) -> np.ndarray:
    return idx.read(io.BytesIO(data), **options)


IMAGE = packed(np.arange(6, dtype=np.uint8).reshape(2, 3))


@pytest.mark.parametrize("dtype", CODES)
@pytest.mark.parametrize("shape", [(5,), (2, 3), (2, 1, 3), (0,), (2, 0, 3)])
def test_round_trip(dtype, shape):
    array = (np.arange(np.prod(shape)) - (0 if dtype == "u1" else 2)).astype(dtype).reshape(shape)
    result = read(packed(array))
    np.testing.assert_array_equal(result, array, strict=True)
    assert result.dtype.isnative
    assert result.flags.writeable


@pytest.mark.parametrize("length", range(len(IMAGE)))
def test_truncated_anywhere(length):
    with pytest.raises(RavineValueError, match="truncated"):
        read(IMAGE[:length])


def test_trailing_bytes():
    with pytest.raises(RavineValueError, match="left over"):
        read(IMAGE + b"\0")


@pytest.mark.parametrize(
    "magic",
    [b"\x01\0\x08\x01", b"\0\x01\x08\x01", b"\0\0\x0a\x01", b"\0\0\x08\0", b"\0\0\x08\xff", b"\x1f\x8b\x08\0"],
    ids=["first zero", "second zero", "type", "rank 0", "rank 255", "gzip"],
)
def test_wrong_magic(magic):
    with pytest.raises(RavineValueError, match="not IDX"):
        read(magic + IMAGE[4:])


@pytest.mark.parametrize("shape", [(2**32 - 1, 2**32 - 1), (2**32 - 1,) * 32, (0, *(2**32 - 1,) * 31)])
def test_a_huge_claim_is_refused_before_allocating(shape):
    with pytest.raises(RavineValueError, match="claims shape"):
        read(struct.pack(f">HBB{len(shape)}I", 0, 0x08, len(shape), *shape))


def test_max_bytes_is_inclusive():
    assert read(IMAGE, max_bytes=6).shape == (2, 3)
    with pytest.raises(RavineValueError, match="more than 5 bytes"):
        read(IMAGE, max_bytes=5)


def test_load_plain_and_gzipped(tmp_path):
    plain, zipped = tmp_path / "digits", tmp_path / "digits.gz"
    plain.write_bytes(IMAGE)
    zipped.write_bytes(gzip.compress(IMAGE))
    np.testing.assert_array_equal(idx.load(plain), idx.load(zipped), strict=True)


def test_load_names_the_damaged_file(tmp_path):
    path = tmp_path / "digits.gz"
    path.write_bytes(gzip.compress(IMAGE)[:-4])
    with pytest.raises(RavineValueError, match=r"digits\.gz: damaged gzip"):
        idx.load(path)
    path.write_bytes(gzip.compress(IMAGE[:-1]))
    with pytest.raises(RavineValueError, match=r"digits\.gz: truncated"):
        idx.load(path)


def test_a_missing_file_stays_a_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        idx.load(tmp_path / "none.gz")


def test_a_path_may_be_a_text(tmp_path):
    (tmp_path / "a").write_bytes(IMAGE)
    np.testing.assert_array_equal(idx.load(str(tmp_path / "a")), read(IMAGE))


@pytest.mark.parametrize("path", [None, 3, "", b"a"])
def test_what_is_no_path_is_refused(path):
    with pytest.raises((RavineTypeError, RavineValueError), match=r"path=.*: expected the path of a file\."):
        idx.load(path)


def test_a_pipe_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(RavineValueError, match="is a pipe: expected a file"):
        idx.load(tmp_path / "pipe")
