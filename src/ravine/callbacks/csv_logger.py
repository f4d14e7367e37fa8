"""Each epoch's values as a line of a file."""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from ravine import checks, regular
from ravine.callbacks.base import Callback, Logs

LONGEST = 2**20
"""Within how many bytes a table names its columns."""


class CSVLogger(Callback):
    """Write a table with a line an epoch: ``epoch``, counted from 0, then its values; ``NA`` where there was none.

    Args:
        filename: the file to write; its folder must exist.
        separator: what stands between two values, one character.
        append: whether to go on in a file that is there, which must have the same columns; else it is replaced.
    """

    every_epoch = False
    writes: ClassVar[bool] = True

    def __init__(self, filename: str | os.PathLike[str], separator: str = ",", append: bool = False) -> None:
        if not isinstance(separator, str) or len(separator) != 1 or separator in '\r\n"':
            checks.reject("separator", separator, "one character, such as ','")
        self.filename, self.separator = Path(checks.path("filename", filename)), separator
        self.append = checks.boolean("append", append)
        self._columns: list[str] = []
        self._starts = True

    def prepare(self, columns: Sequence[str], directions: Mapping[str, str]) -> None:
        """Raise where the file cannot be gone on with."""
        regular.check("filename", self.filename)
        self._columns = ["epoch", *sorted(columns)]
        there = self._header() if self.append else None
        if there and there != self._columns:
            raise checks.RavineValueError(
                f"{self.filename} has the columns {', '.join(there)}, and this run has {', '.join(self._columns)}: "
                "expected the same, or append=False."
            )

    def _header(self) -> list[str] | None:
        """The columns of a file that is there and not empty."""
        if not self.filename.exists():
            return None
        with regular.opened("filename", self.filename) as file:
            start = file.read(LONGEST)
        try:
            return next(csv.reader(start.decode().splitlines(), delimiter=self.separator), None)
        except (csv.Error, UnicodeDecodeError):
            return ["no table"]

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Raise where the file cannot be written. What it holds goes with the first line, unless it is gone on with."""
        with self.filename.open("a"):
            self._starts = not (self.append and self._header())

    def state(self) -> dict[str, float | int | str | None]:
        """How long the file is."""
        return {"bytes": self.filename.stat().st_size}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on after the lines of the epochs that the run goes on after; later ones are cut off."""
        size = self.filename.stat().st_size
        self._starts = size == 0
        if size < state["bytes"]:
            checks.warn(
                f"{self.filename} has {size} bytes and had {state['bytes']}: lines of former epochs are missing."
            )
        else:
            os.truncate(self.filename, state["bytes"])

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Add the epoch."""
        self._begin()
        values = logs or {}
        self._write([epoch, *(values.get(key, "NA") for key in self._columns[1:])], mode="a")

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Write the columns' names, if there was no epoch."""
        self._begin()

    def _begin(self) -> None:
        """Write the columns' names, unless they are there."""
        if self._starts:
            self._write(self._columns, mode="w")
            self._starts = False

    def _write(self, row: Sequence[object], mode: str) -> None:
        # Opened for each line, so that nothing stays open or unwritten whatever ends the run.
        with regular.naming(self.filename), self.filename.open(mode, newline="") as file:
            csv.writer(file, delimiter=self.separator).writerow(row)
