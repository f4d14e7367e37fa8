"""Adam, with AMSGrad; AdamW."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from ravine import checks, trees
from ravine.optimizers.base import Optimizer, Slots, check_betas, unbiased, zeros


@trees.tree(frozen=False)
class Adam(Optimizer):
    """Momentum and RMSProp together, each corrected for having started at zero.

    m ← β₁·m + (1 − β₁)·g;  v ← β₂·v + (1 − β₂)·g²;  m̂ = m / (1 − β₁ᵗ);  v̂ = v / (1 − β₂ᵗ);  w ← w − η / (√v̂ + ε)·m̂.
    With ``amsgrad`` the largest v so far stands for v in v̂ (Reddi, Kale & Kumar 2018, algorithm 2).

    Source: Kingma & Ba 2015, algorithm 1.
    ε is added to √v̂, as in the paper, PyTorch and optax; Keras adds it to √v, which makes its ε larger by
    1 / √(1 − β₂ᵗ), so its first steps are smaller where gradients are tiny. optax takes AMSGrad's maximum over v̂.

    Args:
        learning_rate: η, at least 0.
        beta_1: β₁ in [0, 1).
        beta_2: β₂ in [0, 1).
        epsilon: ε, at least 0.
        amsgrad: whether v never falls.
    """

    learning_rate: Any = 0.001
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-7
    amsgrad: bool = trees.static(default=False)

    def check(self) -> None:
        """η and ε at least 0, β₁ and β₂ in [0, 1)."""
        super().check()
        check_betas(self, "beta_1", "beta_2")
        checks.number("epsilon", self.epsilon, least=0)
        checks.boolean("amsgrad", self.amsgrad)

    def slots(self, w: jax.Array) -> Slots:
        """The means m of g and v of g², with ``amsgrad`` the largest v: zeros."""
        return zeros(w, 3 if self.amsgrad else 2)

    def rates(self, slots: Slots, lr: Any, t: Any) -> Any:
        """η / (√v̂ + ε)."""
        v_hat = unbiased(slots[-1], self.beta_2, t)
        return lr / (jnp.sqrt(v_hat) + self.epsilon)

    def delta(self, g: jax.Array, slots: Slots, w: jax.Array, lr: Any, t: jax.Array) -> tuple[jax.Array, Slots]:
        """−η / (√v̂ + ε)·m̂."""
        m, v = slots[:2]
        m = self.beta_1 * m + (1 - self.beta_1) * g
        v = self.beta_2 * v + (1 - self.beta_2) * g**2
        new = (m, v, jnp.maximum(slots[2], v)) if self.amsgrad else (m, v)
        m_hat = unbiased(m, self.beta_1, t)
        return -self.rates(new, lr, t) * m_hat, new


@trees.tree(frozen=False)
class AdamW(Adam):
    """Adam with decoupled weight decay: w ← w − η·λ·w, then Adam's step.

    With L2 regularization λ·w passes through the gradient's means and is divided by √v̂ like any gradient, so weights
    with large gradients decay less. Decoupled, all decay alike.

    Source: Loshchilov & Hutter 2019, algorithm 2.
    λ is 0.004 by default as in Keras; 0.01 in PyTorch, 0.0001 in optax.
    """

    weight_decay: float | None = 0.004
