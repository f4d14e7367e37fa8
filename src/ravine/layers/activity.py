"""The layer that only penalizes."""

from __future__ import annotations

from typing import Any

import jax

from ravine import regularizers, trees
from ravine.layers.base import Arrays, Layer


@trees.tree(frozen=False)
class ActivityRegularization(Layer):
    """Passes its inputs on and adds l1·Σ|x| + l2·Σx², divided by the rows of the batch, to the loss.

    Args:
        l1: the factor of the absolute values, at least 0.
        l2: the factor of the squares, at least 0.
    """

    l1: float = 0.0
    l2: float = 0.0

    def check(self) -> None:
        """Both factors are at least 0."""
        super().check()
        self._regularizer().check("ActivityRegularization")

    def _regularizer(self) -> regularizers.L1L2:
        return regularizers.L1L2(self.l1, self.l2)

    def penalty(self, params: Arrays, outputs: jax.Array) -> Any:
        """The penalty on the outputs."""
        return super().penalty(params, outputs) + self._regularizer()(outputs) / len(outputs)

    def apply(
        self, params: Arrays, stats: Arrays, x: jax.Array, *, key: jax.Array | None, training: bool
    ) -> tuple[jax.Array, Arrays]:
        """The input."""
        return x, stats
