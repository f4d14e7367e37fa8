"""The layer contract: a frozen dataclass of settings, and three pure functions of it.

A layer holds no arrays. Its parameters (trained) and statistics (updated by the forward pass, such as moving averages)
are dictionaries that whoever runs the layer keeps. What Keras users expect on top (``kernel``, ``get_weights()``) is a
view of the model that the layer was added to.
"""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from typing import Any, ClassVar, Protocol

import jax
import numpy as np

from ravine import checks, trees

Arrays = dict[str, jax.Array]
Shape = tuple[int, ...]


class Owner(Protocol):
    """What a layer needs of the model that it belongs to, in order to show its weights."""

    def layer_arrays(self, index: int) -> Mapping[str, jax.Array]:
        """The parameters and statistics of layer ``index`` by name."""

    def set_layer_arrays(self, index: int, values: Mapping[str, np.ndarray]) -> None:
        """Replace arrays of layer ``index`` by others of the same shapes."""

    def layer_output_shape(self, index: int) -> tuple[int | None, ...]:
        """The shape of layer ``index``'s output, None for the batch."""


@trees.tree
class Layer:
    """Base of all layers.

    Args:
        name: the layer's name in its model; by default its class's name, numbered.
        input_shape: of one sample; on a model's first layer it lets the model be built before it sees data.
    """

    name: str | None = trees.label(default=None, kw_only=True)
    input_shape: Shape | None = trees.label(default=None, kw_only=True)

    variable_names: ClassVar[tuple[str, ...]] = ()

    def check(self) -> None:
        """Raise where a setting cannot work. Called when the layer is added to a model."""

    def check_input(self, input_shape: Shape) -> None:
        """Raise where samples of ``input_shape`` cannot be fed to this layer."""

    def init(self, key: jax.Array, input_shape: Shape) -> tuple[Arrays, Arrays]:
        """Initial parameters and statistics for samples of ``input_shape``."""
        return {}, {}

    def output_shape(self, input_shape: Shape) -> Shape:
        """The shape of one output for samples of ``input_shape``."""
        return input_shape

    def apply(
        self, params: Arrays, stats: Arrays, x: jax.Array, *, key: jax.Array | None, training: bool
    ) -> tuple[jax.Array, Arrays]:
        """Outputs for a batch ``[batch, *input_shape]``, and the statistics after it. ``key`` is None at inference."""
        raise NotImplementedError

    def split_link(self) -> tuple[Layer, str | None]:
        """This layer without its softmax or sigmoid, and that activation's name; or the layer as it is, and None."""
        return self, None

    # Views of the model that the layer belongs to.

    def bind(self, owner: Owner, index: int) -> None:
        """Make this layer show the weights of ``owner``'s layer ``index``."""
        if self.is_bound:
            raise checks.RavineValueError(
                f"layers: {type(self).__name__} already belongs to a model. Models do not share weights in Ravine; "
                "give each model a layer of its own."
            )
        object.__setattr__(self, "_owner", weakref.ref(owner))
        object.__setattr__(self, "_index", index)

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

    def get_weights(self) -> list[np.ndarray]:
        """Copies of the layer's arrays, in Keras's order."""
        owner, index = self._owned_by()
        arrays = owner.layer_arrays(index)
        return [np.array(arrays[name]) for name in self.variable_names if name in arrays]

    def set_weights(self, weights: list[Any]) -> None:
        """Replace the layer's arrays, given in the order of :meth:`get_weights`."""
        owner, index = self._owned_by()
        if not isinstance(weights, list | tuple):
            checks.reject_type("weights", weights, "a list of arrays")
        arrays = owner.layer_arrays(index)
        names = [name for name in self.variable_names if name in arrays]
        if len(weights) != len(names):
            raise checks.RavineValueError(
                f"weights: expected {len(names)} arrays ({', '.join(names)}), got {len(weights)}."
            )
        owner.set_layer_arrays(index, dict(zip(names, map(np.asarray, weights), strict=True)))

    def count_params(self) -> int:
        """How many numbers the layer's arrays hold."""
        return sum(w.size for w in self.get_weights())

    def __getattr__(self, name: str) -> Any:
        # Only reached for names that are no field: the layer's arrays, such as ``kernel``.
        if name in type(self).variable_names:
            owner, index = self._owned_by()
            arrays = owner.layer_arrays(index)
            return np.array(arrays[name]) if name in arrays else None
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")
