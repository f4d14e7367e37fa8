"""Ravine: training techniques of neural networks, with every run compiled as one function."""

import importlib
import importlib.metadata

from ravine import (
    activations,
    callbacks,
    datasets,
    initializers,
    layers,
    losses,
    metrics,
    optimizers,
    utils,
)
from ravine.layers import Input
from ravine.model import Sequential

__version__ = importlib.metadata.version("ravine")

__all__ = [
    "Input",
    "Sequential",
    "activations",
    "callbacks",
    "datasets",
    "initializers",
    "layers",
    "losses",
    "metrics",
    "optimizers",
    "plots",
    "utils",
]


def __getattr__(name: str) -> object:
    # Figures need matplotlib, which takes longer to import than all the rest: it loads when used.
    if name == "plots":
        return importlib.import_module("ravine.plots")
    raise AttributeError(f"module 'ravine' has no attribute {name!r}")
