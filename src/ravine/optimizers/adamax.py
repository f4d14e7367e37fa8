"""Adamax: Adam with the largest gradient in place of their mean square."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from ravine import checks, trees
from ravine.optimizers.base import Optimizer, Slots, check_betas, unbiased, zeros


@trees.tree(frozen=False)
class Adamax(Optimizer):
    """m ← β₁·m + (1 − β₁)·g;  u ← max(β₂·u, |g|);  w ← w − η / (1 − β₁ᵗ)·m / (u + ε).

    Source: Kingma & Ba 2015, algorithm 2.
    The paper has no ε; it is added to u, as in Keras. PyTorch and optax add it to |g| within the maximum.

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
        """The mean m of g and the norm u: zeros."""
        return zeros(w, 2)

    def rates(self, slots: Slots, lr: Any, t: Any) -> Any:
        """η / (u + ε)."""
        return lr / (slots[1] + self.epsilon)

    def delta(self, g: jax.Array, slots: Slots, w: jax.Array, lr: Any, t: jax.Array) -> tuple[jax.Array, Slots]:
        """−η / (1 − β₁ᵗ)·m / (u + ε)."""
        m, u = slots
        m = self.beta_1 * m + (1 - self.beta_1) * g
        u = jnp.maximum(self.beta_2 * u, jnp.abs(g))
        return -self.rates((m, u), lr, t) * unbiased(m, self.beta_1, t), (m, u)
