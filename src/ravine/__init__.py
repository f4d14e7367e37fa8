"""Ravine: training techniques of neural networks, with every run compiled as one function."""

import importlib
from typing import TYPE_CHECKING, Any

from ravine import hooks, keras_names

if TYPE_CHECKING:
    from ravine import (
        activations,
        backend,
        callbacks,
        comparison,
        constraints,
        datasets,
        initializers,
        landscape,
        layers,
        losses,
        metrics,
        models,
        objectives,
        ops,
        optimizers,
        plots,
        regularizers,
        saving,
        statistics,
        utils,
    )
    from ravine.comparison import compare, loguniform, search, uniform
    from ravine.files import load_model
    from ravine.layers import Input
    from ravine.model import Sequential, population_statistics

    __version__: str

__all__ = [
    "Input",
    "Sequential",
    "activations",
    "backend",
    "callbacks",
    "compare",
    "comparison",
    "constraints",
    "datasets",
    "initializers",
    "landscape",
    "layers",
    "load_model",
    "loguniform",
    "losses",
    "metrics",
    "models",
    "objectives",
    "ops",
    "optimizers",
    "plots",
    "population_statistics",
    "regularizers",
    "saving",
    "search",
    "statistics",
    "uniform",
    "utils",
]

_HOMES = {
    "Input": "ravine.layers",
    "Sequential": "ravine.model",
    "compare": "ravine.comparison",
    "load_model": "ravine.files",
    "loguniform": "ravine.comparison",
    "population_statistics": "ravine.model",
    "search": "ravine.comparison",
    "uniform": "ravine.comparison",
}


def _files() -> Any:
    return importlib.import_module("ravine.files")


hooks.provide_files(_files)
_lacking = keras_names.of_module("ravine", __all__, depth=2)


def __getattr__(name: str) -> object:
    # JAX takes half a second to import and matplotlib as long, so what needs them loads when it is first used:
    # `ravine --help` needs neither.
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    if name in __all__:
        return importlib.import_module(f"ravine.{name}")
    if name == "__version__":
        return importlib.import_module("importlib.metadata").version("ravine")
    if name == "keras":  # `from ravine import keras`: Ravine itself
        return importlib.import_module("ravine.keras")
    return _lacking(name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, "__version__"})
