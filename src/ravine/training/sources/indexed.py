"""Batches by their index, as objects like ``keras.utils.PyDataset`` give them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ravine import checks
from ravine.frames import Names
from ravine.training.data import Data
from ravine.training.sources.base import Order, Source, check_alike, place_of
from ravine.training.sources.batch import as_batch
from ravine.training.sources.thread import OneThread


class Indexed(Source):
    """``given[i]`` is a batch, for i in [0, ``len(given)``) or [0, ``given.num_batches``), and may be read repeatedly.

    Args:
        given: the object. Its ``on_epoch_begin()`` is called before each pass and its ``on_epoch_end()`` after it,
            where it has them; its length is read anew for each epoch.
        steps: batches in an epoch; None for one pass.
        prefix: goes before what errors say.
        with_targets: whether batches need targets.
        columns: the order of columns that have names; None for the first batch's.
    """

    def __init__(
        self,
        given: Any,
        steps: int | None = None,
        *,
        prefix: str = "",
        with_targets: bool = True,
        columns: Names | None = None,
    ) -> None:
        self._given, self._steps, self._prefix, self._with_targets = given, steps, prefix, with_targets
        self._columns = columns
        self.thread: OneThread = OneThread()
        if not self._count():
            raise checks.RavineValueError(
                f"{prefix}x, a {type(given).__name__}, has {self._count()} batches: expected at least one, by __len__."
            )
        self.example = self._batch(0, 0, 0)

    def _count(self) -> int:
        """Batches in a pass."""
        return len(self._given) if hasattr(self._given, "__len__") else self._given.num_batches

    @property
    def batches(self) -> int:
        """How many batches an epoch has."""
        return self._steps or self._count()

    def epoch(self, number: int, order: Order | None = None) -> Iterator[Data]:
        """The batches of an epoch; with an ``order``, in that one."""
        count = self._count()
        steps = self._steps or count
        taken = np.arange(count)
        for i in range(steps):
            walked, at = divmod(number * steps + i, count)
            if order is not None and (i == 0 or at == 0):
                taken = order(walked, count)
            if at == 0:
                self._call("on_epoch_begin")
            yield self._batch(int(taken[at]), number, i)
            if at == count - 1:
                self._call("on_epoch_end")

    def _batch(self, index: int, number: int, at: int) -> Data:
        try:
            given = self.thread(self._given.__getitem__, index)
        except Exception as error:
            error.add_note(f"Raised by {self._prefix}x[{index}] for {place_of(number, at)}.")
            raise
        place = place_of(number, at, self._prefix)
        example = getattr(self, "example", None)
        columns = self._columns if example is None else example.columns
        batch = as_batch(place, given, with_targets=self._with_targets, columns=columns)
        check_alike(f"{place}'s ", example, batch)
        return batch

    def _call(self, hook: str) -> None:
        if hasattr(self._given, hook):
            self.thread(getattr(self._given, hook))
