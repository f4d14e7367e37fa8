"""Schedule-Free AdamW: averaging in place of a learning-rate schedule."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from ravine import checks, trees
from ravine.optimizers.base import Optimizer, OptimizerState, Slots, check_betas, unbiased


@trees.tree(frozen=False)
class ScheduleFreeAdamW(Optimizer):
    """Three points: z takes the steps, x is their mean, and the gradient is taken at y = (1 − β₁)·z + β₁·x.

    γ = η·min(1, t / T);  v ← β₂·v + (1 − β₂)·g²;  v̂ = v / (1 − β₂ᵗ);  z ← z − γ / (√v̂ + ε)·g − γ·λ·y;
    c = γ² / (sum of all γ²);  x ← (1 − c)·x + c·z.

    The weights that are trained are y, as optax's protocol has it; those that the model is used with, in validation and
    after ``fit``, are x.

    Source: Defazio et al. 2024, algorithm 1, with the bias correction of the authors' implementation, on v.
    Keras takes c = 1 / t, which is the same for a constant γ only, and lets the weights y decay instead of z.

    Args:
        learning_rate: η, at least 0.
        beta_1: β₁ in (0, 1).
        beta_2: β₂ in [0, 1).
        epsilon: ε, at least 0.
        warmup_steps: T, over which γ rises, at least 0.
    """

    learning_rate: Any = 0.0025
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8
    warmup_steps: float = 0

    def check(self) -> None:
        """η, ε and T at least 0, β₁ in (0, 1), β₂ in [0, 1)."""
        super().check()
        checks.number("beta_1", self.beta_1, above=0, below=1)
        check_betas(self, "beta_2")
        checks.number("epsilon", self.epsilon, least=0)
        checks.number("warmup_steps", self.warmup_steps, least=0)
        if self.use_ema:
            checks.reject("use_ema", True, "False, since x already is a mean of the weights")

    def slots(self, w: jax.Array) -> Slots:
        """The point z, which starts at w; the mean v of g², zeros; the sum of γ², one number."""
        return jnp.copy(w), jnp.zeros_like(w), jnp.zeros((), w.dtype)

    def rates(self, slots: Slots, lr: Any, t: Any) -> Any:
        """γ / (√v̂ + ε)."""
        gamma = lr * jnp.minimum(1, t / jnp.maximum(self.warmup_steps, 1))
        return gamma / (jnp.sqrt(unbiased(slots[1], self.beta_2, t)) + self.epsilon)

    def move(
        self, g: jax.Array, slots: Slots, w: jax.Array, lr: Any, t: jax.Array, decay: float | None
    ) -> tuple[jax.Array, Slots]:
        """From y to the next y."""
        z, v, total = slots
        x = self.point(w, slots)
        gamma = lr * jnp.minimum(1, t / jnp.maximum(self.warmup_steps, 1))
        v = self.beta_2 * v + (1 - self.beta_2) * g**2
        z = z - self.rates((z, v, total), lr, t) * g - (0 if decay is None else gamma * decay * w)
        total = total + gamma**2
        c = jnp.where(total > 0, gamma**2 / jnp.where(total > 0, total, 1), 0)
        x = (1 - c) * x + c * z
        return self.ahead(x, z) - w, (z, v, total)

    def ahead(self, x: jax.Array, z: jax.Array) -> jax.Array:
        """y = (1 − β₁)·z + β₁·x."""
        return (1 - self.beta_1) * z + self.beta_1 * x

    def point(self, w: jax.Array, slots: Slots) -> jax.Array:
        """x = (y − (1 − β₁)·z) / β₁."""
        return (w - (1 - self.beta_1) * slots[0]) / self.beta_1

    @property
    def looks_ahead(self) -> bool:
        """Always."""
        return True

    def evaluation_params(self, params: Any, state: OptimizerState) -> Any:
        """Each array's x."""
        leaves, structure = jax.tree.flatten(params)
        return jax.tree.unflatten(structure, [self.point(w, s) for w, s in zip(leaves, state.slots, strict=True)])

    def training_params(self, params: Any, state: OptimizerState) -> Any:
        """Each array's y, given its x."""
        leaves, structure = jax.tree.flatten(params)
        return jax.tree.unflatten(structure, [self.ahead(w, s[0]) for w, s in zip(leaves, state.slots, strict=True)])
