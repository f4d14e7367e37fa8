"""Zip archives the way Keras writes them: a few members, stored as they are.

Members are read into memory, never unpacked to a folder. A member that is stored as it is cannot be larger than the
file, so no declared size costs more memory than the file has bytes; zip's checksum of each is verified.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Mapping
from typing import BinaryIO

from ravine import checks

BROKEN = (
    zipfile.BadZipFile,
    EOFError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
    struct.error,
    zlib.error,
)
"""What the standard library raises on broken archives, depending on where they are broken."""


class Archive:
    """The members of the zip archive that ``file`` holds."""

    def __init__(self, file: BinaryIO) -> None:
        try:
            self._zip = zipfile.ZipFile(file)
        except BROKEN as error:
            raise checks.RavineValueError(f"it is no zip archive, or a part of one ({_reason(error)}).") from error
        self._members: dict[str, zipfile.ZipInfo] = {}
        for info in self._zip.infolist():
            _check_name(info.orig_filename)
            if info.filename in self._members:
                raise checks.RavineValueError(f"the archive has two members {info.filename!r}: expected one of a name.")
            self._members[info.filename] = info

    def __contains__(self, name: str) -> bool:
        return name in self._members

    def size(self, name: str) -> int:
        """The bytes of a member."""
        return self._member(name).file_size

    def read(self, name: str, most: int) -> bytes:
        """A member of at most ``most`` bytes, whole."""
        info = self._member(name)
        if info.file_size > most:
            raise checks.RavineValueError(
                f"its member {name} declares {info.file_size} bytes: expected at most {most}."
            )
        try:
            return self._zip.read(info)
        except BROKEN as error:
            raise checks.RavineValueError(f"its member {name} is broken: {_reason(error)}.") from error

    def _member(self, name: str) -> zipfile.ZipInfo:
        if name not in self._members:
            raise checks.RavineValueError(f"the archive has no member {name!r}.")
        info = self._members[name]
        if info.flag_bits & 1:
            raise checks.RavineValueError(f"its member {name} is encrypted.")
        if info.compress_type != zipfile.ZIP_STORED or info.compress_size != info.file_size:
            raise checks.RavineValueError(
                f"its member {name} is compressed: expected one stored as it is, as Keras writes it."
            )
        return info


def write_archive(file: BinaryIO, members: Mapping[str, bytes]) -> None:
    """Write an archive of ``members`` to ``file``."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def _check_name(name: str) -> None:
    """Raise where unpacking a member of this name would leave the folder, though nothing is unpacked here."""
    if "\\" in name or ":" in name or "\0" in name or name.startswith("/") or ".." in name.split("/"):
        raise checks.RavineValueError(f"the archive has a member {name!r}, whose name leads out of a folder.")


def _reason(error: BaseException) -> str:
    return checks.shown(str(error) or type(error).__name__)[1:-1]
