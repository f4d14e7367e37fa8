"""JSON for results: numbers read back exactly, and files are written whole."""

from __future__ import annotations

import json
import math
import os
import zlib
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from ravine import checks, regular
from ravine.atomic import replacing

T = TypeVar("T")
Where = str | os.PathLike[str]

NAMES = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
"""The strings that stand for numbers which JSON has no names for."""

SEAL = "crc32"
"""By which name a checksum stands beside what it is of."""

ODD = (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError)
"""What making an object raises of parts that are none of it."""

HEAD = 1024
"""Within how many bytes a file says what it is."""


def dumps(value: Any, indent: int | None = None) -> str:
    """``value`` as JSON; numbers read back exactly, and those that JSON has no names for are strings."""
    return json.dumps(_encoded(value), indent=indent, allow_nan=False)


def loads(text: str | bytes) -> Any:
    """What :func:`dumps` wrote.

    Raises:
        ValueError: it is no such text.
    """
    try:
        return _decoded(json.loads(text))
    except RecursionError:
        raise ValueError("it is nested too deep") from None


def sealed(parts: Mapping[str, Any]) -> dict[str, Any]:
    """``parts`` and, after them, their checksum."""
    return {**parts, SEAL: _checksum(parts)}


def unsealed(given: Mapping[str, Any]) -> dict[str, Any]:
    """What :func:`sealed` was given; texts of older versions have no checksum.

    Raises:
        ValueError: the checksum does not fit.
    """
    parts = {name: value for name, value in given.items() if name != SEAL}
    if SEAL in given and given[SEAL] != _checksum(parts):
        raise ValueError("its checksum does not fit")
    return parts


def _checksum(parts: Mapping[str, Any]) -> str:
    return f"{zlib.crc32(dumps(parts).encode()):08x}"


def written(form: str, parts: Mapping[str, Any], path: Where | None) -> str:
    """A result of the format ``form`` as JSON, which :func:`read` takes; written to ``path`` where there is one."""
    text = dumps(sealed({"format": form, **parts}), indent=1)
    if path is not None:
        with replacing(path) as file:
            file.write(text.encode())
    return text


def read(form: str, writer: str, source: Where, made: Callable[[dict[str, Any]], T]) -> T:
    """What ``made`` makes of a file or text that :func:`written` wrote; an error says that it expected ``writer``'s."""
    is_text = isinstance(source, str) and source.lstrip().startswith("{")
    expected = f"JSON that {writer} wrote."
    try:
        given = loads(str(source) if is_text else _content(form, checks.path("source", source, expected)))
        if given["format"] != form:
            raise KeyError
        return made({name: value for name, value in unsealed(given).items() if name != "format"})
    except checks.RavineError:
        raise
    except OSError as error:
        raise checks.RavineValueError(f"source={str(source)!r}: {error.strerror or error}.") from None
    except ODD as error:
        reason = f" It cannot be read: {error}." if isinstance(error, ValueError) and str(error) else ""
        checks.reject("source", source, f"{expected}{reason}")


def _content(form: str, source: Where) -> bytes:
    """What a file holds; one of something else, however large, is not read on."""
    with regular.opened("source", source) as file:
        head = file.read(HEAD)
        if json.dumps(form).encode() not in head:
            raise ValueError("it is of another format")
        return head + file.read()


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
