"""Metrics of numbers that are to come near numbers, beyond means of losses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar, Self

import jax
import jax.numpy as jnp
import numpy as np

from ravine import arrays, checks, losses, trees
from ravine.losses.base import aligned
from ravine.losses.regression import check_axis, check_axis_of
from ravine.metrics.base import Metric, OfLoss, Weights, ratio, spread


@trees.tree
class RootMeanSquaredError(OfLoss):
    """sqrt(mean((y - output)**2)): the root of the whole mean, not the mean of roots."""

    kind: ClassVar[type[losses.Loss]] = losses.MeanSquaredError

    def result(self, state: Any) -> jax.Array:
        """The root of the mean so far."""
        return jnp.sqrt(state.result())


@trees.tree
class Moments:
    """What is known of the targets of each output, ``[outputs]``, by their distances from the first, ``origin``.

    ``count`` is the sum of their weights, ``mean`` that of the distances, ``squares`` the sum of squared distances from
    the mean, ``errors`` the sum of squared errors; ``numbers`` counts the targets. Distances, since the squares of
    targets far from 0 would leave no digits for their spread.
    """

    origin: Any
    count: Any
    mean: Any
    squares: Any
    errors: Any
    numbers: Any


AGGREGATIONS = ("uniform_average", "variance_weighted_average")


@trees.tree
class R2Score(Metric):
    """1 - sum((y - output)**2) / sum((y - mean(y))**2): 1 for perfect outputs, 0 for outputs that are all the mean.

    Args:
        class_aggregation: how the scores of several outputs become one: their mean with ``"uniform_average"``, weighted
            by the variances of the targets with ``"variance_weighted_average"``.
        num_regressors: how many inputs p a linear model would have had; the score is then the adjusted one,
            1 - (1 - R²)(n - 1)/(n - p - 1), where n - p - 1 is above 0. As in Keras, n counts each output of each
            sample.
    """

    may_be_undefined: ClassVar[bool] = True

    class_aggregation: str | None = trees.static(default="uniform_average")
    num_regressors: int = trees.static(default=0)
    outputs: int = trees.static(default=1, kw_only=True, repr=False)

    def check_settings(self) -> None:
        """``class_aggregation`` gives one number, ``num_regressors`` is at least 0."""
        if self.class_aggregation is None:
            checks.reject("class_aggregation", None, f"one of {', '.join(AGGREGATIONS)}: a metric is a single number")
        checks.look_up("class_aggregation", self.class_aggregation, dict.fromkeys(AGGREGATIONS))
        checks.integer("num_regressors", self.num_regressors, least=0)

    def check(self, y: np.ndarray, output_shape: tuple[int, ...]) -> None:
        """Targets have the outputs' shape, which has one axis."""
        losses.check_same_shape("r2_score", y, output_shape)
        check_one_axis("R2Score", output_shape)

    def fitted(self, output_shape: tuple[int, ...]) -> Self:
        """With a sum for each output."""
        return replace(self, outputs=output_shape[-1])

    def init(self) -> Moments:
        """All 0."""
        zeros = np.zeros(self.outputs, np.float32)
        return Moments(zeros, zeros, zeros, zeros, zeros, np.float32(0))

    def update(self, state: Any, y: jax.Array, outputs: jax.Array, weights: Weights = None) -> Any:
        """The state with one batch taken in (Chan, Golub & LeVeque 1979, equation 2.1)."""
        y, outputs = aligned(y, outputs)
        weights = spread(weights, outputs)
        origin = jnp.where(state.numbers == 0, y[0], state.origin)
        far, count = y - origin, weights.sum(axis=0)
        mean = ratio((far * weights).sum(axis=0), count)
        step, total = mean - state.mean, state.count + count
        return Moments(
            origin,
            total,
            state.mean + step * ratio(count, total),
            state.squares + ((far - mean) ** 2 * weights).sum(axis=0) + step**2 * state.count * ratio(count, total),
            state.errors + ((y - outputs) ** 2 * weights).sum(axis=0),
            state.numbers + y.size,
        )

    def result(self, state: Any) -> jax.Array:
        """The score of everything taken in; NaN if all targets of an output are the same, since it has none."""
        spreads = state.squares
        scores = jnp.where(spreads > 0, 1 - state.errors / jnp.where(spreads > 0, spreads, 1), jnp.nan)
        weighted = self.class_aggregation == "variance_weighted_average"
        score = (spreads * scores).sum() / spreads.sum() if weighted else scores.mean()
        if not self.num_regressors:
            return score
        freedom = state.numbers - self.num_regressors - 1
        adjusted = 1 - (1 - score) * (state.numbers - 1) / jnp.where(freedom > 0, freedom, 1)
        return jnp.where(freedom > 0, adjusted, score)


