"""Intersection over union of classes, from their confusion matrix."""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ravine import checks, losses, trees
from ravine.losses.regression import check_axis, check_axis_of
from ravine.metrics.base import Metric, Weights, spread


@trees.tree
class Overlap(Metric):
    """Base: the mean over classes of |y ∩ p| / |y ∪ p|, of the classes that occur in targets or answers.

    The state counts, ``[classes, classes]``, targets by rows and answers by columns. Weights are taken as they are;
    Keras cuts off what is behind the point.
    """

    def shape(self) -> tuple[int, tuple[int, ...], int | None]:
        """How many classes there are, which of them count, and the label to ignore."""
        raise NotImplementedError

    def labels(self, y: jax.Array, outputs: jax.Array) -> tuple[jax.Array, jax.Array]:
        """Targets and answers as class indices, of one shape."""
        raise NotImplementedError

    def init(self) -> Any:
        """All 0."""
        classes, _, _ = self.shape()
        return np.zeros((classes, classes), np.float32)

    def update(self, state: Any, y: jax.Array, outputs: jax.Array, weights: Weights = None) -> Any:
        """The state with one batch taken in; labels out of range count for nothing."""
        classes, _, ignored = self.shape()
        y, answers = self.labels(y, outputs)
        weights = spread(weights, y)
        if ignored is not None:
            weights = weights * (y != ignored)
        rows, columns = ((labels.reshape(-1, 1) == jnp.arange(classes)).astype(jnp.float32) for labels in (y, answers))
        weighted = rows * weights.reshape(-1, 1)
        unknown = jnp.where(jnp.isnan(outputs).any(), jnp.nan, 0)  # an answer of NaN is of no class
        return state + jnp.matmul(weighted.T, columns, precision=jax.lax.Precision.HIGHEST) + unknown

    def result(self, state: Any) -> jax.Array:
        """The mean of the classes that count and occur."""
        _, targets, _ = self.shape()
        both = jnp.diagonal(state)
        either = state.sum(axis=0) + state.sum(axis=1) - both
        chosen = np.array(targets)
        both, either = both[chosen], either[chosen]
        occurs = either > 1e-9
        mean = jnp.where(occurs, both / (either + losses.EPSILON), 0).sum() / (occurs.sum() + losses.EPSILON)
        return jnp.where(jnp.isnan(state).any(), jnp.nan, mean)


def check_list(argument: str, value: Any) -> None:
    """Raise unless ``value`` is a list or a tuple."""
    if not isinstance(value, list | tuple):
        checks.reject_type(argument, value, "a list")


def check_ids(ids: Any, classes: int) -> None:
    """Raise unless ``ids`` are one or more class indices in [0, classes)."""
    if not len(ids):
        checks.reject("target_class_ids", ids, "one class index or more")
    for i in ids:
        if checks.integer("target_class_ids", i, least=0) >= classes:
            checks.reject("target_class_ids", ids, f"class indices in [0, {classes})")


@trees.tree
class BinaryIoU(Overlap):
    """The IoU of two classes: outputs of at least ``threshold`` are the class 1.

    Args:
        target_class_ids: which of the classes 0 and 1 count.
        threshold: a number.
    """

    target_class_ids: Any = trees.static(default=(0, 1))
    threshold: float = 0.5

    def shape(self) -> tuple[int, tuple[int, ...], int | None]:
        """Two classes."""
        return 2, tuple(self.target_class_ids), None

    def labels(self, y: jax.Array, outputs: jax.Array) -> tuple[jax.Array, jax.Array]:
        """Whether each output reaches the threshold."""
        return losses.same_rank(y, outputs).astype(jnp.int32), (outputs >= self.threshold).astype(jnp.int32)

    def check_settings(self) -> None:
        """The ids are 0 or 1, ``threshold`` is a finite number."""
        check_list("target_class_ids", self.target_class_ids)
        check_ids(self.target_class_ids, 2)
        checks.number("threshold", self.threshold)

    def check(self, y: np.ndarray, output_shape: tuple[int, ...]) -> None:
        """Targets have the outputs' shape."""
        losses.check_same_shape("BinaryIoU", y, output_shape)


