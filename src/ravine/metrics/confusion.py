"""Counts of right and wrong answers above a threshold, and what follows from them: precision, recall."""

from __future__ import annotations

from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np

from ravine import checks, losses, trees
from ravine.losses.base import aligned
from ravine.metrics.base import Metric, Weights, ratio, spread

LOWEST = -1e10
"""What an output that is not among the top k counts as: below every threshold."""


@trees.tree
class Counts:
    """Weighted counts: outputs above the threshold whose target is 1 or 0, and all targets that are 1 or 0."""

    found: Any
    invented: Any
    positives: Any
    negatives: Any

    @classmethod
    def zero(cls, shape: tuple[int, ...] = (), labels: tuple[int, ...] = ()) -> Counts:
        """Nothing counted yet, at thresholds of ``shape``; ``labels`` is the shape of what counts on its own."""
        found, all_of = np.zeros((*shape, *labels), np.float32), np.zeros(labels, np.float32)
        return cls(found, found, all_of, all_of)

    def add(self, found: jax.Array, invented: jax.Array, positives: jax.Array, negatives: jax.Array) -> Counts:
        """With those of a batch taken in."""
        return Counts(
            self.found + found,
            self.invented + invented,
            self.positives + positives,
            self.negatives + negatives,
        )

    @property
    def missed(self) -> jax.Array:
        """How many targets 1 have outputs not above the threshold."""
        return self.positives - self.found

    @property
    def rejected(self) -> jax.Array:
        """How many targets 0 have outputs not above the threshold."""
        return self.negatives - self.invented

    @property
    def precision(self) -> jax.Array:
        """The fraction of what is above the threshold whose target is 1."""
        return ratio(self.found, self.found + self.invented)

    @property
    def recall(self) -> jax.Array:
        """The fraction of targets 1 whose outputs are above the threshold: the sensitivity."""
        return ratio(self.found, self.positives)

    @property
    def specificity(self) -> jax.Array:
        """The fraction of targets 0 whose outputs are not above the threshold."""
        return ratio(self.rejected, self.negatives)


def compared(
    y: jax.Array, outputs: jax.Array, weights: Weights, class_id: int | None = None, top_k: int | None = None
) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Whether each target is 1 and not 0, the output beside it, and its weight.

    With ``class_id`` they are those of one class; with ``top_k`` only the largest outputs of each sample stand.
    """
    y, outputs = aligned(y, outputs)
    if top_k is not None:
        _, best = jax.lax.top_k(outputs, top_k)
        chosen = (best[..., None] == jnp.arange(outputs.shape[-1])).any(axis=-2)
        outputs = jnp.where(chosen, outputs, LOWEST)
    if class_id is not None:
        y, outputs = y[..., class_id], outputs[..., class_id]
    return y != 0, outputs, known(spread(weights, outputs), outputs)


def known(weights: jax.Array, outputs: jax.Array) -> jax.Array:
    """The weights, NaN where an output is: of answers that nobody knows no count is right."""
    return jnp.where(jnp.isnan(outputs), jnp.nan, weights)


def check_binary(name: str, y: np.ndarray, output_shape: tuple[int, ...]) -> None:
    """Raise unless targets have the outputs' shape and lie in [0, 1]."""
    if y.shape[1:] in {output_shape[:-1], (*output_shape[:-1], 1)} and output_shape[-1:] != (1,):
        raise checks.RavineValueError(
            f"y has shape {y.shape} but the model's output is {(None, *output_shape)}: {name} compares the two element "
            f"by element. Expected one-hot targets of shape {(len(y), *output_shape)}, not class indices: "
            "utils.to_categorical makes them."
        )
    losses.check_same_shape(name, y, output_shape)
    if y.size and not 0 <= y.min() <= y.max() <= 1:
        raise checks.RavineValueError(
            f"y holds values from {y.min():g} to {y.max():g}: {name} expected targets 0 and 1."
        )


def check_class_id(class_id: Any) -> None:
    """Raise unless ``class_id`` is None or an integer of at least 0."""
    if class_id is not None:
        checks.integer("class_id", class_id, least=0)


def check_class_id_of(class_id: int | None, output_shape: tuple[int, ...]) -> None:
    """Raise unless there is an output called ``class_id``."""
    if class_id is not None and class_id >= output_shape[-1]:
        checks.reject("class_id", class_id, f"one of the model's {output_shape[-1]} outputs, which count from 0")


