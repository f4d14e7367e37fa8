"""The loss of vectors that are near each other where their labels are equal, and far where not."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ravine import arrays, checks, trees
from ravine.losses.base import Loss


@arrays.takes_arrays
def circle(
    y: jax.Array,
    outputs: jax.Array,
    ref_labels: jax.Array | None = None,
    ref_embeddings: jax.Array | None = None,
    remove_diagonal: bool = True,
    gamma: Any = 80.0,
    margin: Any = 0.4,
) -> jax.Array:
    """log(1 + Σ exp(γ·a·(d - m)) · Σ exp(γ·b·(1 - m - d))) for each row, with margin m (Sun et al. 2020, equation 6).

    d = max(1 - cosine, 0) is a distance, in the first sum to the rows of the same label, itself left out with
    ``remove_diagonal``, in the second to the others; a = m + d and b = max(1 + m - d, 0) weigh what is far from where
    it should be. Rows are of length 1. 0 where a row has none of one kind.
    """
    outputs = jnp.asarray(outputs)
    labels = jnp.asarray(y).reshape(-1).astype(jnp.int32)
    others = outputs if ref_embeddings is None else jnp.asarray(ref_embeddings)
    of_others = labels if ref_labels is None else jnp.asarray(ref_labels).reshape(-1).astype(jnp.int32)
    d = jnp.maximum(1 - outputs @ others.T, 0)
    same = labels[:, None] == of_others
    near = same & ~jnp.eye(same.shape[0], same.shape[1], dtype=bool) if remove_diagonal else same
    pull = gamma * (margin + d) * (d - margin)
    push = gamma * jnp.maximum(1 + margin - d, 0) * (1 - margin - d)
    return jax.nn.softplus(_log_sum(pull, near) + _log_sum(push, ~same))


def _log_sum(x: jax.Array, mask: jax.Array) -> jax.Array:
    """log Σ exp(x) over the masked of each row, -∞ where there are none."""
    return jax.nn.logsumexp(jnp.where(mask, x, -jnp.inf), axis=1)


@trees.tree
class Circle(Loss):
    """Pulls vectors of one label together and pushes those of different labels apart (Sun et al. 2020).

    Targets are whole numbers, outputs vectors ``[batch, features]`` of length 1: the model ends with a Dense layer
    without an activation and ``UnitNormalization``. The samples of a batch are compared with each other, in training
    those of a batch, in validation as many as fit (about two thousand). A batch's mean is over those that have one of
    their own label and one of another beside them.

    Args:
        gamma: how steep the loss is, above 0.
        margin: the distance that labels are kept apart by, in (0, 1).
        remove_diagonal: whether a sample is not compared with itself.
    """

    gamma: float = 80.0
    margin: float = 0.4
    remove_diagonal: bool = trees.static(default=True)

    @property
    def of_samples(self) -> bool:
        """It compares the samples of a batch with each other."""
        return False

    def values(self, y: jax.Array, outputs: jax.Array) -> jax.Array:
        """The loss of each sample beside the others."""
        return circle(y, outputs, None, None, self.remove_diagonal, self.gamma, self.margin)

    def reduced(self, values: jax.Array, weights: jax.Array | None) -> jax.Array:
        """A batch's loss; samples that could be compared with nothing are none of its B."""
        compared = (values > 0).astype(values.dtype)
        if self.reduction == "mean_with_sample_weight":
            return super().reduced(values, compared if weights is None else compared * weights)
        found = super().reduced(values, weights)
        return found if self.reduction == "sum" else found * len(values) / jnp.maximum(compared.sum(), 1)

    def check_settings(self) -> None:
        """``gamma`` is above 0, ``margin`` in (0, 1)."""
        super().check_settings()
        checks.number("gamma", self.gamma, above=0)
        checks.number("margin", self.margin, above=0, below=1)
        checks.boolean("remove_diagonal", self.remove_diagonal)

    def check(self, y: np.ndarray, output_shape: tuple[int, ...]) -> None:
        """Targets are one whole number for each vector."""
        if len(output_shape) != 1 or y.shape[1:] not in {(), (1,)}:
            raise checks.RavineValueError(
                f"y has shape {y.shape} and the model's output is {(None, *output_shape)}: circle expected one label "
                "per sample and outputs of shape (None, features)."
            )
        if (y != np.floor(y)).any():
            raise checks.RavineValueError("y holds fractions: circle expected labels.")
