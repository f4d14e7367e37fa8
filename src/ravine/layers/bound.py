"""What a layer shows of the model that it belongs to: its place, its name there, its arrays."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Protocol

import jax
import numpy as np

from ravine import checks
from ravine.arrays import real
from ravine.frames import Names
from ravine.layers.weight import Weight

Shape = tuple[int, ...]


class Owner(Protocol):
    """What a layer needs of the model that it belongs to, in order to show its weights."""

    @property
    def columns(self) -> Names | None:
        """The names of the columns that the model is fed, where they have some."""

    def layer_arrays(self, index: int) -> Mapping[str, jax.Array]:
        """The parameters and statistics of layer ``index`` by name."""

    def set_layer_arrays(self, index: int, values: Mapping[str, np.ndarray]) -> None:
        """Replace arrays of layer ``index`` by others of the same shapes."""

    def has_arrays(self, index: int) -> bool:
        """Whether the arrays of layer ``index`` were drawn or given already."""

    def layer_input_shape(self, index: int) -> Shape | None:
        """The shape of one sample as layer ``index`` sees it; None while it is unknown."""

    def layer_output_shape(self, index: int) -> tuple[int | None, ...]:
        """The shape of layer ``index``'s output, None for the batch."""

    def weights_of(self, index: int) -> list[Weight]:
        """Copies of the arrays of layer ``index`` with their names; none while they are unknown."""

    def layer_changed(self) -> None:
        """Take note that a layer's setting was assigned."""

    def trainable_changed(self) -> None:
        """Sort the arrays anew into those that are trained and the others."""


class Bound:
    """Base of the layers: what they are without a model is theirs to say."""

    name: str
    given: Mapping[str, np.ndarray] | None
    columns: Names | None = None
    """The names of the columns of what the layer was adapted to, where they had some."""

    variable_names: ClassVar[tuple[str, ...]] = ()

    @property
    def given_name(self) -> str | None:
        """The name that the layer was given; None if it goes by its class's."""
        return None if "_named_by_class" in self.__dict__ else self.name

    def take_name(self, name: str) -> None:
        """Go by the name that the model has for this layer."""
        object.__setattr__(self, "name", name)

    def bind(self, owner: Owner, index: int) -> None:
        """Make this layer show the weights of ``owner``'s layer ``index``."""
        if self.is_bound:
            raise checks.RavineValueError(
                f"layers: {type(self).__name__} already belongs to a model. Models do not share weights in Ravine; "
                "give each model a layer of its own."
            )
        object.__setattr__(self, "_owner", weakref.ref(owner))
        object.__setattr__(self, "_index", index)

    def starts(self) -> Mapping[str, Any]:
        """The arrays to start from in place of those that :meth:`init` draws, by name."""
        return self.given or {}

    def give(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Let the layer start from ``arrays``; those that its model has already are replaced."""
        if self.is_bound:
            owner, index = self._owned_by()
            if owner.has_arrays(index):
                owner.set_layer_arrays(index, arrays)
        object.__setattr__(self, "given", dict(arrays))

    def unbind(self) -> None:
        """Undo :meth:`bind`."""
        self.__dict__.pop("_owner", None)

    def __getstate__(self) -> dict[str, Any]:
        # A copy belongs to no model until its own copy of the model binds it.
        return {name: value for name, value in self.__dict__.items() if name not in ("_owner", "_index")}

    @property
    def is_bound(self) -> bool:
        """Whether the layer belongs to a model that is still there."""
        return "_owner" in self.__dict__ and self.__dict__["_owner"]() is not None

    def _owned_by(self) -> tuple[Owner, int]:
        if not self.is_bound:
            raise checks.RavineValueError(
                f"{type(self).__name__} belongs to no model yet, so it has no weights: add it to a Sequential first."
            )
        return self.__dict__["_owner"](), self.__dict__["_index"]

    def ordered(self, names: Iterable[str]) -> list[str]:
        """``names`` of the layer's arrays in the order of ``get_weights``: ``variable_names``, then others by name."""
        found = set(names)
        return [
            *(name for name in self.variable_names if name in found),
            *sorted(found.difference(self.variable_names)),
        ]

    def get_weights(self) -> list[np.ndarray]:
        """Copies of the layer's arrays, in Keras's order."""
        owner, index = self._owned_by()
        arrays = owner.layer_arrays(index)
        return [np.array(arrays[name]) for name in self.ordered(arrays)]

    def set_weights(self, weights: list[Any]) -> None:
        """Replace the layer's arrays, given in the order of :meth:`get_weights`."""
        owner, index = self._owned_by()
        if not isinstance(weights, list | tuple):
            checks.reject_type("weights", weights, "a list of arrays")
        arrays = owner.layer_arrays(index)
        names = self.ordered(arrays)
        if len(weights) != len(names):
            raise checks.RavineValueError(
                f"weights: expected {len(names)} arrays ({', '.join(names)}), got {len(weights)}."
            )
        given = (real(f"weights: {name}", weight) for name, weight in zip(names, weights, strict=True))
        owner.set_layer_arrays(index, dict(zip(names, given, strict=True)))

    @property
    def variables(self) -> list[Weight]:
        """Copies of the layer's arrays with their names. ``weights`` is the same, but an argument of ``Embedding``."""
        if not self.is_bound:
            return []
        owner, index = self._owned_by()
        return owner.weights_of(index)

    weights = variables

    @property
    def trainable_weights(self) -> list[Weight]:
        """Those that are trained."""
        return [weight for weight in self.variables if weight.trainable]

    @property
    def non_trainable_weights(self) -> list[Weight]:
        """Those that are not."""
        return [weight for weight in self.variables if not weight.trainable]

    trainable_variables, non_trainable_variables = trainable_weights, non_trainable_weights

    def count_params(self) -> int:
        """How many numbers the layer's arrays hold."""
        return sum(w.size for w in self.get_weights())
