"""Reducing the learning rate, as a callback in Keras's form over :mod:`ravine.training.plateau`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import ClassVar

from ravine import checks
from ravine.callbacks.base import Logs
from ravine.callbacks.monitor import Monitor
from ravine.training.plateau import Plateau, PlateauState


class ReduceLROnPlateau(Monitor):
    """Multiply the learning rate by ``factor`` once a value has not improved for ``patience`` epochs.

    It happens inside the compiled run, so it needs no epoch-by-epoch driving. ``History.history["learning_rate"]`` has
    the rate of each epoch; the optimizer keeps the last.

    Args:
        monitor: the key of the value that is watched, such as ``"val_loss"``.
        factor: what the rate is multiplied by, in [0, 1).
        patience: how many epochs without improvement are borne, at least 0.
        verbose: 1 says where the rate was reduced, which needs the host after every epoch; 0 is silent.
        mode: ``"min"``, ``"max"``, or ``"auto"``: a loss is minimised, a metric goes in its own direction.
        min_delta: how much better counts as an improvement; its sign is ignored, as in Keras.
        cooldown: for how many epochs after a reduction none is counted, at least 0.
        min_lr: the least learning rate, at least 0.

    Attributes:
        best: the best value so far; None before there is one.
        wait: epochs since the last improvement or reduction.
        cooldown_counter: epochs that it still rests.
    """

    describes: ClassVar[bool] = True
    consequence = "it will never reduce the learning rate"

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0.0,
    ) -> None:
        super().__init__(monitor, mode)
        self.factor = checks.number("factor", factor, least=0, below=1)
        self.patience = checks.integer("patience", patience, least=0)
        self.verbose = checks.integer("verbose", verbose, least=0)
        self.min_delta = abs(checks.number("min_delta", min_delta))
        self.cooldown = checks.integer("cooldown", cooldown, least=0)
        self.min_lr = checks.number("min_lr", min_lr, least=0)
        self._reset()

    @property
    def every_epoch(self) -> bool:  # type: ignore[override]  # of the class, not of the object: a subclass may act
        """Only to say what it does."""
        return self.verbose > 0

    def _reset(self) -> None:
        self.best: float | None = None
        self.wait = self.cooldown_counter = 0

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Forget the last run."""
        self._reset()

    def pure(self, columns: Sequence[str], directions: Mapping[str, str]) -> Plateau | None:
        """The pure rule for a run with these values; None, with a warning, where ``monitor`` is not among them."""
        found = self.watched(columns, directions)
        if found is None:
            return None
        return Plateau(
            column=found[0],
            mode=found[1],
            factor=self.factor,
            patience=float(self.patience),
            min_delta=self.min_delta,
            cooldown=float(self.cooldown),
            min_lr=self.min_lr,
        )

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Say that the rate was reduced."""
        reduced = self.model.optimizer.learning_rate
        if self.verbose and logs and reduced < logs["learning_rate"]:
            print(f"Epoch {epoch + 1}: ReduceLROnPlateau reducing learning rate to {reduced:g}.")

    def take(self, state: PlateauState) -> None:
        """Show where the rule stands after the run."""
        self.best = None if math.isnan(float(state.best)) else float(state.best)
        self.wait, self.cooldown_counter = int(state.wait), int(state.cooldown)
