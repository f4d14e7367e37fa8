"""What experiments watch in a run besides its history."""

from __future__ import annotations

from typing import Any, cast

from ravine import Sequential
from ravine.callbacks import Callback
from ravine.callbacks.base import Logs


class Inference(Callback):
    """Loss and accuracy on some data after each epoch, at inference: with nothing dropped.

    Attributes:
        losses: one an epoch.
        accuracies: one an epoch.
    """

    def __init__(self, x: Any, y: Any) -> None:
        self.x, self.y = x, y
        self.losses: list[float] = []
        self.accuracies: list[float] = []

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Evaluate."""
        values = evaluated(self.model, self.x, self.y)
        self.losses.append(values["loss"])
        self.accuracies.append(values["accuracy"])


def evaluated(model: Sequential, x: Any, y: Any) -> dict[str, float]:
    """Loss and metrics by name."""
    return cast(dict[str, float], model.evaluate(x, y, verbose=0, return_dict=True))
