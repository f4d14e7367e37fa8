"""How a layer's class, its type of numbers and its sizes are declared, and what is wrong where they are not."""

from __future__ import annotations

import math
from typing import Any

import jax.numpy as jnp
import numpy as np

from ravine import checks

OWN = (
    "decorate it with @ravine.trees.tree(frozen=False), declare its settings ({name}: int = ravine.trees.static()), "
    "and define apply(params, stats, x, *, key, training), with init and output_shape if it has weights. A function "
    "without weights is a layer as layers.Lambda(function)."
)
"""What to do with a class that is written as Keras's layers are."""


def is_own(cls: type) -> bool:
    """Whether a class is a user's."""
    return cls.__module__.split(".")[0] != "ravine"


def dtype_of(value: Any) -> np.dtype | None:
    """What type of numbers ``value`` says: by a name, a type, or its own name, as policies of Keras have; or None."""
    named = getattr(value, "name", None)
    given = named if isinstance(named, str) else value
    if not isinstance(given, str | type | np.dtype) and not callable(given):
        return None
    try:
        return jnp.dtype(given)
    except TypeError:
        return None


def check_size(kind: str, what: str, shape: tuple[int, ...]) -> None:
    """Raise where an array of ``shape`` has more numbers than 32 bits count."""
    if math.prod(shape) > checks.MOST:
        raise checks.RavineValueError(
            f"{kind}: {what} of shape {shape} are {math.prod(shape):,} numbers: expected at most {checks.MOST:,}."
        )
