"""Crossentropies of outputs that are the probabilities of classes, along the last axis."""

from __future__ import annotations

from typing import Any, ClassVar

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
    as_labels,
    by_sample,
    check_class_indices,
    check_classes,
    check_labels,
    check_one_hot,
    check_range,
    per_sample,
    smoothed,
)


def log_probabilities(outputs: jax.Array, from_logits: bool) -> jax.Array:
    """Logarithms of class probabilities over the last axis."""
    if from_logits:
        return jax.nn.log_softmax(outputs, axis=-1)
    p = outputs / outputs.sum(axis=-1, keepdims=True)
    return jnp.log(jnp.clip(p, EPSILON, 1 - EPSILON))


@arrays.takes_arrays
def categorical_crossentropy(
    y: jax.Array, outputs: jax.Array, from_logits: bool = False, label_smoothing: float = 0.0
) -> jax.Array:
    """-sum(y log p) over classes."""
    y, outputs = aligned(y, outputs)
    y = smoothed(y, label_smoothing, outputs.shape[-1])
    return -(y * log_probabilities(outputs, from_logits)).sum(axis=-1)


@arrays.takes_arrays
def categorical_focal_crossentropy(
    y: jax.Array,
    outputs: jax.Array,
    alpha: Any = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
) -> jax.Array:
    """-sum(alpha · (1 - p)**gamma · y log p) over classes (Lin et al. 2017); ``alpha`` may be one for each class."""
    y, outputs = aligned(y, outputs)
    y = smoothed(y, label_smoothing, outputs.shape[-1])
    log_p = log_probabilities(outputs, from_logits)
    wrong = jnp.maximum(-jnp.expm1(log_p), TINY)
    return -(jnp.asarray(alpha) * wrong**gamma * y * log_p).sum(axis=-1)


@arrays.takes_arrays
def sparse_categorical_crossentropy(
    y: jax.Array,
    outputs: jax.Array,
    from_logits: bool = False,
    ignore_class: int | None = None,
    label_smoothing: Any = None,
) -> jax.Array:
    """-log p[y], or with smoothing s -(1 - s)·log p[y] - s·mean(log p); 0 where y is ``ignore_class``."""
    labels = as_labels(jnp.asarray(y), outputs)
    # A comparison instead of a gather: its gradient is a product, where a gather's would be a scatter.
    chosen = labels[..., None] == jnp.arange(outputs.shape[-1])
    if ignore_class is not None:
        chosen &= labels[..., None] != ignore_class
    log_p = log_probabilities(outputs, from_logits)
    values = -jnp.where(chosen, log_p, 0).sum(axis=-1)
    if label_smoothing is None:
        return values
    counted = True if ignore_class is None else labels != ignore_class
    return jnp.where(counted, (1 - label_smoothing) * values - label_smoothing * log_p.mean(axis=-1), 0)


@arrays.takes_arrays
def categorical_generalized_cross_entropy(
    y: jax.Array, outputs: jax.Array, q: float = 0.5, from_logits: bool = False
) -> jax.Array:
    """(1 - p[y]**q) / q (Zhang & Sabuncu 2018): near -log p[y] for small q, 1 - p[y] for q = 1."""
    chosen = as_labels(jnp.asarray(y), outputs)[..., None] == jnp.arange(outputs.shape[-1])
    if from_logits:
        return -jnp.expm1(q * jnp.where(chosen, jax.nn.log_softmax(outputs, axis=-1), 0).sum(axis=-1)) / q
    p = jnp.where(chosen, outputs, 0).sum(axis=-1)
    return (1 - jnp.maximum(p, TINY) ** q) / q


@trees.tree
class CategoricalCrossentropy(Crossentropy):
    """-sum(y log p) over classes; targets are one-hot or probabilities ``[batch, classes]``.

    Args:
        from_logits: whether the model's outputs are logits rather than probabilities.
        label_smoothing: s in [0, 1] moves the targets to y·(1 - s) + s/classes.
    """

    label_smoothing: float = 0.0

    link: ClassVar[str | None] = "softmax"

    def values(self, y: jax.Array, outputs: jax.Array) -> jax.Array:
        """The crossentropy of each sample."""
        return by_sample(categorical_crossentropy, y, outputs, self.from_logits, self.label_smoothing)

    def check_settings(self) -> None:
        """``label_smoothing`` is in [0, 1]."""
        super().check_settings()
        checks.number("label_smoothing", self.label_smoothing, least=0, most=1)

    def check(self, y: np.ndarray, output_shape: tuple[int, ...]) -> None:
        """Targets have the outputs' shape and lie in [0, 1]."""
        check_classes("categorical_crossentropy", output_shape)
        check_one_hot("categorical_crossentropy", y, output_shape)
        check_range("categorical_crossentropy", y, 0, 1, "probabilities")


