"""The file that runs are written to as they finish: a line of JSON each, so that nothing done is lost.

The first line tells which study it is. A line is there once it has reached the disk; one that was cut off while it was
written is dropped when the file is next opened, and its run is made again.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from ravine import checks, regular
from ravine.comparison.codec import ODD, dumps, loads
from ravine.comparison.records import Key, Run

FORMAT = "ravine runs 1"

LONGEST = 2**27
"""Bytes of a line; a run of a hundred thousand epochs has some ten million."""


class Store:
    """The runs of a study that are done; kept in a file where there is a path.

    Args:
        path: the file, which is made where it is missing and gone on with where it is not; None for memory alone.
        study: what tells this study from others, as JSON takes it.
    """

    def __init__(self, path: str | os.PathLike[str] | None, study: Mapping[str, Any]) -> None:
        self._runs: dict[Key, Run] = {}
        self._writing = threading.Lock()
        self._file: BinaryIO | None = None
        if path is not None and not isinstance(path, str | os.PathLike):
            checks.reject_type("out", path, "the path of a file")
        if path is not None:
            self._open(Path(checks.path("out", path)), loads(dumps(study)))

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __contains__(self, key: Key) -> bool:
        return key in self._runs

    def __getitem__(self, key: Key) -> Run:
        return self._runs[key]

    def __len__(self) -> int:
        return len(self._runs)

    def add(self, run: Run) -> None:
        """Keep a run that is done."""
        with self._writing:
            self._runs[run.key] = run
            if self._file is not None:
                self._write(run.line())

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _write(self, line: str) -> None:
        assert self._file is not None
        with regular.naming(self._file.name):
            self._file.write(line.encode() + b"\n")
            self._file.flush()
            os.fsync(self._file.fileno())

    def _open(self, path: Path, study: dict[str, Any]) -> None:
        regular.check("out", path)
        try:
            self._file = path.open("a+b")
        except OSError as error:
            raise checks.RavineValueError(
                f"out={str(path)!r}: expected a file that can be written to ({error.strerror or error})."
            ) from None
        try:
            _lock(self._file, path)
            self._read(path, study)
        except BaseException:
            self.close()
            raise

    def _read(self, path: Path, study: dict[str, Any]) -> None:
        """Take in what the file holds, drop a line that was cut off, and write the first line where it is missing."""
        assert self._file is not None
        self._file.seek(0)
        first = dumps({"format": FORMAT, "study": study})
        start = dumps({"format": FORMAT}).removesuffix("}").encode()
        if not start.startswith(self._file.read(len(start))):
            raise _foreign(path)
        self._file.seek(0)
        header = self._file.readline(LONGEST)
        if header.endswith(b"\n"):  # as every line that was written whole
            _check_same(path, _study_in(path, header), study)
            whole = len(header) + self._read_runs(path)
        elif first.encode().startswith(header):
            whole = 0
        else:
            raise _foreign(path)
        self._file.truncate(whole)
        if not whole:
            self._write(first)
        # What ended a run may have passed, such as a want of memory: it is made again. One that diverged would again.
        self._runs = {key: run for key, run in self._runs.items() if run.error is None}

    def _read_runs(self, path: Path) -> int:
        """Take in the runs from here on, and tell how many bytes their lines have."""
        assert self._file is not None
        size = 0
        for number, line in enumerate(iter(lambda: self._file.readline(LONGEST), b""), 2):  # type: ignore[union-attr]
            if not line.endswith(b"\n") and len(line) < LONGEST:
                break  # it was cut off
            try:
                run = Run.from_dict(loads(line))
            except ODD as error:
                raise checks.RavineValueError(
                    f"out={str(path)!r}: line {number} is damaged ({checks.one_line(error)}); expected a run. Without "
                    "that line the run is made anew."
                ) from None
            self._runs[run.key] = run
            size += len(line)
        return size


def _study_in(path: Path, line: bytes) -> Any:
    """What a file's first line says of its study."""
    try:
        header = loads(line)
    except ValueError:
        header = None
    if not isinstance(header, dict) or header.get("format") != FORMAT or "study" not in header:
        raise _foreign(path)
    return header["study"]


def _foreign(path: Path) -> checks.RavineValueError:
    return checks.RavineValueError(f"out={str(path)!r}: expected a file of runs that ravine wrote, or none.")


def _check_same(path: Path, held: Any, study: Any) -> None:
    difference = checks.difference(held, study)
    if difference is not None:
        raise checks.RavineValueError(
            f"out={str(path)!r} holds the runs of another study: {difference}. Expected the same arguments, or another "
            "file."
        )


def _lock(file: BinaryIO, path: Path) -> None:
    """Keep other processes from writing to the same file; the system lets go of it whatever ends this one."""
    try:
        import fcntl
    except ImportError:  # Windows
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise checks.RavineValueError(
            f"out={str(path)!r}: another process is writing to it; expected a file of this study's own."
        ) from None