@arrays.takes_arrays
def pearson_correlation(y: jax.Array, outputs: jax.Array, axis: int = -1) -> jax.Array:
    """The correlation of y and output along ``axis``: their covariance divided by both standard deviations."""
    y, outputs = aligned(y, outputs)
    a, b = (x - x.mean(axis=axis, keepdims=True) for x in (y, outputs))
    return (a * b).mean(axis=axis) / (a.std(axis=axis) * b.std(axis=axis))


@arrays.takes_arrays
def concordance_correlation(y: jax.Array, outputs: jax.Array, axis: int = -1) -> jax.Array:
    """2·cov(y, p) / (var(y) + var(p) + (mean(y) - mean(p))**2) along ``axis`` (Lin 1989)."""
    y, outputs = aligned(y, outputs)
    means = y.mean(axis=axis, keepdims=True), outputs.mean(axis=axis, keepdims=True)
    covariance = ((y - means[0]) * (outputs - means[1])).mean(axis=axis)
    apart = (means[0] - means[1]).squeeze(axis) ** 2
    return 2 * covariance / (y.var(axis=axis) + outputs.var(axis=axis) + apart + losses.EPSILON)


@trees.tree
class Correlation(Metric):
    """Base of the correlations within each sample.

    Args:
        axis: along which targets and outputs are compared; the batch counts as axis 0.
    """

    axis: int = trees.static(default=-1)

    def check_settings(self) -> None:
        """``axis`` is an integer."""
        check_axis(self.axis)

    def check(self, y: np.ndarray, output_shape: tuple[int, ...]) -> None:
        """Targets have the outputs' shape, and two values or more along ``axis``."""
        losses.check_same_shape(type(self).__name__, y, output_shape)
        check_axis_of(self.axis, output_shape)
        if (0, *output_shape)[self.axis] < 2:
            raise checks.RavineValueError(
                f"{type(self).__name__} correlates the outputs of a sample along axis {self.axis}, two or more, but "
                f"the model's output is {(None, *output_shape)}."
            )


@trees.tree
class PearsonCorrelation(Correlation):
    """The mean over samples of the correlation between a sample's targets and outputs.

    A sample whose targets or outputs are all the same has no correlation, and counts for nothing; NaN without others.
    """

    may_be_undefined: ClassVar[bool] = True

    def update(self, state: Any, y: jax.Array, outputs: jax.Array, weights: Weights = None) -> Any:
        """The state with one batch taken in."""
        y, outputs = aligned(y, outputs)
        varies = (y.max(self.axis) > y.min(self.axis)) & ~(outputs.max(self.axis) <= outputs.min(self.axis))
        values = jnp.where(varies, pearson_correlation(y, outputs, self.axis), 0)
        weights = spread(weights, values) * varies
        return state.add((values * weights).sum(), weights.sum())

    def result(self, state: Any) -> jax.Array:
        """The mean of everything taken in."""
        return jnp.where(state.count > 0, state.result(), jnp.nan)

    def values(self, y: jax.Array, outputs: jax.Array) -> jax.Array:
        """The correlation of each sample."""
        return losses.per_sample(pearson_correlation(y, outputs, self.axis))


@trees.tree
class ConcordanceCorrelation(Correlation):
    """The mean over samples of how well targets and outputs agree: 1 only where they are equal (Lin 1989)."""

    def values(self, y: jax.Array, outputs: jax.Array) -> jax.Array:
        """The concordance of each sample."""
        return losses.per_sample(concordance_correlation(y, outputs, self.axis))


def check_one_axis(name: str, output_shape: tuple[int, ...]) -> None:
    """Raise unless outputs are ``[batch, outputs]``."""
    if len(output_shape) != 1:
        raise checks.RavineValueError(
            f"{name} compares outputs [batch, outputs], but the model's output is {(None, *output_shape)}."
        )
