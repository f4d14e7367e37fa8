"""Adagrad: each weight's steps shrink with the squares of its gradients so far."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from ravine import checks, trees
from ravine.optimizers.base import Optimizer, Slots


@trees.tree(frozen=False)
class Adagrad(Optimizer):
    """s ← s + g², then w ← w − η / √(s + ε)·g.

    Weights that change much take smaller steps; in time all of them take too small ones.

    Source: Duchi, Hazan & Singer 2011, in the diagonal form of its section 1.1.
    The accumulator starts at 0, as in the paper and in PyTorch; in Keras and optax at 0.1. ε is inside the root, as in
    Keras and optax; in PyTorch outside, √s + ε.

    Args:
        learning_rate: η, at least 0.
        initial_accumulator_value: what s starts from, at least 0.
        epsilon: ε, at least 0.
    """

    learning_rate: Any = 0.001
    initial_accumulator_value: float = 0.0
    epsilon: float = 1e-7

    def check(self) -> None:
        """All at least 0."""
        super().check()
        checks.number("initial_accumulator_value", self.initial_accumulator_value, least=0)
        checks.number("epsilon", self.epsilon, least=0)

    def slots(self, w: jax.Array) -> Slots:
        """The accumulator s."""
        return (jnp.full_like(w, self.initial_accumulator_value),)

    def rates(self, slots: Slots, lr: Any, t: Any) -> Any:
        """η / √(s + ε)."""
        (s,) = slots
        return lr / jnp.sqrt(s + self.epsilon)

    def delta(self, g: jax.Array, slots: Slots, w: jax.Array, lr: Any, t: jax.Array) -> tuple[jax.Array, Slots]:
        """−η / √(s + ε)·g."""
        (s,) = slots
        s = s + g**2
        return -self.rates((s,), lr, t) * g, (s,)
