"""What must agree for one run to go on where another was cut off."""

from __future__ import annotations

import dataclasses
import numbers
import zlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from ravine import trees
from ravine.training.data import Data

if TYPE_CHECKING:
    from ravine.model.course import Course

CHECKED_BYTES = 2**26
"""Of an array with more bytes, every k-th row is looked at, so that a run of large data starts without delay."""


def identity(course: Course) -> dict[str, Any]:
    """What a run is, as JSON takes it: its structure, its batches and its data, without its numbers and its length."""
    request, settings = course.request, course.request.settings
    return {
        "input_shape": list(course.model.input_shape or ()),
        "layers": outline(course.model.layers),
        "optimizer": outline(course.optimizer),
        "loss": outline(course.model.compilation.loss),
        "metrics": outline([request.task.metrics, request.task.weighted_metrics]),
        "values": [*request.columns, *request.probed],
        "callbacks": outline([*course.rules, *course.plateaus]),
        "batch_size": settings.batch_size,
        "shuffle": settings.shuffle,
        "steps_per_epoch": settings.steps,
        "population_statistics": settings.population_statistics,
        **contents("", request.data),
        **contents("validation ", request.validation),
    }


def outline(value: Any, *, chosen: bool = False) -> Any:
    """Classes and choices of ``value``, and where it has numbers, but not which; ``chosen``: it is a choice itself."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = trees.fields(type(value)).items()
        roles = {name: field.metadata.get("role") for name, field in fields}
        kept = {name: role == "static" for name, role in roles.items() if role != "label"}
        inside = {name: outline(getattr(value, name), chosen=static) for name, static in kept.items()}
        return {"class": type(value).__name__, **inside}
    if isinstance(value, Mapping):
        return {str(key): outline(item, chosen=chosen) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [outline(item, chosen=chosen) for item in value]
    if isinstance(value, np.ndarray | jax.Array):
        return f"{value.dtype} {value.shape}"
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, numbers.Real):
        plain = int(value) if isinstance(value, numbers.Integral) else float(value)
        return plain if chosen else "a number"
    named = value if callable(value) and hasattr(value, "__qualname__") else type(value)
    return f"{named.__module__}.{named.__qualname__}"


def contents(prefix: str, data: Data | None) -> dict[str, str | None]:
    """What each array of ``data`` holds, in a few words that tell it from another."""
    x, y, w = (None, None, None) if data is None else (data.x, data.y, data.w)
    arrays = {"x": x, "y": y, "sample_weight": w}
    return {f"{prefix}{name}": None if array is None else content(np.asarray(array)) for name, array in arrays.items()}


def content(array: np.ndarray) -> str:
    """The type, the shape and a checksum of an array, or of every k-th row of a large one."""
    step = max(1, -(-array.nbytes // CHECKED_BYTES))
    rows = np.ascontiguousarray(array[::step])
    return f"{array.dtype} {array.shape} with checksum {zlib.crc32(rows.reshape(-1).view(np.uint8).data):08x}"
