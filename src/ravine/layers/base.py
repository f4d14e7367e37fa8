"""The layer contract: a dataclass of settings, and a few pure functions of it.

A layer holds no arrays. Its parameters (trained) and statistics (updated by the forward pass, such as moving averages)
are dictionaries that whoever runs the layer keeps. What Keras users expect on top (``kernel``, ``get_weights()``) is a
view of the model that the layer was added to.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Protocol

import jax
import jax.numpy as jnp
import numpy as np

from ravine import activations, checks, regularizers, trees

Arrays = dict[str, jax.Array]
Shape = tuple[int, ...]


def as_floats(x: jax.Array) -> jax.Array:
    """A batch as layers compute with it."""
    return x if jnp.issubdtype(x.dtype, jnp.floating) else x.astype(jnp.float32)


class Owner(Protocol):
    """What a layer needs of the model that it belongs to, in order to show its weights."""

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

    def layer_changed(self) -> None:
        """Take note that a layer's setting was assigned."""

    def trainable_changed(self) -> None:
        """Sort the arrays anew into those that are trained and the others."""


@trees.tree(frozen=False)
class Layer:
    """Base of all layers.

    Numbers may be assigned (``dropout.rate = 0.3``), and so may ``trainable`` and what regularizes or constrains; it
    holds from the next ``fit`` on. What the layer's arrays depend on may not.

    Args:
        name: the layer's name in its model; by default its class's name, numbered.
        input_shape: of one sample; on a model's first layer it lets the model be built before it sees data.
        trainable: False freezes the layer: its arrays stay as they are, and its regularizers rest.
        activity_regularizer: a penalty on the layer's outputs, divided by the rows of the batch.

    Attributes:
        given: arrays that the layer was given on the host, which its model starts from instead of those of ``init``.
    """

    name: str | None = trees.label(default=None, kw_only=True)
    input_shape: Shape | None = trees.label(default=None, kw_only=True)
    trainable: bool = trees.static(default=True, kw_only=True)
    activity_regularizer: regularizers.Named = trees.named(regularizers.get, default=None, kw_only=True)

    given: Mapping[str, np.ndarray] | None = trees.label(default=None, init=False, repr=False)

    variable_names: ClassVar[tuple[str, ...]] = ()
    keeps_values: ClassVar[bool] = False
    """Whether the outputs are the inputs in another shape, so that whole numbers stay what they were."""

    def __setattr__(self, name: str, value: Any) -> None:
        known = trees.fields(self.__class__)  # type: ignore[arg-type]  # the class can be hashed, its objects cannot
        if name not in known:
            raise AttributeError(f"{type(self).__name__} has no {name!r}.{checks.nearest(name, known)}")
        metadata = known[name].metadata
        set_before, before = name in vars(self), vars(self).get(name)
        if set_before and metadata.get("role") in ("static", "label") and name != "trainable":
            raise AttributeError(
                f"{name}={checks.shown(value)}: this choice cannot be changed in place, since arrays or the compiled "
                f"program depend on it; give the model a new {type(self).__name__}."
            )
        # Compiled code knows objects, not names. (Whatever else stands here while JAX takes a tree apart stays.)
        if "get" in metadata and (isinstance(value, str | type) or callable(value)):
            value = metadata["get"](name, value)
        if set_before and name == "trainable":
            value = checks.boolean(name, value)
        object.__setattr__(self, name, value)
        if set_before and self.is_bound:
            owner, _ = self._owned_by()
            owner.layer_changed()
            if name == "trainable" and value != before:
                owner.trainable_changed()

    def check(self) -> None:
        """Raise where a setting cannot work. Called when the layer is added to a model, and by ``fit``."""
        checks.boolean("trainable", self.trainable)
        for name, guard in self._guards():
            guard.check(name)

    def _guards(self) -> Iterator[tuple[str, Any]]:
        """The regularizers and constraints that there are, by the names of their fields."""
        for name, field in trees.fields(type(self)).items():  # type: ignore[arg-type]
            if "get" in field.metadata:
                guard = field.metadata["get"](name, getattr(self, name))
                if guard is not None:
                    yield name, guard

    def check_input(self, input_shape: Shape) -> None:
        """Raise where samples of ``input_shape`` cannot be fed to this layer."""

    def check_arrays(self, input_shape: Shape) -> None:
        """Raise where a regularizer or constraint has no meaning for its array, given samples of ``input_shape``."""
        guards = dict(self._guards())
        if not guards:
            return
        arrays, _ = jax.eval_shape(lambda: self.init(jax.random.key(0), input_shape))
        shapes = {name: array.shape for name, array in arrays.items()}
        shapes["activity"] = (2, *self.output_shape(input_shape))  # of a batch of any size
        for name, guard in guards.items():
            shape = shapes.get(name.rsplit("_", 1)[0])
            if shape is not None:
                guard.check_shape(name, shape)

    def check_batch(self, input_shape: Shape, rows: int) -> None:
        """Raise where a batch of ``rows`` samples cannot be trained on."""

    def check_ready(self) -> None:
        """Raise where the layer lacks what it must be given before it meets samples."""

    def init(self, key: jax.Array, input_shape: Shape) -> tuple[Arrays, Arrays]:
        """Initial parameters and statistics for samples of ``input_shape``."""
        return {}, {}

    def output_shape(self, input_shape: Shape) -> Shape:
        """The shape of one output for samples of ``input_shape``."""
        return input_shape

    def apply(
        self, params: Arrays, stats: Arrays, x: jax.Array, *, key: jax.Array | None, training: bool
    ) -> tuple[jax.Array, Arrays]:
        """Outputs for a batch ``[batch, *input_shape]``, and the statistics after it.

        ``training`` says whose statistics normalize, the batch's or those kept; without a ``key`` nothing is random. At
        inference ``training`` is False and ``key`` None.
        """
        raise NotImplementedError

    def split_activation(self) -> tuple[Layer, activations.Activation | None]:
        """This layer without the activation it ends with, and that activation; or the layer as it is, and None."""
        return self, None

    def estimates(self, x: jax.Array) -> Arrays:
        """Unbiased estimates, from one batch of inputs, of the statistics over all data; none by default."""
        return {}

    def penalty(self, params: Arrays, outputs: jax.Array) -> Any:
        """What the regularizers add to the loss of a batch."""
        total: Any = 0.0
        for name, w in params.items():
            regularizer = getattr(self, f"{name}_regularizer", None)
            if regularizer is not None:
                total = total + regularizer(w)
        if self.activity_regularizer is not None:
            penalty: Any = self.activity_regularizer
            total = total + penalty(outputs) / len(outputs)
        return total

    def constrained(self, params: Arrays) -> Arrays:
        """The parameters, put back to where their constraints want them."""
        guards: Any = {name: getattr(self, f"{name}_constraint", None) for name in params}
        return {name: w if guards[name] is None else guards[name](w) for name, w in params.items()}

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
