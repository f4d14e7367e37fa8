"""Initial weights whose variance follows from how many inputs and outputs they join."""

from __future__ import annotations

import dataclasses
import math
import numbers
from typing import Any, ClassVar

import jax

from ravine import checks
from ravine.initializers.base import Rule, Shape, check_seed, mixed

MODES = ("fan_in", "fan_out", "fan_avg")
DISTRIBUTIONS = ("truncated_normal", "untruncated_normal", "uniform", "normal")
KEPT = 0.87962566103423978
"""The standard deviation of the standard normal cut at ±2."""

Axes = tuple[int, ...] | None


@dataclasses.dataclass(frozen=True)
class VarianceScaling(Rule):
    """Random around 0, with variance ``scale`` / n.

    Args:
        scale: above 0.
        mode: what n is: ``"fan_in"``, ``"fan_out"`` or their mean, ``"fan_avg"``.
        distribution: ``"truncated_normal"`` (also called ``"normal"``), drawn again beyond two standard deviations and
            stretched to the variance that this takes; ``"untruncated_normal"``; or ``"uniform"``.
        seed: None, or an integer that is mixed into the key.
        input_axes: the axes whose product is the fan-in, and ``output_axes`` those of the fan-out, where it is not the
            last two that say so: both or neither.
        output_axes: see there.
    """

    scale: float = 1.0
    mode: str = "fan_in"
    distribution: str = "truncated_normal"
    seed: int | None = None
    input_axes: Axes = None
    output_axes: Axes = None

    def __post_init__(self) -> None:
        _as_tuples(self)

    def check(self) -> None:
        """``scale`` is above 0, mode and distribution are known."""
        checks.number("scale", self.scale, above=0)
        checks.look_up("mode", self.mode, dict.fromkeys(MODES))
        checks.look_up("distribution", self.distribution, dict.fromkeys(DISTRIBUTIONS))
        check_seed(self.seed)
        _check_axes(self.input_axes, self.output_axes)

    def __call__(self, key: jax.Array, shape: Shape, /) -> jax.Array:
        """Draws of variance scale / n."""
        n = fans(shape, self.input_axes, self.output_axes)
        return scaled(mixed(key, self.seed), shape, self.scale, n, self.mode, self.distribution)


@dataclasses.dataclass(frozen=True)
class Scaled(Rule):
    """Base of what :class:`VarianceScaling` is called with its usual settings.

    Args:
        seed: None, or an integer that is mixed into the key.
        input_axes: the axes whose product is the fan-in: see :class:`VarianceScaling`.
        output_axes: the same for the fan-out.
    """

    seed: int | None = None
    input_axes: Axes = None
    output_axes: Axes = None

    scale: ClassVar[float]
    mode: ClassVar[str]
    distribution: ClassVar[str]

    def __post_init__(self) -> None:
        _as_tuples(self)

    def check(self) -> None:
        """``seed`` is an integer or None; axes are given for both fans or for neither."""
        check_seed(self.seed)
        _check_axes(self.input_axes, self.output_axes)

    def __call__(self, key: jax.Array, shape: Shape, /) -> jax.Array:
        """Draws of variance scale / n."""
        n = fans(shape, self.input_axes, self.output_axes)
        return scaled(mixed(key, self.seed), shape, self.scale, n, self.mode, self.distribution)


@dataclasses.dataclass(frozen=True)
class GlorotUniform(Scaled):
    """Uniform on [-a, a], a = sqrt(6 / (fan_in + fan_out)) (Glorot & Bengio 2010, equation 16)."""

    scale, mode, distribution = 1.0, "fan_avg", "uniform"


@dataclasses.dataclass(frozen=True)
class GlorotNormal(Scaled):
    """Truncated normal of variance 2 / (fan_in + fan_out)."""

    scale, mode, distribution = 1.0, "fan_avg", "truncated_normal"


@dataclasses.dataclass(frozen=True)
class HeUniform(Scaled):
    """Uniform on [-a, a], a = sqrt(6 / fan_in) (He et al. 2015)."""

    scale, mode, distribution = 2.0, "fan_in", "uniform"


@dataclasses.dataclass(frozen=True)
class HeNormal(Scaled):
    """Truncated normal of variance 2 / fan_in (He et al. 2015, equation 10)."""

    scale, mode, distribution = 2.0, "fan_in", "truncated_normal"


@dataclasses.dataclass(frozen=True)
class LecunUniform(Scaled):
    """Uniform on [-a, a], a = sqrt(3 / fan_in) (LeCun et al. 1998)."""

    scale, mode, distribution = 1.0, "fan_in", "uniform"


@dataclasses.dataclass(frozen=True)
class LecunNormal(Scaled):
    """Truncated normal of variance 1 / fan_in (LeCun et al. 1998)."""

    scale, mode, distribution = 1.0, "fan_in", "truncated_normal"


def scaled(key: jax.Array, shape: Shape, scale: float, fan: tuple[int, int], mode: str, distribution: str) -> jax.Array:
    """Draws around 0 of variance scale / n, where n is what ``mode`` makes of fan-in and fan-out."""
    n = {"fan_in": fan[0], "fan_out": fan[1], "fan_avg": sum(fan) / 2}[mode]
    variance = scale / max(1, n)
    if distribution == "uniform":
        return math.sqrt(3 * variance) * jax.random.uniform(key, shape, minval=-1.0)
    if distribution == "untruncated_normal":
        return math.sqrt(variance) * jax.random.normal(key, shape)
    return math.sqrt(variance) / KEPT * jax.random.truncated_normal(key, -2, 2, shape)


def fans(shape: Shape, input_axes: Axes = None, output_axes: Axes = None) -> tuple[int, int]:
    """How many inputs and outputs an array of weights joins; of a bias, its length twice."""
    if input_axes is not None and output_axes is not None:
        wrong = [a for a in (*input_axes, *output_axes) if not -len(shape) <= a < len(shape)]
        if wrong:
            raise checks.RavineValueError(f"initializer: there is no axis {wrong[0]} in an array of shape {shape}.")
        return math.prod(shape[a] for a in input_axes), math.prod(shape[a] for a in output_axes)
    if len(shape) < 2:
        return (shape[0], shape[0]) if shape else (1, 1)
    positions = math.prod(shape[:-2])
    return positions * shape[-2], positions * shape[-1]


def _as_tuples(rule: Any) -> None:
    """Lists of axes as tuples, so that the rule can be hashed."""
    for name in ("input_axes", "output_axes"):
        if isinstance(getattr(rule, name), list):
            object.__setattr__(rule, name, tuple(getattr(rule, name)))


def _check_axes(input_axes: Any, output_axes: Any) -> None:
    if (input_axes is None) != (output_axes is None):
        checks.reject("input_axes, output_axes", (input_axes, output_axes), "both or neither")
    for name, axes in (("input_axes", input_axes), ("output_axes", output_axes)):
        if axes is not None and not (isinstance(axes, tuple) and all(isinstance(a, numbers.Integral) for a in axes)):
            checks.reject_type(name, axes, "a list of integers")
