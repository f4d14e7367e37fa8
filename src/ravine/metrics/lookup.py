"""Metrics by name, class and function."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import jax

from ravine import checks, losses
from ravine.metrics import accuracy, auc, confusion, curves, f_score, iou, means, regression
from ravine.metrics.base import MeanLoss, MeanMetricWrapper, Metric
from ravine.metrics.beside import accuracy_beside, beside
from ravine.trees import snake

CLASSES: tuple[type[Metric], ...] = (
    accuracy.Accuracy,
    accuracy.BinaryAccuracy,
    accuracy.CategoricalAccuracy,
    accuracy.SparseCategoricalAccuracy,
    accuracy.TopKCategoricalAccuracy,
    accuracy.SparseTopKCategoricalAccuracy,
    means.MeanSquaredError,
    regression.RootMeanSquaredError,
    means.MeanAbsoluteError,
    means.MeanAbsolutePercentageError,
    means.MeanSquaredLogarithmicError,
    means.CosineSimilarity,
    means.LogCoshError,
    regression.R2Score,
    regression.PearsonCorrelation,
    regression.ConcordanceCorrelation,
    means.BinaryCrossentropy,
    means.CategoricalCrossentropy,
    means.SparseCategoricalCrossentropy,
    means.KLDivergence,
    means.Poisson,
    means.Hinge,
    means.SquaredHinge,
    means.CategoricalHinge,
    confusion.TruePositives,
    confusion.FalsePositives,
    confusion.TrueNegatives,
    confusion.FalseNegatives,
    confusion.Precision,
    confusion.Recall,
    auc.AUC,
    curves.PrecisionAtRecall,
    curves.RecallAtPrecision,
    curves.SensitivityAtSpecificity,
    curves.SpecificityAtSensitivity,
    f_score.FBetaScore,
    f_score.F1Score,
    iou.BinaryIoU,
    iou.IoU,
    iou.MeanIoU,
    iou.OneHotIoU,
    iou.OneHotMeanIoU,
)
SHORT: dict[str, type[Metric]] = {
    "mse": means.MeanSquaredError,
    "mae": means.MeanAbsoluteError,
    "mape": means.MeanAbsolutePercentageError,
    "msle": means.MeanSquaredLogarithmicError,
    "bce": means.BinaryCrossentropy,
}
ACCURACY_NAMES = ("accuracy", "acc")
TABLE: dict[str, type[Metric] | type[losses.Loss]] = {
    **losses.TABLE,
    **{snake(cls.__name__): cls for cls in CLASSES},
    **SHORT,
}
"""Every name but those of :data:`ACCURACY_NAMES`, which stand for the accuracy that fits."""
ALIASES: dict[str, type[Metric]] = {cls.__name__: cls for cls in CLASSES} | {
    name.upper(): cls for name, cls in SHORT.items()
}
KNOWN: dict[str, Any] = dict.fromkeys(ACCURACY_NAMES) | TABLE
FUNCTIONS: dict[Callable[..., jax.Array], type[Metric]] = {
    accuracy.binary_accuracy: accuracy.BinaryAccuracy,
    accuracy.categorical_accuracy: accuracy.CategoricalAccuracy,
    accuracy.sparse_categorical_accuracy: accuracy.SparseCategoricalAccuracy,
    accuracy.top_k_categorical_accuracy: accuracy.TopKCategoricalAccuracy,
    accuracy.sparse_top_k_categorical_accuracy: accuracy.SparseTopKCategoricalAccuracy,
    regression.pearson_correlation: regression.PearsonCorrelation,
    regression.concordance_correlation: regression.ConcordanceCorrelation,
}

Checked = str | Metric | losses.Loss
MetricLike = Checked | type[Metric] | Callable[[jax.Array, jax.Array], Any]


def resolve_accuracy(y_rank: int, output_shape: tuple[int, ...]) -> Metric:
    """The accuracy that fits, by Keras's rule, outputs ``[batch, *output_shape]`` and targets of rank ``y_rank``."""
    if output_shape[-1] == 1:
        return accuracy.BinaryAccuracy()
    return accuracy.SparseCategoricalAccuracy() if y_rank <= len(output_shape) else accuracy.CategoricalAccuracy()


def checked(argument: str, metric: object) -> Checked:
    """``metric``, if it is a known name, a metric or a loss, or the metric for a class or a function.

    An unknown name raises, with the nearest valid one, and so do settings that cannot work.
    """
    if isinstance(metric, str):
        if metric.lower() not in ACCURACY_NAMES:
            _made(argument, ALIASES.get(metric) or checks.look_up(argument, metric, KNOWN))
        return metric
    if isinstance(metric, type) and issubclass(metric, Metric):
        metric = _made(argument, metric)
    if isinstance(metric, Metric):
        if not isinstance(metric.name, str | None):
            checks.reject_type(f"{argument}.name", metric.name, "a string")
        metric.check_settings()
        return metric
    if isinstance(metric, losses.Loss):
        metric.check_settings()
        return metric
    if hasattr(metric, "update_state"):
        raise checks.RavineTypeError(
            f"{argument}={checks.shown(metric)} is an object with a state of its own, which a compiled run cannot "
            "change: expected a metric of ravine.metrics, or a function of y and outputs."
        )
    if callable(metric) and not isinstance(metric, type):
        return _of_function(metric)
    checks.reject_type(argument, metric, "a name such as 'accuracy', an object such as BinaryAccuracy(), or a function")


def _made(argument: str, cls: type[Metric] | type[losses.Loss]) -> Metric:
    """A metric with its usual settings, if it has some."""
    required = [field.name for field in dataclasses.fields(cls) if field.default is dataclasses.MISSING]
    if required:
        call = f"metrics.{cls.__name__}({', '.join(f'{name}=...' for name in required)})"
        raise checks.RavineValueError(f"{argument}: {cls.__name__} does not go without its settings: expected {call}.")
    made = cls()
    made.check_settings()
    return MeanLoss(made) if isinstance(made, losses.Loss) else made


def _of_function(function: Callable[[jax.Array, jax.Array], Any]) -> Metric:
    """The metric of a function: of one of Keras's names its own, of another the mean."""
    name = getattr(function, "__name__", None)
    if function in FUNCTIONS:
        return FUNCTIONS[function](name=name)
    if function in losses.FUNCTIONS:
        return MeanLoss(losses.FUNCTIONS[function](), name=name)
    return MeanMetricWrapper(function)


def get(
    metric: Checked, y_shape: tuple[int, ...], output_shape: tuple[int, ...], loss: losses.Loss | None = None
) -> Metric:
    """The metric for what :func:`checked` gave, given the targets' whole shape and the outputs' without the batch.

    ``loss`` is the one that it stands beside, as that reads the model's outputs.
    """
    if isinstance(metric, losses.Loss):
        metric = MeanLoss(metric)
    elif isinstance(metric, str) and metric.lower() in ACCURACY_NAMES:
        rank = len(y_shape) - 1 if y_shape[-1] == 1 and len(y_shape) > 1 else len(y_shape)
        metric = accuracy_beside(resolve_accuracy(rank, output_shape), loss)
    elif isinstance(metric, str):
        metric = _made("metrics", ALIASES.get(metric) or TABLE[metric])
    return beside(metric.fitted(output_shape), loss)


def name_of(metric: Checked) -> str:
    """The key of a metric in ``History``."""
    if isinstance(metric, str):
        return metric
    if isinstance(metric, Metric):
        return metric.name or metric.default_name()
    names = (name for name, cls in losses.TABLE.items() if cls is type(metric))
    return metric.name or next(names, snake(type(metric).__name__))
