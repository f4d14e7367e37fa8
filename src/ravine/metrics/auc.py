"""The area under the curve that right and wrong answers draw as the threshold falls."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar, Self

import jax
import jax.numpy as jnp
import numpy as np

from ravine import checks, losses, trees
from ravine.metrics.base import Metric, Weights, ratio
from ravine.metrics.confusion import Counts, check_binary, compared
from ravine.metrics.curves import above_steps, counted
from ravine.metrics.histogram import USUAL, Histogram, log_odds

CURVES = ("ROC", "PR", "PRGAIN")
SUMMATIONS = ("interpolation", "minoring", "majoring")


@trees.tree
class AUC(Metric):
    """The area under the curve that the rates draw as the threshold falls from 1 to 0; NaN if all targets are the same.

    Outputs are told apart on 16,384 steps, even in their log-odds, so that the area is right for the probabilities of
    rare events too. Those within a step count as equal.

    Args:
        num_thresholds: another number than 200, Keras's default, asks for so many even thresholds from 0 to 1 in place
            of the steps, as in Keras; at least 2.
        curve: ``"ROC"``, recall over the rate of false positives; ``"PR"``, precision over recall; ``"PRGAIN"``, the
            two on the scale of Flach & Kull 2015.
        summation_method: ``"interpolation"`` joins neighbours by a straight line (a precision by how it runs between
            counts: Davis & Goadrich 2006); ``"minoring"`` and ``"majoring"`` take the lower and the higher of the two.
        thresholds: those between 0 and 1 instead, a list of numbers in [0, 1].
        multi_label: whether the area is taken for each output, and then their mean.
        num_labels: how many outputs there are with ``multi_label``, if that is to be checked.
        label_weights: one for each output.
        from_logits: whether the outputs are logits, of which the sigmoid is taken.
    """

    may_be_undefined: ClassVar[bool] = True

    num_thresholds: int = trees.static(default=USUAL)
    curve: str = trees.static(default="ROC")
    summation_method: str = trees.static(default="interpolation")
    thresholds: Any = trees.static(default=None, kw_only=True)
    multi_label: bool = trees.static(default=False, kw_only=True)
    num_labels: int | None = trees.static(default=None, kw_only=True)
    label_weights: Any = trees.static(default=None, kw_only=True)
    from_logits: bool = trees.static(default=False, kw_only=True)
    outputs: int = trees.static(default=1, kw_only=True, repr=False)

    def check_settings(self) -> None:
        """The names are known, the numbers in their ranges."""
        if self.thresholds is None:
            checks.integer("num_thresholds", self.num_thresholds, least=2)
        elif not isinstance(self.thresholds, list | tuple) or not self.thresholds:
            checks.reject_type("thresholds", self.thresholds, "a list of numbers in [0, 1]")
        for threshold in self.thresholds or ():
            checks.number("thresholds", threshold, least=0, most=1)
        checks.look_up("curve", self.curve, dict.fromkeys((*CURVES, *map(str.lower, CURVES))))
        names = (*SUMMATIONS, *map(str.title, SUMMATIONS))
        checks.look_up("summation_method", self.summation_method, dict.fromkeys(names))
        checks.boolean("multi_label", self.multi_label)
        checks.boolean("from_logits", self.from_logits)
        if self.num_labels is not None:
            checks.integer("num_labels", self.num_labels, least=1)
            if not self.multi_label:
                checks.reject("num_labels", self.num_labels, "None without multi_label=True")
        if self.label_weights is not None:
            if not isinstance(self.label_weights, list | tuple):
                checks.reject_type("label_weights", self.label_weights, "a list of numbers, one for each output")
            for weight in self.label_weights:
                checks.number("label_weights", weight, least=0)

    def check(self, y: np.ndarray, output_shape: tuple[int, ...]) -> None:
        """Targets are 0 or 1 and have the outputs' shape; there are as many outputs as labels."""
        check_binary("auc", y, output_shape)
        if self.multi_label and len(output_shape) != 1:
            raise checks.RavineValueError(
                "AUC(multi_label=True) needs outputs [batch, labels], but the model's output is "
                f"{(None, *output_shape)}."
            )
        if self.num_labels is not None and self.num_labels != output_shape[-1]:
            checks.reject("num_labels", self.num_labels, f"the model's {output_shape[-1]} outputs")
        if self.label_weights is not None and len(self.label_weights) != output_shape[-1]:
            checks.reject(
                "label_weights", self.label_weights, f"one for each of the model's {output_shape[-1]} outputs"
            )

    def fitted(self, output_shape: tuple[int, ...]) -> Self:
        """With counts for each output."""
        return replace(self, outputs=output_shape[-1])

    def _inner(self) -> np.ndarray | None:
        """The thresholds between the ends, where they are not even steps."""
        if self.thresholds is None:
            return None
        inner = np.sort(np.asarray(self.thresholds, float))
        steps = np.arange(len(inner) + 2) / (len(inner) + 1)
        return None if np.allclose([0, *inner, 1], steps, atol=losses.EPSILON) else inner

    def _count(self) -> int:
        return int(self.num_thresholds) if self.thresholds is None else len(self.thresholds) + 2

    @property
    def _fine(self) -> bool:
        return self.thresholds is None and self.num_thresholds == USUAL

    def init(self) -> Counts | Histogram:
        """All 0."""
        labels = (self.outputs,) if self.multi_label else ()
        return Histogram.zero(labels) if self._fine else Counts.zero((self._count(),), labels)

    def update(self, state: Any, y: jax.Array, outputs: jax.Array, weights: Weights = None) -> Any:
        """The state with one batch taken in."""
        positive, outputs, weights = compared(y, outputs, weights)
        if not self.multi_label and self.label_weights is not None:
            weights = weights * jnp.asarray(self.label_weights, jnp.float32)
        if self._fine:
            odds = outputs if self.from_logits else log_odds(outputs)
            if self.multi_label:
                return jax.vmap(Histogram.add, (0, 1, 1, 1))(state, odds, positive, weights)
            return state.add(odds.reshape(-1), positive.reshape(-1), weights.reshape(-1))
        if self.from_logits:
            outputs = jax.nn.sigmoid(outputs)
        inner = self._inner()
        if inner is None:
            above = above_steps(outputs, self._count(), lowest=True)
        else:
            ends = -losses.EPSILON, 1 + losses.EPSILON
            above = outputs[..., None] > jnp.array([ends[0], *inner, ends[1]], jnp.float32)
        if self.multi_label:
            each = jax.vmap(counted, (1, 1, 1))(above, positive, weights)
            return state.add(each[0].T, each[1].T, *each[2:])
        flat = above.reshape(-1, above.shape[-1]), positive.reshape(-1), weights.reshape(-1)
        return state.add(*counted(*flat))

    def result(self, state: Any) -> jax.Array:
        """The area of everything taken in."""
        state = state.counts() if self._fine else state
        curve, summation = self.curve.upper(), self.summation_method.lower()
        if curve == "PR" and summation == "interpolation":
            terms = _between_counts(state)
        else:
            x, height = _rates(state, curve)
            low, high = height[1:], height[:-1]
            heights = {"interpolation": (low + high) / 2, "minoring": jnp.minimum(low, high)}
            terms = (x[:-1] - x[1:]) * heights.get(summation, jnp.maximum(low, high))
        undefined = (state.positives == 0) | ((state.negatives == 0) & (curve != "PR"))
        areas = jnp.where(undefined, jnp.nan, terms.sum(axis=0))
        if self.multi_label and self.label_weights is not None:
            weights = jnp.asarray(self.label_weights, jnp.float32)
            return ratio((areas * weights).sum(), weights.sum())
        return areas.mean()


