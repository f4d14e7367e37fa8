"""Batches one after another: generators, functions that return them, and loaders, which can be walked anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ravine import checks
from ravine.frames import Names
from ravine.training.data import Data
from ravine.training.sources.base import Order, Source, check_alike, place_of
from ravine.training.sources.batch import as_batch
from ravine.training.sources.thread import OneThread

END = object()
"""What stands for the batch after the last one."""


class Stream(Source):
    """Batches that an iterator yields. It is asked for in one thread, and for no more than the epochs take.

    Args:
        start: gives an iterator over a pass.
        what: what errors call it.
        restarts: whether ``start`` may be called for each pass; else it is called once.
        steps: batches in an epoch, which goes on where the last one ended; None for one pass.
        length: how many batches a pass has, where that is known.
        prefix: goes before what errors say.
        with_targets: whether batches need targets.
        columns: the order of columns that have names; None for the first batch's.
    """

    def __init__(
        self,
        start: Callable[[], Iterator[Any]],
        what: str,
        *,
        restarts: bool,
        steps: int | None = None,
        length: int | None = None,
        prefix: str = "",
        with_targets: bool = True,
        columns: Names | None = None,
    ) -> None:
        self._start, self._what, self._restarts, self._steps = start, what, restarts, steps
        self._length, self._prefix, self._with_targets, self._columns = length, prefix, with_targets, columns
        self.thread: OneThread = OneThread()
        self._next = 0
        """The number of the epoch that goes on where the last one ended."""
        self._missing: int | None = None
        """Of an epoch that was cut short, how many batches it has."""
        self._peeked: Any = None
        """A batch that was read before its epoch asked for it."""
        self._begin()
        self._peeked = self._pulled(0, 0)
        if self._peeked is END:
            raise checks.RavineValueError(f"{what} yields nothing: expected at least one batch.")
        self.example: Data = self._peeked

    @property
    def batches(self) -> int | None:
        """How many batches an epoch has; without steps and a length, None until the first one has ended."""
        return self._steps or self._length

    @property
    def repeats(self) -> bool:
        """Whether an epoch is a pass that begins anew."""
        return self._restarts and self._steps is None

    def epoch(self, number: int, order: Order | None = None) -> Iterator[Data]:
        """The batches of an epoch. Their ``order`` is their own affair."""
        self._arrive(number)
        self._next, came = number + 1, 0
        while self._steps is None or came < self._steps:
            batch = self._taken(number, came)
            if batch is END:
                break
            came += 1
            yield batch
        if self._steps is None:
            self._length = came
        elif came < self._steps:
            self._missing = came

    def goes_on(self, wanted: bool) -> bool:
        """Whether there can be another epoch; where one is ``wanted``, its first batch is read."""
        if self._missing is not None:
            checks.warn(
                f"{self._what} ended after {self._missing} of the {self._steps} batches of epoch {self._next}. What "
                "came was used, and there is no further epoch."
            )
            return False
        if wanted and self._peeked is None:
            self._arrive(self._next)
            self._peeked = self._taken(self._next, 0)
        if wanted and self._peeked is END:
            checks.warn(
                f"{self._what} ended with epoch {self._next}, and there is no further one. Expected enough batches for "
                "all epochs, or a function that returns a new generator for each pass."
            )
            return False
        return True

    def _begin(self) -> None:
        """Start a pass."""
        self._iterator = self.thread(self._start)
        self._peeked = None
        self._came = 0
        """How many batches this pass has given."""
        self._ended = False

    def _arrive(self, number: int) -> None:
        """Be where epoch ``number`` starts: the iterator where it is, or else a new one where there can be one."""
        fresh = self._came == 1 and self._peeked is not None
        if self._restarts and not fresh and (self._ended or number != self._next):
            self._begin()

    def _taken(self, number: int, at: int) -> Any:
        """The next batch, or END; passes follow each other where an epoch is a number of steps."""
        if self._peeked is not None:
            batch, self._peeked = self._peeked, None
            return batch
        batch = self._pulled(number, at)
        if batch is END and self._restarts and self._steps:
            self._begin()
            batch = self._pulled(number, at)
        return batch

    def _pulled(self, number: int, at: int) -> Any:
        """What the iterator gives next: batch ``at`` of epoch ``number``, or END."""
        try:
            given = self.thread(next, self._iterator, END)
        except Exception as error:
            error.add_note(
                f"Raised by {self._what} for {place_of(number, at)}: {at} batches of that epoch came before, after "
                f"{number} whole epochs."
            )
            raise
        if given is END:
            self._ended = True
            return END
        place = place_of(number, at, self._prefix)
        example = getattr(self, "example", None)
        columns = self._columns if example is None else example.columns
        batch = as_batch(place, given, with_targets=self._with_targets, columns=columns)
        check_alike(f"{place}'s ", example, batch)
        self._came += 1
        return batch
