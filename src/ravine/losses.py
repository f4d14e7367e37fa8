"""Loss functions: pure objects that give one value per sample.

A batch's loss is the sum of weight times value over its samples, divided by the number of samples.
"""

from __future__ import annotations

import dataclasses
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np

from ravine import checks, trees

EPSILON = 1e-7
"""Probabilities are kept this far from 0 and 1 before a logarithm is taken, as in Keras."""


def per_sample(values: jax.Array) -> jax.Array:
    """The mean over every axis but the first: ``[batch, ...]`` to ``[batch]``."""
    return values.reshape(values.shape[0], -1).mean(axis=1)


def same_rank(y: jax.Array, outputs: jax.Array) -> jax.Array:
    """``y`` with a last axis of one where only ``outputs`` has it."""
    return y[..., None] if y.ndim == outputs.ndim - 1 and outputs.shape[-1] == 1 else y


def as_labels(y: jax.Array, outputs: jax.Array) -> jax.Array:
    """Class indices ``[batch, ...]`` as int32, without the last axis of one that they may carry."""
    if y.ndim == outputs.ndim and y.shape[-1] == 1:
        y = y[..., 0]
    return y.astype(jnp.int32)


def check_same_shape(name: str, y: np.ndarray, output_shape: tuple[int, ...]) -> None:
    """Raise where ``y`` does not have the outputs' shape; a last axis of one may be left out."""
    expected = {(*output_shape,)} | ({output_shape[:-1]} if output_shape[-1:] == (1,) else set())
    if y.shape[1:] not in expected:
        raise checks.RavineValueError(
            f"y has shape {y.shape} but the model's output is {(None, *output_shape)}: {name} compares the two "
            f"element by element. Expected y of shape {(len(y), *output_shape)}."
        )


def flatten_hint(output_shape: tuple[int, ...]) -> str:
    """A question to ask where the outputs of a sample have several axes and the targets do not fit them."""
    return " Is a Flatten() missing from the model?" if len(output_shape) > 1 else ""


def check_one_hot(name: str, y: np.ndarray, output_shape: tuple[int, ...]) -> None:
    """Raise where ``y`` does not have one column for each of the outputs."""
    if y.shape[1:] != output_shape:
        raise checks.RavineValueError(
            f"y has shape {y.shape} but the model's output is {(None, *output_shape)}: {name} expected one-hot "
            f"targets with {output_shape[-1]} columns. For class indices use 'sparse_{name}'."
            f"{flatten_hint(output_shape)}"
        )


def check_class_indices(name: str, y: np.ndarray, output_shape: tuple[int, ...]) -> None:
    """Raise where ``y`` does not have one number for each row of outputs."""
    if y.shape[1:] not in {output_shape[:-1], (*output_shape[:-1], 1)}:
        hint = f" For one-hot targets use {name.removeprefix('sparse_')!r}." if y.shape[1:] == output_shape else ""
        raise checks.RavineValueError(
            f"y has shape {y.shape} but the model's output is {(None, *output_shape)}: {name} expected one class index "
            f"per sample.{hint}{flatten_hint(output_shape)}"
        )


@trees.tree
class Loss:
    """What training minimises: a value per sample, from targets ``y`` and the model's outputs.

    ``link`` names the activation that a model of this loss ends with; where it does, the loss is computed from the
    values before that activation (the logits), so that it is exact and finite however wrong the model is.
    """

    link: ClassVar[str | None] = None

    def values(self, y: jax.Array, outputs: jax.Array) -> jax.Array:
        """The loss of each sample, ``[batch]``."""
        raise NotImplementedError

    def on_logits(self) -> Loss:
        """The same loss, reading what comes before its ``link``."""
        return self

    def check(self, y: np.ndarray, output_shape: tuple[int, ...]) -> None:
        """Raise where targets ``y`` cannot be compared with outputs ``[batch, *output_shape]``."""
        check_same_shape(type(self).__name__, y, output_shape)


@trees.tree
class MeanSquaredError(Loss):
    """mean((y - output)**2)."""

    def values(self, y: jax.Array, outputs: jax.Array) -> jax.Array:
        """The squared error of each sample, averaged over its outputs."""
        return per_sample((same_rank(y, outputs) - outputs) ** 2)


@trees.tree
class MeanAbsoluteError(Loss):
    """mean(|y - output|)."""

    def values(self, y: jax.Array, outputs: jax.Array) -> jax.Array:
        """The absolute error of each sample, averaged over its outputs."""
        return per_sample(jnp.abs(same_rank(y, outputs) - outputs))


@trees.tree
class Crossentropy(Loss):
    """Base of the crossentropies.

    Args:
        from_logits: whether the model's outputs are logits rather than probabilities.
    """

    from_logits: bool = trees.static(default=False)

    def on_logits(self) -> Loss:
        """The same crossentropy with ``from_logits=True``."""
        return dataclasses.replace(self, from_logits=True)


