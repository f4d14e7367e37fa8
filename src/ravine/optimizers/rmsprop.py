"""RMSProp: Adagrad that forgets."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from ravine import checks, trees
from ravine.optimizers.base import Optimizer, Slots, check_betas, zeros


@trees.tree(frozen=False)
class RMSprop(Optimizer):
    """s ← ρ·s + (1 − ρ)·g², then w ← w − η / √(s + ε)·g.

    With ``centered``: a ← ρ·a + (1 − ρ)·g, and s − a², the variance, stands in the root for s (Graves 2013, equations
    38 to 41). With ``momentum``: v ← μ·v − η / √(s + ε)·g, then w ← w + v.

    Source: Hinton, Srivastava & Swersky 2012, lecture 6e of "Neural networks for machine learning".
    ε is inside the root, as in Keras; in PyTorch outside. optax has both and inside by default, and starts its momentum
    with the learning rate outside.

    Args:
        learning_rate: η, at least 0.
        rho: ρ in [0, 1).
        momentum: μ in [0, 1); None for no momentum, which spares its slot.
        epsilon: ε, at least 0.
        centered: whether to divide by the standard deviation of the gradient instead of its root mean square.
    """

    learning_rate: Any = 0.001
    rho: float = 0.9
    momentum: float | None = None
    epsilon: float = 1e-7
    centered: bool = trees.static(default=False)

    def check(self) -> None:
        """η and ε at least 0, ρ and μ in [0, 1)."""
        super().check()
        check_betas(self, "rho")
        if self.momentum is not None:
            check_betas(self, "momentum")
        checks.number("epsilon", self.epsilon, least=0)
        checks.boolean("centered", self.centered)

    def slots(self, w: jax.Array) -> Slots:
        """The mean square s, with ``centered`` the mean a, with ``momentum`` the velocity v: zeros."""
        return zeros(w, 1 + self.centered + (self.momentum is not None))

    def rates(self, slots: Slots, lr: Any, t: Any) -> Any:
        """η / √(s + ε), or η / √(s − a² + ε) with ``centered``."""
        s = slots[0]
        if self.centered:
            s = jnp.maximum(s - slots[1] ** 2, 0)  # a variance that rounding makes negative would end in NaN
        return lr / jnp.sqrt(s + self.epsilon)

    def delta(self, g: jax.Array, slots: Slots, w: jax.Array, lr: Any, t: jax.Array) -> tuple[jax.Array, Slots]:
        """−η / √(s + ε)·g, or v with ``momentum``."""
        new: Slots = (self.rho * slots[0] + (1 - self.rho) * g**2,)
        if self.centered:
            new += (self.rho * slots[1] + (1 - self.rho) * g,)
        step = -self.rates(new, lr, t) * g
        if self.momentum is None:
            return step, new
        v = self.momentum * slots[-1] + step
        return v, (*new, v)
