"""What every initializer has: its settings, and a way to draw."""

from __future__ import annotations

import dataclasses
from typing import Protocol

import jax

from ravine import seeds

Shape = tuple[int, ...]


class Initializer(Protocol):
    """What draws initial weights: any function of a key and a shape."""

    def __call__(self, key: jax.Array, shape: Shape, /) -> jax.Array:
        """An array of ``shape``; what is random in it follows from ``key``."""


@dataclasses.dataclass(frozen=True)
class Rule(Initializer):
    """Base of the initializers of this module: their settings, and how to draw."""

    def check(self) -> None:
        """Raise where a setting cannot work."""

    def __call__(self, key: jax.Array, shape: Shape, /) -> jax.Array:
        """An array of ``shape``."""
        raise NotImplementedError


def mixed(key: jax.Array, seed: int | None) -> jax.Array:
    """``key``, or where there is a ``seed`` the key of the two."""
    return key if seed is None else jax.random.fold_in(key, seed)


def check_seed(seed: object) -> None:
    """Raise unless ``seed`` is None or an integer in [0, 2**32)."""
    if seed is not None:
        seeds.check_seed("seed", seed)
