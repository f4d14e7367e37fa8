"""Rows that are read when they are needed: arrays on disk, and datasets of Hugging Face."""

from __future__ import annotations

import math
import mmap
from collections.abc import Iterator
from typing import Any, Protocol

import jax
import numpy as np

from ravine import checks
from ravine.frames import Names
from ravine.training.data import Data, as_data, as_samples, as_targets, as_weights
from ravine.training.sources.base import Order, Source, check_alike
from ravine.training.sources.columns import parts

READ_BYTES = 2**23
"""About as much is read at once, in whole batches: every read of a file has a price of its own, whatever its size."""

Index = slice | np.ndarray


class Store(Protocol):
    """Rows that can be read in any order."""

    def __len__(self) -> int:
        """How many there are."""

    def read(self, index: Index, prefix: str) -> Data:
        """Those at ``index``, checked; ``prefix`` goes before what errors say."""


class Rows(Source):
    """Batches of the rows of a store, the same that an array in memory would give.

    Args:
        store: where they are read from.
        batch_size: rows in a batch, at most as many as there are; the last of a pass may be smaller.
        steps: batches in an epoch, which goes on where the last one ended; None for one pass.
        prefix: goes before what errors say.
        span: which of the store's rows; all by default.
    """

    def __init__(
        self, store: Store, batch_size: int, steps: int | None = None, *, prefix: str = "", span: range | None = None
    ) -> None:
        self._store, self._steps, self._prefix = store, steps, prefix
        self._span = range(len(store)) if span is None else span
        self._size = min(batch_size, len(self._span))
        self._passes = math.ceil(self.rows / self._size)
        self.example = self._read(None, 0, self._size)
        self._at_once = max(1, READ_BYTES // sum(array.nbytes for array in jax.tree.leaves(self.example)))

    @property
    def rows(self) -> int:
        """How many rows a pass has."""
        return len(self._span)

    @property
    def batches(self) -> int:
        """How many batches an epoch has."""
        return self._steps or self._passes

    def first(self, size: int) -> Rows:
        """The first ``size`` rows."""
        return self._part(self._span[:size])

    def split(self, at: int) -> tuple[Rows, Rows]:
        """The rows before ``at``, and the rest."""
        return self._part(self._span[:at]), self._part(self._span[at:])

    def _part(self, span: range) -> Rows:
        return Rows(self._store, self._size, self._steps, prefix=self._prefix, span=span)

    def epoch(self, number: int, order: Order | None = None) -> Iterator[Data]:
        """The batches of an epoch; with an ``order`` of the rows, in that one."""
        at = number * self.batches
        end = at + self.batches
        while at < end:
            walked, first = divmod(at, self._passes)
            taken = None if order is None else order(walked, self.rows)
            last = min(self._passes, first + end - at)
            yield from self._walked(taken, first, last)
            at += last - first

    def _walked(self, taken: np.ndarray | None, first: int, last: int) -> Iterator[Data]:
        """Batches ``first`` up to ``last`` of a pass."""
        size = self._size
        for i in range(first, last, self._at_once):
            block = self._read(taken, i * size, min(last, i + self._at_once) * size)
            for start in range(0, block.rows, size):
                yield jax.tree.map(lambda a, s=start: a[s : s + size], block)

    def _read(self, taken: np.ndarray | None, start: int, stop: int) -> Data:
        """The rows from ``start`` up to ``stop`` of a pass."""
        offset = self._span.start
        stop = min(stop, self.rows)
        index: Index = slice(offset + start, offset + stop) if taken is None else taken[start:stop] + offset
        try:
            return self._checked(index, "")
        except checks.RavineError:
            self._blame(np.arange(offset + start, offset + stop) if isinstance(index, slice) else index)
            raise

    def _checked(self, index: Index, place: str) -> Data:
        """Rows of the store, like those of the first batch; errors put ``place`` before what is wrong."""
        rows = self._store.read(index, f"{self._prefix}{place}")
        check_alike(f"{self._prefix}{place}", getattr(self, "example", None), rows)
        return rows

    def _blame(self, index: np.ndarray) -> None:
        """Raise the error of the first of these rows that cannot be read alone, by its number."""
        if len(index) == 1:
            self._checked(index, f"row {index[0]}'s ")
            return
        for half in np.array_split(index, 2):
            try:
                self._checked(half, "")
            except checks.RavineError:
                self._blame(half)


class Arrays:
    """Samples, targets and weights, each in memory or read lazily."""

    def __init__(
        self,
        x: Any,
        y: Any,
        w: Any,
        prefix: str = "",
        *,
        with_targets: bool = True,
        columns: Names | None = None,
    ) -> None:
        self._with_targets = with_targets
        self._x = x if is_lazy(x) else as_samples(f"{prefix}x", x, columns)
        self._y = self._w = None
        if not with_targets:
            return
        if y is None:
            raise checks.RavineValueError(f"{prefix}y=None: expected targets, one row a sample.")
        self._y = y if is_lazy(y) else as_targets(f"{prefix}y", y)
        if len(self._x) != len(self._y):
            raise checks.RavineValueError(
                f"{prefix}x has {len(self._x)} rows and {prefix}y has {len(self._y)}: expected one target per sample."
            )
        if w is not None:
            self._w = w if is_lazy(w) else as_weights(f"{prefix}sample_weight", w, len(self._x))
            if len(self._w) != len(self._x):
                raise checks.RavineValueError(
                    f"{prefix}sample_weight has shape {self._w.shape}: expected one weight per sample, "
                    f"({len(self._x)},)."
                )

    def __len__(self) -> int:
        return len(self._x)

    def read(self, index: Index, prefix: str) -> Data:
        """Those at ``index``, checked."""
        x = rows_at(self._x, index)
        if not self._with_targets:
            return Data(as_samples(f"{prefix}x", x), None)
        w = None if self._w is None else rows_at(self._w, index)
        return as_data(x, rows_at(self._y, index), w, prefix=prefix)


class Columns:
    """The rows of a dataset of Hugging Face, whose columns go by name."""

    def __init__(self, dataset: Any, *, with_targets: bool = True, columns: Names | None = None) -> None:
        # Without a format of its own it gives lists of Python, one object a number.
        plain = (getattr(dataset, "format", None) or {}).get("type") is None
        self._dataset = dataset.with_format("numpy") if plain and hasattr(dataset, "with_format") else dataset
        self._with_targets, self._columns = with_targets, columns

    def __len__(self) -> int:
        return len(self._dataset)

    def read(self, index: Index, prefix: str) -> Data:
        """Those at ``index``, checked."""
        found = self._dataset[index if isinstance(index, slice) else index.tolist()]
        return parts(f"{prefix}x", found, with_targets=self._with_targets, order=self._columns).checked(prefix)


def rows_at(array: Any, index: Index) -> np.ndarray:
    """The rows of an array at ``index``; where it is no array of NumPy, read in their own order, as HDF5 needs."""
    if isinstance(index, slice) or isinstance(array, np.ndarray):
        return array[index]
    order = np.argsort(index)
    read = np.asarray(array[index[order]])
    rows = np.empty_like(read)
    rows[order] = read
    return rows


def is_held(value: Any) -> bool:
    """Whether this is a tensor, frame or sparse matrix of some library, whose values are at hand."""
    return any(hasattr(value, name) for name in ("__dlpack__", "numpy", "to_numpy", "toarray"))


def is_lazy(value: Any) -> bool:
    """Whether this is an array that lies on disk, or is read or computed when rows of it are asked for."""
    if isinstance(value, np.ndarray):
        while isinstance(value, np.ndarray):
            value = value.base
        return isinstance(value, mmap.mmap)
    if is_held(value):
        return False
    is_array = isinstance(getattr(value, "dtype", None), np.dtype) and isinstance(getattr(value, "shape", None), tuple)
    return is_array and len(value.shape) > 0 and hasattr(value, "__len__") and hasattr(value, "__getitem__")
