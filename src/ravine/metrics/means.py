"""Losses under the names that Keras has for them as metrics."""

from __future__ import annotations

from typing import Any, ClassVar

import jax

from ravine import losses, trees
from ravine.losses.base import by_sample
from ravine.losses.regression import cosine
from ravine.metrics.base import OfLoss, Weights, spread


@trees.tree
class MeanSquaredError(OfLoss):
    """mean((y - output)**2)."""

    kind: ClassVar[type[losses.Loss]] = losses.MeanSquaredError


@trees.tree
class MeanAbsoluteError(OfLoss):
    """mean(|y - output|)."""

    kind: ClassVar[type[losses.Loss]] = losses.MeanAbsoluteError


@trees.tree
class MeanAbsolutePercentageError(OfLoss):
    """100 · mean(|y - output| / |y|)."""

    kind: ClassVar[type[losses.Loss]] = losses.MeanAbsolutePercentageError


@trees.tree
class MeanSquaredLogarithmicError(OfLoss):
    """mean((log(1 + y) - log(1 + output))**2)."""

    kind: ClassVar[type[losses.Loss]] = losses.MeanSquaredLogarithmicError


@trees.tree
class LogCoshError(OfLoss):
    """mean(log(cosh(output - y)))."""

    kind: ClassVar[type[losses.Loss]] = losses.LogCosh
    called: ClassVar[str | None] = "logcosh"


@trees.tree
class CosineSimilarity(OfLoss):
    """The cosine of the angle between targets and outputs, 1 where they point the same way: minus the loss.

    Args:
        axis: of the vectors; the batch counts as axis 0.
    """

    axis: int = trees.static(default=-1)

    better: ClassVar[str | None] = "max"

    def loss(self) -> losses.Loss:
        """The loss that checks the targets."""
        return losses.CosineSimilarity(self.axis)

    def values(self, y: jax.Array, outputs: jax.Array) -> jax.Array:
        """cos of each sample."""
        return by_sample(cosine, y, outputs, self.axis)


@trees.tree
class Hinge(OfLoss):
    """mean(max(0, 1 - y·output)), targets -1 and 1, or 0 and 1."""

    kind: ClassVar[type[losses.Loss]] = losses.Hinge


@trees.tree
class SquaredHinge(OfLoss):
    """mean(max(0, 1 - y·output)**2), targets -1 and 1, or 0 and 1."""

    kind: ClassVar[type[losses.Loss]] = losses.SquaredHinge


@trees.tree
class CategoricalHinge(OfLoss):
    """max(0, 1 + the largest wrong output - the right one), targets one-hot."""

    kind: ClassVar[type[losses.Loss]] = losses.CategoricalHinge


@trees.tree
class KLDivergence(OfLoss):
    """sum(y log(y / p)), targets probabilities."""

    kind: ClassVar[type[losses.Loss]] = losses.KLDivergence


@trees.tree
class Poisson(OfLoss):
    """mean(output - y log(output)), targets counts."""

    kind: ClassVar[type[losses.Loss]] = losses.Poisson


@trees.tree
class BinaryCrossentropy(OfLoss):
    """-mean(y log p + (1 - y) log(1 - p)).

    Args:
        from_logits: whether the model's outputs are logits rather than probabilities.
        label_smoothing: s in [0, 1] moves the targets to y·(1 - s) + s/2.
    """

    from_logits: bool = trees.static(default=False)
    label_smoothing: float = 0.0

    def loss(self) -> losses.Loss:
        """The loss with these settings."""
        return losses.BinaryCrossentropy(self.from_logits, self.label_smoothing)


@trees.tree
class CategoricalCrossentropy(OfLoss):
    """-sum(y log p) over classes, targets one-hot or probabilities.

    Args:
        from_logits: whether the model's outputs are logits rather than probabilities.
        label_smoothing: s in [0, 1] moves the targets to y·(1 - s) + s/classes.
    """

    from_logits: bool = trees.static(default=False)
    label_smoothing: float = 0.0

    def loss(self) -> losses.Loss:
        """The loss with these settings."""
        return losses.CategoricalCrossentropy(self.from_logits, self.label_smoothing)


@trees.tree
class SparseCategoricalCrossentropy(OfLoss):
    """-log p[y], targets class indices.

    Args:
        from_logits: whether the model's outputs are logits rather than probabilities.
        ignore_class: a label that counts for nothing: the mean is over the others. (In Keras it is so only where there
            are weights; without them what is ignored counts as 0.)
    """

    from_logits: bool = trees.static(default=False)
    ignore_class: int | None = trees.static(default=None)

    @property
    def rowwise(self) -> bool:
        """What is ignored is left out of the whole mean, not of each batch's."""
        return True

    def loss(self) -> losses.Loss:
        """The loss with these settings."""
        return losses.SparseCategoricalCrossentropy(self.from_logits, self.ignore_class)

    def update(self, state: Any, y: jax.Array, outputs: jax.Array, weights: Weights = None) -> Any:
        """The state with one batch taken in."""
        if self.ignore_class is None:
            return super().update(state, y, outputs, weights)
        values = losses.sparse_categorical_crossentropy(y, outputs, self.from_logits, self.ignore_class)
        counted = losses.as_labels(y, outputs) != self.ignore_class
        weights = spread(weights, values) * counted
        return state.add((values * weights).sum(), weights.sum())