@trees.tree
class Classes(Overlap):
    """Base of those of many classes.

    Args:
        num_classes: at least 2.
        ignore_class: a label that counts for nothing; None for none.
        sparse_y_true: whether targets are class indices rather than one-hot.
        sparse_y_pred: whether outputs are class indices rather than scores, of which the largest is the answer.
        axis: of the classes where there is one for each; the batch counts as axis 0.
    """

    num_classes: int = trees.static()
    ignore_class: int | None = trees.static(default=None, kw_only=True)
    sparse_y_true: bool = trees.static(default=True, kw_only=True)
    sparse_y_pred: bool = trees.static(default=True, kw_only=True)
    axis: int = trees.static(default=-1, kw_only=True)

    def targets(self) -> tuple[int, ...]:
        """Which classes count: all."""
        return tuple(range(self.num_classes))

    def shape(self) -> tuple[int, tuple[int, ...], int | None]:
        """As the settings say."""
        return self.num_classes, self.targets(), self.ignore_class

    def labels(self, y: jax.Array, outputs: jax.Array) -> tuple[jax.Array, jax.Array]:
        """The largest along ``axis``, or what are class indices already."""
        answers = outputs.astype(jnp.int32) if self.sparse_y_pred else outputs.argmax(axis=self.axis)
        labels = y.astype(jnp.int32) if self.sparse_y_true else y.argmax(axis=self.axis)
        return labels, answers.reshape(labels.shape)

    def check_settings(self) -> None:
        """The numbers are in their ranges, the choices are choices."""
        # The matrix of answers by targets must be one that 32 bits count.
        classes = checks.integer("num_classes", self.num_classes, least=2, most=math.isqrt(checks.MOST))
        check_ids(self.targets(), classes)
        checks.boolean("sparse_y_true", self.sparse_y_true)
        checks.boolean("sparse_y_pred", self.sparse_y_pred)
        if self.ignore_class is not None and type(self.ignore_class) is not int:
            checks.reject_type("ignore_class", self.ignore_class, "an integer or None")
        check_axis(self.axis)

    def check(self, y: np.ndarray, output_shape: tuple[int, ...]) -> None:
        """Targets and outputs come to labels of one shape."""
        sides = [("y", y.shape[1:], self.sparse_y_true), ("the model's output", output_shape, self.sparse_y_pred)]
        found = []
        for side, shape, sparse in sides:
            if not sparse:
                check_axis_of(self.axis, shape)
                along = self.axis - 1 if self.axis > 0 else self.axis + len(shape)
                if shape[along] != self.num_classes:
                    raise checks.RavineValueError(
                        f"{type(self).__name__}(num_classes={self.num_classes}): {side} has shape {(None, *shape)}. "
                        f"Expected {self.num_classes} along axis {self.axis}. Its arguments sparse_y_true and "
                        "sparse_y_pred say which are class indices."
                    )
                shape = shape[:along] + shape[along + 1 :]
            found.append(shape[:-1] if shape[-1:] == (1,) else shape)
        if found[0] != found[1]:
            raise checks.RavineValueError(
                f"y has shape {y.shape} but the model's output is {(None, *output_shape)}: {type(self).__name__} "
                "expected one label for each answer. Its arguments sparse_y_true and sparse_y_pred say which are class "
                "indices."
            )


@trees.tree
class IoU(Classes):
    """The mean IoU of some classes.

    Args:
        target_class_ids: which classes count.
    """

    target_class_ids: Any = trees.static()

    def check_settings(self) -> None:
        """``target_class_ids`` are class indices."""
        check_list("target_class_ids", self.target_class_ids)
        super().check_settings()

    def targets(self) -> tuple[int, ...]:
        """Those given."""
        return tuple(self.target_class_ids)


@trees.tree
class MeanIoU(Classes):
    """The mean IoU of all classes."""


@trees.tree
class OneHotIoU(IoU):
    """The mean IoU of some classes, targets and outputs with one number for each class."""

    sparse_y_true: bool = trees.static(default=False, kw_only=True)
    sparse_y_pred: bool = trees.static(default=False, kw_only=True)


@trees.tree
class OneHotMeanIoU(Classes):
    """The mean IoU of all classes, targets and outputs with one number for each class."""

    sparse_y_true: bool = trees.static(default=False, kw_only=True)
    sparse_y_pred: bool = trees.static(default=False, kw_only=True)
