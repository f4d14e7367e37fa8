"""Reducing the learning rate on a plateau, as a pure state machine carried inside the compiled run."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from ravine import trees
from ravine.training.stopping import improves


@trees.tree
class PlateauState:
    """What :class:`Plateau` remembers.

    ``best`` is the best value seen (NaN before there is one), ``wait`` the epochs since, ``cooldown`` the epochs for
    which it rests after a reduction.
    """

    best: jax.Array
    wait: jax.Array
    cooldown: jax.Array


@trees.tree
class Plateau:
    """η ← max(factor·η, min_lr) once a value has not improved for ``patience`` epochs. In Keras's form.

    Args:
        column: which of the epoch's values is watched, an index.
        mode: ``"min"`` or ``"max"``.
        factor: what η is multiplied by, in [0, 1).
        patience: how many epochs without improvement are borne.
        min_delta: how much better counts as an improvement, at least 0.
        cooldown: for how many epochs after a reduction none is counted.
        min_lr: the least η.
    """

    column: int = trees.static()
    mode: str = trees.static()
    factor: float = 0.1
    patience: float = 10.0
    min_delta: float = 1e-4
    cooldown: float = 0.0
    min_lr: float = 0.0

    def init(self) -> PlateauState:
        """The state before the first epoch of a run."""
        return PlateauState(best=jnp.float32(jnp.nan), wait=jnp.int32(0), cooldown=jnp.int32(0))

    def update(
        self, state: PlateauState, values: jax.Array, seen: jax.Array, rate: Any
    ) -> tuple[PlateauState, jax.Array]:
        """The state, and η, after an epoch whose values are ``values``; where ``seen`` is False, as they were."""
        value = values[self.column]
        cooldown = jnp.maximum(state.cooldown - 1, 0)
        improved = improves(self.mode, self.min_delta, value, state.best)
        wait = jnp.where(improved | (state.cooldown > 0), 0, state.wait)
        wait = jnp.where(improved | (cooldown > 0), wait, wait + 1)
        reduces = seen & ~improved & (cooldown == 0) & (wait >= self.patience) & (rate > self.min_lr)
        state = PlateauState(
            best=jnp.where(seen & improved, value, state.best),
            wait=jnp.where(reduces, 0, jnp.where(seen, wait, state.wait)),
            cooldown=jnp.where(
                reduces, jnp.asarray(self.cooldown).astype(jnp.int32), jnp.where(seen, cooldown, state.cooldown)
            ),
        )
        return state, jnp.where(reduces, jnp.maximum(rate * self.factor, self.min_lr), rate)