@trees.tree
class CategoricalFocalCrossentropy(Linked):
    """A crossentropy in which what is nearly right counts little: times alpha·(1 - p)**gamma (Lin et al. 2017).

    Args:
        alpha: at least 0, a number or one for each class.
        gamma: at least 0; with 0 and an alpha of 1 this is the crossentropy.
        from_logits: whether the model's outputs are logits rather than probabilities.
        label_smoothing: s in [0, 1] moves the targets to y·(1 - s) + s/classes.
    """

    alpha: Any = 0.25
    gamma: float = 2.0
    from_logits: bool = trees.static(default=False)
    label_smoothing: float = 0.0

    link: ClassVar[str | None] = "softmax"

    def values(self, y: jax.Array, outputs: jax.Array) -> jax.Array:
        """The crossentropy of each sample."""
        settings = self.alpha, self.gamma, self.from_logits, self.label_smoothing
        return by_sample(categorical_focal_crossentropy, y, outputs, *settings)

    def check_settings(self) -> None:
        """``alpha`` and ``gamma`` are at least 0, ``label_smoothing`` is in [0, 1]."""
        super().check_settings()
        for alpha in self.alpha if isinstance(self.alpha, list | tuple | np.ndarray) else (self.alpha,):
            checks.number("alpha", alpha, least=0)
        checks.number("gamma", self.gamma, least=0)
        checks.number("label_smoothing", self.label_smoothing, least=0, most=1)

    def check(self, y: np.ndarray, output_shape: tuple[int, ...]) -> None:
        """Targets have the outputs' shape and lie in [0, 1]; there is one ``alpha``, or one for each class."""
        classes = check_classes("categorical_focal_crossentropy", output_shape)
        check_one_hot("categorical_focal_crossentropy", y, output_shape, "sparse_categorical_crossentropy")
        check_range("categorical_focal_crossentropy", y, 0, 1, "probabilities")
        if np.ndim(self.alpha) and np.shape(self.alpha) != (classes,):
            checks.reject("alpha", self.alpha, f"a number, or one for each of the {classes} classes")


@trees.tree
class SparseCategoricalCrossentropy(Crossentropy):
    """-log p[y]; targets are class indices in [0, classes), ``[batch]`` or ``[batch, 1]``.

    Args:
        from_logits: whether the model's outputs are logits rather than probabilities.
        ignore_class: a label that counts for nothing: a batch's loss is the mean over the others.
        label_smoothing: s in [0, 1] takes the part s of a label's weight and spreads it over all classes; None for
            none.
    """

    ignore_class: int | None = trees.static(default=None)
    label_smoothing: float | None = None

    link: ClassVar[str | None] = "softmax"

    @property
    def of_samples(self) -> bool:
        """Not where a batch's loss is divided by how many of its labels count."""
        return self.ignore_class is None

    def values(self, y: jax.Array, outputs: jax.Array) -> jax.Array:
        """The crossentropy of each sample."""
        values = sparse_categorical_crossentropy(y, outputs, self.from_logits, self.ignore_class, self.label_smoothing)
        if self.ignore_class is not None:
            counted = self.counted(y, outputs)
            values = values * (counted.size / jnp.maximum(counted.sum(), 1))
        return per_sample(values)

    def counted(self, y: jax.Array, outputs: jax.Array) -> jax.Array:
        """Which labels are not the one to ignore."""
        return jnp.asarray(as_labels(y, outputs) != self.ignore_class)

    def check_settings(self) -> None:
        """``ignore_class`` is an integer or None."""
        super().check_settings()
        if self.ignore_class is not None and type(self.ignore_class) is not int:
            checks.reject_type("ignore_class", self.ignore_class, "an integer or None")
        if self.label_smoothing is not None:
            checks.number("label_smoothing", self.label_smoothing, least=0, most=1)

    def check(self, y: np.ndarray, output_shape: tuple[int, ...]) -> None:
        """Targets are whole numbers in [0, classes)."""
        classes = check_classes("sparse_categorical_crossentropy", output_shape)
        check_class_indices("sparse_categorical_crossentropy", y, output_shape)
        check_labels("sparse_categorical_crossentropy", y, classes, self.ignore_class)


@trees.tree
class CategoricalGeneralizedCrossEntropy(Linked):
    """(1 - p[y]**q) / q: a crossentropy that wrong labels harm less (Zhang & Sabuncu 2018, equation 6).

    Targets are class indices, as Keras's are.

    Args:
        q: in (0, 1): near 0 the crossentropy, near 1 the mean absolute error.
        from_logits: whether the model's outputs are logits rather than probabilities.
    """

    q: float = 0.5
    from_logits: bool = trees.static(default=False)

    link: ClassVar[str | None] = "softmax"

    def values(self, y: jax.Array, outputs: jax.Array) -> jax.Array:
        """The crossentropy of each sample."""
        return per_sample(categorical_generalized_cross_entropy(y, outputs, self.q, self.from_logits))

    def check_settings(self) -> None:
        """``q`` is in (0, 1)."""
        super().check_settings()
        checks.number("q", self.q, above=0, below=1)

    def check(self, y: np.ndarray, output_shape: tuple[int, ...]) -> None:
        """Targets are whole numbers in [0, classes)."""
        name = "categorical_generalized_cross_entropy"
        classes = check_classes(name, output_shape)
        check_class_indices(name, y, output_shape)
        check_labels(name, y, classes)
