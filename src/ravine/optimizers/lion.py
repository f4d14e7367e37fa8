"""Lion: the sign of momentum."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from ravine import trees
from ravine.optimizers.base import Optimizer, Slots, check_betas, zeros


@trees.tree(frozen=False)
class Lion(Optimizer):
    """w ← w − η·sign(β₁·m + (1 − β₁)·g), then m ← β₂·m + (1 − β₂)·g.

    Every weight moves by η, so η wants to be 3 to 10 times smaller than Adam's, and weight decay as much larger.

    Source: Chen et al. 2023, algorithm 2; the same as Keras and optax.

    Args:
        learning_rate: η, at least 0.
        beta_1: β₁ in [0, 1), of the direction.
        beta_2: β₂ in [0, 1), of the memory.
    """

    learning_rate: Any = 0.001
    beta_1: float = 0.9
    beta_2: float = 0.99

    def check(self) -> None:
        """η at least 0, β₁ and β₂ in [0, 1)."""
        super().check()
        check_betas(self, "beta_1", "beta_2")

    def slots(self, w: jax.Array) -> Slots:
        """The mean m of g, zeros."""
        return zeros(w, 1)

    def delta(self, g: jax.Array, slots: Slots, w: jax.Array, lr: Any, t: jax.Array) -> tuple[jax.Array, Slots]:
        """−η·sign(β₁·m + (1 − β₁)·g)."""
        (m,) = slots
        step = -lr * jnp.sign(self.beta_1 * m + (1 - self.beta_1) * g)
        return step, (self.beta_2 * m + (1 - self.beta_2) * g,)
