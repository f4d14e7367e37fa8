"""How often outputs are right."""

from __future__ import annotations

from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np

from ravine import arrays, checks, losses, trees
from ravine.losses.base import aligned
from ravine.metrics.base import Metric


@arrays.takes_arrays
def right(answers: jax.Array, outputs: jax.Array) -> jax.Array:
    """1 where an answer is right, else 0. Outputs of NaN, which a comparison takes for either, are not."""
    unknown = jnp.isnan(outputs)
    return (answers & ~(unknown.any(axis=-1) if unknown.ndim > answers.ndim else unknown)).astype(jnp.float32)


def accuracy(y: jax.Array, outputs: jax.Array) -> jax.Array:
    """1 where an output equals its target, else 0."""
    y, outputs = aligned(y, outputs)
    return (y == outputs).astype(jnp.float32)


@arrays.takes_arrays
def binary_accuracy(y: jax.Array, outputs: jax.Array, threshold: Any = 0.5) -> jax.Array:
    """1 where an output is above ``threshold`` and its target 1, or not above it and its target 0; else 0."""
    outputs = jnp.asarray(outputs)
    return right(losses.same_rank(jnp.asarray(y), outputs) == (outputs > threshold), outputs)


@arrays.takes_arrays
def categorical_accuracy(y: jax.Array, outputs: jax.Array) -> jax.Array:
    """1 where the largest output is at the largest target, else 0; both ``[..., classes]``."""
    outputs = jnp.asarray(outputs)
    return right(jnp.argmax(y, axis=-1) == jnp.argmax(outputs, axis=-1), outputs)


@arrays.takes_arrays
def sparse_categorical_accuracy(y: jax.Array, outputs: jax.Array) -> jax.Array:
    """1 where the largest output is at the target's class index, else 0."""
    outputs = jnp.asarray(outputs)
    return right(losses.as_labels(jnp.asarray(y), outputs) == outputs.argmax(axis=-1), outputs)


@arrays.takes_arrays
def top_k_categorical_accuracy(y: jax.Array, outputs: jax.Array, k: int = 5) -> jax.Array:
    """1 where fewer than ``k`` outputs are larger than the one at the largest target, else 0."""
    return in_top(jnp.argmax(y, axis=-1), jnp.asarray(outputs), k)


@arrays.takes_arrays
def sparse_top_k_categorical_accuracy(
    y: jax.Array, outputs: jax.Array, k: int = 5, from_sorted_ids: bool = False
) -> jax.Array:
    """1 where fewer than ``k`` outputs are larger than the one at the target's class index, else 0.

    With ``from_sorted_ids`` the outputs are class indices, the likeliest first.
    """
    outputs = jnp.asarray(outputs)
    labels = losses.as_labels(jnp.asarray(y), outputs)
    if from_sorted_ids:
        return (outputs[..., :k] == labels[..., None]).any(axis=-1).astype(jnp.float32)
    return in_top(labels, outputs, k)


def in_top(labels: jax.Array, outputs: jax.Array, k: int) -> jax.Array:
    """1 where fewer than ``k`` outputs are larger than the one at the label, else 0."""
    # Counting the larger ones takes no sorting.
    chosen = jnp.take_along_axis(outputs, labels[..., None], axis=-1)
    return right((outputs > chosen).sum(axis=-1) < k, outputs)


@trees.tree
class Accuracy(Metric):
    """The fraction of outputs that equal their targets: for outputs that are labels, not probabilities.

    The name ``"accuracy"`` stands for another one, which fits the targets: see :func:`ravine.metrics.get`.
    """

    def values(self, y: jax.Array, outputs: jax.Array) -> jax.Array:
        """The fraction of each sample's outputs that are right."""
        return losses.per_sample(accuracy(y, outputs))

    def check(self, y: np.ndarray, output_shape: tuple[int, ...]) -> None:
        """Targets have the outputs' shape."""
        losses.check_same_shape("accuracy", y, output_shape)


