"""Adafactor: the squares' means of a matrix kept as one row and one column."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from ravine import checks, trees
from ravine.optimizers.base import Optimizer, Slots
from ravine.optimizers.schedules import Schedule


@trees.tree(frozen=False)
class Adafactor(Optimizer):
    """Adam without m, whose v takes n + m numbers for an n × m array, and whose steps follow the weights' size.

    β₂ₜ = 1 − tᵏ;  q = g² + ε₁;  r ← β₂ₜ·r + (1 − β₂ₜ)·(row means of q);  c ← β₂ₜ·c + (1 − β₂ₜ)·(column means of q);
    v = r·c / (mean of r);  u = g / √v;  û = u / max(1, RMS(u) / d);  w ← w − max(ε₂, RMS(w))·ρₜ·û, with
    ρₜ = min(η, 1 / √t). An array of one axis or none keeps v itself: v ← β₂ₜ·v + (1 − β₂ₜ)·q.

    Source: Shazeer & Stern 2018, algorithms 4 to 6.
    The paper's η is 0.01. In Keras ``relative_step=False`` changes nothing; here ρₜ is then η itself. optax factors
    only arrays of 128 and more rows and columns.

    Args:
        learning_rate: η, at least 0.
        beta_2_decay: k, below 0.
        epsilon_1: ε₁, at least 0.
        epsilon_2: ε₂, at least 0: the size that weights are taken to have at least.
        clip_threshold: d, above 0.
        relative_step: whether steps fall with 1 / √t; not for a schedule, which says itself how they fall.
    """

    learning_rate: Any = 0.001
    beta_2_decay: float = -0.8
    epsilon_1: float = 1e-30
    epsilon_2: float = 1e-3
    clip_threshold: float = 1.0
    relative_step: bool = trees.static(default=True)

    def check(self) -> None:
        """η, ε₁ and ε₂ at least 0, k below 0, d above 0."""
        super().check()
        checks.number("beta_2_decay", self.beta_2_decay, below=0)
        checks.number("epsilon_1", self.epsilon_1, least=0)
        checks.number("epsilon_2", self.epsilon_2, least=0)
        checks.number("clip_threshold", self.clip_threshold, above=0)
        checks.boolean("relative_step", self.relative_step)

    def slots(self, w: jax.Array) -> Slots:
        """The means r along the last axis and c along the one before, or v: zeros."""
        if w.ndim < 2:
            return (jnp.zeros_like(w),)
        return jnp.zeros(w.shape[:-1], w.dtype), jnp.zeros(w.shape[:-2] + w.shape[-1:], w.dtype)

    def delta(self, g: jax.Array, slots: Slots, w: jax.Array, lr: Any, t: jax.Array) -> tuple[jax.Array, Slots]:
        """−max(ε₂, RMS(w))·ρₜ·û."""
        time = jnp.asarray(t, w.dtype)
        beta_2 = 1 - time**self.beta_2_decay
        square = g**2 + self.epsilon_1
        means = (square,) if w.ndim < 2 else (square.mean(-1), square.mean(-2))
        slots = tuple(beta_2 * old + (1 - beta_2) * new for old, new in zip(slots, means, strict=True))
        if w.ndim < 2:
            (v,) = slots
        else:
            r, c = slots
            v = (r / r.mean(-1, keepdims=True))[..., :, None] * c[..., None, :]
        u = g / jnp.sqrt(v)
        u_hat = u / jnp.maximum(1, _rms(u) / self.clip_threshold)
        relative = self.relative_step and not isinstance(self.learning_rate, Schedule)
        rho = jnp.minimum(lr, 1 / jnp.sqrt(time)) if relative else lr
        return -jnp.maximum(self.epsilon_2, _rms(w)) * rho * u_hat, slots


def _rms(x: jax.Array) -> jax.Array:
    """The root of the mean square of all numbers."""
    return jnp.sqrt(jnp.mean(x**2))
