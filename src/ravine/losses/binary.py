"""Crossentropies of outputs that are each a probability of its own."""

from __future__ import annotations

from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np

from ravine import arrays, checks, trees
from ravine.losses.base import (
    EPSILON,
    TINY,
    Crossentropy,
    Linked,
    aligned,
    by_sample,
    check_range,
    smoothed,
)


def binary_terms(y: jax.Array, outputs: jax.Array, from_logits: bool) -> jax.Array:
    """-(y log p + (1 - y) log(1 - p)), element by element."""
    if from_logits:
        return jnp.maximum(outputs, 0) - outputs * y + jnp.log1p(jnp.exp(-jnp.abs(outputs)))
    p = jnp.clip(outputs, EPSILON, 1 - EPSILON)
    return -(y * jnp.log(p) + (1 - y) * jnp.log1p(-p))


@arrays.takes_arrays
def binary_crossentropy(
    y: jax.Array, outputs: jax.Array, from_logits: bool = False, label_smoothing: float = 0.0
) -> jax.Array:
    """-mean(y log p + (1 - y) log(1 - p))."""
    y, outputs = aligned(y, outputs)
    return binary_terms(smoothed(y, label_smoothing, 2), outputs, from_logits).mean(axis=-1)


@arrays.takes_arrays
def binary_focal_crossentropy(
    y: jax.Array,
    outputs: jax.Array,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
) -> jax.Array:
    """-mean(a·(1 - q)**gamma · (y log p + (1 - y) log(1 - p))), q = y·p + (1 - y)·(1 - p) (Lin et al. 2017).

    a is 1, or with ``apply_class_balancing`` alpha where y is 1 and 1 - alpha where it is 0.
    """
    y, outputs = aligned(y, outputs)
    y = smoothed(y, label_smoothing, 2)
    p, rest = (jax.nn.sigmoid(outputs), jax.nn.sigmoid(-outputs)) if from_logits else (outputs, 1 - outputs)
    wrong = jnp.maximum(y * rest + (1 - y) * p, TINY)  # 1 - q, without what the subtraction would lose
    values = wrong**gamma * binary_terms(y, outputs, from_logits)
    if apply_class_balancing:
        values = values * (y * alpha + (1 - y) * (1 - alpha))
    return values.mean(axis=-1)


@trees.tree
class BinaryCrossentropy(Crossentropy):
    """-mean(y log p + (1 - y) log(1 - p)), targets in [0, 1] of the outputs' shape.

    Args:
        from_logits: whether the model's outputs are logits rather than probabilities.
        label_smoothing: s in [0, 1] moves the targets to y·(1 - s) + s/2.
    """

    label_smoothing: float = 0.0

    link: ClassVar[str | None] = "sigmoid"

    def values(self, y: jax.Array, outputs: jax.Array) -> jax.Array:
        """The crossentropy of each sample, averaged over its outputs."""
        return by_sample(binary_crossentropy, y, outputs, self.from_logits, self.label_smoothing)

    def check_settings(self) -> None:
        """``label_smoothing`` is in [0, 1]."""
        super().check_settings()
        checks.number("label_smoothing", self.label_smoothing, least=0, most=1)

    def check(self, y: np.ndarray, output_shape: tuple[int, ...]) -> None:
        """Targets have the outputs' shape and lie in [0, 1]."""
        super().check(y, output_shape)
        check_range("binary_crossentropy", y, 0, 1, "targets in [0, 1]")


@trees.tree
class BinaryFocalCrossentropy(Linked):
    """A binary crossentropy in which what is nearly right counts little: times (1 - q)**gamma (Lin et al. 2017).

    Args:
        apply_class_balancing: whether targets 1 weigh ``alpha`` and targets 0 weigh 1 - alpha.
        alpha: in [0, 1].
        gamma: at least 0; 0 is the crossentropy.
        from_logits: whether the model's outputs are logits rather than probabilities.
        label_smoothing: s in [0, 1] moves the targets to y·(1 - s) + s/2.
    """

    apply_class_balancing: bool = trees.static(default=False)
    alpha: float = 0.25
    gamma: float = 2.0
    from_logits: bool = trees.static(default=False)
    label_smoothing: float = 0.0

    link: ClassVar[str | None] = "sigmoid"

    def values(self, y: jax.Array, outputs: jax.Array) -> jax.Array:
        """The crossentropy of each sample, averaged over its outputs."""
        settings = self.apply_class_balancing, self.alpha, self.gamma, self.from_logits, self.label_smoothing
        return by_sample(binary_focal_crossentropy, y, outputs, *settings)

    def check_settings(self) -> None:
        """``alpha`` and ``label_smoothing`` are in [0, 1], ``gamma`` is at least 0."""
        super().check_settings()
        checks.boolean("apply_class_balancing", self.apply_class_balancing)
        checks.number("alpha", self.alpha, least=0, most=1)
        checks.number("gamma", self.gamma, least=0)
        checks.number("label_smoothing", self.label_smoothing, least=0, most=1)

    def check(self, y: np.ndarray, output_shape: tuple[int, ...]) -> None:
        """Targets have the outputs' shape and lie in [0, 1]."""
        super().check(y, output_shape)
        check_range("binary_focal_crossentropy", y, 0, 1, "targets in [0, 1]")
