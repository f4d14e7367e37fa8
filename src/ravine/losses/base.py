"""What every loss has: a value per sample, how a batch's are brought together, and checks of the targets."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np

from ravine import checks, keras_names, settings, tracing, trees

EPSILON = 1e-7
"""Probabilities are kept this far from 0 and 1 before a logarithm is taken, as in Keras."""

TINY = 1e-30
"""A power's base is kept this far from 0, where the slope of a power below 1 is infinite."""


def per_sample(values: jax.Array) -> jax.Array:
    """The mean over every axis but the first: ``[batch, ...]`` to ``[batch]``."""
    return values if values.ndim == 1 else values.reshape(values.shape[0], -1).mean(axis=1)


def by_step(y: Any, outputs: Any, weights: Any) -> tuple[Any, Any, Any]:
    """Targets, outputs and weights with a row for each step, where there is a weight for each step."""
    if weights is None or weights.ndim == 1:
        return y, outputs, weights
    return *(a.reshape(-1, *a.shape[weights.ndim :]) for a in (y, outputs)), weights.reshape(-1)


def same_rank(y: jax.Array, outputs: jax.Array) -> jax.Array:
    """``y`` with a last axis of one where only ``outputs`` has it."""
    return y[..., None] if y.ndim == outputs.ndim - 1 and outputs.shape[-1] == 1 else y


def aligned(y: Any, outputs: Any) -> tuple[jax.Array, jax.Array]:
    """Both as arrays of floats, of one rank where a last axis of one is all that keeps them apart."""
    outputs = jnp.asarray(outputs)
    outputs = outputs if jnp.issubdtype(outputs.dtype, jnp.floating) else outputs.astype(jnp.float32)
    return same_rank(jnp.asarray(y), outputs).astype(outputs.dtype), outputs


def by_sample(function: Callable[..., jax.Array], y: jax.Array, outputs: jax.Array, *settings: Any) -> jax.Array:
    """The value of each sample, ``[batch]``, by a function that takes the last axis together."""
    if outputs.ndim == 1:  # a single number for each sample
        y, outputs = y.reshape(-1, 1), outputs[:, None]
    return per_sample(function(y, outputs, *settings))


def smoothed(y: jax.Array, smoothing: Any, classes: int) -> jax.Array:
    """``y`` with the fraction ``smoothing`` of it spread over ``classes`` (Szegedy et al. 2016, section 7)."""
    return y * (1 - smoothing) + smoothing / classes


def as_labels(y: jax.Array, outputs: jax.Array) -> jax.Array:
    """Class indices ``[batch, ...]`` as int32, without the last axis of one that they may carry."""
    if y.ndim == outputs.ndim and y.shape[-1] == 1:
        y = y[..., 0]
    return y.astype(jnp.int32)


def check_same_shape(name: str, y: np.ndarray, output_shape: tuple[int, ...]) -> None:
    """Raise where ``y`` does not have the outputs' shape; a last axis of one may be left out."""
    expected = {(*output_shape,)} | ({output_shape[:-1]} if output_shape[-1:] == (1,) else set())
    if y.shape[1:] not in expected:
        raise checks.RavineValueError(
            f"y has shape {y.shape} but the model's output is {(None, *output_shape)}: {name} compares the two "
            f"element by element. Expected y of shape {(len(y), *output_shape)}."
        )


def check_range(name: str, y: np.ndarray, low: float, high: float, expected: str) -> None:
    """Raise where a target is outside [low, high]."""
    if y.size and not low <= y.min() <= y.max() <= high:
        raise checks.RavineValueError(f"y holds values from {y.min():g} to {y.max():g}: {name} expected {expected}.")


def flatten_hint(output_shape: tuple[int, ...]) -> str:
    """A question to ask where the outputs of a sample have several axes and the targets do not fit them."""
    return " Is a Flatten() missing from the model?" if len(output_shape) > 1 else ""


def check_one_hot(name: str, y: np.ndarray, output_shape: tuple[int, ...], sparse: str | None = None) -> None:
    """Raise where ``y`` does not have one column for each output; ``sparse`` takes class indices instead."""
    if y.shape[1:] != output_shape:
        raise checks.RavineValueError(
            f"y has shape {y.shape} but the model's output is {(None, *output_shape)}: {name} expected one-hot "
            f"targets with {output_shape[-1]} columns. For class indices use {sparse or f'sparse_{name}'!r}."
            f"{flatten_hint(output_shape)}"
        )


def check_class_indices(name: str, y: np.ndarray, output_shape: tuple[int, ...]) -> None:
    """Raise where ``y`` does not have one number for each row of outputs."""
    if y.shape[1:] not in {output_shape[:-1], (*output_shape[:-1], 1)}:
        hint = f" For one-hot targets use {name.removeprefix('sparse_')!r}." if y.shape[1:] == output_shape else ""
        raise checks.RavineValueError(
            f"y has shape {y.shape} but the model's output is {(None, *output_shape)}: {name} expected one class index "
            f"per sample.{hint}{flatten_hint(output_shape)}"
        )


