"""Files that are there whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """A binary file to write, which takes the place of ``path`` when the block ends.

    Until then it has another name in the same folder, so readers see the old file or the new one, never a part. An
    error or Ctrl-C in the block leaves ``path`` as it was and nothing else behind.

    Raises:
        OSError: the folder is missing or cannot be written, or the disk is full.
    """
    target = Path(os.path.realpath(path))  # through a symbolic link, not over it
    # Named after its target, so that whoever finds it after a kill can tell what it was to be.
    temporary = target.with_name(f".{target.name[:32]}.{secrets.token_hex(8)}.tmp")
    try:
        # Opened like any new file, so that it gets the usual permissions; the modules for temporary files give others.
        with temporary.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)  # closed before, since Windows replaces no file that is open
    finally:
        temporary.unlink(missing_ok=True)
