"""HDF5 the way Keras writes it: groups ``.../vars`` of arrays ``0``, ``1``, ...

HDF5 can do more than hold arrays: its links and storage may lead to other files, its filters and chunks may declare
sizes that the file does not have. None of that is in a file of weights, so whatever uses it is refused before it is
read, and an array is read only where its shape is the expected one and all its bytes are in the file.
"""

from __future__ import annotations

import io
import math
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ravine import checks

Shape = tuple[int, ...]

WORDS = "ravine"
"""The attribute of a group that has Ravine's words for its arrays."""

NOT_COPIED = 0x2 | 0x4
"""HDF5's H5LT_FILE_IMAGE_DONT_COPY and H5LT_FILE_IMAGE_DONT_RELEASE, for which h5py has no names."""

BLOCK = 4096

SEAL, DIGITS = b"ravine checksum ", 8
"""What stands before the checksum, and how many hexadecimal digits that has."""


@dataclass
class Group:
    """The arrays of one group, the name that Keras writes beside those of a layer, and Ravine's words for them."""

    arrays: Sequence[np.ndarray] = field(default_factory=list)
    name: str | None = None
    words: str | None = None


def written(groups: Mapping[str, Group]) -> bytes:
    """An HDF5 file of ``groups`` by path."""
    import h5py  # takes a tenth of a second to import, which only those who need it should wait for

    image = io.BytesIO()
    with h5py.File(image, "w") as file:
        for path, group in groups.items():
            made = file.create_group(f"{path}/vars" if path else "vars")
            if group.name is not None:
                made.attrs["name"] = group.name
            if group.words is not None:
                made.attrs[WORDS] = group.words
            for index, array in enumerate(group.arrays):
                made[str(index)] = array
    return image.getvalue()


def sealed(image: bytes) -> bytes:
    """An HDF5 file and, after it, a checksum of all its bytes.

    HDF5 has one of its own (``fletcher32``), which is of an array's numbers alone: a flipped bit in what says how they
    are stored gives other numbers. Keras and other programs read no further than the file goes; one that changes the
    file in place cuts off what is behind it, so the checksum goes when it no longer holds.
    """
    return image + SEAL + _checksum(memoryview(image))


def check_seal(image: bytes) -> bool:
    """Whether a file has a checksum, which then fits, or this raises."""
    end = len(image) - DIGITS
    if image[end - len(SEAL) : end] != SEAL:
        return False
    if image[end:] != _checksum(memoryview(image)[: end - len(SEAL)]):
        raise checks.RavineValueError("its checksum does not fit: the file is damaged.")
    return True


def _checksum(image: memoryview) -> bytes:
    """The CRC-32 of the sums of all blocks of 4 KiB, and of what is left over: far faster than that of all bytes."""
    whole = len(image) // BLOCK * BLOCK
    sums = np.frombuffer(image[:whole], np.dtype("<u8")).reshape(-1, BLOCK // 8).sum(axis=1, dtype="<u8")
    return f"{zlib.crc32(image[whole:], zlib.crc32(sums.tobytes())):08x}".encode()


@contextmanager
def opened(image: bytes) -> Iterator[Groups]:
    """The groups of the HDF5 file ``image``, to be read within the block."""
    import h5py

    with _refusing("it is no HDF5 file of weights, or a part of one"):
        # Half as long as through a file's methods, and the image, which outlives the file, is not copied.
        file = h5py.File(h5py.h5f.open_file_image(image, NOT_COPIED))
    try:
        yield Groups(file)
    finally:
        file.close()


class Groups:
    """The groups of an open file."""

    def __init__(self, file: Any) -> None:
        self._file, self._found = file, dict[str, Any]()

    def count(self, path: str) -> int:
        """How many arrays the group at ``path`` has, 0 where there is no such group."""
        with _refusing(f"{path} cannot be read"):
            found = self._arrays(path)
            return 0 if found is None else len(found)

    def text(self, path: str, name: str) -> str | None:
        """The attribute called ``name`` of the group at ``path``, where it is there and a text."""
        with _refusing(f"{path} cannot be read"):
            found = self._arrays(path)
            value = None if found is None else found.attrs.get(name)
            return value if isinstance(value, str) else None

    def array(self, path: str, index: int, shape: Shape, dtype: Any = np.float32) -> np.ndarray:
        """Array ``index`` of the group at ``path``, which has ``shape`` and the kind of ``dtype``."""
        kinds = "f" if np.dtype(dtype).kind == "f" else "iu"
        with _refusing(f"{path}/vars/{index} cannot be read"):
            return self._read(path, index, shape, kinds).astype(dtype, copy=False)

    def _arrays(self, path: str) -> Any:
        """The group ``path/vars``, or None."""
        if path in self._found:
            return self._found[path]
        found = self._file
        for name in [*path.split("/"), "vars"] if path else ["vars"]:
            found = None if found is None else _child(found, name, "GroupID")
        self._found[path] = found
        return found

    def _read(self, path: str, index: int, shape: Shape, kinds: str) -> np.ndarray:
        place = f"{path}/vars/{index}"
        group = self._arrays(path)
        dataset = None if group is None else _child(group, str(index), "DatasetID")
        if dataset is None:
            raise checks.RavineValueError(f"{place} is missing: expected an array of shape {shape}.")
        _check_storage(place, dataset)
        if dataset.shape != shape:
            raise checks.RavineValueError(f"{place} has shape {dataset.shape}: expected {shape}.")
        if dataset.dtype.kind not in kinds or dataset.dtype.itemsize > 8:
            expected = "floats" if kinds == "f" else "integers"
            raise checks.RavineValueError(f"{place} has dtype {dataset.dtype}: expected {expected}.")
        if dataset.id.get_storage_size() != math.prod(shape) * dataset.dtype.itemsize:
            raise checks.RavineValueError(f"{place} declares {shape}, but the file does not hold that many numbers.")
        return np.asarray(dataset[()])


def _child(group: Any, name: str, kind: str) -> Any:
    """The group or dataset called ``name`` in ``group``, or None; a link that leads elsewhere is not followed."""
    import h5py

    links, key = group.id.links, name.encode()
    if not links.exists(key):  # looks at the link alone, where `name in group` would open what it points to
        return None
    if links.get_info(key).type != h5py.h5l.TYPE_HARD:
        raise checks.RavineValueError(f"{group.name.rstrip('/')}/{name} is a link to somewhere else.")
    found = group[name]
    if type(found.id).__name__ != kind:
        expected = "a group" if kind == "GroupID" else "an array"
        raise checks.RavineValueError(f"{found.name} is a {type(found).__name__}: expected {expected}.")
    return found


def _check_storage(place: str, dataset: Any) -> None:
    """Raise unless the array's bytes lie in the file, in one piece and as they are."""
    import h5py

    properties = dataset.id.get_create_plist()
    if properties.get_layout() not in (h5py.h5d.COMPACT, h5py.h5d.CONTIGUOUS):
        raise checks.RavineValueError(f"{place} is chunked, filtered or virtual: expected an array stored as it is.")
    if properties.get_external_count() or properties.get_nfilters():
        raise checks.RavineValueError(f"{place} is stored in another file: expected its numbers in this one.")


@contextmanager
def _refusing(what: str) -> Iterator[None]:
    """What h5py raises on broken files, as an error that says ``what``."""
    try:
        yield
    except checks.RavineError:
        raise
    except (KeyError, MemoryError, OSError, OverflowError, RuntimeError, TypeError, ValueError) as error:
        reason = checks.shown(str(error) or type(error).__name__)[1:-1]
        raise checks.RavineValueError(f"{what} ({reason}).") from error
