"""Stochastic gradient descent, with momentum and Nesterov's accelerated gradient."""

from __future__ import annotations

from typing import Any

import jax

from ravine import checks, trees
from ravine.optimizers.base import Optimizer, Slots, zeros


@trees.tree(frozen=False)
class SGD(Optimizer):
    """Gradient descent: v ← μ·v − η·g, then w ← w + v.

    With ``nesterov``: v ← μ·v − η·g, then w ← w + μ·v − η·g. Here w is the look-ahead point θ = w + μ·v of the
    textbook's NAG, v(t) = μ·v(t−1) − η∇J(w(t) + μ·v(t−1)); the two are one algorithm after that change of variables.

    Source: Polyak 1964; Nesterov 1983 in the form of Sutskever et al. 2013, equations 3 and 4.
    As in Keras, the learning rate is inside the velocity; PyTorch and optax keep it outside, which differs once η
    changes. PyTorch's ``dampening`` is not offered.

    Args:
        learning_rate: η, at least 0.
        momentum: μ in [0, 1).
        nesterov: whether to take the gradient where momentum is about to land.
    """

    momentum: float = 0.0
    nesterov: bool = trees.static(default=False)

    def check(self) -> None:
        """η at least 0, μ in [0, 1)."""
        super().check()
        checks.number("momentum", self.momentum, least=0, below=1)
        checks.boolean("nesterov", self.nesterov)

    def slots(self, w: jax.Array) -> Slots:
        """The velocity v, zeros."""
        return zeros(w, 1)

    def delta(self, g: jax.Array, slots: Slots, w: jax.Array, lr: Any, t: jax.Array) -> tuple[jax.Array, Slots]:
        """v, or μ·v − η·g with ``nesterov``."""
        (v,) = slots
        v = self.momentum * v - lr * g
        return (self.momentum * v - lr * g if self.nesterov else v), (v,)

    def point(self, w: jax.Array, slots: Slots) -> jax.Array:
        """The textbook's w = θ − μ·v with ``nesterov``."""
        (v,) = slots
        return w - self.momentum * v if self.nesterov else w

    @property
    def looks_ahead(self) -> bool:
        """With ``nesterov``."""
        return self.nesterov
