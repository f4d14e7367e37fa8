"""Nadam: Adam with Nesterov's momentum."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from ravine import checks, trees
from ravine.optimizers.base import Optimizer, Slots, check_betas, unbiased, zeros


@trees.tree(frozen=False)
class Nadam(Optimizer):
    """Adam whose momentum looks one step ahead.

    μₜ = β₁·(1 − ½·0.96ᵗ);  p ← p·μₜ;  m ← β₁·m + (1 − β₁)·g;  v ← β₂·v + (1 − β₂)·g²;
    m̂ = μₜ₊₁·m / (1 − p·μₜ₊₁) + (1 − μₜ)·g / (1 − p);  v̂ = v / (1 − β₂ᵗ);  w ← w − η / (√v̂ + ε)·m̂.

    Source: Dozat 2016, algorithm 2 with its momentum schedule; the same as Keras. In the paper and in PyTorch the
    schedule is 250 times slower, 0.96 to the power of 0.004·t. optax has none, μₜ = β₁.

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
        """The means m and v, zeros, and the product p of the μ so far, one number."""
        return (*zeros(w, 2), jnp.ones((), w.dtype))

    def rates(self, slots: Slots, lr: Any, t: Any) -> Any:
        """η / (√v̂ + ε)."""
        return lr / (jnp.sqrt(unbiased(slots[1], self.beta_2, t)) + self.epsilon)

    def delta(self, g: jax.Array, slots: Slots, w: jax.Array, lr: Any, t: jax.Array) -> tuple[jax.Array, Slots]:
        """−η / (√v̂ + ε)·m̂."""
        m, v, p = slots
        mu, mu_next = (self.beta_1 * (1 - 0.5 * 0.96**k) for k in (t, t + 1))
        p = p * mu
        m = self.beta_1 * m + (1 - self.beta_1) * g
        v = self.beta_2 * v + (1 - self.beta_2) * g**2
        m_hat = mu_next * m / (1 - p * mu_next) + (1 - mu) * g / (1 - p)
        return -self.rates((m, v), lr, t) * m_hat, (m, v, p)
