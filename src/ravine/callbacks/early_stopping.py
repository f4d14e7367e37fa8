"""Early stopping, as a callback in Keras's form over the pure rule of :mod:`ravine.training.stopping`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from ravine import checks
from ravine.callbacks.base import Callback, Logs
from ravine.training.stopping import StoppingRule, StopState

MODES = ("auto", "min", "max")


class EarlyStopping(Callback):
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

    every_epoch: ClassVar[bool] = False

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
        if not isinstance(monitor, str):
            checks.reject_type("monitor", monitor, "the key of a value, such as 'val_loss'")
        self.monitor = monitor
        self.min_delta = abs(checks.number("min_delta", min_delta))
        self.patience = checks.integer("patience", patience, least=0)
        self.verbose = checks.integer("verbose", verbose, least=0)
        self.mode = checks.look_up("mode", mode, {m: m for m in MODES})
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
        """The pure rule for a run with these values; None, with a warning, where ``monitor`` is not among them.

        With ``mode="auto"``, a monitor that is neither a loss nor one of the run's metrics raises.

        Args:
            columns: the keys of an epoch's values, in order.
            directions: of each key without ``val_``, ``"min"`` or ``"max"``.
        """
        mode = self._direction(columns, directions) if self.mode == "auto" else self.mode
        if self.monitor not in columns:
            checks.warn(
                f"EarlyStopping watches {self.monitor!r}, which this run does not have, so it will never stop it."
                f"{checks.nearest(self.monitor, columns)} The run has: {', '.join(sorted(columns))}.",
            )
            return None
        return StoppingRule(
            column=list(columns).index(self.monitor),
            mode=mode,
            min_delta=self.min_delta,
            patience=float(self.patience),
            baseline=math.nan if self.baseline is None else self.baseline,
            start_from_epoch=float(self.start_from_epoch),
            keeps_best=self.restore_best_weights,
        )

    def _direction(self, columns: Sequence[str], directions: Mapping[str, str]) -> str:
        name = self.monitor.removeprefix("val_")
        if name in directions:
            return directions[name]
        if name.endswith("loss"):
            return "min"
        if self.monitor in columns:
            raise checks.RavineValueError(
                f"monitor={self.monitor!r}: nobody can tell whether less of this metric is better. Expected "
                "mode='min' or mode='max'."
            )
        raise checks.RavineValueError(
            f"monitor={self.monitor!r}: this run has no such value, so mode='auto' cannot tell whether less is better."
            f"{checks.nearest(self.monitor, columns)} The run has: {', '.join(sorted(columns))}."
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
