"""Muon: momentum made orthogonal, for matrices; Adam for the rest."""

from __future__ import annotations

import re
from typing import Any

import jax
import jax.numpy as jnp

from ravine import checks, trees
from ravine.optimizers.adam import Adam
from ravine.optimizers.base import Optimizer, Slots, check_betas, check_patterns, zeros

# By the norm of g, which may be all zeros.
TINY = 1e-7


@trees.tree(frozen=False)
class Muon(Optimizer):
    """For a matrix: m ← μ·m + g;  u = g + μ·m with ``nesterov``, else m;  w ← w − η·ν·√max(rows, columns)·O(u).

    O(u) is about the nearest orthogonal matrix, by Newton and Schulz's iteration on X = u / ‖u‖:
    X ← a·X + (b·A + c·A²)·X with A = X·Xᵀ, ``ns_steps`` times. Every other array, and every one that ``exclude_layers``
    names, moves by Adam with decoupled weight decay. A network's last layer usually does better with Adam: exclude it.

    Source: Jordan et al. 2024, "Muon"; the factor ν·√max(rows, columns) of Liu et al. 2025, equation 4.
    The same as Keras, where a path is made of layers' names; here of their positions, such as ``"2/kernel"``. optax
    scales by √max(1, rows / columns) by default.

    Args:
        learning_rate: η, at least 0.
        adam_beta_1: β₁ of Adam, in [0, 1).
        adam_beta_2: β₂ of Adam, in [0, 1).
        adam_weight_decay: the decoupled weight decay of the arrays that move by Adam, at least 0; None for none.
        epsilon: ε of Adam, at least 0.
        exclude_layers: regular expressions; a matrix in whose path one is found moves by Adam.
        exclude_embeddings: whether a matrix with "embedding" in its path moves by Adam.
        muon_a: a of the iteration.
        muon_b: b of the iteration.
        muon_c: c of the iteration.
        adam_lr_ratio: what η is multiplied by for Adam, at least 0.
        momentum: μ in [0, 1).
        ns_steps: how often the iteration is done, at least 1.
        nesterov: whether u looks ahead.
        rms_rate: ν, which gives steps about the root mean square that Adam's have; None for a factor of one.
    """

    learning_rate: Any = 0.001
    adam_beta_1: float = 0.9
    adam_beta_2: float = 0.999
    adam_weight_decay: float | None = 0.004
    epsilon: float = 1e-7
    weight_decay: float | None = 0.004
    exclude_layers: tuple[str, ...] = trees.static(default=())
    exclude_embeddings: bool = trees.static(default=True)
    muon_a: float = 3.4445
    muon_b: float = -4.7750
    muon_c: float = 2.0315
    adam_lr_ratio: float = 1.0
    momentum: float = 0.95
    ns_steps: int = trees.static(default=5)
    nesterov: bool = trees.static(default=True)
    rms_rate: float | None = 0.2

    def check(self) -> None:
        """Decay rates in [0, 1), all else at least 0 but a, b and c."""
        super().check()
        check_betas(self, "adam_beta_1", "adam_beta_2", "momentum")
        for name in ("adam_weight_decay", "epsilon", "adam_lr_ratio", "rms_rate"):
            if getattr(self, name) is not None or name in ("epsilon", "adam_lr_ratio"):
                checks.number(name, getattr(self, name), least=0)
        for name in ("muon_a", "muon_b", "muon_c"):
            checks.number(name, getattr(self, name))
        check_patterns("exclude_layers", self.exclude_layers, "regular expressions such as ('2/kernel',)")
        checks.integer("ns_steps", self.ns_steps, least=1)
        checks.boolean("nesterov", self.nesterov)
        checks.boolean("exclude_embeddings", self.exclude_embeddings)

    def by_adam(self, path: str, w: jax.Array) -> bool:
        """Whether the array at ``path`` moves by Adam."""
        patterns = [*self.exclude_layers, *(["(?i)embedding"] if self.exclude_embeddings else [])]
        return w.ndim != 2 or any(re.search(pattern, path) for pattern in patterns)

    def slots_at(self, path: str, w: jax.Array) -> Slots:
        """The momentum m, or Adam's means m and v: zeros. Their number tells the two apart."""
        return zeros(w, 2 if self.by_adam(path, w) else 1)

    def slots(self, w: jax.Array) -> Slots:
        """Those of an array without a path."""
        return self.slots_at("", w)

    def decay_at(self, path: str, w: jax.Array) -> float | None:
        """``adam_weight_decay`` where Adam moves the array."""
        return self.adam_weight_decay if self.by_adam(path, w) else self.weight_decay

    def delta(self, g: jax.Array, slots: Slots, w: jax.Array, lr: Any, t: jax.Array) -> tuple[jax.Array, Slots]:
        """−η·ν·√max(rows, columns)·O(u), or Adam's step."""
        if len(slots) == 2:
            adam = Adam(beta_1=self.adam_beta_1, beta_2=self.adam_beta_2, epsilon=self.epsilon)
            return adam.delta(g, slots, w, lr * self.adam_lr_ratio, t)
        (m,) = slots
        m = self.momentum * m + g
        u = g + self.momentum * m if self.nesterov else m
        scale = 1.0 if self.rms_rate is None else self.rms_rate * max(w.shape) ** 0.5
        return -lr * scale * self.orthogonal(u), (m,)

    def orthogonal(self, u: jax.Array) -> jax.Array:
        """About U·Vᵀ of u = U·S·Vᵀ: singular values within about 0.7 and 1.2."""
        wide = u.T if u.shape[0] > u.shape[1] else u  # the smaller of X·Xᵀ and Xᵀ·X
        x = wide / (jnp.linalg.norm(wide) + TINY)
        for _ in range(self.ns_steps):
            a = x @ x.T
            x = self.muon_a * x + (self.muon_b * a + self.muon_c * a @ a) @ x
        return x.T if u.shape[0] > u.shape[1] else x
