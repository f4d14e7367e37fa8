"""Search spaces: which values of a hyperparameter a comparison tries. They are part of its result."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from ravine import checks, trees


class Space(Protocol):
    """Maps numbers in [0, 1) to values."""

    def check(self, argument: str) -> None:
        """Raise where the space cannot work; ``argument`` names it."""

    def at(self, u: float) -> float:
        """The value at ``u`` in [0, 1)."""


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


def uniform(low: float, high: float) -> Uniform:
    """The space of values spread evenly from ``low`` to ``high``."""
    return Uniform(low, high)


def loguniform(low: float, high: float) -> LogUniform:
    """The space of values from ``low`` to ``high``, both above 0, that is even on a logarithmic scale."""
    return LogUniform(low, high)


def check(spaces: Mapping[str, Space]) -> None:
    """Raise where one of the named spaces cannot work."""
    for name, space in spaces.items():
        if not isinstance(space, Uniform | LogUniform):
            checks.reject_type(f"tune[{name!r}]", space, "a space such as loguniform(1e-4, 1)")
        space.check(f"tune[{name!r}]")


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
