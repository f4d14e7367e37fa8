"""JSON for results: numbers read back exactly, and files are written whole."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from ravine import checks
from ravine.atomic import replacing

T = TypeVar("T")
Where = str | os.PathLike[str]

NAMES = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
"""The strings that stand for numbers which JSON has no names for."""


def dumps(value: Any, indent: int | None = None) -> str:
    """``value`` as JSON; numbers read back exactly, and those that JSON has no names for are strings."""
    return json.dumps(_encoded(value), indent=indent, allow_nan=False)


def loads(text: str | bytes) -> Any:
    """What :func:`dumps` wrote."""
    return _decoded(json.loads(text))


def written(form: str, parts: Mapping[str, Any], path: Where | None) -> str:
    """A result of the format ``form`` as JSON, which :func:`read` takes; written to ``path`` where there is one."""
    text = dumps({"format": form, **parts}, indent=1)
    if path is not None:
        with replacing(path) as file:
            file.write(text.encode())
    return text


def read(form: str, writer: str, source: Where, made: Callable[[dict[str, Any]], T]) -> T:
    """What ``made`` makes of a file or text that :func:`written` wrote; an error says that it expected ``writer``'s."""
    is_text = isinstance(source, str) and source.lstrip().startswith("{")
    try:
        given = loads(str(source) if is_text else Path(source).read_bytes())
        if given.pop("format") != form:
            raise ValueError
        return made(given)
    except OSError as error:
        raise checks.RavineValueError(f"source={str(source)!r}: {error.strerror or error}.") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        checks.reject("source", source, f"JSON that {writer} wrote")


def _encoded(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _encoded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_encoded(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


def _decoded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _decoded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_decoded(item) for item in value]
    return NAMES.get(value, value) if isinstance(value, str) else value
