"""The layer contract: a dataclass of settings, and a few pure functions of it.

A layer holds no arrays. Its parameters (trained) and statistics (updated by the forward pass, such as moving averages)
are dictionaries that whoever runs the layer keeps. What Keras users expect on top (``kernel``, ``get_weights()``) is a
view of the model that the layer was added to.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np

from ravine import activations, checks, initializers, keras_names, regularizers, settings, tracing, trees
from ravine.layers.bound import Bound
from ravine.layers.bound import Shape as Shape
from ravine.layers.declaring import OWN, dtype_of, is_own

Arrays = dict[str, jax.Array]


def as_floats(x: jax.Array) -> jax.Array:
    """A batch as layers compute with it."""
    return x if jnp.issubdtype(x.dtype, jnp.floating) else x.astype(jnp.float32)


@functools.cache
def _initializers(cls: Any) -> tuple[str, ...]:
    """The fields of a class that draw an array."""
    return tuple(name for name in trees.fields(cls) if name.endswith("_initializer"))


@trees.tree(frozen=False)
class Layer(Bound):
    """Base of all layers.

    Numbers may be assigned (``dropout.rate = 0.3``), and so may ``trainable`` and what regularizes or constrains; it
    holds from the next ``fit`` on. What the layer's arrays depend on may not.

    Args:
        name: the layer's name; by default its class's, which a model numbers (``dense``, ``dense_1``).
        input_shape: of one sample; on a model's first layer it lets the model be built before it sees data.
        dtype: only float32, which all layers compute in.
        input_dim: the same as ``input_shape=(input_dim,)``.
        trainable: False freezes the layer: its arrays stay as they are, and its regularizers rest.
        activity_regularizer: a penalty on the layer's outputs, divided by the rows of the batch.

    Attributes:
        given: arrays that the layer was given on the host, which its model starts from instead of those of ``init``.
    """

    name: str = trees.label(default=None, kw_only=True)
    input_shape: Shape | None = trees.label(default=None, kw_only=True)
    trainable: bool = trees.static(default=True, kw_only=True)
    activity_regularizer: regularizers.Named = trees.named(regularizers.get, default=None, kw_only=True)
    dtype: Any = trees.label(default=None, kw_only=True, repr=False)
    input_dim: int | None = trees.label(default=None, kw_only=True, repr=False)

    given: Mapping[str, np.ndarray] | None = trees.label(default=None, init=False, repr=False)

    variable_names: ClassVar[tuple[str, ...]] = ()
    keeps_values: ClassVar[bool] = False
    """Whether the outputs are the inputs in another shape, so that whole numbers stay what they were."""

    def __setattr__(self, name: str, value: Any) -> None:
        known = trees.fields(self.__class__)  # type: ignore[arg-type]  # the class can be hashed, its objects cannot
        if name not in known:
            raise checks.RavineAttributeError(f"{type(self).__name__} has no setting {name!r}.{self._way(name, known)}")
        if name == "name" and value is None:
            value = trees.snake(type(self).__name__)
            object.__setattr__(self, "_named_by_class", True)
        metadata = known[name].metadata
        set_before, before = name in vars(self), vars(self).get(name)
        if set_before and metadata.get("role") in ("static", "label") and name != "trainable":
            raise checks.RavineAttributeError(
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

    def _way(self, name: str, known: Iterable[str]) -> str:
        """How a class of a user's gets a setting, or which known one may be meant."""
        if is_own(type(self)) and "__dataclass_fields__" not in vars(type(self)):
            return f" A layer's settings are fields of its class: {OWN.format(name=name)}"
        return checks.nearest(name, known)

    def check(self) -> None:
        """Raise where a setting cannot work. Called when the layer is added to a model, and by ``fit``."""
        if not self.is_bound:
            self._check_form()
        checks.boolean("trainable", self.trainable)
        for name, guard in self._guards():
            guard.check(name)

    def _check_form(self) -> None:
        """Raise where the class, or what cannot be changed once the layer is in a model, cannot work."""
        kind = type(self).__name__
        if not trees.is_tree(self) or type(self).apply is Layer.apply:
            raise checks.RavineTypeError(f"{kind} is no layer of Ravine's form: {OWN.format(name='units')}")
        if self.dtype is not None and dtype_of(self.dtype) != np.float32:
            checks.reject("dtype", self.dtype, "'float32', the type that all layers compute in")
        for name in _initializers(type(self)):  # type: ignore[arg-type]
            initializers.get(getattr(self, name), name)
        for name in trees.fields(type(self)):  # type: ignore[arg-type]
            value = getattr(self, name)
            if isinstance(value, Layer):
                checks.reject_type(
                    name, value, f"a name or a function; a layer goes into the model itself, after {kind}"
                )

    def _guards(self) -> Iterator[tuple[str, Any]]:
        """The regularizers and constraints that there are, by the names of their fields."""
        for name, field in trees.fields(type(self)).items():  # type: ignore[arg-type]
            if "get" in field.metadata:
                guard = field.metadata["get"](name, getattr(self, name))
                if guard is not None:
                    yield name, guard

    def check_input(self, input_shape: Shape) -> None:
        """Raise where samples of ``input_shape`` cannot be fed to this layer."""

    def declared_shape(self) -> Any:
        """The shape of one sample that the layer was given, not checked; None if it was given none."""
        return self.input_shape if self.input_dim is None else (self.input_dim,)

    def drawn(self, name: str, key: jax.Array, shape: Shape) -> jax.Array:
        """The array ``name`` as the field ``NAME_initializer`` draws it; raises where that is of another shape or type.

        Traced code calls it: an initializer of a user's shows what it gives only there.
        """
        field = f"{name}_initializer"
        given = getattr(self, field)
        initializer = initializers.get(given, field)
        if isinstance(initializer, initializers.Rule):
            return initializer(key, shape)
        try:
            array = jnp.asarray(initializer(key, shape))
        except Exception as error:
            raise checks.RavineValueError(
                f"{field}={checks.shown(given)} failed for the shape {shape}: "
                f"{tracing.reason(error, given).rstrip('.')}. Expected a function of a key and a shape."
            ) from error
        if array.shape != shape or array.dtype not in (jnp.float32, jnp.float64):
            expected = f"a function that gives float32 of shape {shape}, but this gives {array.dtype} of {array.shape}"
            checks.reject(field, given, expected)
        return array

    def check_arrays(self, input_shape: Shape) -> None:
        """Raise where arrays cannot be made for samples of ``input_shape``, or a regularizer or constraint not act."""
        guards = dict(self._guards())
        chosen = [getattr(self, name) for name in _initializers(type(self))]  # type: ignore[arg-type]
        if not guards and all(isinstance(setting, str | initializers.Rule | type) for setting in chosen):
            return
        arrays, _ = settings.eval_shape(lambda: self.init(jax.random.key(0), input_shape))
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

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """Layers are called by their model alone."""
        kind = type(self).__name__
        raise checks.RavineTypeError(
            f"{kind} was called: a layer is run by the model that it is in. Expected Sequential([..., {kind}(...), "
            f"...]), and for its outputs alone Sequential([{kind}(...)]).predict(x)."
        )

    def __getattr__(self, name: str) -> Any:
        # Only reached for names that are no field: the layer's arrays, such as ``kernel``.
        if name in type(self).variable_names:
            try:
                owner, index = self._owned_by()
                arrays = owner.layer_arrays(index)
            except checks.RavineValueError as error:  # there are none yet: `hasattr` is to be told so
                raise checks.RavineAttributeError(str(error)) from None
            return np.array(arrays[name]) if name in arrays else None
        raise keras_names.missing(type(self).__name__, name, "Layer", dir(type(self)))
