"""Points of the curve that right and wrong answers draw as the threshold falls, and what it is drawn from."""

from __future__ import annotations

from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np

from ravine import checks, trees
from ravine.metrics.base import Metric, Weights
from ravine.metrics.confusion import Counts, check_binary, check_class_id, check_class_id_of, compared
from ravine.metrics.histogram import USUAL, Histogram, log_odds


def counted(above: jax.Array, positive: jax.Array, weights: jax.Array) -> tuple[jax.Array, ...]:
    """Found, invented, positives and negatives of a batch, all numbers together.

    ``above``, ``[numbers, thresholds]``, says at which thresholds a number is an answer of 1.
    """
    sides = jnp.stack([jnp.where(positive, weights, 0), jnp.where(positive, 0, weights)])
    # A product instead of a scatter into a histogram: it sums in one order on every machine.
    sums = jnp.matmul(sides, above.astype(jnp.float32), precision=jax.lax.Precision.HIGHEST)
    return (*sums, *sides.sum(axis=1))


def above_steps(outputs: jax.Array, steps: int, *, lowest: bool) -> jax.Array:
    """At which thresholds 0, 1/(steps - 1), ..., 1 each output is an answer of 1, ``[..., steps]``.

    ``lowest`` says whether an output of 0 is one at the threshold 0, which then stands for a little less. Which step an
    output is on follows from multiplication, as in Keras, so that outputs which lie on a threshold count alike.
    """
    last = jnp.ceil(jnp.clip(outputs, 0, 1) * jnp.float32(steps - 1)) - 1
    last = jnp.maximum(last, 0) if lowest else last
    return jnp.arange(steps) <= last[..., None]


class Curve(Metric):
    """Base of the points of a curve: the best of one rate where another is at least what was asked for.

    What is asked for is the field called ``bound``.
    """

    num_thresholds: int
    class_id: int | None

    bound: ClassVar[str]

    def asked(self) -> Any:
        """What the bounded rate is to reach."""
        return getattr(self, self.bound)

    def check_settings(self) -> None:
        """The bound is in [0, 1], the others are integers."""
        checks.number(self.bound, self.asked(), least=0, most=1)
        checks.integer("num_thresholds", self.num_thresholds, least=1)
        check_class_id(self.class_id)

    def check(self, y: np.ndarray, output_shape: tuple[int, ...]) -> None:
        """Targets are 0 or 1 and have the outputs' shape."""
        check_binary(self.default_name(), y, output_shape)
        check_class_id_of(self.class_id, output_shape)

    @property
    def _fine(self) -> bool:
        return self.num_thresholds == USUAL

    def init(self) -> Counts | Histogram:
        """All 0."""
        return Histogram.zero() if self._fine else Counts.zero((int(self.num_thresholds),))

    def update(self, state: Any, y: jax.Array, outputs: jax.Array, weights: Weights = None) -> Any:
        """The state with one batch taken in."""
        positive, outputs, weights = (x.reshape(-1) for x in compared(y, outputs, weights, self.class_id))
        if self._fine:
            return state.add(log_odds(outputs), positive, weights)
        if self.num_thresholds < 3:  # as in Keras, which takes steps from three thresholds on
            above = outputs[:, None] > jnp.array([0.5] if self.num_thresholds == 1 else [0.0, 1.0])
        else:
            above = above_steps(outputs, int(self.num_thresholds), lowest=False)
        return state.add(*counted(above, positive, weights))

    def rates(self, state: Any) -> tuple[jax.Array, jax.Array]:
        """At each threshold the rate that is bounded, and the one that is wanted."""
        raise NotImplementedError

    def result(self, state: Any) -> jax.Array:
        """The best wanted rate where the bound holds; 0 where it holds nowhere."""
        counts = state.counts() if self._fine else state
        bounded, wanted = self.rates(counts)
        best = jnp.where(bounded >= self.asked(), wanted, 0).max()
        return jnp.where(jnp.isnan(counts.positives + counts.negatives), jnp.nan, best)


@trees.tree
class SensitivityAtSpecificity(Curve):
    """The largest sensitivity at any threshold with at least this specificity.

    Args:
        specificity: in [0, 1].
        num_thresholds: 200 stands for 16,384 thresholds, even in the outputs' log-odds: see :class:`AUC`. Another
            number asks for so many even ones from 0 to 1, as in Keras.
        class_id: which class to look at; None for all together.
    """

    specificity: float
    num_thresholds: int = trees.static(default=USUAL)
    class_id: int | None = trees.static(default=None)

    bound: ClassVar[str] = "specificity"

    def rates(self, state: Any) -> tuple[jax.Array, jax.Array]:
        """Specificity and sensitivity."""
        return state.specificity, state.recall


@trees.tree
class SpecificityAtSensitivity(Curve):
    """The largest specificity at any threshold with at least this sensitivity.

    Args:
        sensitivity: in [0, 1].
        num_thresholds: 200 stands for 16,384 thresholds, even in the outputs' log-odds: see :class:`AUC`. Another
            number asks for so many even ones from 0 to 1, as in Keras.
        class_id: which class to look at; None for all together.
    """

    sensitivity: float
    num_thresholds: int = trees.static(default=USUAL)
    class_id: int | None = trees.static(default=None)

    bound: ClassVar[str] = "sensitivity"

    def rates(self, state: Any) -> tuple[jax.Array, jax.Array]:
        """Sensitivity and specificity."""
        return state.recall, state.specificity


@trees.tree
class PrecisionAtRecall(Curve):
    """The largest precision at any threshold with at least this recall.

    Args:
        recall: in [0, 1].
        num_thresholds: 200 stands for 16,384 thresholds, even in the outputs' log-odds: see :class:`AUC`. Another
            number asks for so many even ones from 0 to 1, as in Keras.
        class_id: which class to look at; None for all together.
    """

    recall: float
    num_thresholds: int = trees.static(default=USUAL)
    class_id: int | None = trees.static(default=None)

    bound: ClassVar[str] = "recall"

    def rates(self, state: Any) -> tuple[jax.Array, jax.Array]:
        """Recall and precision."""
        return state.recall, state.precision


@trees.tree
class RecallAtPrecision(Curve):
    """The largest recall at any threshold with at least this precision.

    Args:
        precision: in [0, 1].
        num_thresholds: 200 stands for 16,384 thresholds, even in the outputs' log-odds: see :class:`AUC`. Another
            number asks for so many even ones from 0 to 1, as in Keras.
        class_id: which class to look at; None for all together.
    """

    precision: float
    num_thresholds: int = trees.static(default=USUAL)
    class_id: int | None = trees.static(default=None)

    bound: ClassVar[str] = "precision"

    def rates(self, state: Any) -> tuple[jax.Array, jax.Array]:
        """Precision and recall."""
        return state.precision, state.recall
