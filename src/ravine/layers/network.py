"""A stack of layers as one pure function."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import jax
import numpy as np

from ravine import activations, checks, trees
from ravine.layers.base import Arrays, Layer, Shape, as_floats
from ravine.layers.declaring import check_size
from ravine.layers.tokens import Tokens

Variables = tuple[Arrays, ...]
"""One dictionary of arrays for each layer."""


class Visit(NamedTuple):
    """What happened at one layer: its arrays, its inputs, its outputs, and its statistics after the batch."""

    layer: Layer
    held: Arrays
    inputs: jax.Array
    outputs: jax.Array
    stats: Arrays

    def penalty(self) -> Any:
        """What the layer's regularizers add to the loss; those of a frozen layer's arrays rest."""
        return self.layer.penalty(self.held if self.layer.trainable else {}, self.outputs)

    def pre_activation(self) -> jax.Array:
        """What the layer's activation acts on; of a layer without one, the outputs."""
        bare, activation = self.layer.split_activation()
        if activation is None:
            return self.outputs
        return bare.apply(self.held, self.stats, self.inputs, key=None, training=False)[0]


@trees.tree
class Pass:
    """A batch's way through the network.

    ``outputs`` are the values before the link, ``stats`` the statistics after the batch, ``penalty`` is what the
    regularizers add to its loss, ``watched`` are the pre-activations of the layers that were asked for.
    """

    outputs: jax.Array
    stats: Variables
    penalty: Any
    watched: tuple[jax.Array, ...] = ()


LINKS: dict[activations.Activation, str] = {activations.softmax: "softmax", activations.sigmoid: "sigmoid"}


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
        for place, layer in zip(self._places(), self.layers, strict=True):
            p, s = layer.init(jax.random.fold_in(key, place), input_shape)
            params.append(p if layer.trainable else {})
            stats.append(s if layer.trainable else {**p, **s})
            input_shape = layer.output_shape(input_shape)
        return tuple(params), tuple(stats)

    def check(self, input_shape: Shape) -> None:
        """Raise where samples of ``input_shape`` cannot be fed to these layers."""
        for layer, shape in zip(self.layers, [input_shape, *self.shapes(input_shape)], strict=False):
            declared = layer.declared_shape()
            if declared is not None and tuple(declared) != shape:
                checks.reject("input_shape", declared, f"{shape}, the shape of what {type(layer).__name__} is fed")
            layer.check_arrays(shape)
        for index, layer in enumerate(self.layers):
            if isinstance(layer, Tokens) and layer is not self.tokens:
                first = next(other for other in self.layers[:index] if not other.keeps_values)
                raise checks.RavineValueError(
                    f"{type(layer).__name__} looks up whole numbers of the data, which are checked before anything "
                    f"runs, but {type(first).__name__} comes before it and makes others of them. Expected it first, or "
                    "after layers that only reshape."
                )

    @property
    def tokens(self) -> Tokens | None:
        """The layer that looks the data up, where the first that does more than reshape them is such a layer."""
        for layer in self.layers:
            if not layer.keeps_values:
                return layer if isinstance(layer, Tokens) else None
        return None

    def admitted(self, argument: str, samples: np.ndarray) -> np.ndarray:
        """Checked samples of the host as the layers take them, so that few programs serve data of all types.

        Whole numbers are int32 where a layer looks them up, else floats; images in bytes stay so until a batch needs
        them. Raises, naming ``argument``, where a number is none that the layer knows.
        """
        tokens = self.tokens
        if tokens is not None:
            return tokens.looked_up(argument, samples)
        return samples.astype(np.float32) if samples.dtype == np.int32 else samples

    def check_batch(self, input_shape: Shape, rows: int) -> None:
        """Raise where a batch of ``rows`` samples cannot be trained on."""
        for layer, shape in zip(self.layers, [input_shape, *self.shapes(input_shape)], strict=False):
            layer.check_batch(shape, rows)

    def _places(self) -> Iterator[np.uint32]:
        """For each layer the name of its random streams: its class, and how many of that class come before it.

        So networks that differ in a layer of another class, such as one of dropout, start from the same weights.
        """
        seen: Counter[str] = Counter()
        for layer in self.layers:
            kind = type(layer).__name__
            yield np.uint32(zlib.crc32(f"{kind} {seen[kind]}".encode()))
            seen[kind] += 1

    def shapes(self, input_shape: Shape) -> list[Shape]:
        """The output shape of every layer, for samples of ``input_shape`` that every layer accepts."""
        result = []
        for layer in self.layers:
            layer.check_input(input_shape)
            input_shape = layer.output_shape(input_shape)
            check_size(type(layer).__name__, "a sample's outputs", input_shape)
            result.append(input_shape)
        return result

    def with_link(self, link: str | None) -> Network:
        """The same function with its last activation split off, where that is the one called ``link``."""
        if self.link is not None or link is None or not self.layers:
            return self
        last, activation = self.layers[-1].split_activation()
        # A penalty on the activities is one on the outputs after the activation.
        if activation is None or self.layers[-1].activity_regularizer is not None:
            return self
        return replace(self, layers=(*self.layers[:-1], last), link=link) if LINKS.get(activation) == link else self

    def walk(
        self, params: Variables, stats: Variables, x: jax.Array, *, key: jax.Array | None, training: bool
    ) -> Iterator[Visit]:
        """A batch's way from layer to layer."""
        if self.tokens is None:
            x = as_floats(x)
        for index, (place, layer) in enumerate(zip(self._places(), self.layers, strict=True)):
            layer_key = None if key is None else jax.random.fold_in(key, place)
            # What a frozen layer is made of stands among its statistics, where nothing trains it.
            held = params[index] if layer.trainable else stats[index]
            y, after = layer.apply(held, stats[index], x, key=layer_key, training=training)
            yield Visit(layer, held, x, as_floats(y), {**stats[index], **after})
            x = y

    def apply(
        self,
        params: Variables,
        stats: Variables,
        x: jax.Array,
        *,
        key: jax.Array | None,
        training: bool,
        watched: tuple[int, ...] = (),
    ) -> Pass:
        """A batch's way through the network; ``watched`` are the positions of layers to look at."""
        visits = list(self.walk(params, stats, x, key=key, training=training))
        return Pass(
            outputs=visits[-1].outputs if visits else as_floats(x),
            stats=tuple(visit.stats for visit in visits),
            penalty=sum(visit.penalty() for visit in visits),
            watched=tuple(visits[index].pre_activation() for index in watched),
        )

    def estimates(self, params: Variables, stats: Variables, x: jax.Array) -> Variables:
        """Unbiased estimates, from one batch, of the statistics over all data; nothing is dropped meanwhile."""
        visits = self.walk(params, stats, x, key=None, training=True)
        return tuple(visit.layer.estimates(visit.inputs) for visit in visits)

    def constrained(self, params: Variables) -> Variables:
        """The parameters, put back to where their constraints want them."""
        return tuple(layer.constrained(p) for layer, p in zip(self.layers, params, strict=True))

    def outputs(self, z: jax.Array) -> jax.Array:
        """The model's outputs for what :meth:`apply` gave."""
        return activations.get(self.link)(z)
