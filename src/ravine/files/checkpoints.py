"""Checkpoints of a run: numbered files in a folder, of which the newest whole one counts.

A checkpoint is a safetensors file: arrays by name, notes as JSON, and a checksum of all. It is written under another
name, reaches the disk, and only then takes its place, so that a process or a machine may stop at any moment. The one
before it stays, for the day on which a disk gives back other bytes than it was given.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ravine import checks, regular
from ravine.atomic import replacing
from ravine.files import tensors

FORMAT = "ravine checkpoint 1"
NAME = re.compile(r"checkpoint-(\d{8,})\.safetensors")
UNFINISHED = re.compile(r"\.checkpoint-\d{8,}\..*\.tmp")
"""What a write that was killed leaves behind."""

KEPT = 2
"""How many checkpoints stay in a folder."""

Arrays = dict[str, np.ndarray]
Notes = dict[str, Any]


class Checkpoints:
    """The checkpoints of a folder; its other files are left alone.

    Args:
        argument: what errors call the folder.
        folder: made when the first checkpoint is written.
    """

    def __init__(self, argument: str, folder: str | os.PathLike[str]) -> None:
        self.argument, self.folder = argument, Path(folder)
        self._whole: list[Path] = []  # those that were written or read here, the newest last
        self._handle: int | None = None

    def newest(self) -> tuple[Arrays, Notes] | None:
        """The arrays and notes of the newest whole checkpoint, None where there is no checkpoint.

        Warns where a newer one is damaged; raises where all are.
        """
        damaged: list[str] = []
        for path in reversed(self._found()):
            try:
                found = _read(path)
            except (OSError, checks.RavineError) as error:
                damaged.append(f"{path.name} is damaged ({checks.one_line(error)})")
                continue
            if damaged:
                checks.warn(f"{self._named}: {'; '.join(damaged)}. Going on from the one before, {path.name}.")
            self._whole = [path]
            return found
        if damaged:
            raise checks.RavineValueError(
                f"{self._named}: {'; '.join(damaged)}. There is no whole checkpoint to go on from: remove these files, "
                "or give another folder, to begin anew."
            )
        return None

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """While the block runs, the folder is there and this process's alone.

        What killed writes left in it is removed.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if not os.access(self.folder, os.W_OK | os.X_OK):
                raise PermissionError(None, "no permission to write")
            if os.name != "nt":  # Windows opens no folders
                self._handle = os.open(self.folder, os.O_RDONLY)
        except OSError as error:
            raise checks.RavineValueError(
                f"{self._named}: expected a folder that can be written to ({error.strerror or error})."
            ) from None
        try:
            self._lock()
            for path in self._named_like(UNFINISHED):
                path.unlink(missing_ok=True)
            yield
        finally:
            if self._handle is not None:
                os.close(self._handle)
                self._handle = None

    def save(self, number: int, arrays: Mapping[str, np.ndarray], notes: Notes) -> None:
        """Write checkpoint ``number``, and remove all but it and the whole one before.

        Raises:
            OSError: the disk is full, or permission was lost; the checkpoints are as they were.
        """
        path = self.folder / f"checkpoint-{number:08}.safetensors"
        # As Python writes JSON: any float reads back exactly, NaN and infinities too.
        texts = {"format": FORMAT, "notes": json.dumps(notes)}
        with replacing(path) as file:
            tensors.write(file, arrays, texts)
        if self._handle is not None:
            with contextlib.suppress(OSError):  # of file systems that cannot; the file is whole either way
                os.fsync(self._handle)
        self._whole = [*(p for p in self._whole if p != path), path][-KEPT:]
        for other in self._found():
            if other not in self._whole:
                with contextlib.suppress(OSError):  # tried again after the next one
                    other.unlink()

    def remove(self) -> None:
        """Remove all checkpoints."""
        for path in self._found():
            path.unlink(missing_ok=True)

    @property
    def _named(self) -> str:
        return f"{self.argument}={str(self.folder)!r}"

    def _found(self) -> list[Path]:
        """The checkpoints by number."""
        return sorted(self._named_like(NAME), key=lambda path: int(path.name.split("-")[1].split(".")[0]))

    def _named_like(self, pattern: re.Pattern[str]) -> list[Path]:
        if self.folder.exists() and not self.folder.is_dir():
            raise checks.RavineValueError(f"{self._named}: expected a folder, and this is a file.")
        return [path for path in self.folder.glob("*") if pattern.fullmatch(path.name)]

    def _lock(self) -> None:
        """Keep other processes from training with the folder; the system lets go of it whatever ends this one."""
        try:
            import fcntl
        except ImportError:  # Windows
            return
        assert self._handle is not None
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise checks.RavineValueError(
                f"{self._named}: another run is writing to it; expected a folder of this run's own."
            ) from None
        except OSError:  # a file system without locks
            return


def _read(path: Path) -> tuple[Arrays, Notes]:
    with regular.opened("path", path) as file:
        header = tensors.Header(file)
        if header.texts.get("format") != FORMAT or not {"notes", "crc32"} <= header.texts.keys():
            raise checks.RavineValueError("it is no checkpoint of this version")
        arrays = header.read(file)
    try:
        notes = json.loads(header.texts["notes"])
    except (ValueError, RecursionError):
        raise checks.RavineValueError("its notes are no JSON") from None
    return arrays, notes