def check_labels(name: str, y: np.ndarray, classes: int, ignored: int | None = None) -> None:
    """Raise where a target is no whole number in [0, classes) and not the class to ignore either."""
    if not np.issubdtype(y.dtype, np.integer) and (y != np.floor(y)).any():
        raise checks.RavineValueError(f"y holds fractions: {name} expected class indices.")
    wrong = (y < 0) | (y >= classes)
    if ignored is not None:
        wrong &= y != ignored
    if wrong.any():
        row = int(np.argmax(wrong.reshape(len(y), -1).any(axis=1)))
        label = y[row][wrong[row]].flat[0] if y.ndim > 1 else y[row]
        raise checks.RavineValueError(
            f"y[{row}]={label:g} is outside [0, {classes}): the model's last layer has {classes} units, "
            f"so labels run from 0 to {classes - 1}."
        )


def check_classes(name: str, output_shape: tuple[int, ...]) -> int:
    """The number of classes of a categorical loss's outputs: at least two."""
    if output_shape[-1] < 2:
        raise checks.RavineValueError(
            f"{name} needs one output per class, but the model's output is {(None, *output_shape)}: with one unit a "
            "softmax is always 1. Use Dense(number of classes, activation='softmax'), or for two classes "
            "Dense(1, activation='sigmoid') with loss='binary_crossentropy'."
        )
    return output_shape[-1]


REDUCTIONS = ("sum_over_batch_size", "mean", "sum", "mean_with_sample_weight")


@trees.tree
class Loss:
    """What training minimises: a value per sample, from targets ``y`` and the model's outputs.

    ``link`` names the activation that a model of this loss ends with; where it does, the loss is computed from the
    values before that activation (the logits), so that it is exact and finite however wrong the model is.

    Args:
        name: its key where it is watched as a metric.
        reduction: what a batch of B values l with weights w comes to: Σwᵢlᵢ/B with ``"sum_over_batch_size"``, which
            Keras calls ``"mean"`` too; Σwᵢlᵢ with ``"sum"``; Σwᵢlᵢ/Σwᵢ with ``"mean_with_sample_weight"``.
    """

    name: str | None = trees.label(default=None, kw_only=True)
    reduction: str = trees.static(default="sum_over_batch_size", kw_only=True)

    link: ClassVar[str | None] = None

    def __getattr__(self, name: str) -> Any:
        raise keras_names.missing(type(self).__name__, name, "Loss", dir(type(self)))

    @property
    def of_samples(self) -> bool:
        """Whether the value of a sample is its own, whatever samples it is in a batch with."""
        return True

    @property
    def rowwise(self) -> bool:
        """Whether the loss of many rows is the mean of theirs, however they are cut into batches."""
        return self.of_samples and self.reduction in ("sum_over_batch_size", "mean")

    def values(self, y: jax.Array, outputs: jax.Array) -> jax.Array:
        """The loss of each sample, ``[batch]``."""
        raise NotImplementedError

    def weighed(self, y: jax.Array, outputs: jax.Array, weights: jax.Array | None) -> tuple[jax.Array, Any]:
        """The losses that the weights are of, and those: of samples, or of steps ``[batch * steps]``."""
        y, outputs, weights = by_step(y, outputs, weights)
        return self.values(y, outputs), weights

    def takes_weights(self, y: np.ndarray, output_shape: tuple[int, ...]) -> bool:
        """Whether samples can have weights."""
        return True

    def reduced(self, values: jax.Array, weights: jax.Array | None) -> jax.Array:
        """A batch's loss from its samples', weighted where there are weights."""
        if weights is None:
            return values.sum() if self.reduction == "sum" else values.mean()
        if self.reduction == "mean_with_sample_weight":
            count = weights.sum()
            return (values * weights).sum() / jnp.where(count == 0, 1, count)
        values = values * weights
        return values.sum() if self.reduction == "sum" else values.mean()

    def fitted(self, y_shape: tuple[int, ...], output_shape: tuple[int, ...]) -> Loss:
        """The loss of targets ``y_shape`` and outputs ``[batch, *output_shape]``, for what stands for several."""
        return self

    def on_logits(self) -> Loss:
        """The same loss, reading what comes before its ``link``."""
        return self

    def check_settings(self) -> None:
        """Raise where a setting cannot work."""
        if not isinstance(self.name, str | None):
            checks.reject_type("loss.name", self.name, "a string")
        if self.reduction is None or self.reduction == "none":
            checks.reject(
                "reduction", self.reduction, f"one of {', '.join(REDUCTIONS)}: training needs a single number"
            )
        checks.look_up("reduction", self.reduction, dict.fromkeys(REDUCTIONS))

    def check(self, y: np.ndarray, output_shape: tuple[int, ...]) -> None:
        """Raise where targets ``y`` cannot be compared with outputs ``[batch, *output_shape]``."""
        check_same_shape(type(self).__name__, y, output_shape)


