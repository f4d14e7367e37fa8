"""What ends a run early, as pure state machines carried inside it."""

from __future__ import annotations

import functools
from dataclasses import replace
from typing import Any, Protocol

import jax
import jax.numpy as jnp

from ravine import trees


@trees.tree
class StopState:
    """What a stopping rule remembers.

    ``best`` is the best value seen (NaN before there is one), ``wait`` the epochs since, ``best_epoch`` and
    ``stopped_epoch`` count from 0 (-1 while there is none), and ``kept`` holds a copy of the best epoch's arrays, or
    None for a rule that keeps none.
    """

    best: jax.Array
    wait: jax.Array
    best_epoch: jax.Array
    stopped_epoch: jax.Array
    kept: Any = None


def improves(mode: str, min_delta: Any, value: jax.Array, reference: Any) -> jax.Array:
    """Whether ``value`` is better than ``reference`` by more than |δ|; any number is better than NaN."""
    delta = jnp.abs(min_delta)
    better = value + delta < reference if mode == "min" else value - delta > reference
    return ~jnp.isnan(value) & (jnp.isnan(reference) | better)


def unstopped(kept: Any = None) -> StopState:
    """The state of a rule that has seen nothing."""
    none = jnp.int32(-1)
    return StopState(best=jnp.float32(jnp.nan), wait=jnp.int32(0), best_epoch=none, stopped_epoch=none, kept=kept)


class Rule(Protocol):
    """What ends a run: a state machine that sees the ``column`` of each epoch's values."""

    @property
    def column(self) -> int:
        """Which of the epoch's values is watched, an index."""

    def init(self, arrays: Any) -> StopState:
        """The state before the first epoch of a run that trains ``arrays``."""

    def update(self, state: StopState, epoch: jax.Array, values: jax.Array, seen: jax.Array, arrays: Any) -> StopState:
        """The state after ``epoch``, whose values are ``values``; where ``seen`` is False, as it was."""


@trees.tree
class FiniteRule:
    """Stop once the loss, the first of an epoch's values, is NaN or infinite."""

    column: int = trees.static(default=0)

    def init(self, arrays: Any) -> StopState:
        """The state before the first epoch."""
        return unstopped()

    def update(self, state: StopState, epoch: jax.Array, values: jax.Array, seen: jax.Array, arrays: Any) -> StopState:
        """The state after ``epoch``."""
        ends = seen & ~jnp.isfinite(values[self.column])
        return replace(state, stopped_epoch=jnp.where(ends, epoch, state.stopped_epoch))


@trees.tree
class StoppingRule:
    """Stop once a value has not improved for ``patience`` epochs. Epochs count from 0.

    An improvement is strict: value + |δ| < best for ``min``, value - |δ| > best for ``max``. NaN is worse than any
    number. An improving epoch never stops the run; it resets the wait only where there is no baseline or the baseline
    is beaten too. Source: Prechelt 1998, "Early stopping - but when?", UP criterion, in Keras's form.

    Args:
        column: which of the epoch's values is watched, an index.
        mode: ``"min"`` or ``"max"``.
        min_delta: |δ|, at least 0.
        patience: how many epochs without improvement are borne.
        baseline: a value to be beaten; NaN for none.
        start_from_epoch: epochs before this one are ignored.
        keeps_best: whether a copy of the best epoch's arrays is kept.
    """

    column: int = trees.static()
    mode: str = trees.static()
    min_delta: float = 0.0
    patience: float = 0.0
    baseline: float = float("nan")
    start_from_epoch: float = 0.0
    keeps_best: bool = trees.static(default=False)

    def init(self, arrays: Any) -> StopState:
        """The state before the first epoch of a run that trains ``arrays``."""
        return unstopped(jax.tree.map(jnp.copy, arrays) if self.keeps_best else None)

    def update(self, state: StopState, epoch: jax.Array, values: jax.Array, seen: jax.Array, arrays: Any) -> StopState:
        """The state after ``epoch``, whose values are ``values``; where ``seen`` is False, as it was."""
        value = values[self.column]
        counts = seen & (epoch >= self.start_from_epoch)
        better = functools.partial(improves, self.mode, self.min_delta, value)
        improved = counts & better(state.best)
        wait = state.wait + 1
        # With no baseline, ``better`` compares with NaN, which any improving value beats.
        wait = jnp.where(improved & better(self.baseline), 0, wait)
        stops = counts & ~improved & (wait >= self.patience) & (epoch > 0)
        # The first epoch that counts is kept even where its value is NaN: there is nothing better yet.
        keep = improved | (counts & (state.best_epoch < 0))
        return StopState(
            best=jnp.where(improved, value, state.best),
            wait=jnp.where(counts, wait, state.wait),
            best_epoch=jnp.where(keep, epoch, state.best_epoch),
            stopped_epoch=jnp.where(stops, epoch, state.stopped_epoch),
            kept=jax.tree.map(functools.partial(jnp.where, keep), arrays, state.kept) if self.keeps_best else None,
        )
