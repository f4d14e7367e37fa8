"""Layers that change the shape of a sample and nothing else."""

from __future__ import annotations

import math

import jax

from ravine import trees
from ravine.layers.base import Arrays, Layer, Shape


@trees.tree(frozen=False)
class Flatten(Layer):
    """``[batch, a, b, ...]`` to ``[batch, a*b*...]``."""

    def output_shape(self, input_shape: Shape) -> Shape:
        """One axis."""
        return (math.prod(input_shape),)

    def apply(
        self, params: Arrays, stats: Arrays, x: jax.Array, *, key: jax.Array | None, training: bool
    ) -> tuple[jax.Array, Arrays]:
        """The input with all axes but the first joined."""
        return x.reshape(x.shape[0], -1), stats
