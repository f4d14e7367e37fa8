"""Early stopping, as a callback in Keras's form over the pure rule of :mod:`ravine.training.stopping`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ravine import checks
from ravine.callbacks.base import Logs, Stopper
from ravine.callbacks.monitor import Monitor
from ravine.training.stopping import StoppingRule, StopState


class EarlyStopping(Monitor, Stopper):
    """Stop training once a value has not improved for ``patience`` epochs.

    The decision is taken inside the compiled run, so it costs nothing and needs no epoch-by-epoch driving.

    Args:
        monitor: the key of the value that is watched, such as ``"val_loss"``.
        min_delta: how much better counts as an improvement; its sign is ignored, as in Keras.
        patience: how many epochs without improvement are borne, at least 0.
        verbose: 1 says where training stopped and which epoch's weights it kept; 0 is silent.
        mode: ``"min"``, ``"max"``, or ``"auto"``: a loss is minimised, a metric goes in its own direction.
        baseline: a value to be beaten: until then no improvement resets the patience.
        restore_best_weights: whether the best epoch's weights come back at the end, whatever ended the run.
        start_from_epoch: epochs before this one are ignored, at least 0.

    Attributes:
        stopped_epoch: the epoch, from 0, after which the run stopped; 0 while it has not.
        best_epoch: the best epoch, from 0.
        best: its value; None before there is one.
        wait: epochs since the last improvement.
    """

    consequence = "it will never stop it"

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ) -> None:
        super().__init__(monitor, mode)
        self.min_delta = abs(checks.number("min_delta", min_delta))
        self.patience = checks.integer("patience", patience, least=0)
        self.verbose = checks.integer("verbose", verbose, least=0)
        self.baseline = None if baseline is None else checks.number("baseline", baseline)
        self.restore_best_weights = checks.boolean("restore_best_weights", restore_best_weights)
        self.start_from_epoch = checks.integer("start_from_epoch", start_from_epoch, least=0)
        self._reset()

    def _reset(self) -> None:
        self.wait = self.stopped_epoch = self.best_epoch = 0
        self.best: float | None = None

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Forget the last run."""
        self._reset()

    def rule(self, columns: Sequence[str], directions: Mapping[str, str]) -> StoppingRule | None:
        """The pure rule for a run with these values; None, with a warning, where ``monitor`` is not among them."""
        found = self.watched(columns, directions)
        if found is None:
            return None
        column, mode = found
        return StoppingRule(
            column=column,
            mode=mode,
            min_delta=self.min_delta,
            patience=float(self.patience),
            baseline=math.nan if self.baseline is None else self.baseline,
            start_from_epoch=float(self.start_from_epoch),
            keeps_best=self.restore_best_weights,
        )

    def take(self, state: StopState) -> Any:
        """Show where the rule stands after the run; returns the arrays to restore, or None."""
        self.wait = int(state.wait)
        self.best = None if math.isnan(float(state.best)) else float(state.best)
        self.best_epoch = max(0, int(state.best_epoch))
        self.stopped_epoch = max(0, int(state.stopped_epoch))
        restores = self.restore_best_weights and int(state.best_epoch) >= 0
        if self.verbose and self.stopped_epoch:
            print(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if self.verbose and restores:
            print(f"Restoring model weights from the end of the best epoch: {self.best_epoch + 1}.")
        return state.kept if restores else None
