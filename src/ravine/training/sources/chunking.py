"""Batches put together for the compiled run, and read ahead in the background."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from concurrent.futures import wait

import jax
import numpy as np

from ravine.training.data import Data
from ravine.training.sources.thread import OneThread

CHUNK_BYTES = 2**25
"""The most that a chunk holds: three are in memory, the one that is trained on and two that are read ahead."""

END = None
"""What the reading thread gives after the last chunk."""


def chunks(
    batches: Iterator[Data], most: int, capacity: int = CHUNK_BYTES, thread: OneThread | None = None
) -> Generator[Data]:
    """Consecutive batches of equal size as one, each array ``[k, rows, ...]``, ready for ``lax.scan``.

    Each length k is a program of its own, so lengths are powers of two: the largest one up to ``most`` whose batches
    take at most ``capacity`` bytes (a single batch may take more), and what is left over before a batch of another
    size or at the end goes into smaller ones, the largest first. So 32 at a time, 53 batches are chunks of 32, 16, 4
    and 1: at most 6 programs for whatever number of batches.

    The next chunk is read meanwhile by ``thread``, or by one that ends with the chunks, and the batches are asked for
    there only. An error in them comes after all the batches before it; closing this waits until the thread has the
    chunk that it reads, while Ctrl-C does not wait.
    """
    reading, reader, waits = _chunks(batches, most, capacity), thread or OneThread(), True
    coming = reader.start(next, reading, END)
    try:
        while (chunk := coming.result()) is not END:
            coming = reader.start(next, reading, END)
            yield chunk
    except KeyboardInterrupt:
        waits = False
        raise
    finally:
        if not coming.cancel() and waits:
            wait([coming])
        if thread is None:
            reader.close(wait=waits)


def _chunks(batches: Iterator[Data], most: int, capacity: int) -> Iterator[Data]:
    group: list[Data] = []
    length = 1
    try:
        for batch in batches:
            if group and batch.rows != group[0].rows:
                yield from _in_powers(group)
                group = []
            if not group:
                length = _power(min(most, capacity // _bytes(batch)))
            group.append(batch)
            if len(group) == length:
                yield _stacked(group)
                group = []
    except Exception:  # what came before an error is still trained on
        yield from _in_powers(group)
        raise
    yield from _in_powers(group)


def _in_powers(group: list[Data]) -> Iterator[Data]:
    """A group in chunks of powers of two, the largest first."""
    while group:
        length = _power(len(group))
        yield _stacked(group[:length])
        group = group[length:]


def _power(most: int) -> int:
    """The largest power of two up to ``most``, and 1 where there is none."""
    return 1 << (max(1, most).bit_length() - 1)


def _bytes(batch: Data) -> int:
    return sum(array.nbytes for array in jax.tree.leaves(batch))


def _stacked(group: list[Data]) -> Data:
    return jax.tree.map(lambda *arrays: np.stack(arrays), *group)