@trees.tree
class Linked(Loss):
    """Base of the losses that read logits too, by their field ``from_logits``."""

    def on_logits(self) -> Loss:
        """The same loss with ``from_logits=True``."""
        new: Any = self
        return dataclasses.replace(new, from_logits=True)

    def check_settings(self) -> None:
        """``from_logits`` is a bool."""
        super().check_settings()
        new: Any = self
        checks.boolean("from_logits", new.from_logits)


@trees.tree
class Crossentropy(Linked):
    """Base of the crossentropies.

    Args:
        from_logits: whether the model's outputs are logits rather than probabilities.
    """

    from_logits: bool = trees.static(default=False)


@trees.tree
class Function(Loss):
    """A function ``f(y, outputs)`` that a user wrote: ``[batch, ...]`` values, or the mean of the batch.

    ``y`` has a last axis of one where only the outputs have it, so that ``y - outputs`` is what it looks like.
    """

    function: Callable[[jax.Array, jax.Array], Any] = trees.static()

    @property
    def of_samples(self) -> bool:
        """Nobody can tell."""
        return False

    def values(self, y: jax.Array, outputs: jax.Array) -> jax.Array:
        """The function's values, averaged over all axes but the first; or its one value for all samples."""
        found = jnp.asarray(self.function(same_rank(y, outputs), outputs))
        return per_sample(found) if found.ndim else jnp.broadcast_to(found, outputs.shape[:1])

    def weighed(self, y: jax.Array, outputs: jax.Array, weights: jax.Array | None) -> tuple[jax.Array, Any]:
        """The losses that the weights are of, and those; the function sees the steps of a sample together."""
        if weights is None or weights.ndim == 1:
            return super().weighed(y, outputs, weights)
        found = jnp.asarray(self.function(same_rank(y, outputs), outputs))
        if found.shape[: weights.ndim] != weights.shape:
            raise checks.RavineValueError(
                f"loss={checks.shown(self.function)} gives values of shape {found.shape}, which weights of shape "
                f"{weights.shape} cannot weigh: expected a value for each step, or one weight per sample."
            )
        return per_sample(found.reshape(-1, *found.shape[weights.ndim :])), weights.reshape(-1)

    def takes_weights(self, y: np.ndarray, output_shape: tuple[int, ...]) -> bool:
        """Not if the function gives one value for a whole batch."""
        return tried("loss", self.function, y, output_shape).shape != ()

    def check(self, y: np.ndarray, output_shape: tuple[int, ...]) -> None:
        """The function gives floats: one for each sample or more, or one for all."""
        found = tried("loss", self.function, y, output_shape)
        if not jnp.issubdtype(found.dtype, jnp.floating):
            checks.reject("loss", self.function, f"a function that gives floats, but this gives {found}")


def tried(argument: str, function: Callable[..., Any], y: np.ndarray, output_shape: tuple[int, ...]) -> Any:
    """The shape and type of what a user's function gives for targets and outputs; raises where they cannot work."""
    found, more = (_given(argument, function, y, output_shape, rows) for rows in (len(y), len(y) + 1))
    shape = getattr(found, "shape", None)
    if shape is None or (shape != () and shape[0] != len(y)):
        checks.reject(
            argument, function, f"a function of y and outputs to an array [batch, ...] or a number; this gives {found}"
        )
    if shape[1:] != more.shape[1:]:
        raise checks.RavineValueError(
            f"{argument}={checks.shown(function)} gives values of shape {shape} for {len(y)} samples: each target was "
            f"compared with each sample's output. y has shape {y.shape} and the outputs {(len(y), *output_shape)}; "
            "expected a function that compares the two row by row."
        )
    return found


def _given(argument: str, function: Callable[..., Any], y: np.ndarray, output_shape: tuple[int, ...], rows: int) -> Any:
    """The shape and type of what a function gives for a batch of so many rows."""
    targets = jax.ShapeDtypeStruct((rows, *y.shape[1:]), jax.dtypes.canonicalize_dtype(y.dtype))
    outputs = jax.ShapeDtypeStruct((rows, *output_shape), jnp.float32)
    try:
        return settings.eval_shape(lambda y, outputs: function(same_rank(y, outputs), outputs), targets, outputs)
    except Exception as error:
        raise checks.RavineValueError(
            f"{argument}={checks.shown(function)} failed for y of shape {targets.shape} and outputs of shape "
            f"{outputs.shape}: {tracing.reason(error, function)}"
        ) from error
