"""Ready studies: the questions of the lecture, as the arguments of :func:`ravine.compare`.

A module's docstring says what it asks; its ``study()`` gives the arguments.
"""

from __future__ import annotations

import importlib
from typing import Any

NAMES = ("optimizers", "regularizers", "batchnorm")


def load(name: str) -> dict[str, Any]:
    """The arguments of the study called ``name``, one of ``NAMES``."""
    return importlib.import_module(f"ravine.studies.{name}").study()


def summary(name: str) -> str:
    """The first line of a study's docstring."""
    return (importlib.import_module(f"ravine.studies.{name}").__doc__ or "").strip().splitlines()[0]