@trees.tree
class BinaryCrossentropy(Crossentropy):
    """-mean(y log p + (1 - y) log(1 - p)), targets in [0, 1] of the outputs' shape."""

    link: ClassVar[str | None] = "sigmoid"

    def values(self, y: jax.Array, outputs: jax.Array) -> jax.Array:
        """The crossentropy of each sample, averaged over its outputs."""
        y = same_rank(y, outputs)
        if self.from_logits:
            return per_sample(jnp.maximum(outputs, 0) - outputs * y + jnp.log1p(jnp.exp(-jnp.abs(outputs))))
        p = jnp.clip(outputs, EPSILON, 1 - EPSILON)
        return per_sample(-(y * jnp.log(p) + (1 - y) * jnp.log1p(-p)))

    def check(self, y: np.ndarray, output_shape: tuple[int, ...]) -> None:
        """Targets have the outputs' shape and lie in [0, 1]."""
        super().check(y, output_shape)
        if y.size and not 0 <= y.min() <= y.max() <= 1:
            raise checks.RavineValueError(
                f"y holds values from {y.min():g} to {y.max():g}: binary_crossentropy expected targets in [0, 1]."
            )


def log_probabilities(outputs: jax.Array, from_logits: bool) -> jax.Array:
    """Logarithms of class probabilities over the last axis."""
    if from_logits:
        return jax.nn.log_softmax(outputs, axis=-1)
    p = outputs / outputs.sum(axis=-1, keepdims=True)
    return jnp.log(jnp.clip(p, EPSILON, 1 - EPSILON))


def check_classes(name: str, output_shape: tuple[int, ...]) -> int:
    """The number of classes of a categorical loss's outputs: at least two."""
    if output_shape[-1] < 2:
        raise checks.RavineValueError(
            f"{name} needs one output per class, but the model's output is {(None, *output_shape)}: with one unit a "
            "softmax is always 1. Use Dense(number of classes, activation='softmax'), or for two classes "
            "Dense(1, activation='sigmoid') with loss='binary_crossentropy'."
        )
    return output_shape[-1]


@trees.tree
class CategoricalCrossentropy(Crossentropy):
    """-sum(y log p) over classes; targets are one-hot or probabilities ``[batch, classes]``."""

    link: ClassVar[str | None] = "softmax"

    def values(self, y: jax.Array, outputs: jax.Array) -> jax.Array:
        """The crossentropy of each sample."""
        return per_sample(-(y * log_probabilities(outputs, self.from_logits)).sum(axis=-1))

    def check(self, y: np.ndarray, output_shape: tuple[int, ...]) -> None:
        """Targets have the outputs' shape and lie in [0, 1]."""
        check_classes("categorical_crossentropy", output_shape)
        check_one_hot("categorical_crossentropy", y, output_shape)
        if y.size and not 0 <= y.min() <= y.max() <= 1:
            raise checks.RavineValueError(
                f"y holds values from {y.min():g} to {y.max():g}: categorical_crossentropy expected probabilities."
            )


@trees.tree
class SparseCategoricalCrossentropy(Crossentropy):
    """-log p[y]; targets are class indices in [0, classes), ``[batch]`` or ``[batch, 1]``."""

    link: ClassVar[str | None] = "softmax"

    def values(self, y: jax.Array, outputs: jax.Array) -> jax.Array:
        """The crossentropy of each sample."""
        # A comparison instead of a gather: its gradient is a product, where a gather's would be a scatter.
        chosen = as_labels(y, outputs)[..., None] == jnp.arange(outputs.shape[-1])
        return per_sample(-jnp.where(chosen, log_probabilities(outputs, self.from_logits), 0).sum(axis=-1))

    def check(self, y: np.ndarray, output_shape: tuple[int, ...]) -> None:
        """Targets are whole numbers in [0, classes)."""
        classes = check_classes("sparse_categorical_crossentropy", output_shape)
        check_class_indices("sparse_categorical_crossentropy", y, output_shape)
        if not np.issubdtype(y.dtype, np.integer) and (y != np.floor(y)).any():
            raise checks.RavineValueError("y holds fractions: sparse_categorical_crossentropy expected class indices.")
        wrong = (y < 0) | (y >= classes)
        if wrong.any():
            row = int(np.argmax(wrong.reshape(len(y), -1).any(axis=1)))
            raise checks.RavineValueError(
                f"y[{row}]={y[row].item():g} is outside [0, {classes}): the model's last layer has {classes} units, "
                f"so labels run from 0 to {classes - 1}."
            )


TABLE: dict[str, type[Loss]] = {
    "mean_squared_error": MeanSquaredError,
    "mse": MeanSquaredError,
    "mean_absolute_error": MeanAbsoluteError,
    "mae": MeanAbsoluteError,
    "binary_crossentropy": BinaryCrossentropy,
    "categorical_crossentropy": CategoricalCrossentropy,
    "sparse_categorical_crossentropy": SparseCategoricalCrossentropy,
}


def get(loss: str | Loss) -> Loss:
    """The loss for a name or an object; unknown names raise, with the nearest valid one."""
    if isinstance(loss, str):
        return checks.look_up("loss", loss, TABLE)()
    if isinstance(loss, Loss):
        return loss
    checks.reject_type("loss", loss, "a name such as 'mse' or an object such as losses.MeanSquaredError()")
