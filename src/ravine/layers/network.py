"""A stack of layers as one pure function."""

from __future__ import annotations

from dataclasses import replace

import jax

from ravine import activations, trees
from ravine.layers.base import Arrays, Layer, Shape

Variables = tuple[Arrays, ...]
"""One dictionary of arrays for each layer."""


@trees.tree
class Network:
    """Layers in sequence, then the activation called ``link``.

    Splitting the last activation off lets a crossentropy read the logits before it: see :meth:`with_link`.
    """

    layers: tuple[Layer, ...]
    link: str | None = trees.static(default=None)

    def init(self, key: jax.Array, input_shape: Shape) -> tuple[Variables, Variables]:
        """Initial parameters and statistics for samples of ``input_shape``."""
        params, stats = [], []
        for index, layer in enumerate(self.layers):
            p, s = layer.init(jax.random.fold_in(key, index), input_shape)
            params.append(p)
            stats.append(s)
            input_shape = layer.output_shape(input_shape)
        return tuple(params), tuple(stats)

    def shapes(self, input_shape: Shape) -> list[Shape]:
        """The output shape of every layer, for samples of ``input_shape`` that every layer accepts."""
        result = []
        for layer in self.layers:
            layer.check_input(input_shape)
            input_shape = layer.output_shape(input_shape)
            result.append(input_shape)
        return result

    def with_link(self, link: str | None) -> Network:
        """The same function with its last activation split off, where that is the one called ``link``."""
        if self.link is not None or link is None or not self.layers:
            return self
        last, found = self.layers[-1].split_link()
        return replace(self, layers=(*self.layers[:-1], last), link=link) if found == link else self

    def apply(
        self, params: Variables, stats: Variables, x: jax.Array, *, key: jax.Array | None, training: bool
    ) -> tuple[jax.Array, Variables]:
        """The values before ``link``, and the statistics after this batch."""
        new_stats = []
        for index, layer in enumerate(self.layers):
            layer_key = None if key is None else jax.random.fold_in(key, index)
            x, s = layer.apply(params[index], stats[index], x, key=layer_key, training=training)
            new_stats.append(s)
        return x, tuple(new_stats)

    def outputs(self, z: jax.Array) -> jax.Array:
        """The model's outputs for what :meth:`apply` gave."""
        return activations.get(self.link)(z)
