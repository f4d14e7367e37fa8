"""A layer's array as ``model.weights`` shows it."""

from __future__ import annotations

from typing import Any

import numpy as np

from ravine import checks


class Weight(np.ndarray):
    """A copy of an array of a model, with its name. It cannot be written to, since that would change nothing.

    Attributes:
        name: within its layer, such as ``"kernel"``.
        path: within its model, such as ``"dense/kernel"``.
        trainable: whether ``fit`` trains it.
    """

    name: str = ""
    path: str = ""
    trainable: bool = True

    @classmethod
    def copied(cls, array: Any, layer: str, name: str, trainable: bool) -> Weight:
        """A copy of an array of a layer."""
        new = np.array(array).view(cls)
        new.flags.writeable = False
        new.name, new.path, new.trainable = name, f"{layer}/{name}", trainable
        return new

    def numpy(self) -> np.ndarray:
        """A copy as a plain array, which can be written to."""
        return np.array(self)

    def assign(self, value: Any) -> None:
        """Only layers and models take weights."""
        raise checks.RavineTypeError(
            "assign: weights are copies of a model's. Expected layer.set_weights([...]) or model.set_weights([...])."
        )
