"""Files that end.

A pipe, a device or a socket may never end, or wait for ever, so it is refused before it is opened.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from ravine import checks

Path = str | os.PathLike[str]

OTHERS = {
    stat.S_ISDIR: "a folder",
    stat.S_ISFIFO: "a pipe",
    stat.S_ISSOCK: "a socket",
    stat.S_ISCHR: "a device",
    stat.S_ISBLK: "a device",
}
"""What is no file, by what tells it."""


def check(argument: str, path: Path) -> None:
    """Raise where something is at ``path`` that is no file; where nothing is, opening it tells."""
    try:
        mode = os.stat(path).st_mode
    except OSError:
        return
    kind = next((words for tells, words in OTHERS.items() if tells(mode)), None)
    if kind is not None:
        raise checks.RavineValueError(f"{argument}={os.fspath(path)!r} is {kind}: expected a file.")


def opened(argument: str, path: Path) -> BinaryIO:
    """The file at ``path``, to be read; errors call it ``argument``.

    Raises:
        RavineValueError: it is no file.
        OSError: it is missing, or may not be read.
    """
    check(argument, checks.path(argument, path))
    return open(path, "rb")


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Let what the system says of a write, such as that the disk is full, name the file."""
    try:
        yield
    except OSError as error:
        if error.errno is not None and error.filename is None:
            error.filename = os.fspath(path)
        raise
