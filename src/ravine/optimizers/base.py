"""The optimizer contract: a rule for one array, and the base that walks the tree.

An optimizer is a frozen dataclass whose numbers are leaves, and an optax transformation: ``init(params)`` and
``update(grads, state, params) -> (updates, state)``, where ``params + updates`` are the new parameters. Like optax's
``inject_hyperparams``, another learning rate is another value, never another program.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from ravine import checks, trees

Slots = tuple[jax.Array, ...]


@trees.tree
class OptimizerState:
    """What an optimizer remembers.

    ``step`` counts finished updates (int32); ``slots`` holds, for each parameter array in the order of
    ``jax.tree.leaves``, the rule's slot variables.
    """

    step: jax.Array
    slots: tuple[Slots, ...]


@trees.tree
class Optimizer:
    """Base of all update rules.

    Args:
        learning_rate: η, a finite number of at least 0.
    """

    learning_rate: float = 0.01

    def check(self) -> None:
        """Raise where a hyperparameter cannot work. Called by ``compile``."""
        checks.number("learning_rate", self.learning_rate, least=0)

    def slots(self, w: jax.Array) -> Slots:
        """The slot variables of one array before the first update."""
        return ()

    def delta(self, g: jax.Array, slots: Slots, w: jax.Array, lr: Any, t: jax.Array) -> tuple[jax.Array, Slots]:
        """What to add to array ``w`` whose gradient is ``g`` in update ``t`` = 1, 2, ..., and the new slots."""
        raise NotImplementedError

    def init(self, params: Any) -> OptimizerState:
        """The state before the first update of a tree of arrays."""
        return OptimizerState(jnp.zeros((), jnp.int32), tuple(self.slots(w) for w in jax.tree.leaves(params)))

    def update(self, grads: Any, state: OptimizerState, params: Any) -> tuple[Any, OptimizerState]:
        """The updates to add to ``params``, and the state after them."""
        step = state.step + 1
        leaves, structure = jax.tree.flatten(params)
        moves = [
            self.delta(g, s, w, self.learning_rate, step)
            for g, s, w in zip(jax.tree.leaves(grads), state.slots, leaves, strict=True)
        ]
        updates = jax.tree.unflatten(structure, [move for move, _ in moves])
        return updates, OptimizerState(step, tuple(slots for _, slots in moves))
