"""Layers in a row and their arrays: what a model is before anyone trains it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ravine import arrays, checks, seeds, settings, trees
from ravine.layers import Input, Layer
from ravine.layers.base import Arrays
from ravine.layers.input import check_shape
from ravine.layers.network import Network, Variables
from ravine.layers.weight import Weight
from ravine.model.exclusive import Exclusive
from ravine.model.naming import Layers
from ravine.model.summary import Row, print_summary
from ravine.training import programs
from ravine.training.program import InputShape, initial_variables


def _started(layer: Layer, arrays: Arrays) -> Arrays:
    """Arrays of a layer as drawn, and those instead that it was given."""
    given = layer.starts()
    return {name: jnp.asarray(given[name], a.dtype) if name in given else a for name, a in arrays.items()}


class Stack(Layers):
    """Layers in a row, their shapes and their arrays: what :class:`ravine.Sequential` trains."""

    def __init__(self, layers: list[Layer | Input] | None = None, name: str | None = None) -> None:
        if not isinstance(name, str | None):
            checks.reject_type("name", name, "a string")
        if layers is not None and not isinstance(layers, list | tuple):
            checks.reject_type("layers", layers, "a list of layers")
        self.name = "sequential" if name is None else name
        self._layers: list[Layer] = []
        self._input_shape: tuple[int, ...] | None = None
        self._variables: tuple[Variables, Variables] = ((), ())  # may be short of the last layers
        self._settled: tuple[Variables, Variables] = ((), ())  # what other threads see meanwhile
        self.programs = programs.Shelf()
        self.exclusive = Exclusive()
        for layer in layers or []:
            self.add(layer)

    # Building

    def add(self, layer: Layer | Input) -> None:
        """Append a layer; an ``Input`` only as the first."""
        self.exclusive.check("add", hooks=False)
        if isinstance(layer, Input):
            if self._layers or self._input_shape is not None:
                raise checks.RavineValueError("layers: an Input goes first in a model.")
            self._input_shape = layer.shape
            return
        if not isinstance(layer, Layer):
            hint = f" Did you mean {layer.__name__}(...)?" if isinstance(layer, type) else ""
            checks.reject_type(f"layers[{len(self._layers)}]", layer, f"a layer such as Dense(10).{hint}")
        layer.check()
        self._check_name(layer)
        shape = self._input_shape
        declared = layer.declared_shape()
        if declared is not None:
            declared = check_shape("input_shape", declared)
            if not self._layers:
                shape = declared
                if self._input_shape not in (None, shape):
                    checks.reject("input_shape", shape, f"{self._input_shape}, the shape of the model's Input")
        if shape is not None:
            Network((*self._layers, layer)).check(shape)
        layer.bind(self, len(self._layers))
        self._layers.append(layer)
        self._input_shape = shape
        self._layers_changed()

    def pop(self) -> Layer:
        """Remove the last layer and return it. The others keep their weights."""
        self.exclusive.check("pop", hooks=False)
        if not self._layers:
            raise checks.RavineValueError("pop: the model has no layers.")
        layer = self._layers.pop()
        layer.unbind()
        self._layers_changed()
        return layer

    def _layers_changed(self) -> None:
        """Forget the arrays of layers that are gone, and name the layers that are there."""
        for layer, name in zip(self._layers, self.layer_names, strict=True):
            layer.take_name(name)
        params, stats = self._variables
        self._variables = params[: len(self._layers)], stats[: len(self._layers)]

    @property
    def trainable(self) -> bool:
        """Whether any layer is trained; assigning it freezes or frees all layers."""
        return any(layer.trainable for layer in self._layers)

    @trainable.setter
    def trainable(self, value: bool) -> None:
        value = checks.boolean("trainable", value)
        for layer in self._layers:
            layer.trainable = value

    def layer_changed(self) -> None:
        """A layer's setting was assigned: a model that keeps what it made of the settings makes it anew."""

    def trainable_changed(self) -> None:
        """Sort the arrays anew into those that are trained and the others."""
        params, stats = self._variables
        if params:
            held = [{**p, **s} for p, s in zip(params, stats, strict=True)]
            shape, network = self._require_shape(), self.network
            trained, _ = settings.eval_shape(lambda: network.init(jax.random.key(0), shape))
            self._variables = (
                tuple({k: v for k, v in h.items() if k in t} for h, t in zip(held, trained, strict=False)),
                tuple({k: v for k, v in h.items() if k not in t} for h, t in zip(held, trained, strict=False)),
            )

    def __setstate__(self, state: dict[str, Any]) -> None:
        # A copy's layers are copies too, which belong to no model yet.
        self.__dict__.update(state)
        for index, layer in enumerate(self._layers):
            layer.bind(self, index)

    @property
    def network(self) -> Network:
        """The layers as one pure function."""
        return Network(tuple(self._layers))

    def check_statistics(self, caller: str) -> None:
        """Raise where no layer keeps statistics that could be taken over all data."""
        network, shape = self.network, self._require_shape()

        def estimates() -> Variables:
            variables = network.init(jax.random.key(0), shape)
            return network.estimates(*variables, jnp.zeros((2, *shape)))

        if not jax.tree.leaves(settings.eval_shape(estimates)):
            raise checks.RavineValueError(
                f"{caller}: expected a model with a BatchNormalization layer that is not frozen; there is none."
            )

    @property
    def has_weights(self) -> bool:
        """Whether any of the arrays were drawn or given already."""
        return bool(self._variables[0])

    @property
    def built(self) -> bool:
        """Whether the shapes of all arrays are known."""
        return self._input_shape is not None

    @property
    def input_shape(self) -> tuple[int | None, ...] | None:
        """``(None, ...)``, or None while it is unknown."""
        return None if self._input_shape is None else (None, *self._input_shape)

    @property
    def output_shape(self) -> tuple[int | None, ...] | None:
        """``(None, ...)``, or None while it is unknown."""
        return None if self._input_shape is None else (None, *self._output_shape())

    def _output_shape(self) -> tuple[int, ...]:
        shapes = self.network.shapes(self._require_shape())
        return shapes[-1] if shapes else self._require_shape()

    def _require_shape(self) -> tuple[int, ...]:
        if self._input_shape is None:
            raise checks.RavineValueError(
                "The model does not know its input's shape yet: start it with Input(shape=...), or fit it first."
            )
        return self._input_shape

    def take_shape(self, shape: tuple[int, ...]) -> None:
        """Take on the shape of one sample, which the layers must fit."""
        self.network.check(shape)
        self._input_shape = shape

    def build(self, input_shape: tuple[int | None, ...] | None = None) -> None:
        """Take on the shape of a batch, ``(None, ...)``; a model that has one already keeps it."""
        if input_shape is None:
            self._require_shape()
            return
        if not isinstance(input_shape, tuple | list) or not input_shape:
            checks.reject_type("input_shape", input_shape, "the shape of a batch, such as (None, 28, 28)")
        shape = check_shape("input_shape", input_shape[1:])
        if self._input_shape not in (None, shape):
            checks.reject("input_shape", input_shape, f"{self.input_shape}, which the model was built for")
        self.take_shape(shape)

    def accept(self, argument: str, samples: np.ndarray) -> np.ndarray:
        """Checked samples as the network takes them, of the model's shape, or of one that it takes on."""
        if not self._layers:
            raise checks.RavineValueError("The model has no layers: add some before it meets data.")
        if samples.ndim == 1 and self._input_shape == (1,):
            samples = samples[:, None]  # numbers for a model of one input, as Keras takes them
        network, shape = self.network, samples.shape[1:]
        if self._input_shape is None:
            network.check(shape)
        elif shape != self._input_shape:
            raise checks.RavineValueError(
                f"{argument} has samples of shape {shape}: the model expected {self._input_shape}, "
                f"so {argument} of shape {(None, *self._input_shape)}."
            )
        for layer in self._layers:
            layer.check_ready()
        samples = network.admitted(argument, samples)
        self._input_shape = shape
        return samples

    # Weights

    def arrays(self, seed: int | None = None) -> tuple[Variables, Variables]:
        """The parameters and statistics; those not there yet are drawn from ``seed`` or a seed of the model's own.

        While a run in another thread changes them, they are those that it last left whole: a few epochs old at most.
        """
        if self.exclusive.elsewhere and self._settled[0]:
            return self._settled
        params, stats = self._variables
        held = len(params)
        if held < len(self._layers):
            shape = InputShape(self._require_shape())
            seed = seeds.next_seed() if seed is None else seed
            draw = programs.compiled(initial_variables)
            with programs.held_by(self.programs):
                drawn = draw(trees.as_leaves(self.network), seeds.stream(seed, "initial weights"), shape)
            trained, others = (
                tuple(_started(layer, arrays) for layer, arrays in zip(self._layers, group, strict=True))
                for group in drawn
            )
            self._variables = (*params, *trained[held:]), (*stats, *others[held:])
        return self._variables

    def __repr__(self) -> str:
        kinds = ", ".join(type(layer).__name__ for layer in self._layers)
        return f"<{type(self).__name__} {self.name!r}: {kinds or 'no layers'}>"

    def settle(self, variables: tuple[Variables, Variables]) -> None:
        """Show other threads these arrays, which nothing will give up, while the model is trained."""
        self._settled = variables

    def layer_arrays(self, index: int) -> Mapping[str, jax.Array]:
        """The parameters and statistics of layer ``index`` by name."""
        params, stats = self.arrays()
        return {**params[index], **stats[index]}

    def set_layer_arrays(self, index: int, values: Mapping[str, np.ndarray]) -> None:
        """Replace arrays of layer ``index`` by others of the same shapes."""
        self.exclusive.check("weights")
        current = self.layer_arrays(index)
        for name, value in values.items():
            if value.shape != current[name].shape:
                raise checks.RavineValueError(
                    f"weights: {self.layer_names[index]}/{name} has shape {current[name].shape}, got {value.shape}."
                )
        self._variables = tuple(  # type: ignore[assignment]
            tuple(
                {k: jnp.asarray(values[k], v.dtype) if i == index and k in values else v for k, v in arrays.items()}
                for i, arrays in enumerate(group)
            )
            for group in self.arrays()
        )

    def has_arrays(self, index: int) -> bool:
        """Whether the arrays of layer ``index`` were drawn or given already."""
        return index < len(self._variables[0])

    def layer_input_shape(self, index: int) -> tuple[int, ...] | None:
        """The shape of one sample as layer ``index`` sees it; None while it is unknown."""
        shape = self._input_shape
        return None if shape is None else [shape, *self.network.shapes(shape)][index]

    def layer_output_shape(self, index: int) -> tuple[int | None, ...]:
        """The shape of layer ``index``'s output, None for the batch."""
        return (None, *self.network.shapes(self._require_shape())[index])

    @property
    def named_weights(self) -> dict[str, np.ndarray]:
        """Copies of all arrays by name, such as ``"dense/kernel"``, in the order of :meth:`get_weights`."""
        self._require_shape()
        return {weight.path: weight.numpy() for weight in self.weights}

    @property
    def weights(self) -> list[Weight]:
        """Copies of all arrays with their names, in the order of :meth:`get_weights`; none while they are unknown."""
        return [weight for index in range(len(self._layers)) for weight in self.weights_of(index)]

    variables = weights

    def weights_of(self, index: int) -> list[Weight]:
        """Copies of the arrays of layer ``index`` with their names; none while they are unknown."""
        if not self.built:
            return []
        layer, arrays = self._layers[index], self.layer_arrays(index)
        params = self._variables[0][index]
        names = layer.ordered(arrays)
        return [Weight.copied(arrays[name], layer.name, name, name in params) for name in names]

    @property
    def trainable_weights(self) -> list[Weight]:
        """Those of :attr:`weights` that are trained."""
        return [weight for weight in self.weights if weight.trainable]

    @property
    def non_trainable_weights(self) -> list[Weight]:
        """Those of :attr:`weights` that are not."""
        return [weight for weight in self.weights if not weight.trainable]

    trainable_variables, non_trainable_variables = trainable_weights, non_trainable_weights

    def get_weights(self) -> list[np.ndarray]:
        """Copies of all arrays, layer by layer, in Keras's order."""
        return list(self.named_weights.values())

    def set_weights(self, weights: list[Any]) -> None:
        """Replace all arrays, given in the order of :meth:`get_weights`. Nothing changes if one does not fit."""
        if not isinstance(weights, list | tuple):
            checks.reject_type("weights", weights, "a list of arrays")
        current, given = self.named_weights, []
        if len(weights) != len(current):
            raise checks.RavineValueError(f"weights: expected {len(current)} arrays, got {len(weights)}.")
        for (name, array), weight in zip(current.items(), weights, strict=True):
            value = arrays.real(f"weights: {name}", weight)
            if value.shape != array.shape:
                raise checks.RavineValueError(f"weights: {name} has shape {array.shape}, got {value.shape}.")
            given.append(value)
        rest = iter(given)
        for layer in self._layers:
            layer.set_weights([next(rest) for _ in layer.get_weights()])

    def count_params(self) -> int:
        """How many numbers all arrays hold."""
        return sum(row.trainable + row.non_trainable for row in self._rows())

    def _rows(self) -> list[Row]:
        names, kinds = self.layer_names, [type(layer).__name__ for layer in self._layers]
        if self._input_shape is None:
            return [Row(n, k, None, 0, 0) for n, k in zip(names, kinds, strict=True)]
        network, shape = self.network, self._input_shape
        params, stats = settings.eval_shape(lambda: network.init(jax.random.key(0), shape))
        return [
            Row(n, k, (None, *s), *(sum(a.size for a in arrays[i].values()) for arrays in (params, stats)))
            for i, (n, k, s) in enumerate(zip(names, kinds, network.shapes(shape), strict=True))
        ]

    def summary(self, line_length: int | None = None, print_fn: Callable[[str], None] | None = None) -> None:
        """Print the layers, their output shapes and their numbers of parameters.

        Args:
            line_length: the width in characters, from 20 on; None for the terminal's.
            print_fn: a function of the whole text, called in place of printing it.
        """
        if line_length is not None:
            line_length = checks.integer("line_length", line_length, least=20, most=10_000)
        if print_fn is not None and (not callable(print_fn) or isinstance(print_fn, type)):
            checks.reject_type("print_fn", print_fn, "a function of a text")
        print_summary(self.name, self._rows(), line_length, print_fn)
