"""What a metric must know of the loss that it stands beside: outputs that are logits, labels that count for nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ravine import activations, losses, trees
from ravine.metrics import auc, confusion, curves, f_score, iou
from ravine.metrics.accuracy import (
    BinaryAccuracy,
    SignAccuracy,
    SparseCategoricalAccuracy,
    SparseTopKCategoricalAccuracy,
)
from ravine.metrics.base import MeanLoss, Metric, OfLoss, Weights, spread
from ravine.metrics.means import SparseCategoricalCrossentropy

PROBABILITIES = (BinaryAccuracy, confusion.Thresholded, curves.Curve, auc.AUC, f_score.FBase, iou.BinaryIoU)
"""Metrics whose thresholds are probabilities."""

LABELS = (SparseCategoricalAccuracy, SparseTopKCategoricalAccuracy)
"""Metrics of answers whose targets are class indices."""

HALF = 0.5


@trees.tree
class Wrapped(Metric):
    """Base of a metric that sees other outputs or weights than the model's; in all else it is that metric."""

    metric: Metric

    @property
    def rowwise(self) -> bool:
        """As the metric is."""
        return self.metric.rowwise

    @property
    def may_be_undefined(self) -> bool:  # type: ignore[override]
        """As the metric says."""
        return self.metric.may_be_undefined

    @property
    def better(self) -> str | None:  # type: ignore[override]
        """As the metric says."""
        return self.metric.better

    def check(self, y: np.ndarray, output_shape: tuple[int, ...]) -> None:
        """As the metric checks them."""
        self.metric.check(y, output_shape)

    def init(self) -> Any:
        """The metric's."""
        return self.metric.init()

    def result(self, state: Any) -> jax.Array:
        """The metric's."""
        return self.metric.result(state)


@trees.tree
class OfLogits(Wrapped):
    """A metric that sees the probabilities of outputs that are logits."""

    link: str = trees.static()

    def update(self, state: Any, y: jax.Array, outputs: jax.Array, weights: Weights = None) -> Any:
        """The state with one batch taken in."""
        return self.metric.update(state, y, activations.get(self.link)(outputs), weights)


@trees.tree
class Ignoring(Wrapped):
    """A metric for which a label counts for nothing."""

    label: int = trees.static()

    def update(self, state: Any, y: jax.Array, outputs: jax.Array, weights: Weights = None) -> Any:
        """The state with one batch taken in, label by label."""
        labels = losses.as_labels(jnp.asarray(y), outputs)
        counted = spread(weights, labels) * (labels != self.label)
        return self.metric.update(
            state, labels.reshape(-1), outputs.reshape(-1, outputs.shape[-1]), counted.reshape(-1)
        )


def beside(metric: Metric, loss: losses.Loss | None) -> Metric:
    """The metric for outputs as ``loss`` reads them: logits, if that is made so, and without labels that it ignores."""
    if loss is None:
        return metric
    ignored = getattr(loss, "ignore_class", None)
    if ignored is not None:
        metric = _without(metric, ignored)
    if loss.link is None or not getattr(loss, "from_logits", False):
        return metric
    if isinstance(metric, MeanLoss) and metric.loss.link == loss.link:
        return replace(metric, loss=metric.loss.on_logits())
    if isinstance(metric, OfLoss) and metric.loss().link == loss.link:
        return replace(metric, from_logits=True)  # type: ignore[call-arg]
    # Another threshold of an accuracy may be meant for logits already, as many write it: threshold=0.0.
    meant = not isinstance(metric, BinaryAccuracy | iou.BinaryIoU) or metric.threshold == HALF
    own = isinstance(metric, auc.AUC) and metric.from_logits
    return OfLogits(metric, loss.link) if isinstance(metric, PROBABILITIES) and meant and not own else metric


def _without(metric: Metric, label: int) -> Metric:
    """The metric with a label left out, if its targets are class indices and it leaves none out itself."""
    if isinstance(metric, MeanLoss) and type(metric.loss) is losses.SparseCategoricalCrossentropy:
        metric = SparseCategoricalCrossentropy(metric.loss.from_logits, metric.loss.ignore_class, name=metric.name)
    if isinstance(metric, SparseCategoricalCrossentropy):
        return metric if metric.ignore_class is not None else replace(metric, ignore_class=label)
    return Ignoring(metric, label) if isinstance(metric, LABELS) else metric


def accuracy_beside(metric: Metric, loss: losses.Loss | None) -> Metric:
    """What ``"accuracy"`` stands for beside a loss: for a hinge, whose targets are -1 and 1, that of the signs."""
    return SignAccuracy() if isinstance(loss, losses.Hinge | losses.SquaredHinge) else metric
