"""A model's weights in NumPy's own format."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np

from ravine.atomic import replacing

if TYPE_CHECKING:
    from ravine.model import Sequential


def save_npz(model: Sequential, path: str | os.PathLike[str]) -> None:
    """Write ``model.named_weights`` to ``path``, an ``.npz`` file that is read without pickle.

    The arrays have names such as ``dense/kernel`` and stand in the order of ``model.get_weights()``, so a model of
    the same layers takes them back with::

        model.set_weights(list(np.load(path).values()))
    """
    arrays = model.named_weights
    with replacing(path) as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]  # mypy takes an array for savez's allow_pickle
