"""Experiments: short programs on Ravine's public API, each of which shows one effect with intervals over seeds.

A module's docstring says what it shows. ``measure(seeds, ...)`` trains and gives the numbers, ``report(result)`` turns
them into figures and tables. ``ravine experiment NAME`` does both.
"""

from __future__ import annotations

import importlib
from types import ModuleType

NAMES = (
    "overfitting",
    "early-stopping",
    "weight-decay-vs-l2",
    "l1-sparsity",
    "dropout",
    "batchnorm",
    "batchnorm-scale-shift",
    "mnist-mlp",
    "lecture-mnist",
    "quadratic-deep",
)


def load(name: str) -> ModuleType:
    """The module of the experiment called ``name``, one of ``NAMES``."""
    return importlib.import_module(f"ravine.experiments.{name.replace('-', '_')}")


def summary(name: str) -> str:
    """The first line of an experiment's docstring."""
    return (load(name).__doc__ or "").strip().splitlines()[0]
