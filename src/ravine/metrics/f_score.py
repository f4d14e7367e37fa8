"""Scores that join precision and recall."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar, Self

import jax
import jax.numpy as jnp
import numpy as np

from ravine import checks, losses, trees
from ravine.losses.base import aligned
from ravine.metrics.base import Metric, Weights, spread
from ravine.metrics.confusion import check_binary, known
from ravine.metrics.regression import check_one_axis

AVERAGES = ("micro", "macro", "weighted")


@trees.tree
class Hits:
    """Counts, each ``[classes]`` or a scalar: rightly found, wrongly found, missed."""

    found: Any
    invented: Any
    missed: Any


@trees.tree
class FBase(Metric):
    """Base of the F-scores: (1 + β²)·p·r / (β²·p + r), p the precision and r the recall."""

    def settings(self) -> tuple[str | None, Any, float | None, int]:
        """``average``, ``beta``, ``threshold`` and the number of classes."""
        raise NotImplementedError

    def check_settings(self) -> None:
        """``average`` gives one number, ``beta`` is above 0, ``threshold`` in (0, 1]."""
        average, beta, threshold, _ = self.settings()
        if average is None:
            raise checks.RavineValueError(
                f"{type(self).__name__}(average=None) is a score for each class, but a metric is a single number: "
                "expected average='micro', 'macro' or 'weighted'."
            )
        checks.look_up("average", average, dict.fromkeys(AVERAGES))
        checks.number("beta", beta, above=0)
        if threshold is not None:
            checks.number("threshold", threshold, above=0, most=1)

    def check(self, y: np.ndarray, output_shape: tuple[int, ...]) -> None:
        """Targets are 0 or 1, of the outputs' shape, which has one axis; there is a choice for the largest to be."""
        check_binary(self.default_name(), y, output_shape)
        check_one_axis(type(self).__name__, output_shape)
        if output_shape == (1,) and self.settings()[2] is None:
            raise checks.RavineValueError(
                f"{type(self).__name__}(threshold=None) takes the largest output for the answer, and the model has one "
                "output: expected threshold=0.5, or another number in (0, 1]."
            )

    def init(self) -> Hits:
        """All 0."""
        average, _, _, classes = self.settings()
        zeros = np.zeros(() if average == "micro" else classes, np.float32)
        return Hits(zeros, zeros, zeros)

    def update(self, state: Any, y: jax.Array, outputs: jax.Array, weights: Weights = None) -> Any:
        """The state with one batch taken in."""
        average, _, threshold, _ = self.settings()
        y, outputs = aligned(y, outputs)
        if threshold is None:
            # An output of 0 is never an answer, as in Keras.
            answers = (outputs >= outputs.max(axis=-1, keepdims=True)) & (jnp.abs(outputs) > 1e-9)
        else:
            answers = outputs > threshold
        weights, axis = known(spread(weights, outputs), outputs), None if average == "micro" else 0
        parts = answers * y, answers * (1 - y), (1 - answers) * y
        sums = [(part * weights).sum(axis=axis) for part in parts]
        return Hits(state.found + sums[0], state.invented + sums[1], state.missed + sums[2])

    def result(self, state: Any) -> jax.Array:
        """The score of everything taken in."""
        average, beta, _, _ = self.settings()
        p = state.found / (state.found + state.invented + losses.EPSILON)
        r = state.found / (state.found + state.missed + losses.EPSILON)
        scores = (1 + beta**2) * p * r / (beta**2 * p + r + losses.EPSILON)
        if average == "weighted":
            there = state.found + state.missed
            return (scores * there).sum() / (there.sum() + losses.EPSILON)
        return scores.mean()


@trees.tree
class FBetaScore(FBase):
    """(1 + β²)·p·r / (β²·p + r), targets one-hot or multi-hot ``[batch, classes]``.

    Args:
        average: ``"macro"`` takes the mean over classes, ``"weighted"`` that weighted by how often each is a target,
            ``"micro"`` the score of all classes' answers together. Keras's default, None, is a score for each class,
            which no single number is; it is refused.
        beta: above 0; how many times as much recall matters as precision.
        threshold: in (0, 1]; outputs above it are answers. With None the largest output is the answer.
    """

    average: str | None = trees.static(default=None)
    beta: float = 1.0
    threshold: float | None = None
    classes: int = trees.static(default=1, kw_only=True, repr=False)

    called: ClassVar[str | None] = "fbeta_score"

    def settings(self) -> tuple[str | None, Any, float | None, int]:
        """Those given."""
        return self.average, self.beta, self.threshold, self.classes

    def fitted(self, output_shape: tuple[int, ...]) -> Self:
        """With counts for each class."""
        return replace(self, classes=output_shape[-1])


@trees.tree
class F1Score(FBase):
    """2·p·r / (p + r), targets one-hot or multi-hot ``[batch, classes]``.

    Args:
        average: ``"macro"``, ``"weighted"`` or ``"micro"``: see :class:`FBetaScore`.
        threshold: in (0, 1]; outputs above it are answers. With None the largest output is the answer.
    """

    average: str | None = trees.static(default=None)
    threshold: float | None = None
    classes: int = trees.static(default=1, kw_only=True, repr=False)

    def settings(self) -> tuple[str | None, Any, float | None, int]:
        """Those given, and β = 1."""
        return self.average, 1.0, self.threshold, self.classes

    def fitted(self, output_shape: tuple[int, ...]) -> Self:
        """With counts for each class."""
        return replace(self, classes=output_shape[-1])
