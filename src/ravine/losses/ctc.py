"""The loss of sequences of labels whose places in a longer sequence of outputs nobody has marked."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from ravine import arrays, checks, trees
from ravine.losses.base import Loss, check_labels

BLANK = 0
"""The class that stands for no label, and what fills targets up after their last label."""

NEVER = -1e5
"""The logarithm of the probability of what cannot be, as in Keras: finite, so that gradients are."""


@arrays.takes_arrays
def ctc(y: jax.Array, outputs: jax.Array) -> jax.Array:
    """-log of the probability that the outputs spell ``y``, summed over all ways to (Graves et al. 2006, section 4.1).

    A way takes a class at each step; without repetitions and then without blanks it reads ``y``. ``y`` is ``[batch,
    labels]`` with 0 after the last label, ``outputs`` are logits ``[batch, steps, classes]``.
    """
    labels = jnp.asarray(y).astype(jnp.int32)
    # Blanks stand before, between and after the labels.
    spelled = jnp.zeros((len(labels), 2 * labels.shape[1] + 1), jnp.int32).at[:, 1::2].set(labels)
    places = jnp.arange(spelled.shape[1])
    chosen = jax.nn.one_hot(spelled, outputs.shape[-1])
    log_p = jnp.einsum("btk,bsk->tbs", jax.nn.log_softmax(jnp.asarray(outputs), axis=-1), chosen)
    # The blank between two labels may be left out, unless they are equal.
    skips = (spelled != BLANK) & (spelled != _moved(spelled, 2, BLANK))

    def step(alpha: jax.Array, now: jax.Array) -> tuple[jax.Array, None]:
        ways = [alpha, _moved(alpha, 1, NEVER), jnp.where(skips, _moved(alpha, 2, NEVER), NEVER)]
        return jax.nn.logsumexp(jnp.stack(ways), axis=0) + now, None

    alpha, _ = jax.lax.scan(step, jnp.where(places < 2, log_p[0], NEVER), log_p[1:])
    last = 2 * (labels != BLANK).sum(axis=1, keepdims=True)
    return -jax.nn.logsumexp(jnp.where((places == last) | (places == last - 1), alpha, NEVER), axis=1)


def _moved(row: jax.Array, by: int, fill: float) -> jax.Array:
    """``[batch, places]`` moved ``by`` places to the right."""
    return jnp.pad(row, ((0, 0), (by, 0)), constant_values=fill)[:, : row.shape[1]]


@trees.tree
class CTC(Loss):
    """Connectionist temporal classification: -log of the probability that the outputs spell the targets.

    Targets are ``[batch, labels]``, class indices in [1, classes) and 0 after the last; class 0 is the blank. Outputs
    ``[batch, steps, classes]`` are logits: the last layer has no softmax (Graves et al. 2006).
    """

    def values(self, y: jax.Array, outputs: jax.Array) -> jax.Array:
        """The loss of each sample."""
        return ctc(y, outputs)

    def check(self, y: np.ndarray, output_shape: tuple[int, ...]) -> None:
        """Targets are rows of labels that the outputs have enough steps for."""
        if y.ndim != 2 or len(output_shape) != 2:
            raise checks.RavineValueError(
                f"y has shape {y.shape} and the model's output is {(None, *output_shape)}: ctc expected y of shape "
                "(rows, labels) and outputs of shape (None, steps, classes)."
            )
        steps, classes = output_shape
        check_labels("ctc", y, classes)
        there = y != BLANK
        late = there[:, 1:] & ~there[:, :-1]
        if late.any():
            row, place = (int(i) for i in np.argwhere(late)[0])
            raise checks.RavineValueError(f"y[{row}] has label {y[row, place + 1]:g} after a 0, which ends the labels.")
        needed = there.sum(axis=1) + (there[:, 1:] & (y[:, 1:] == y[:, :-1])).sum(axis=1)
        if len(y) and needed.max() > steps:
            row = int(needed.argmax())
            raise checks.RavineValueError(
                f"y[{row}] takes {needed[row]} steps, one for each label and a blank between equal ones, but the "
                f"model's output {(None, *output_shape)} has {steps}."
            )
