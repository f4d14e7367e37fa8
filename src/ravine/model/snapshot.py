"""A run's state as arrays by name, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np

from ravine import settings, trees
from ravine.optimizers.base import paths
from ravine.training.program import RunState, first_run
from ravine.training.state import TrainState

if TYPE_CHECKING:
    from ravine.model.course import Course

RUN = "run/"
"""Before the name of each array of a run's state."""


def template(course: Course) -> RunState:
    """The shapes of a run's state, for which nothing is drawn or allocated."""
    network, shape = course.model.network, tuple(size for size in (course.model.input_shape or ())[1:] if size)
    rate = course.rate if course.request.manages_rate else None

    def first() -> RunState:
        params, stats = network.init(jax.random.key(0), shape)
        state = TrainState(params, stats, trees.as_leaves(course.optimizer).init(params))
        return first_run(course.member(), state, rate, jnp.int32(0))

    return settings.eval_shape(first)


def taken(run: RunState) -> dict[str, np.ndarray]:
    """The arrays of a run's state by name."""
    return {name: np.asarray(array, order="C") for name, array in _named(jax.device_get(_words(run))).items()}


def given_back(like: RunState, arrays: Mapping[str, np.ndarray]) -> RunState:
    """The state whose arrays are named so, on the device; ``like`` says what it is made of."""
    leaves = [_leaf(arrays[name], leaf) for name, leaf in _named(like).items()]
    return jax.tree.unflatten(jax.tree.structure(like), leaves)


def described(like: RunState) -> dict[str, str]:
    """The types and shapes of a state's arrays by name."""
    return {name: kind(array) for name, array in _named(settings.eval_shape(_words, like)).items()}


def kind(array: Any) -> str:
    """An array's type and shape."""
    return f"{array.dtype} {array.shape}"


def _named(tree: Any) -> dict[str, Any]:
    return dict(zip((RUN + path for path in paths(tree)), jax.tree.leaves(tree), strict=True))


def _words(tree: Any) -> Any:
    """A tree whose random keys, which some optimizers remember, are the words that they are made of."""
    return jax.tree.map(lambda leaf: jax.random.key_data(leaf) if _is_key(leaf) else leaf, tree)


def _leaf(array: np.ndarray, like: Any) -> jax.Array:
    leaf = jnp.array(array, copy=True)  # JAX's own, since a leg takes its memory
    return jax.random.wrap_key_data(leaf, impl=like.dtype) if _is_key(like) else leaf


def _is_key(leaf: Any) -> bool:
    return jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key)
