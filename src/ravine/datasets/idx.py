"""IDX, the format MNIST is published in: a header of type, rank and sizes (big-endian), then the values in C order."""

from __future__ import annotations

import gzip
import math
import os
import struct
import sys
import zlib
from importlib.resources.abc import Traversable
from io import BufferedIOBase
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from ravine import checks, regular
from ravine.checks import RavineValueError

DTYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
MAX_RANK = 32
MAX_BYTES = 2**30


def load(path: str | os.PathLike[str] | Traversable, *, max_bytes: int = MAX_BYTES) -> npt.NDArray[Any]:
    """The array in the IDX file at ``path``, which is gzipped if its name ends in ``.gz``. See :func:`read`."""
    if isinstance(path, str | os.PathLike) or not isinstance(path, Traversable):
        path = Path(checks.path("path", path))
        regular.check("path", path)
    with path.open("rb") as file:
        if not path.name.endswith(".gz"):
            return read(cast(BufferedIOBase, file), path.name, max_bytes=max_bytes)
        try:
            with gzip.open(file) as unzipped:
                return read(unzipped, path.name, max_bytes=max_bytes)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise RavineValueError(f"{path.name}: damaged gzip data ({error}).") from error


def read(stream: BufferedIOBase, name: str = "IDX data", *, max_bytes: int = MAX_BYTES) -> npt.NDArray[Any]:
    """The one array that ``stream`` holds, new and writable, in the machine's byte order.

    Raises:
        RavineValueError: not IDX data, truncated, with bytes left over, or larger than ``max_bytes``. What the header
            claims is checked before memory is allocated for it.
    """
    max_bytes = checks.integer("max_bytes", max_bytes, least=1, most=sys.maxsize)
    zeros, code, rank = struct.unpack(">HBB", _exactly(stream, 4, name))
    if zeros != 0 or code not in DTYPES or not 1 <= rank <= MAX_RANK:
        raise RavineValueError(f"{name}: not IDX data: it begins with {zeros:04x} {code:02x} {rank:02x}.")
    shape = struct.unpack(f">{rank}I", _exactly(stream, 4 * rank, name))
    dtype = np.dtype(DTYPES[code])
    # A size of 0 must not hide the others: NumPy refuses their product too.
    if dtype.itemsize * math.prod(max(size, 1) for size in shape) > max_bytes:
        raise RavineValueError(f"{name}: its header claims shape {shape}, more than {max_bytes} bytes.")
    values = np.empty(dtype.itemsize * math.prod(shape), np.uint8)
    count = stream.readinto(values.data)
    if count < values.size:
        raise RavineValueError(f"{name}: truncated: {count} of {values.size} bytes of values.")
    if stream.read(1):  # at the end of a gzip file this read also checks the CRC
        raise RavineValueError(f"{name}: bytes left over after the {values.size} that its header announces.")
    return values.view(dtype).reshape(shape).astype(dtype.newbyteorder("="), copy=False)


def _exactly(stream: BufferedIOBase, count: int, name: str) -> bytes:
    header = stream.read(count)
    if len(header) < count:
        raise RavineValueError(f"{name}: truncated within its header.")
    return header
