"""Small data sets made of a formula and noise, to watch a network learn.

The samples are independent draws, so another seed gives data to test on. NumPy's generator draws them, not a stream of
:mod:`ravine.seeds`: they are data like any other, and no part of a run. Places on the curves are drawn before the
noise, so the same seed with another ``noise`` moves the same points more or less.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from ravine import checks

Floats = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int32]


MOST = 2**24
"""As many samples at most: making them takes about a gigabyte."""


def two_moons(samples: int = 200, noise: float = 0.1, seed: int = 0) -> tuple[Floats, Labels]:
    """Two half circles that reach into each other: ``x`` float32 ``[samples, 2]``, ``y`` int32 ``[samples]``.

    With t uniform in [0, π), class 0 is (cos t, sin t) and class 1 is (1 − cos t, ½ − sin t), both plus normal noise.

    Args:
        samples: of both classes together, from 2 to 2**24; an odd one is of class 0. They come in random order.
        noise: the standard deviation of what is added to each coordinate.
        seed: an integer in [0, 2**64).
    """
    rng, y = _labels(samples, 2, seed)
    t = rng.uniform(0, np.pi, len(y))
    arc = np.stack([np.cos(t), np.sin(t)], axis=1)
    return _noisy(np.where(y[:, None] == 0, arc, [1, 0.5] - arc), noise, rng), y


def spirals(
    samples: int = 200, classes: int = 2, noise: float = 0.1, turns: float = 1.0, seed: int = 0
) -> tuple[Floats, Labels]:
    """Arms that wind around each other: ``x`` float32 ``[samples, 2]``, ``y`` int32 ``[samples]`` in 0..classes − 1.

    With u uniform in [0, 1), class k is r·(cos φ, sin φ) with r = 3√u, about evenly spread along its arm, and
    φ = 2π(turns·r/3 + k/classes), plus normal noise. Neighbouring arms are 3/(turns·classes) apart.

    Args:
        samples: of all classes together, at least one of each, up to 2**24; the first classes have one more where they
            do not divide evenly. They come in random order.
        classes: how many arms, at least 2.
        noise: the standard deviation of what is added to each coordinate.
        turns: how often an arm goes around, above 0: the more, the harder.
        seed: an integer in [0, 2**64).
    """
    turns = checks.number("turns", turns, above=0, most=1e30)
    rng, y = _labels(samples, checks.integer("classes", classes, least=2, most=MOST), seed)
    share = np.sqrt(rng.uniform(size=len(y)))
    angle = 2 * np.pi * (turns * share + y / classes)
    return _noisy(3 * share[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1), noise, rng), y


def noisy_sine(samples: int = 100, noise: float = 0.2, seed: int = 0) -> tuple[Floats, Floats]:
    """One period of a sine to fit: ``x`` and ``y`` float32 ``[samples, 1]``, as a network with one output gives it.

    x is uniform in [−1, 1], and y = sin(πx) plus normal noise.

    Args:
        samples: from 1 to 2**24.
        noise: the standard deviation of what is added to y.
        seed: an integer in [0, 2**64).
    """
    rng = _generator(seed)
    x = rng.uniform(-1, 1, (checks.integer("samples", samples, least=1, most=MOST), 1)).astype(np.float32)
    return x, _noisy(np.sin(math.pi * x.astype(np.float64)), noise, rng)


def _labels(samples: int, classes: int, seed: int) -> tuple[np.random.Generator, Labels]:
    """As many of each class as there can be, in random order, and the generator that goes on drawing."""
    rng = _generator(seed)
    y = np.arange(checks.integer("samples", samples, least=classes, most=MOST), dtype=np.int32) % classes
    return rng, rng.permutation(y)


def _generator(seed: int) -> np.random.Generator:
    return np.random.default_rng(checks.integer("seed", seed, least=0, most=2**64 - 1))


def _noisy(values: npt.NDArray[Any], noise: float, rng: np.random.Generator) -> Floats:
    noise = checks.number("noise", noise, least=0, most=1e30)
    return (values + noise * rng.standard_normal(values.shape)).astype(np.float32)
