"""The fully connected layer."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import jax

from ravine import activations, checks, constraints, initializers, regularizers, trees
from ravine.layers.base import Arrays, Layer, Shape
from ravine.layers.declaring import check_size


@trees.tree(frozen=False)
class Dense(Layer):
    """y = activation(x @ kernel + bias), on the last axis: ``[batch, ..., inputs]`` to ``[batch, ..., units]``.

    Args:
        units: how many outputs, at least 1.
        activation: a name, a function, or None for none.
        use_bias: whether a bias is added.
        kernel_initializer: a name or a function of a key and a shape, for ``kernel`` ``[inputs, units]``.
        bias_initializer: the same for ``bias`` ``[units]``.
        kernel_regularizer: a penalty on ``kernel``: an object, a name or a function; None for none.
        bias_regularizer: the same for ``bias``.
        kernel_constraint: what ``kernel`` is put back to after each update: an object, a name or a function.
        bias_constraint: the same for ``bias``.
    """

    units: int = trees.static()
    activation: str | activations.Activation | None = trees.static(default=None)
    use_bias: bool = trees.static(default=True)
    kernel_initializer: str | initializers.Initializer = trees.static(default="glorot_uniform")
    bias_initializer: str | initializers.Initializer = trees.static(default="zeros")
    kernel_regularizer: regularizers.Named = trees.named(regularizers.get, default=None)
    bias_regularizer: regularizers.Named = trees.named(regularizers.get, default=None)
    kernel_constraint: constraints.Named = trees.named(constraints.get, default=None)
    bias_constraint: constraints.Named = trees.named(constraints.get, default=None)

    variable_names: ClassVar[tuple[str, ...]] = ("kernel", "bias")

    def check(self) -> None:
        """``units`` is a positive integer; the activation and the initializers are known."""
        super().check()
        checks.integer("units", self.units, least=1)
        checks.boolean("use_bias", self.use_bias)
        activations.get(self.activation)

    def check_input(self, input_shape: Shape) -> None:
        """Samples have at least one axis."""
        if not input_shape:
            raise checks.RavineValueError("Dense needs samples of at least one axis, but here each is a single number.")
        check_size("Dense", "its kernel", (input_shape[-1], int(self.units)))

    def init(self, key: jax.Array, input_shape: Shape) -> tuple[Arrays, Arrays]:
        """``kernel`` and, unless ``use_bias`` is False, ``bias``."""
        kernel_key, bias_key = jax.random.split(key)
        params = {"kernel": self.drawn("kernel", kernel_key, (input_shape[-1], self.units))}
        if self.use_bias:
            params["bias"] = self.drawn("bias", bias_key, (self.units,))
        return params, {}

    def output_shape(self, input_shape: Shape) -> Shape:
        """The input's shape with ``units`` for its last axis, or half as many after ``glu``."""
        return activations.output_shape(self.activation, (*input_shape[:-1], int(self.units)))

    def apply(
        self, params: Arrays, stats: Arrays, x: jax.Array, *, key: jax.Array | None, training: bool
    ) -> tuple[jax.Array, Arrays]:
        """activation(x @ kernel + bias)."""
        y = x @ params["kernel"]
        if self.use_bias:
            y = y + params["bias"]
        return activations.get(self.activation)(y), stats

    def split_activation(self) -> tuple[Layer, activations.Activation | None]:
        """The layer without its activation, and that."""
        return replace(self, activation=None), activations.get(self.activation)
