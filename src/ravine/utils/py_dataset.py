"""Batches by index, under Keras's name."""

from __future__ import annotations

from typing import Any

from ravine import checks


class PyDataset:
    """Base of data sets that give whole batches by index: override ``__len__`` and ``__getitem__``.

    ``dataset[i]`` is batch ``i``, ``(x, y)`` or ``(x, y, sample_weight)``; ``len(dataset)`` counts the batches. Any
    object with these two works; the base adds the hooks, and takes Keras's arguments.

    Args:
        workers: one thread reads whatever this says; more than 1 is warned of where the data set is used.
        use_multiprocessing: accepted for Keras's sake.
        max_queue_size: accepted for Keras's sake.
    """

    def __init__(self, workers: int = 1, use_multiprocessing: bool = False, max_queue_size: int = 10) -> None:
        checks.integer("workers", workers, least=0)
        checks.boolean("use_multiprocessing", use_multiprocessing)
        checks.integer("max_queue_size", max_queue_size, least=1)
        self.workers, self.use_multiprocessing, self.max_queue_size = workers, use_multiprocessing, max_queue_size

    def __len__(self) -> int:
        raise NotImplementedError

    def __getitem__(self, index: int) -> Any:
        raise NotImplementedError

    @property
    def num_batches(self) -> int:
        """How many batches there are."""
        return len(self)

    def on_epoch_begin(self) -> None:
        """Before a pass."""

    def on_epoch_end(self) -> None:
        """After a pass."""
