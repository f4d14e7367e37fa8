"""Files that are there whole or not at all."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from ravine import checks, regular

try:
    import fcntl
except ImportError:  # Windows, where a file that is open can be neither replaced nor removed
    fcntl = None  # type: ignore[assignment]


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """A binary file to write, which takes the place of ``path`` when the block ends.

    Until then it has another name in the same folder, so readers see the old file or the new one, never a part. An
    error or Ctrl-C in the block leaves ``path`` as it was and nothing else behind; what a kill left behind goes when
    the file is next written.

    Raises:
        RavineTypeError: ``path`` is none.
        RavineValueError: what is there is a folder, a pipe or a device.
        OSError: the folder is missing or cannot be written, or the disk is full; it names the file.
    """
    regular.check("path", checks.path("path", path))
    target = Path(os.path.realpath(path))  # through a symbolic link, not over it
    _clean(target)
    with regular.naming(path):
        temporary, made = _made(target)
        try:
            with made as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, target)  # closed before, since Windows replaces no file that is open
        finally:
            temporary.unlink(missing_ok=True)


def _start(target: Path) -> str:
    """How the other name begins. It tells what the file was to be, should someone find it after a kill."""
    return f".{target.name[:32]}."


def _made(target: Path) -> tuple[Path, BinaryIO]:
    """A new file beside ``target``, locked while it is open, so that no other process takes it for left behind."""
    while True:
        temporary = target.with_name(f"{_start(target)}{secrets.token_hex(8)}.tmp")
        # Opened like any new file, so that it gets the usual permissions; the modules for temporary files give others.
        try:
            file = temporary.open("xb")
        except OSError as error:
            error.filename = str(target)  # the name that the caller knows
            raise
        with contextlib.suppress(OSError):  # of file systems without locks, where nobody cleans up either
            if fcntl is not None:
                fcntl.flock(file, fcntl.LOCK_EX)
        if temporary.exists():  # else someone cleaned it up before it was locked
            return temporary, file
        file.close()


def _clean(target: Path) -> None:
    """Remove what killed writes of ``target`` left; files that another process is writing are locked, and stay."""
    pattern = re.compile(re.escape(_start(target)) + r"[0-9a-f]{16}\.tmp")
    with contextlib.suppress(OSError):  # of a folder that is missing, which opening tells
        for name in os.listdir(target.parent):
            if pattern.fullmatch(name):
                _remove_unlocked(target.with_name(name))


def _remove_unlocked(path: Path) -> None:
    with contextlib.suppress(OSError):  # it is locked, or gone
        if fcntl is None:
            path.unlink()
            return
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()
