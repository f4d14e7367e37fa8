"""Adadelta: steps measured by the steps before them."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from ravine import checks, trees
from ravine.optimizers.base import Optimizer, Slots, check_betas, zeros


@trees.tree(frozen=False)
class Adadelta(Optimizer):
    """s ← ρ·s + (1 − ρ)·g²;  Δ = −√(d + ε) / √(s + ε)·g;  d ← ρ·d + (1 − ρ)·Δ²;  w ← w + η·Δ.

    Source: Zeiler 2012, algorithm 1, where η is 1; the same as Keras, PyTorch and optax but for their defaults.

    Args:
        learning_rate: η, at least 0.
        rho: ρ in [0, 1).
        epsilon: ε, at least 0. It sets the size of the first steps.
    """

    learning_rate: Any = 0.001
    rho: float = 0.95
    epsilon: float = 1e-7

    def check(self) -> None:
        """η and ε at least 0, ρ in [0, 1)."""
        super().check()
        check_betas(self, "rho")
        checks.number("epsilon", self.epsilon, least=0)

    def slots(self, w: jax.Array) -> Slots:
        """The mean squares s of the gradients and d of the steps: zeros."""
        return zeros(w, 2)

    def delta(self, g: jax.Array, slots: Slots, w: jax.Array, lr: Any, t: jax.Array) -> tuple[jax.Array, Slots]:
        """η·Δ."""
        s, d = slots
        s = self.rho * s + (1 - self.rho) * g**2
        step = -jnp.sqrt(d + self.epsilon) / jnp.sqrt(s + self.epsilon) * g
        d = self.rho * d + (1 - self.rho) * step**2
        return lr * step, (s, d)
