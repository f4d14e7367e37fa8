"""A model's arrays on their way to a file and back, whatever the file's format."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import jax
import jax.numpy as jnp
import numpy as np

from ravine import checks, settings
from ravine.files import slots
from ravine.layers import Normalization
from ravine.layers.base import Arrays
from ravine.layers.network import Variables
from ravine.model import Sequential
from ravine.optimizers import Optimizer, OptimizerState
from ravine.trees import snake

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Place:
    """Where a layer's arrays stand: Keras's path, which goes by its class, and the layer's own name; they as shapes."""

    path: str
    name: str
    arrays: Arrays


class Source(Protocol):
    """The arrays of a file."""

    def weights(self, place: Place) -> dict[str, np.ndarray]:
        """A layer's arrays by name, of the shapes and dtypes that the place says."""

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
        return settings.eval_shape(lambda: network.init(jax.random.key(0), shape))
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


def held_weights(model: Sequential) -> list[dict[str, np.ndarray]]:
    """The arrays of each layer by name, in Keras's order; raises where a layer lacks what it must be given."""
    for layer in model.layers:
        layer.check_ready()
    return [
        {key: np.asarray(arrays[key]) for key in layer.ordered(arrays)}
        for index, layer in enumerate(model.layers)
        for arrays in (model.layer_arrays(index),)
    ]


@dataclass(frozen=True)
class Remembered:
    """What an optimizer remembers, in Keras's order, and the words for it."""

    listed: list[np.ndarray]
    words: str


def warn_of_lost(rule: Any) -> None:
    """Tell that what ``rule`` remembers is not saved."""
    checks.warn(
        f"save: what {type(rule).__name__} remembers has a form of its own, which no file holds, so the file has the "
        "weights without it. To go on with all of a run, use fit(checkpoint=...)."
    )


def held_optimizer(model: Sequential) -> Remembered | None:
    """What the optimizer remembers; None where there is none that a file could hold."""
    if not model.compiled or not isinstance(model.optimizer, Optimizer):
        return None
    rule, state = model.optimizer, model.train_state().optimizer
    if not isinstance(state, OptimizerState):
        warn_of_lost(rule)
        return None
    listed = slots.as_list(rule, state, slots.keras_order(model.layers, model.arrays()[0]))
    return Remembered(listed, slots.words(rule, state))


class Room:
    """What arrays a model has room for: their places, their shapes, and how large a file of them may be.

    With ``skip_mismatch`` layers that a file has nothing fitting for stay as they are, which is warned of. A file in
    which the model is ``described`` has what its own optimizer remembers, or is damaged.
    """

    def __init__(self, model: Sequential, skip_mismatch: bool = False, *, described: bool = False) -> None:
        self.model, self.skip_mismatch, self.described = model, skip_mismatch, described
        self.skipped: list[str] = []
        self.params, self.stats = shapes_of(model)
        held = [trained | kept for trained, kept in zip(self.params, self.stats, strict=True)]
        self.places = [
            Place(path, name, {key: arrays[key] for key in layer.ordered(arrays)})
            for path, name, layer, arrays in zip(paths_of(model), model.layer_names, model.layers, held, strict=True)
        ]
        arrays = [array for place in self.places for array in place.arrays.values()]
        numbers = sum(math.prod(array.shape) for array in arrays)
        copies = 8  # the weights, their average, their gradients, the slots of any rule, and room for those to come
        self.least = 2 * numbers  # bytes, of half precision
        self.most = 8 * copies * numbers + 2**14 * copies * (len(arrays) + len(self.places)) + 2**20

    def check_size(self, what: str, size: int) -> None:
        """Raise where a file of ``size`` bytes is none of such arrays, before these are allocated."""
        if size < self.least and not self.skip_mismatch:
            raise checks.RavineValueError(f"{what} has {size} bytes: the model's arrays take at least {self.least}.")
        if size > self.most:
            raise checks.RavineValueError(f"{what} has {size} bytes: the model's arrays take at most {self.most}.")

    def fill(self, source: Source, *, checked: bool) -> None:
        """Give the model the arrays of a file. They are all read and checked before the first is given.

        Unless a checksum says that they are what was saved (``checked``), numbers that are none are warned of.
        """
        read = [self._weights(source, index) for index in range(len(self.places))]
        if not checked:
            self._warn_of_damage(read)
        params, stats = (
            tuple({key: jnp.asarray(held[key]) for key in arrays} for held, arrays in zip(read, group, strict=True))
            for group in (self.params, self.stats)
        )
        self.model.restore((params, stats), self._optimizer_state(source))
        for layer, held in zip(self.model.layers, read, strict=True):
            if isinstance(layer, Normalization) and held:
                layer.give(held)  # a copy of the model, which starts without weights, starts with these
        if self.skipped:
            checks.warn(f"skip_mismatch=True left out {len(self.skipped)} parts of the file: {' '.join(self.skipped)}")

    def _weights(self, source: Source, index: int) -> dict[str, np.ndarray]:
        """A layer's arrays in the file; its own, where the file's do not fit and need not."""
        try:
            return source.weights(self.places[index])
        except checks.RavineValueError as error:
            self._skip(error)
            return {name: np.asarray(array) for name, array in self.model.layer_arrays(index).items()}

    def _warn_of_damage(self, read: Sequence[Mapping[str, np.ndarray]]) -> None:
        bad = [
            f"{place.name}/{name}"
            for place, held in zip(self.places, read, strict=True)
            for name, array in held.items()
            if array.dtype.kind == "f" and not np.isfinite(array).all()
        ]
        if bad:
            checks.warn(
                f"NaN or infinity stands in {', '.join(bad)}. The file has no checksum that could tell whether it was "
                "saved so or is damaged."
            )

    def _skip(self, error: checks.RavineValueError) -> None:
        """Go on without what did not fit, if that is allowed."""
        if not self.skip_mismatch:
            raise error
        self.skipped.append(str(error))

    def _optimizer_state(self, source: Source) -> OptimizerState | None:
        listed = source.optimizer()
        rule = self.model.optimizer if self.model.compiled else None
        if listed is None or rule is None:
            return None
        shapes = slots.template(rule, self.params) if isinstance(rule, Optimizer) else None
        if shapes is None or not isinstance(rule, Optimizer):
            checks.warn(f"What {type(rule).__name__} remembers is not in the file, so it starts anew.")
            return None
        try:
            return slots.from_list(rule, shapes, slots.keras_order(self.model.layers, self.params), listed)
        except slots.Foreign as error:
            if self.skip_mismatch or (self.described and type(rule) in slots.BLOCKS):
                self._skip(error)
            else:
                checks.warn(f"What {type(rule).__name__} remembers is not in the file, so it starts anew: {error}")
            return None
        except checks.RavineValueError as error:
            self._skip(error)
            return None
