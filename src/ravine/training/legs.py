"""Driving the compiled run from the host, leg by leg."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import FrameType
from typing import Any

import jax
import numpy as np

from ravine.training.program import LEG_CAPACITY, Agenda, RunState

LEG_SECONDS = 0.25
"""How long a leg should take: short enough for a lively progress bar, long against the cost of starting one."""


@dataclass(frozen=True)
class Leg:
    """What one leg did: the run's state after it, its epochs' values, and how long it took."""

    run: RunState
    first_epoch: int
    record: np.ndarray
    seconds: float

    @property
    def stopped(self) -> bool:
        """Whether a stopping rule has ended the run; of a group, each of its runs."""
        ended = [np.asarray(rule.stopped_epoch) >= 0 for rule in self.run.rules]
        return bool(np.any(ended, axis=0).all()) if ended else False


class Interrupts:
    """While active, Ctrl-C sets a flag instead of raising, so that no leg is cut in half; a second one raises."""

    def __init__(self) -> None:
        self.requested = False
        self._installed = False
        self._before: Any = None

    def __enter__(self) -> Interrupts:
        # Only the main thread may set handlers; elsewhere no KeyboardInterrupt arrives anyway.
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._on_signal)
            self._installed = True
        return self

    def __exit__(self, *_: object) -> None:
        if self._installed:
            # A handler that was not set from Python reads as None: the default is the nearest to it.
            signal.signal(signal.SIGINT, signal.SIG_DFL if self._before is None else self._before)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self.requested:
            raise KeyboardInterrupt
        self.requested = True


def wait_for(result: Any) -> None:
    """Wait until ``result`` is computed, hearing signals meanwhile: waiting inside JAX, the main thread would not."""
    computed = threading.Event()

    def wait() -> None:
        # Whoever reads the result next meets its error: here it would only be printed.
        with contextlib.suppress(Exception):
            jax.block_until_ready(result)
        computed.set()

    threading.Thread(target=wait, daemon=True).start()
    computed.wait()


def run_legs(
    train_leg: Callable[[RunState, int, Agenda], tuple[RunState, jax.Array]],
    run: RunState,
    epochs: range,
    agenda: Callable[[int, int], Agenda],
    *,
    every_epoch: bool,
    before: Callable[[int], None],
) -> Iterator[Leg]:
    """Run ``epochs``, yielding after each leg; ends when a stopping rule has.

    Legs are one epoch long with ``every_epoch``; otherwise they grow until they take about LEG_SECONDS. ``before`` is
    called with a leg's first epoch before the leg starts, then ``agenda`` with that and its length. The run may be
    a group of runs, each array with a first axis for them; a leg is then as long as its longest run, and has NaN after
    the end of a run.
    """
    length, done = 1, epochs.start
    while done < epochs.stop:
        length = min(length, epochs.stop - done)
        before(done)
        start = time.perf_counter()
        run, record = train_leg(run, length, agenda(done, length))
        wait_for((run, record))
        seconds = time.perf_counter() - start
        finished = int(np.max(run.epoch)) - done
        leg = Leg(run, done, np.asarray(record)[..., :finished, :], seconds)
        yield leg
        if leg.stopped:
            return
        # The first leg's time is mostly compilation, so it says nothing about the length of the next.
        if not every_epoch and done > epochs.start:
            length = max(1, min(LEG_CAPACITY, int(LEG_SECONDS * finished / seconds)))
        done += finished
