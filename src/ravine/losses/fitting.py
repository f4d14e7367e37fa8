"""The crossentropy that fits, for whoever does not want to say which."""

from __future__ import annotations

from ravine import trees
from ravine.losses.base import Loss
from ravine.losses.binary import BinaryCrossentropy
from ravine.losses.categorical import CategoricalCrossentropy, SparseCategoricalCrossentropy

NAMES = ("crossentropy", "ce")
"""What ``compile`` calls it."""


@trees.tree
class FittingCrossentropy(Loss):
    """A crossentropy of which the targets' shape, once it is known, says whether it is binary, one-hot or sparse."""

    def fitted(self, y_shape: tuple[int, ...], output_shape: tuple[int, ...]) -> Loss:
        """The crossentropy that fits, by Keras's rule, targets ``y_shape`` and outputs ``[batch, *output_shape]``."""
        if output_shape[-1:] == (1,):
            return BinaryCrossentropy()
        sparse = len(y_shape) <= len(output_shape) or y_shape[-1] == 1
        return SparseCategoricalCrossentropy() if sparse else CategoricalCrossentropy()
