"""The data of a study: what each seed trains on, and what is held out from it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Any, NamedTuple

import jax
import numpy as np

from ravine import checks, seeds
from ravine.comparison.describing import checksum
from ravine.training import data as training_data
from ravine.training import holding_out
from ravine.training.data import Data


class Split(NamedTuple):
    """Rows to train on and to validate on."""

    train: Data
    validation: Data


def hold_out(x: Any, y: Any, fraction: float, seed: int) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
    """``(x, y)`` to train on and ``(x, y)`` to validate on, as the runs of ``seed`` in a comparison have them.

    So one run is repeated by itself: ``model.fit(*train, validation_data=validation, seed=seed, ...)``.

    Args:
        x: samples ``[rows, ...]``.
        y: targets ``[rows, ...]``.
        fraction: how many of the rows are held out, above 0 and below 1.
        seed: an integer in [0, 2**32).
    """
    split = _drawn(training_data.as_data(x, y), fraction, seeds.check_seed("seed", seed))
    return (split.train.x, split.train.y), (split.validation.x, split.validation.y)


def _drawn(data: Data, fraction: float, seed: int) -> Split:
    """The rows that ``seed`` draws, as ``fit`` draws them with ``validation_shuffle=True``."""
    return Split(*holding_out.drawn(data, checks.number("validation_split", fraction, above=0, below=1), seed))


class Splits:
    """The split of each seed: one and the same with ``validation``, else drawn from the seed.

    The last few are kept, on the host for checks and on the device for runs. Several threads may ask.
    """

    def __init__(self, data: Data, validation: Data | None, fraction: float) -> None:
        self._data, self._fixed, self._fraction = data, validation, fraction
        self._kept = 1
        self._held: OrderedDict[int, tuple[Split, Split]] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def shared(self) -> bool:
        """Whether every seed has the same rows."""
        return self._fixed is not None

    def keep(self, count: int) -> None:
        """Keep as many, those asked for last."""
        self._kept = count

    def described(self) -> dict[str, Any]:
        """What tells the data from others, as JSON takes it."""
        held = self._fraction if self._fixed is None else checksum(self._fixed)
        return {"rows": checksum(self._data), "held_out": held}

    def of(self, seed: int) -> tuple[Split, Split]:
        """The rows of ``seed`` on the host and on the device."""
        key = seed if self._fixed is None else -1
        with self._lock:
            if key not in self._held:
                self._held[key] = self._placed(self._made(seed))
            self._held.move_to_end(key)
            while len(self._held) > self._kept:
                self._held.popitem(last=False)
            return self._held[key]

    def _placed(self, made: Split) -> tuple[Split, Split]:
        """Rows on the host and on the device; on a CPU these are the same memory."""
        device = Split(made.train.on_device(), made.validation.on_device())
        on_cpu = jax.default_backend() == "cpu"
        return (jax.tree.map(np.asarray, device) if on_cpu else made), device

    def _made(self, seed: int) -> Split:
        return _drawn(self._data, self._fraction, seed) if self._fixed is None else Split(self._data, self._fixed)
