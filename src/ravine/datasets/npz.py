"""Arrays in NumPy's ``.npz``, read whole and checked.

NumPy itself reads of a member only as much as its header says, so that zip's checksum, which stands for all of it, is
not looked at where the header is damaged.
"""

from __future__ import annotations

import io
import os
import struct
import tokenize
import zipfile
import zlib
from typing import Any, BinaryIO

import numpy as np

from ravine import checks, regular

MAX_BYTES = 2**34
"""Of all arrays together; a compressed file may declare more than there is memory."""

END = 22
"""Bytes of the record that ends an archive."""

BROKEN = (
    *(zipfile.BadZipFile, zlib.error, struct.error, tokenize.TokenError, EOFError, KeyError, NotImplementedError),
    *(OSError, MemoryError, OverflowError, RuntimeError, SyntaxError, TypeError, ValueError),
)
"""What the standard library and NumPy raise on broken files, depending on where they are broken."""


def load(argument: str, path: str | os.PathLike[str]) -> dict[str, np.ndarray[Any, Any]]:
    """The arrays of the file by name, without pickle; errors call it ``argument``."""
    named = f"{argument}={os.fspath(path)!r}"
    try:
        with regular.opened(argument, path) as file, zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            if len(members) != _count(file):
                raise ValueError("its directory is damaged")
            if sum(member.file_size for member in members) > MAX_BYTES:
                raise checks.RavineValueError(f"{named}: its arrays have more than {MAX_BYTES} bytes.")
            return {member.filename.removesuffix(".npy"): _array(archive.read(member)) for member in members}
    except checks.RavineError:
        raise
    except BROKEN as error:
        reason = (isinstance(error, OSError) and error.strerror) or checks.one_line(error) or type(error).__name__
        raise checks.RavineValueError(f"{named}: expected an .npz file of arrays ({reason}).") from None


def _count(file: BinaryIO) -> int:
    """How many members the record at the end of an archive announces, which the standard library does not look at."""
    file.seek(-END, os.SEEK_END)
    return int.from_bytes(file.read(END)[10:12], "little")


def _array(content: bytes) -> np.ndarray[Any, Any]:
    stream = io.BytesIO(content)
    array: np.ndarray[Any, Any] = np.lib.format.read_array(stream, allow_pickle=False)
    if stream.read(1):
        raise ValueError("bytes are left over after an array")
    return array
