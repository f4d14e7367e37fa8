"""Early stopping as a pure state machine, carried inside the compiled run."""

from __future__ import annotations

import functools
from typing import Any

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
        return StopState(
            best=jnp.float32(jnp.nan),
            wait=jnp.int32(0),
            best_epoch=jnp.int32(-1),
            stopped_epoch=jnp.int32(-1),
            kept=jax.tree.map(jnp.copy, arrays) if self.keeps_best else None,
        )

    def improves(self, value: jax.Array, reference: Any) -> jax.Array:
        """Whether ``value`` is better than ``reference`` by more than |δ|; any number is better than NaN."""
        delta = jnp.abs(self.min_delta)
        better = value + delta < reference if self.mode == "min" else value - delta > reference
        return ~jnp.isnan(value) & (jnp.isnan(reference) | better)

    def update(self, state: StopState, epoch: jax.Array, values: jax.Array, seen: jax.Array, arrays: Any) -> StopState:
        """The state after ``epoch``, whose values are ``values``; where ``seen`` is False, as it was."""
        value = values[self.column]
        counts = seen & (epoch >= self.start_from_epoch)
        improved = counts & self.improves(value, state.best)
        wait = state.wait + 1
        # With no baseline, ``improves`` compares with NaN, which any improving value beats.
        wait = jnp.where(improved & self.improves(value, self.baseline), 0, wait)
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
