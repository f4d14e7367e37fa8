"""What every source of batches keeps to."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator

import numpy as np

from ravine import checks
from ravine.training.data import Data
from ravine.training.sources.thread import OneThread

Order = Callable[[int, int], np.ndarray]
"""``order(pass_number, count)`` is the permutation of 0..count-1, int32, in which that pass takes rows or batches."""


class Source(ABC):
    """What an epoch's batches come from.

    Attributes:
        example: the first batch, checked; a batch that was only read to know its shapes is still trained on.
        thread: where alone what is behind the source is asked for anything; whoever walks the epochs there spares it
            the way for each batch. None where any thread will do.
    """

    example: Data
    thread: OneThread | None = None

    @property
    def repeats(self) -> bool:
        """Whether an epoch's batches depend on its number alone, not on the epochs that were walked before."""
        return True

    @property
    @abstractmethod
    def batches(self) -> int | None:
        """How many batches an epoch has; None while nobody knows."""

    @abstractmethod
    def epoch(self, number: int, order: Order | None = None) -> Iterator[Data]:
        """The batches of epoch ``number``, from 0: checked arrays of the host, alike but for their number of rows.

        Where an epoch is a number of steps, it goes on where the epoch before it ended; epoch 0 starts at the
        beginning, wherever that is possible. Epochs are walked one after another. An error names the batch.
        """

    def goes_on(self, wanted: bool) -> bool:
        """Whether there can be another epoch. To be asked after each, by whoever asked for it.

        Warns where the last epoch had fewer batches than were asked for, and where another one is ``wanted`` but
        nothing is left for it.
        """
        return True


def place_of(number: int, at: int, prefix: str = "") -> str:
    """What errors call batch ``at``, from 0, of epoch ``number``, from 0; of the first epoch it is just a batch."""
    return f"{prefix}batch {at + 1}" + (f" of epoch {number + 1}" if number else "")


def check_alike(prefix: str, example: Data | None, batch: Data) -> None:
    """Raise where a batch's arrays differ from those of the first batch in more than their number of rows.

    ``example`` is None for the first batch itself; ``prefix`` goes before ``x``, ``y`` and ``sample_weight`` in errors.
    """
    if example is None:
        return
    for name, first, now in (
        ("x", example.x, batch.x),
        ("y", example.y, batch.y),
        ("sample_weight", example.w, batch.w),
    ):
        if first is None and now is None:
            continue
        if first is None or now is None:
            raise checks.RavineValueError(
                f"{prefix}{name} {'came' if first is None else 'is missing'}, unlike the first batch's: expected it "
                "in every batch or in none."
            )
        if (first.shape[1:], first.dtype) != (now.shape[1:], now.dtype):
            raise checks.RavineValueError(
                f"{prefix}{name} is {now.dtype} of shape {now.shape} where the first batch's is {first.dtype} of "
                f"shape {first.shape}: expected batches that differ in nothing but their number of rows."
            )
