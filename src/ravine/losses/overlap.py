"""Losses of how little two sets overlap, for segmentation."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ravine import arrays, checks, trees
from ravine.losses.base import EPSILON, Loss, aligned, check_range, per_sample

Axis = int | tuple[int, ...] | None


@arrays.takes_arrays
def dice(y: jax.Array, outputs: jax.Array, axis: Axis = None) -> jax.Array:
    """1 - 2·sum(y·p) / (sum(y) + sum(p)) over ``axis``; over everything with None (Milletari et al. 2016)."""
    y, p = aligned(y, outputs)
    return 1 - 2 * (y * p).sum(axis=axis) / (y.sum(axis=axis) + p.sum(axis=axis) + EPSILON)


@arrays.takes_arrays
def tversky(y: jax.Array, outputs: jax.Array, alpha: float = 0.5, beta: float = 0.5, axis: Axis = None) -> jax.Array:
    """1 - sum(y·p) / (sum(y·p) + alpha·sum(y·(1 - p)) + beta·sum((1 - y)·p)) over ``axis`` (Salehi et al. 2017).

    As in Keras, ``alpha`` weighs what is missed and ``beta`` what is found though it is not there.
    """
    y, p = aligned(y, outputs)
    both = (y * p).sum(axis=axis)
    missed, invented = (y * (1 - p)).sum(axis=axis), ((1 - y) * p).sum(axis=axis)
    return 1 - both / (both + alpha * missed + beta * invented + EPSILON)


@trees.tree
class Overlap(Loss):
    """Base of the losses of overlap."""

    @property
    def of_samples(self) -> bool:
        """Not if the samples of a batch are summed over; a negative axis may be the batch's too."""
        summing: Any = self
        given = _as_tuple(summing.axis)
        return given is not None and all(a > 0 for a in (given if isinstance(given, tuple) else (given,)))

    def _by_sample(self, values: jax.Array, axis: Axis, outputs: jax.Array) -> jax.Array:
        """What the sums over ``axis`` came to, for each sample: the same for all where the batch was summed over."""
        summed = range(outputs.ndim) if axis is None else axis if isinstance(axis, tuple | list) else (axis,)
        if 0 in {a % outputs.ndim for a in summed}:
            return jnp.broadcast_to(values.mean(), outputs.shape[:1])
        return per_sample(values)


@trees.tree
class Dice(Overlap):
    """1 - 2·sum(y·p) / (sum(y) + sum(p)): 0 where targets and outputs, both in [0, 1], cover the same.

    Args:
        axis: what is summed over; None for everything, the samples of a batch included. Such a loss depends on which
            samples are looked at together: those of a batch, in evaluation too.
    """

    axis: Axis = trees.static(default=None, kw_only=True)

    def values(self, y: jax.Array, outputs: jax.Array) -> jax.Array:
        """The loss of each sample, or the batch's for all."""
        axis = _as_tuple(self.axis)
        return self._by_sample(dice(y, outputs, axis), axis, outputs)

    def check_settings(self) -> None:
        """``axis`` is None, an integer or several."""
        super().check_settings()
        check_axis(self.axis)

    def check(self, y: np.ndarray, output_shape: tuple[int, ...]) -> None:
        """Targets have the outputs' shape and lie in [0, 1]; ``axis`` is of theirs."""
        super().check(y, output_shape)
        check_range("dice", y, 0, 1, "targets in [0, 1]")
        check_axis_of(self.axis, output_shape)


@trees.tree
class Tversky(Overlap):
    """Dice's loss with weights of its own for the two kinds of error; half and half it is Dice (Salehi et al. 2017).

    Args:
        alpha: of what is in the targets and missed, at least 0.
        beta: of what is found and not in the targets, at least 0.
        axis: what is summed over; None for everything, the samples of a batch included: see :class:`Dice`.
    """

    alpha: float = 0.5
    beta: float = 0.5
    axis: Axis = trees.static(default=None, kw_only=True)

    def values(self, y: jax.Array, outputs: jax.Array) -> jax.Array:
        """The loss of each sample, or the batch's for all."""
        axis = _as_tuple(self.axis)
        return self._by_sample(tversky(y, outputs, self.alpha, self.beta, axis), axis, outputs)

    def check_settings(self) -> None:
        """Both weights are at least 0, ``axis`` is None, an integer or several."""
        super().check_settings()
        checks.number("alpha", self.alpha, least=0)
        checks.number("beta", self.beta, least=0)
        check_axis(self.axis)

    def check(self, y: np.ndarray, output_shape: tuple[int, ...]) -> None:
        """Targets have the outputs' shape and lie in [0, 1]; ``axis`` is of theirs."""
        super().check(y, output_shape)
        check_range("tversky", y, 0, 1, "targets in [0, 1]")
        check_axis_of(self.axis, output_shape)


def _as_tuple(axis: Axis) -> Axis:
    return tuple(axis) if isinstance(axis, list) else axis


def check_axis(axis: object) -> None:
    """Raise unless ``axis`` is None, an integer or one or more of them."""
    given = axis if isinstance(axis, tuple | list) else () if axis is None else (axis,)
    if (axis is not None and not given) or any(isinstance(a, bool) or not isinstance(a, int) for a in given):
        checks.reject_type("axis", axis, "None, an integer or several")


def check_axis_of(axis: Axis, output_shape: tuple[int, ...]) -> None:
    """Raise unless ``axis`` names axes of outputs ``[batch, *output_shape]``."""
    rank = len(output_shape) + 1
    given = axis if isinstance(axis, tuple | list) else () if axis is None else (axis,)
    if any(not -rank <= a < rank for a in given):
        checks.reject("axis", axis, f"axes of {(None, *output_shape)}")
