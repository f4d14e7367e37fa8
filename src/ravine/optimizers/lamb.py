"""LAMB: Adam with steps in proportion to each array's own size."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from ravine import checks, trees
from ravine.optimizers.adam import Adam
from ravine.optimizers.base import Optimizer, Slots, check_betas, zeros


@trees.tree(frozen=False)
class Lamb(Optimizer):
    """With Adam's direction r = m̂ / (√v̂ + ε): w ← w − η·‖w‖ / ‖r‖·r, where the norms are those of the whole array.

    Where ‖w‖ or ‖r‖ is zero, w ← w − η·r.

    Source: You et al. 2020, algorithm 2, with φ the identity.
    Weight decay is decoupled and comes first, as in Keras; in the paper and in optax λ·w is part of r.

    Args:
        learning_rate: η, at least 0.
        beta_1: β₁ in [0, 1).
        beta_2: β₂ in [0, 1).
        epsilon: ε, at least 0.
    """

    learning_rate: Any = 0.001
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-7

    def check(self) -> None:
        """η and ε at least 0, β₁ and β₂ in [0, 1)."""
        super().check()
        check_betas(self, "beta_1", "beta_2")
        checks.number("epsilon", self.epsilon, least=0)

    def slots(self, w: jax.Array) -> Slots:
        """Adam's means m and v: zeros."""
        return zeros(w, 2)

    def delta(self, g: jax.Array, slots: Slots, w: jax.Array, lr: Any, t: jax.Array) -> tuple[jax.Array, Slots]:
        """−η·‖w‖ / ‖r‖·r."""
        adam = Adam(beta_1=self.beta_1, beta_2=self.beta_2, epsilon=self.epsilon)
        r, slots = adam.delta(g, slots, w, 1.0, t)
        sizes = jnp.linalg.norm(w.ravel()), jnp.linalg.norm(r.ravel())
        usable = (sizes[0] > 0) & (sizes[1] > 0)
        ratio = jnp.where(usable, sizes[0] / jnp.where(usable, sizes[1], 1), 1)
        return lr * ratio * r, slots
