"""Weights of the single steps of samples: which losses and metrics can take them."""

from __future__ import annotations

from ravine import checks, losses
from ravine.losses import Loss
from ravine.losses.base import Function
from ravine.metrics import Metric, accuracy, auc, confusion, curves, iou
from ravine.metrics.base import MeanLoss, OfLoss
from ravine.metrics.beside import Wrapped
from ravine.training.data import Data

LOSSES: tuple[type[Loss], ...] = (
    losses.MeanSquaredError,
    losses.MeanAbsoluteError,
    losses.MeanAbsolutePercentageError,
    losses.MeanSquaredLogarithmicError,
    losses.Huber,
    losses.LogCosh,
    losses.BinaryCrossentropy,
    losses.BinaryFocalCrossentropy,
    losses.CategoricalCrossentropy,
    losses.CategoricalFocalCrossentropy,
    losses.SparseCategoricalCrossentropy,
    losses.CategoricalGeneralizedCrossEntropy,
    losses.KLDivergence,
    losses.Poisson,
    losses.Hinge,
    losses.SquaredHinge,
    losses.CategoricalHinge,
    Function,
)
"""Those whose value for a sample ``[steps, ..., outputs]`` is the mean of its steps', each looked at by itself."""

METRICS: tuple[type[Metric], ...] = (
    accuracy.Accuracy,
    accuracy.BinaryAccuracy,
    accuracy.CategoricalAccuracy,
    accuracy.SparseCategoricalAccuracy,
    accuracy.TopKCategoricalAccuracy,
    accuracy.SparseTopKCategoricalAccuracy,
    confusion.Thresholded,
    curves.Curve,
    auc.AUC,
    iou.Overlap,
)
"""Those that look at each step by itself."""


def weighs_steps(comparison: Loss | Metric) -> bool:
    """Whether steps of a sample can have weights of their own."""
    if isinstance(comparison, Wrapped):
        return weighs_steps(comparison.metric)
    if isinstance(comparison, MeanLoss):
        return not isinstance(comparison.loss, Function) and weighs_steps(comparison.loss)
    if isinstance(comparison, OfLoss):
        return weighs_steps(comparison.loss())
    if isinstance(comparison, losses.CosineSimilarity):
        return comparison.axis == -1
    return isinstance(comparison, LOSSES if isinstance(comparison, Loss) else METRICS)


def check(
    argument: str, data: Data, output_shape: tuple[int, ...], loss: Loss, weighted_metrics: tuple[Metric, ...]
) -> None:
    """Raise where weights of steps are not of the outputs' steps, or where the loss or a metric cannot weigh steps."""
    if data.w is None:
        return
    compared: tuple[Loss | Metric, ...] = (loss, *weighted_metrics)
    for comparison in compared:
        if not comparison.takes_weights(data.y, output_shape):
            kind = "loss" if isinstance(comparison, Loss) else "weighted metric"
            raise checks.RavineValueError(
                f"{argument} was given, but the {kind}'s function gives one number for a whole batch, which weights of "
                "samples cannot act on: expected a function that gives a value for each sample, [batch]."
            )
    if data.w.ndim == 1:
        return
    steps, rows = output_shape[:-1], len(data.w)
    if data.w.shape[1:] != steps[: data.w.ndim - 1]:
        each = f", or one for each step, {(rows, *steps)}" if steps else ""
        raise checks.RavineValueError(
            f"{argument} has shape {data.w.shape}: expected one weight per sample, ({rows},){each}."
        )
    for comparison in compared:
        if not weighs_steps(comparison):
            raise checks.RavineValueError(
                f"{argument} has a weight for each step, {data.w.shape}, and {type(comparison).__name__} has one value "
                f"for all steps of a sample: expected one weight per sample, ({rows},)."
            )
