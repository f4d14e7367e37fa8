"""Stopping by a value that another callback computes: the same rule as in the compiled run, fed by the host."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import jax.numpy as jnp
import numpy as np

from ravine import checks
from ravine.callbacks import Callback, EarlyStopping
from ravine.callbacks.base import acts
from ravine.training.stopping import StoppingRule


class LateStopping:
    """An ``EarlyStopping`` that watches what a hook writes into ``logs``.

    Args:
        callback: what describes the rule.
        rule: the rule, whose column is the only one.
    """

    def __init__(self, callback: EarlyStopping, rule: StoppingRule) -> None:
        self.callback, self.rule = callback, rule
        self._state: Any = None
        self._warned = False

    @classmethod
    def of(
        cls, callback: Callback, others: Sequence[Callback], columns: Sequence[str], directions: Mapping[str, str]
    ) -> LateStopping | None:
        """For a callback that watches no value of the run, if one of the ``others`` may write it."""
        if not isinstance(callback, EarlyStopping) or callback.monitor in columns:
            return None
        # A key of the run's own that is missing, such as val_loss, is the run's affair; so is a direction not told.
        own = callback.monitor.removeprefix("val_") in columns or callback.mode == "auto"
        if own or not any(acts(other) for other in others if other is not callback):
            return None
        rule = callback.rule([callback.monitor], directions)
        return None if rule is None else cls(callback, replace(rule, column=0))

    def epoch_ended(self, epoch: int, logs: Mapping[str, Any], arrays: Any) -> bool:
        """Take in an epoch's values, and the arrays after it; returns whether the run stops."""
        if self._state is None:
            self._state = self.rule.init(arrays)
        value = logs.get(self.callback.monitor)
        if value is None and not self._warned:
            self._warned = True
            checks.warn(
                f"EarlyStopping watches {self.callback.monitor!r}, which this run does not have, and no callback "
                f"wrote it in epoch {epoch + 1}. There is: {', '.join(logs)}."
            )
        values = jnp.array([np.nan if value is None else value], jnp.float32)
        self._state = self.rule.update(self._state, jnp.int32(epoch), values, jnp.bool_(value is not None), arrays)
        return int(self._state.stopped_epoch) >= 0

    def finish(self) -> tuple[Any, int, int | None]:
        """The arrays to restore or None, the epoch that they are of, and the epoch that ended the run."""
        if self._state is None:
            return None, -1, None
        stopped = int(self._state.stopped_epoch)
        return self.callback.take(self._state), int(self._state.best_epoch), stopped if stopped >= 0 else None
