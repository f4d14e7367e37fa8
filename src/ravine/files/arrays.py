"""A model's arrays on their way to a file and back, whatever the file's format."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import Protocol

import jax
import jax.numpy as jnp
import numpy as np

from ravine import checks
from ravine.files import slots
from ravine.layers.network import Variables
from ravine.model import Sequential
from ravine.optimizers import Optimizer, OptimizerState
from ravine.trees import snake

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Place:
    """Where a layer's arrays stand: Keras's path, which goes by its class, and the layer's own name; their shapes."""

    path: str
    name: str
    shapes: dict[str, Shape]


class Source(Protocol):
    """The arrays of a file."""

    def weights(self, place: Place) -> dict[str, np.ndarray]:
        """A layer's arrays by name, of the shapes that the place says, as float32."""

    def optimizer(self) -> slots.OptimizerList | None:
        """What an optimizer remembers, where the file has it."""


def sample_shape(model: Sequential) -> Shape:
    """The shape of one sample, without which a model has no arrays."""
    if model.input_shape is None:
        raise checks.RavineValueError(
            "The model does not know its input's shape yet: start it with Input(shape=...), or fit it first."
        )
    return tuple(int(size) for size in model.input_shape[1:] if size is not None)


def shapes_of(model: Sequential) -> tuple[Variables, Variables]:
    """The parameters and statistics as shapes, for which nothing is allocated."""
    network, shape = model.network, sample_shape(model)
    try:
        return jax.eval_shape(lambda: network.init(jax.random.key(0), shape))
    except (OverflowError, TypeError, ValueError) as error:
        raise checks.RavineValueError(f"the layers' sizes cannot work ({type(error).__name__}).") from error


def paths_of(model: Sequential) -> list[str]:
    """Keras's path of each layer: its class, and how many of that class come before it."""
    seen: Counter[str] = Counter()
    paths = []
    for layer in model.layers:
        kind = snake(type(layer).__name__)
        paths.append(f"layers/{kind}_{seen[kind]}" if seen[kind] else f"layers/{kind}")
        seen[kind] += 1
    return paths


def places_of(model: Sequential) -> list[Place]:
    """The layers' places, in order."""
    params, stats = shapes_of(model)
    result = []
    for path, name, layer, *groups in zip(paths_of(model), model.layer_names, model.layers, params, stats, strict=True):
        held = groups[0] | groups[1]
        result.append(Place(path, name, {k: tuple(held[k].shape) for k in layer.variable_names if k in held}))
    return result


def size_bounds(model: Sequential) -> tuple[int, int]:
    """The fewest and the most bytes that a file of the model's arrays may have."""
    arrays = [shape for place in places_of(model) for shape in place.shapes.values()]
    numbers = sum(map(math.prod, arrays))
    copies = 8  # the weights, their average, their gradients, the slots of any rule, and room for those to come
    overhead = 2**20 + 2**14 * copies * (len(arrays) + len(model.layers))
    return 2 * numbers, 8 * copies * numbers + overhead  # of half precision, and of double precision


def held_weights(model: Sequential) -> list[dict[str, np.ndarray]]:
    """The arrays of each layer by name, in Keras's order."""
    return [
        {key: np.asarray(arrays[key]) for key in layer.variable_names if key in arrays}
        for index, layer in enumerate(model.layers)
        for arrays in (model.layer_arrays(index),)
    ]


def held_optimizer(model: Sequential) -> list[np.ndarray] | None:
    """What the optimizer remembers, in Keras's order; None where there is none that a file could hold."""
    if not model.is_compiled or not isinstance(model.optimizer, Optimizer):
        return None
    state = model.train_state().optimizer
    if not isinstance(state, OptimizerState):
        return None
    return slots.as_list(model.optimizer, state, slots.keras_order(model.layers, model.variables()[0]))


def take(model: Sequential, source: Source) -> None:
    """Give ``model`` the arrays of a file. They are all read and checked before the first is given."""
    params, stats = shapes_of(model)
    read = [source.weights(place) for place in places_of(model)]
    variables = tuple(
        tuple({key: jnp.asarray(held[key]) for key in arrays} for held, arrays in zip(read, group, strict=True))
        for group in (params, stats)
    )
    state, listed = None, source.optimizer()
    rule = model.optimizer if model.is_compiled else None
    if listed is not None and isinstance(rule, Optimizer):
        shapes = slots.template(rule, params)
        if shapes is not None:
            state = slots.from_list(rule, shapes, slots.keras_order(model.layers, params), listed)
    model.restore((variables[0], variables[1]), state)
