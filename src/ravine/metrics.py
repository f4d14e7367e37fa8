"""Metrics: small pure objects (``init``, ``update``, ``result``) that accumulate over the batches of an epoch."""

from __future__ import annotations

from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np

from ravine import checks, losses, trees

Weights = jax.Array | None


@trees.tree
class Mean:
    """A weighted mean that accumulates: ``total / count``, 0 before the first sample."""

    total: Any = 0.0
    count: Any = 0.0

    @classmethod
    def zero(cls) -> Mean:
        """The mean of nothing yet."""
        return cls(np.float32(0), np.float32(0))

    def add(self, total: jax.Array, count: jax.Array | float) -> Mean:
        """With a sum of values and the sum of their weights taken in."""
        return Mean(self.total + total, self.count + count)

    def result(self) -> jax.Array:
        """The mean so far."""
        return jnp.where(self.count > 0, self.total / jnp.maximum(self.count, losses.EPSILON), 0.0)


@trees.tree
class Metric:
    """The mean over samples of a value per sample: every metric of this module.

    ``better`` says which direction is an improvement, ``"min"`` or ``"max"``.
    """

    name: str | None = trees.label(default=None, kw_only=True)
    better: ClassVar[str] = "max"

    def values(self, y: jax.Array, outputs: jax.Array) -> jax.Array:
        """The value of each sample, ``[batch]``."""
        raise NotImplementedError

    def check(self, y: np.ndarray, output_shape: tuple[int, ...]) -> None:
        """Raise where targets ``y`` cannot be compared with outputs ``[batch, *output_shape]``."""

    def init(self) -> Mean:
        """The state before the first batch."""
        return Mean.zero()

    def update(self, state: Mean, y: jax.Array, outputs: jax.Array, weights: Weights = None) -> Mean:
        """The state with one batch taken in; ``weights`` is ``[batch]``, or None where all samples count alike."""
        values = self.values(y, outputs)
        if weights is None:
            return state.add(values.sum(), float(values.shape[0]))
        return state.add((values * weights).sum(), weights.sum())

    def result(self, state: Mean) -> jax.Array:
        """The metric of everything taken in."""
        return state.result()


@trees.tree
class BinaryAccuracy(Metric):
    """The fraction of outputs that lie on their target's side of ``threshold``."""

    threshold: float = 0.5

    def values(self, y: jax.Array, outputs: jax.Array) -> jax.Array:
        """The fraction of each sample's outputs that are right."""
        hits = losses.same_rank(y, outputs) == (outputs > self.threshold)
        return losses.per_sample(hits.astype(jnp.float32))

    def check(self, y: np.ndarray, output_shape: tuple[int, ...]) -> None:
        """Targets have the outputs' shape."""
        losses.check_same_shape("binary_accuracy", y, output_shape)


@trees.tree
class CategoricalAccuracy(Metric):
    """How often the largest output is at the largest target, ``[batch, classes]`` both."""

    def values(self, y: jax.Array, outputs: jax.Array) -> jax.Array:
        """1 for each sample that is right, else 0."""
        return losses.per_sample((y.argmax(axis=-1) == outputs.argmax(axis=-1)).astype(jnp.float32))

    def check(self, y: np.ndarray, output_shape: tuple[int, ...]) -> None:
        """Targets have the outputs' shape."""
        losses.check_one_hot("categorical_accuracy", y, output_shape)


@trees.tree
class SparseCategoricalAccuracy(Metric):
    """How often the largest output is at the target's class index."""

    def values(self, y: jax.Array, outputs: jax.Array) -> jax.Array:
        """1 for each sample that is right, else 0."""
        hits = losses.as_labels(y, outputs) == outputs.argmax(axis=-1)
        return losses.per_sample(hits.astype(jnp.float32))

    def check(self, y: np.ndarray, output_shape: tuple[int, ...]) -> None:
        """Targets are one class index for each sample."""
        losses.check_class_indices("sparse_categorical_accuracy", y, output_shape)


@trees.tree
class MeanLoss(Metric):
    """A loss function watched as a metric."""

    loss: losses.Loss
    better: ClassVar[str] = "min"

    def values(self, y: jax.Array, outputs: jax.Array) -> jax.Array:
        """The loss of each sample."""
        return self.loss.values(y, outputs)

    def check(self, y: np.ndarray, output_shape: tuple[int, ...]) -> None:
        """As the loss checks them."""
        self.loss.check(y, output_shape)


MetricLike = str | Metric | losses.Loss

ACCURACY_NAMES = ("accuracy", "acc")
ACCURACIES: dict[str, type[Metric]] = {
    "binary_accuracy": BinaryAccuracy,
    "categorical_accuracy": CategoricalAccuracy,
    "sparse_categorical_accuracy": SparseCategoricalAccuracy,
}
NAMES = (*ACCURACY_NAMES, *ACCURACIES, *losses.TABLE)
DEFAULT_NAMES = {cls: name for name, cls in ACCURACIES.items()}


def resolve_accuracy(y_rank: int, output_shape: tuple[int, ...]) -> Metric:
    """The accuracy that fits, by Keras's rule, outputs ``[batch, *output_shape]`` and targets of rank ``y_rank``."""
    if output_shape[-1] == 1:
        return BinaryAccuracy()
    return SparseCategoricalAccuracy() if y_rank <= len(output_shape) else CategoricalAccuracy()


def checked(argument: str, metric: object) -> MetricLike:
    """``metric``, if it is a known name, a metric or a loss; an unknown name raises, with the nearest valid one."""
    if isinstance(metric, str):
        return checks.look_up(argument, metric, {name: name for name in NAMES})
    if isinstance(metric, Metric) and not isinstance(metric.name, str | None):
        checks.reject_type(f"{argument}.name", metric.name, "a string")
    if isinstance(metric, Metric | losses.Loss):
        return metric
    checks.reject_type(argument, metric, "a name such as 'accuracy' or an object such as BinaryAccuracy()")


def get(metric: MetricLike, y_shape: tuple[int, ...], output_shape: tuple[int, ...]) -> Metric:
    """The metric for a checked name or object, given the targets' whole shape and the outputs' without the batch."""
    if isinstance(metric, Metric):
        return metric
    if isinstance(metric, losses.Loss):
        return MeanLoss(metric)
    if metric in ACCURACY_NAMES:
        rank = len(y_shape) - 1 if y_shape[-1] == 1 and len(y_shape) > 1 else len(y_shape)
        return resolve_accuracy(rank, output_shape)
    return ACCURACIES[metric]() if metric in ACCURACIES else MeanLoss(losses.TABLE[metric]())


def name_of(metric: MetricLike) -> str:
    """The key of a metric in ``History``."""
    if isinstance(metric, str):
        return metric
    if isinstance(metric, losses.Loss):
        names = (name for name, cls in losses.TABLE.items() if cls is type(metric))
        return next(names, type(metric).__name__.lower())
    return metric.name or DEFAULT_NAMES.get(type(metric), type(metric).__name__.lower())