@trees.tree
class Thresholded(Metric):
    """Base of what is counted at one threshold."""

    def setting(self) -> tuple[Any, int | None, int | None]:
        """The threshold or None, ``top_k`` and ``class_id``."""
        raise NotImplementedError

    def check_settings(self) -> None:
        """There is one threshold, in [0, 1]; ``top_k`` and ``class_id`` are integers."""
        thresholds, top_k, class_id = self.setting()
        if isinstance(thresholds, list | tuple | np.ndarray):
            if len(thresholds) != 1:
                raise checks.RavineValueError(
                    f"{type(self).__name__}(thresholds={checks.shown(thresholds)}) is a number for each threshold, "
                    "but a metric is a single number: expected one threshold."
                )
            thresholds = thresholds[0]
        if thresholds is not None:
            checks.number("thresholds", thresholds, least=0, most=1)
        if top_k is not None:
            checks.integer("top_k", top_k, least=1)
        check_class_id(class_id)

    def check(self, y: np.ndarray, output_shape: tuple[int, ...]) -> None:
        """Targets are 0 or 1 and have the outputs' shape."""
        _, top_k, class_id = self.setting()
        check_binary(self.default_name(), y, output_shape)
        check_class_id_of(class_id, output_shape)
        if top_k is not None and top_k > output_shape[-1]:
            checks.reject("top_k", top_k, f"at most the model's {output_shape[-1]} outputs")

    def init(self) -> Counts:
        """All 0."""
        return Counts.zero()

    def update(self, state: Any, y: jax.Array, outputs: jax.Array, weights: Weights = None) -> Any:
        """The state with one batch taken in."""
        threshold, top_k, class_id = self.setting()
        if isinstance(threshold, list | tuple):
            threshold = threshold[0]
        if threshold is None:
            threshold = 0.5 if top_k is None else LOWEST
        positive, outputs, weights = compared(y, outputs, weights, class_id, top_k)
        above = ~(outputs <= threshold)  # NaN included, whose weight is NaN
        of_positives = jnp.where(positive, weights, 0)
        found, positives = jnp.where(above, of_positives, 0).sum(), of_positives.sum()
        return state.add(found, jnp.where(above, weights, 0).sum() - found, positives, weights.sum() - positives)


@trees.tree
class Count(Thresholded):
    """Base of the counts.

    Args:
        thresholds: one number in [0, 1], by default 0.5; outputs above it are answers of 1.
    """

    thresholds: Any = None

    def setting(self) -> tuple[Any, int | None, int | None]:
        """The threshold."""
        return self.thresholds, None, None


@trees.tree
class TruePositives(Count):
    """How many outputs above the threshold have the target 1."""

    def result(self, state: Any) -> jax.Array:
        """The count."""
        return state.found


@trees.tree
class FalsePositives(Count):
    """How many outputs above the threshold have the target 0."""

    better: ClassVar[str | None] = "min"

    def result(self, state: Any) -> jax.Array:
        """The count."""
        return state.invented


@trees.tree
class TrueNegatives(Count):
    """How many outputs not above the threshold have the target 0."""

    def result(self, state: Any) -> jax.Array:
        """The count."""
        return state.rejected


@trees.tree
class FalseNegatives(Count):
    """How many outputs not above the threshold have the target 1."""

    better: ClassVar[str | None] = "min"

    def result(self, state: Any) -> jax.Array:
        """The count."""
        return state.missed


@trees.tree
class Answers(Thresholded):
    """Base of precision and recall.

    Args:
        thresholds: one number in [0, 1], by default 0.5; outputs above it are answers of 1.
        top_k: only a sample's ``top_k`` largest outputs are answers of 1, by default whatever they are.
        class_id: which class to look at; None for all together.
    """

    thresholds: Any = None
    top_k: int | None = trees.static(default=None)
    class_id: int | None = trees.static(default=None)

    def setting(self) -> tuple[Any, int | None, int | None]:
        """Those given."""
        return self.thresholds, self.top_k, self.class_id


@trees.tree
class Precision(Answers):
    """The fraction of answers of 1 that are right; 0 where there are none."""

    def result(self, state: Any) -> jax.Array:
        """The precision of everything taken in."""
        return state.precision


@trees.tree
class Recall(Answers):
    """The fraction of targets 1 that are answered so; 0 where there are none."""

    def result(self, state: Any) -> jax.Array:
        """The recall of everything taken in."""
        return state.recall
