"""Search spaces: which values of a hyperparameter are tried. They are part of a comparison's result."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from ravine import checks, trees


class Space(Protocol):
    """Maps numbers in [0, 1) to values."""

    def check(self, argument: str) -> None:
        """Raise where the space cannot work; ``argument`` names it."""

    def at(self, u: float) -> float:
        """The value at ``u`` in [0, 1)."""

    def ends(self) -> tuple[float, float]:
        """The smallest and the largest value."""

    def described(self) -> dict[str, Any]:
        """The space as JSON takes it."""


@trees.tree
class Uniform:
    """Values spread evenly over [low, high)."""

    low: float
    high: float

    def check(self, argument: str) -> None:
        """Both bounds are finite, and high is above low."""
        low = checks.number(f"{argument}: low", self.low)
        checks.number(f"{argument}: high", self.high, above=low)

    def at(self, u: float) -> float:
        """low + u·(high − low)."""
        return self.low + u * (self.high - self.low)

    def ends(self) -> tuple[float, float]:
        """The bounds; ``high`` itself is not reached."""
        return self.low, math.nextafter(self.high, self.low)

    def described(self) -> dict[str, Any]:
        """``{"uniform": [low, high]}``."""
        return {"uniform": [float(self.low), float(self.high)]}


@trees.tree
class LogUniform:
    """Values whose logarithm is spread evenly over [log low, log high): for learning rates and other magnitudes."""

    low: float
    high: float

    def check(self, argument: str) -> None:
        """Both bounds are finite and above 0, and high is above low."""
        low = checks.number(f"{argument}: low", self.low, above=0)
        checks.number(f"{argument}: high", self.high, above=low)

    def at(self, u: float) -> float:
        """low·(high / low)ᵘ."""
        return self.low * math.exp(u * math.log(self.high / self.low))

    def ends(self) -> tuple[float, float]:
        """The bounds; ``high`` itself is not reached."""
        return self.low, math.nextafter(self.high, self.low)

    def described(self) -> dict[str, Any]:
        """``{"loguniform": [low, high]}``."""
        return {"loguniform": [float(self.low), float(self.high)]}


@trees.tree
class Choice:
    """One of a few values, each as likely."""

    values: tuple[float, ...]

    def check(self, argument: str) -> None:
        """There are two values or more, all finite, none twice."""
        if len(self.values) < 2:
            checks.reject(argument, list(self.values), "two values or more")
        for index, value in enumerate(self.values):
            checks.number(f"{argument}[{index}]", value)
        if len(set(self.values)) < len(self.values):
            checks.reject(argument, list(self.values), "each value once")

    def at(self, u: float) -> float:
        """The value in whose equal share of [0, 1) ``u`` lies."""
        return self.values[int(u * len(self.values))]

    def ends(self) -> tuple[float, float]:
        """The smallest and the largest of the values."""
        return min(self.values), max(self.values)

    def described(self) -> dict[str, Any]:
        """``{"choice": [...]}``."""
        return {"choice": [float(value) for value in self.values]}


SpaceLike = Space | Sequence[float]


def uniform(low: float, high: float) -> Uniform:
    """The space of values spread evenly from ``low`` to ``high``."""
    return Uniform(low, high)


def loguniform(low: float, high: float) -> LogUniform:
    """The space of values from ``low`` to ``high``, both above 0, that is even on a logarithmic scale."""
    return LogUniform(low, high)


def check(argument: str, spaces: Mapping[str, SpaceLike]) -> dict[str, Space]:
    """The named spaces, a list of values as a choice of one; raises where one cannot work."""
    if not isinstance(spaces, Mapping):
        checks.reject_type(argument, spaces, "a dict such as {'learning_rate': loguniform(1e-4, 1)}")
    checked: dict[str, Space] = {}
    for name, space in spaces.items():
        if not isinstance(name, str):
            checks.reject_type(f"{argument} key", name, "the name of a hyperparameter, such as 'learning_rate'")
        found = Choice(tuple(space)) if isinstance(space, list | tuple) else space
        if not isinstance(found, Uniform | LogUniform | Choice):
            checks.reject_type(f"{argument}[{name!r}]", space, "a space such as loguniform(1e-4, 1), or a list")
        found.check(f"{argument}[{name!r}]")
        checked[name] = _with_floats(found)
    return checked


def _with_floats(space: Space) -> Space:
    """The space with Python's numbers, which JSON knows."""
    if isinstance(space, Choice):
        return Choice(tuple(map(float, space.values)))
    assert isinstance(space, Uniform | LogUniform)
    return type(space)(float(space.low), float(space.high))


def trials(spaces: Mapping[str, Space], count: int, seed: int) -> list[dict[str, float]]:
    """``count`` points of the named spaces, spread by a scrambled Halton sequence, more evenly than by chance.

    The points of the unit cube come from ``seed`` and the number of spaces alone, so contenders with as many
    hyperparameters try the same points of their spaces.
    """
    if not spaces:
        return [{}]
    from scipy.stats import qmc

    cube: Any = qmc.Halton(len(spaces), rng=np.random.default_rng(seed)).random(count)
    return [{name: space.at(float(u)) for (name, space), u in zip(spaces.items(), row, strict=True)} for row in cube]


def grid(argument: str, spaces: Mapping[str, Space]) -> list[dict[str, float]]:
    """Every combination of the values of the named spaces, which must be lists of values."""
    for name, space in spaces.items():
        if not isinstance(space, Choice):
            checks.reject(f"{argument}[{name!r}]", space, "a list of values, since a grid takes every one")
    lists = [space.values for space in spaces.values() if isinstance(space, Choice)]
    return [dict(zip(spaces, values, strict=True)) for values in itertools.product(*lists)]
