"""Stopping where there is nothing left to train, as a callback over :mod:`ravine.training.stopping`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ravine import checks
from ravine.callbacks.base import Stopper
from ravine.training.stopping import FiniteRule, StopState


class TerminateOnNaN(Stopper):
    """Stop training after the first epoch whose loss is NaN or infinite.

    The decision is taken inside the compiled run, at an epoch's end; Keras ends the epoch at the batch. Either way the
    weights are lost from that batch on.

    Args:
        raise_error: whether to raise a ``RuntimeError`` then, instead of ending the run as if it were over.
    """

    def __init__(self, raise_error: bool = False) -> None:
        self.raise_error = checks.boolean("raise_error", raise_error)

    def rule(self, columns: Sequence[str], directions: Mapping[str, str]) -> FiniteRule:
        """The pure rule."""
        return FiniteRule()

    def take(self, state: StopState) -> None:
        """Say where the run ended, if it did for this."""
        epoch = int(state.stopped_epoch)
        if epoch < 0:
            return
        if self.raise_error:
            raise RuntimeError(f"The loss is NaN or infinite in epoch {epoch + 1}: training ended.")
        print(f"Epoch {epoch + 1}: invalid loss, terminating training")
