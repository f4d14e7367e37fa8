"""A learning rate of its own for each epoch."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import numpy as np

from ravine import checks
from ravine.callbacks.base import Callback, Logs


class LearningRateScheduler(Callback):
    """Ask a function for the learning rate of each epoch.

    It is called on the host and may be any function. Where nothing else acts between epochs it is asked for several
    epochs at once, which then run as one program; so it may be called for a few epochs that an early stop leaves out.

    Args:
        schedule: ``schedule(epoch, learning_rate)`` or ``schedule(epoch)``, of the epoch, counted from 0, and the rate
            so far; returns a finite number of at least 0.
        verbose: 1 says what the rate is; 0 is silent.
    """

    every_epoch = False

    def __init__(self, schedule: Callable[..., float], verbose: int = 0) -> None:
        if not callable(schedule):
            checks.reject_type("schedule", schedule, "a function of the epoch and the learning rate")
        self.schedule = schedule
        self.verbose = checks.integer("verbose", verbose, least=0)
        self._takes_rate = _takes(schedule, 2)
        self._ahead: dict[int, float] = {}

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Forget the last run."""
        self._ahead = {}

    def rate(self, epoch: int, so_far: float) -> float:
        """What the function says of an epoch, as float32."""
        given = self.schedule(epoch, so_far) if self._takes_rate else self.schedule(epoch)
        # As the run uses it: else the rate so far would depend on how many epochs were asked for at once.
        return float(np.float32(checks.number(f"schedule({epoch})", given, least=0)))

    def ahead(self, epoch: int, so_far: float) -> float:
        """The rate of an epoch whose turn comes later."""
        self._ahead[epoch] = self.rate(epoch, so_far)
        return self._ahead[epoch]

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Set the rate."""
        optimizer = self.model.optimizer
        known = self._ahead.pop(epoch, None)
        optimizer.learning_rate = self.rate(epoch, float(optimizer.learning_rate)) if known is None else known
        if self.verbose:
            rate = optimizer.learning_rate
            print(f"Epoch {epoch + 1}: LearningRateScheduler setting learning rate to {rate:g}.")


def _takes(function: Callable[..., float], count: int) -> bool:
    """Whether a function can be called with ``count`` positional arguments."""
    try:
        inspect.signature(function).bind(*range(count))
    except TypeError:
        return False
    except ValueError:  # a function of C that does not tell
        return True
    return True