def _rates(state: Counts, curve: str) -> tuple[jax.Array, jax.Array]:
    """What a curve has along and above its axis, at each threshold."""
    if curve == "ROC":
        return ratio(state.invented, state.negatives), state.recall
    if curve == "PR":
        return state.recall, state.precision
    odds = ratio(state.positives, state.negatives)
    none = state.found == 0
    recall = jnp.where(none, 0.0, 1 - odds * ratio(state.missed, state.found))
    precision = jnp.where(none, 1.0, 1 - odds * ratio(state.invented, state.found))
    return jnp.maximum(recall, 0), precision


def _between_counts(state: Counts) -> jax.Array:
    """The area under precision over recall between neighbours, where found grows evenly with all answers.

    With found = a + s·n for n answers, the precision is s + a/n, and ∫ s·(s + a/n) dn is s·(Δfound + a·log(n₁/n₀)).
    """
    answers = state.found + state.invented
    grown = state.found[:-1] - state.found[1:]
    slope = ratio(grown, jnp.maximum(answers[:-1] - answers[1:], 0))
    start = state.found[1:] - slope * answers[1:]
    both = (answers[:-1] > 0) & (answers[1:] > 0)
    growth = jnp.where(both, ratio(answers[:-1], jnp.maximum(answers[1:], 0)), 1)
    return ratio(slope * (grown + start * jnp.log(growth)), jnp.maximum(state.positives, 0))
