"""Many runs of one structure: the compiled run over seeds and hyperparameters.

A member is all that one run has of its own; the data, and how it is walked through, are common to all. A group of
members is the same program under ``vmap``: each member stops by itself, and once it has stopped, nothing of it changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from ravine.training import programs
from ravine.training.program import train_leg

train_group = jax.vmap(train_leg, in_axes=(0, None, 0, None, None, None, None))
"""A leg of many members' runs at once; ``member`` and ``run`` are :func:`stacked`, and so is what comes of it."""

train_group_apart = jax.vmap(train_leg, in_axes=(0, None, 0, 0, 0, None, None))
""":func:`train_group` where each member has data of its own, :func:`stacked` too."""


def stacked(parts: Sequence[Any]) -> Any:
    """Trees of one structure as one, each array with a first axis for them."""
    return programs.compiled(_stacked)(tuple(parts))


def unstacked(whole: Any) -> list[Any]:
    """The parts of :func:`stacked` trees."""
    return programs.compiled(_unstacked)(whole)


def _stacked(parts: tuple[Any, ...]) -> Any:
    return jax.tree.map(lambda *arrays: jnp.stack(arrays), *parts)


def _unstacked(whole: Any) -> list[Any]:
    count = len(jax.tree.leaves(whole)[0])
    return [jax.tree.map(lambda array, i=i: array[i], whole) for i in range(count)]
