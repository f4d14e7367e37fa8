"""Layers that disturb their inputs in training, and pass them on otherwise.

Their noise comes from the run's stream of that name, anew for each step and layer. Their strength is a leaf.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from ravine import checks, seeds, trees
from ravine.layers.base import Arrays, Layer, Shape

LEVELS = 2**16
"""What is dropped is drawn in multiples of 1/LEVELS, and what is kept is scaled by the multiple that was drawn."""


@trees.tree(frozen=False)
class Noise(Layer):
    """Base of the layers that disturb. Each has a ``seed``: one more number that its noise comes from."""

    def disturbed(self, x: jax.Array, key: jax.Array) -> jax.Array:
        """The outputs in training."""
        raise NotImplementedError

    def check(self) -> None:
        """``seed`` is None or a seed."""
        super().check()
        if self.seed is not None:  # a field of each subclass, after its numbers
            seeds.check_seed("seed", self.seed)

    def apply(
        self, params: Arrays, stats: Arrays, x: jax.Array, *, key: jax.Array | None, training: bool
    ) -> tuple[jax.Array, Arrays]:
        """The disturbed input where there is a key, else the input."""
        if key is None:
            return x, stats
        seed: int | None = self.seed
        return self.disturbed(x, key if seed is None else jax.random.fold_in(key, seed)), stats


@trees.tree(frozen=False)
class RandomRate(Noise):
    """Base of those whose strength is a rate in [0, 1)."""

    rate: float

    def check(self) -> None:
        """``rate`` is in [0, 1)."""
        super().check()
        checks.number("rate", self.rate, least=0, below=1)


@trees.tree(frozen=False)
class Masking(RandomRate):
    """Base of those that replace some of their inputs."""

    noise_shape: tuple[int | None, ...] | None = trees.static(default=None)
    seed: int | None = trees.static(default=None)

    def check_input(self, input_shape: Shape) -> None:
        """``noise_shape`` fits inputs ``[batch, *input_shape]``."""
        if self.noise_shape is None:
            return
        sizes, given = (None, *input_shape), self.noise_shape
        fits = isinstance(given, tuple | list) and len(given) == len(sizes)
        if not fits or any(n not in (None, 1, size) for n, size in zip(given, sizes, strict=True)):
            checks.reject("noise_shape", given, f"for each axis of {sizes} its size, None for that, or 1")

    def drops(self, key: jax.Array, shape: Shape) -> tuple[jax.Array, Any]:
        """Where to drop, bool, with probability p, the multiple of 1/LEVELS nearest to ``rate``; and p."""
        if self.noise_shape is not None:
            shape = tuple(n or size for n, size in zip(self.noise_shape, shape, strict=True))
        level = jnp.clip(jnp.round(jnp.asarray(self.rate) * LEVELS), 0, LEVELS - 1)
        return seeds.bits16(key, shape) < level.astype(jnp.uint32), level / LEVELS


@trees.tree(frozen=False)
class Dropout(Masking):
    """Sets each input to 0 with probability ``rate`` and multiplies the others by 1/(1 − rate).

    At inference nothing is dropped. Source: Srivastava et al. 2014.

    Args:
        rate: in [0, 1).
        noise_shape: of what is drawn, batch included; an axis of 1 is dropped or kept as one, None is the input's.
        seed: one more number that the layer's noise comes from, besides the run's seed.
    """

    def disturbed(self, x: jax.Array, key: jax.Array) -> jax.Array:
        """The input with some set to 0."""
        dropped, p = self.drops(key, x.shape)
        return jnp.where(dropped, 0, x * (1 / (1 - p)).astype(x.dtype))


ALPHA = -1.6732632423543772 * 1.0507009873554805
"""α' = −α·λ of SELU, its value at −∞."""


@trees.tree(frozen=False)
class AlphaDropout(Masking):
    """Sets inputs to α' with probability ``rate``, then y ← a·y + b, so that mean 0 and variance 1 stay.

    a = ((1 − rate)·(1 + rate·α'²))^(−½), b = −a·α'·rate, and α' is SELU's value at −∞.
    Source: Klambauer et al. 2017, section 3.

    Args:
        rate: in [0, 1).
        noise_shape: as in :class:`Dropout`.
        seed: as in :class:`Dropout`.
    """

    def disturbed(self, x: jax.Array, key: jax.Array) -> jax.Array:
        """The input with some set to α', put back to mean 0 and variance 1."""
        dropped, p = self.drops(key, x.shape)
        a = ((1 - p) * (1 + p * ALPHA**2)) ** -0.5
        return (a * jnp.where(dropped, ALPHA, x) - a * ALPHA * p).astype(x.dtype)


@trees.tree(frozen=False)
class GaussianDropout(RandomRate):
    """Multiplies each input by a normal number of mean 1 and variance rate/(1 − rate).

    Source: Srivastava et al. 2014, section 10.

    Args:
        rate: in [0, 1).
        seed: as in :class:`Dropout`.
    """

    seed: int | None = trees.static(default=None)

    def disturbed(self, x: jax.Array, key: jax.Array) -> jax.Array:
        """The input times the noise."""
        rate = jnp.asarray(self.rate, x.dtype)
        return x * (1 + jnp.sqrt(rate / (1 - rate)) * jax.random.normal(key, x.shape, x.dtype))


@trees.tree(frozen=False)
class GaussianNoise(Noise):
    """Adds a normal number of mean 0 to each input.

    Args:
        stddev: its standard deviation, at least 0.
        seed: as in :class:`Dropout`.
    """

    stddev: float
    seed: int | None = trees.static(default=None)

    def check(self) -> None:
        """``stddev`` is at least 0."""
        super().check()
        checks.number("stddev", self.stddev, least=0)

    def disturbed(self, x: jax.Array, key: jax.Array) -> jax.Array:
        """The input plus the noise."""
        return x + jnp.asarray(self.stddev, x.dtype) * jax.random.normal(key, x.shape, x.dtype)
