"""What a run records of its layers, beside loss and metrics."""

from __future__ import annotations

from collections.abc import Sequence

import jax
import jax.numpy as jnp

from ravine import trees
from ravine.layers.base import Arrays
from ravine.training.data import Data
from ravine.training.state import TrainState
from ravine.training.step import Task, forward

SORTED_VALUES = 2**14
"""The most pre-activations of a layer that are put in order: sorting costs more than all else that a probe does.

Where there are more, every k-th row is looked at.
"""


@trees.tree
class Probe:
    """Looks at some layers after each epoch, in a step that is computed and not taken.

    Args:
        layers: their positions in the network.
        rows: how many rows, the first of the training data, the step is computed for.
        unit: one unit of each layer, whose pre-activations alone are looked at; None for all units together.
        percentiles: which of the pre-activations' percentiles to record, in [0, 100].
    """

    layers: tuple[int, ...] = trees.static()
    rows: int = trees.static()
    unit: int | None = trees.static(default=None)
    percentiles: tuple[float, ...] = ()

    def measure(self, task: Task, state: TrainState, data: Data, key: jax.Array) -> jax.Array:
        """float32 ``[columns]``: layer by layer the percentiles and, where it is trained, the norms."""
        batch = data.first(self.rows)
        loss_of = jax.grad(lambda p: forward(task, p, state.stats, batch, key, True, self.layers), has_aux=True)
        grads, passed = loss_of(state.params)
        values = []
        for i, z in zip(self.layers, passed.watched, strict=True):
            if self.percentiles:
                seen = z if self.unit is None else z[..., self.unit]
                fewer = seen[:: -(-seen.size // SORTED_VALUES)]
                values.append(jnp.percentile(fewer, jnp.stack(self.percentiles)))
            if state.params[i]:
                values.append(jnp.stack([norm(grads[i]), norm(state.params[i])]))
        return jnp.concatenate(values)

    def columns(self, names: Sequence[str], trained: Sequence[bool]) -> list[str]:
        """What the numbers that :meth:`measure` gives are called; ``trained`` tells which layers have parameters."""
        found = []
        for i in self.layers:
            place = names[i] if self.unit is None else f"{names[i]}/unit_{self.unit}"
            found += [f"{place}/pre_activation_p{p:g}" for p in self.percentiles]
            found += [f"{names[i]}/{norm}" for norm in ("gradient_norm", "weight_norm") if trained[i]]
        return found


def norm(arrays: Arrays) -> jax.Array:
    """The Euclidean norm of a layer's arrays together."""
    return jnp.sqrt(sum(jnp.square(a).sum() for a in arrays.values()))