@trees.tree
class BinaryAccuracy(Metric):
    """The fraction of outputs that lie on their target's side of ``threshold``."""

    threshold: float = 0.5

    def values(self, y: jax.Array, outputs: jax.Array) -> jax.Array:
        """The fraction of each sample's outputs that are right."""
        return losses.per_sample(binary_accuracy(y, outputs, self.threshold))

    def check_settings(self) -> None:
        """``threshold`` is a finite number."""
        checks.number("threshold", self.threshold)

    def check(self, y: np.ndarray, output_shape: tuple[int, ...]) -> None:
        """Targets are 0 and 1 and have the outputs' shape."""
        losses.check_same_shape("binary_accuracy", y, output_shape)
        if y.size and not 0 <= y.min() <= y.max() <= 1:
            raise checks.RavineValueError(
                f"y holds values from {y.min():g} to {y.max():g}: binary_accuracy expected targets 0 and 1. Targets -1 "
                "and 1 go with the loss 'hinge' and the metric 'accuracy'; for numbers use 'mae'."
            )


@trees.tree
class SignAccuracy(Metric):
    """The fraction of outputs with the sign of their targets, -1 and 1: ``"accuracy"`` beside a hinge.

    Targets 0 and 1, which a hinge takes too, count as -1 and 1.
    """

    called: ClassVar[str | None] = "accuracy"

    def values(self, y: jax.Array, outputs: jax.Array) -> jax.Array:
        """The fraction of each sample's outputs that are right."""
        y, outputs = aligned(y, outputs)
        return losses.per_sample(right((y > 0) == (outputs > 0), outputs))

    def check(self, y: np.ndarray, output_shape: tuple[int, ...]) -> None:
        """Targets have the outputs' shape."""
        losses.check_same_shape("accuracy", y, output_shape)


@trees.tree
class CategoricalAccuracy(Metric):
    """How often the largest output is at the largest target, ``[batch, classes]`` both."""

    def values(self, y: jax.Array, outputs: jax.Array) -> jax.Array:
        """1 for each sample that is right, else 0."""
        return losses.per_sample(categorical_accuracy(y, outputs))

    def check(self, y: np.ndarray, output_shape: tuple[int, ...]) -> None:
        """Targets have the outputs' shape."""
        losses.check_one_hot("categorical_accuracy", y, output_shape)


@trees.tree
class SparseCategoricalAccuracy(Metric):
    """How often the largest output is at the target's class index."""

    def values(self, y: jax.Array, outputs: jax.Array) -> jax.Array:
        """1 for each sample that is right, else 0."""
        return losses.per_sample(sparse_categorical_accuracy(y, outputs))

    def check(self, y: np.ndarray, output_shape: tuple[int, ...]) -> None:
        """Targets are one class index for each sample."""
        losses.check_class_indices("sparse_categorical_accuracy", y, output_shape)


@trees.tree
class TopKCategoricalAccuracy(Metric):
    """How often the output at the largest target is among the ``k`` largest, ``[batch, classes]`` both."""

    k: int = trees.static(default=5)

    def values(self, y: jax.Array, outputs: jax.Array) -> jax.Array:
        """1 for each sample that is right, else 0."""
        return losses.per_sample(top_k_categorical_accuracy(y, outputs, self.k))

    def check_settings(self) -> None:
        """``k`` is a positive integer."""
        checks.integer("k", self.k, least=1)

    def check(self, y: np.ndarray, output_shape: tuple[int, ...]) -> None:
        """Targets have the outputs' shape."""
        losses.check_one_hot("top_k_categorical_accuracy", y, output_shape, "sparse_top_k_categorical_accuracy")


@trees.tree
class SparseTopKCategoricalAccuracy(Metric):
    """How often the output at the target's class index is among the ``k`` largest.

    Args:
        k: at least 1.
        from_sorted_ids: whether the outputs are class indices, the likeliest first.
    """

    k: int = trees.static(default=5)
    from_sorted_ids: bool = trees.static(default=False, kw_only=True)

    def values(self, y: jax.Array, outputs: jax.Array) -> jax.Array:
        """1 for each sample that is right, else 0."""
        return losses.per_sample(sparse_top_k_categorical_accuracy(y, outputs, self.k, self.from_sorted_ids))

    def check_settings(self) -> None:
        """``k`` is a positive integer."""
        checks.integer("k", self.k, least=1)
        checks.boolean("from_sorted_ids", self.from_sorted_ids)

    def check(self, y: np.ndarray, output_shape: tuple[int, ...]) -> None:
        """Targets are one class index for each sample."""
        losses.check_class_indices("sparse_top_k_categorical_accuracy", y, output_shape)
