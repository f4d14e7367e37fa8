"""Many runs of one structure: the compiled run over seeds and hyperparameters.

A member is all that one run has of its own; the data, and how it is walked through, are common to all. A group of
members is the same program under ``vmap``: each member stops by itself, and once it has stopped, nothing of it changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from ravine import trees
from ravine.training import placement
from ravine.training.data import Data
from ravine.training.probing import Probe
from ravine.training.program import RunState, Settings, train_leg
from ravine.training.step import Task
from ravine.training.stopping import StoppingRule


@trees.tree
class Member:
    """What one run has of its own: the task, whose numbers are leaves, and the keys of its order and its noise."""

    task: Task
    rules: tuple[StoppingRule, ...]
    probes: tuple[Probe, ...]
    keys: tuple[jax.Array, jax.Array]


def train_member(
    member: Member,
    settings: Settings,
    run: RunState,
    data: Data,
    validation: Data | None,
    epochs: jax.Array,
    validates: jax.Array,
) -> tuple[RunState, jax.Array]:
    """A leg of one member's run: :func:`ravine.training.program.train_leg`."""
    return train_leg(
        member.task, member.rules, member.probes, settings, run, data, validation, member.keys, epochs, validates
    )


train_group = jax.vmap(train_member, in_axes=(0, None, 0, None, None, None, None))
"""A leg of many members' runs at once; ``member`` and ``run`` are :func:`stacked`, and so is what comes of it."""

train_group_apart = jax.vmap(train_member, in_axes=(0, None, 0, 0, 0, None, None))
""":func:`train_group` where each member has data of its own, :func:`stacked` too."""


def stacked(parts: Sequence[Any]) -> Any:
    """Trees of one structure as one, each array with a first axis for them."""
    return placement.compiled(_stacked)(tuple(parts))


def unstacked(whole: Any) -> list[Any]:
    """The parts of :func:`stacked` trees."""
    return placement.compiled(_unstacked)(whole)


def _stacked(parts: tuple[Any, ...]) -> Any:
    return jax.tree.map(lambda *arrays: jnp.stack(arrays), *parts)


def _unstacked(whole: Any) -> list[Any]:
    count = len(jax.tree.leaves(whole)[0])
    return [jax.tree.map(lambda array, i=i: array[i], whole) for i in range(count)]
