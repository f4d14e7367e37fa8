"""JSON from a stranger: bounded, no key twice, no number that is none."""

from __future__ import annotations

import json
import math
from typing import Any

from ravine import checks

LARGEST = 2**22
"""Bytes of a text. A layer's configuration takes about a thousand; parsed, a text may take thirty times its size."""


def parse(what: str, text: bytes) -> Any:
    """The value of ``text``; errors name ``what`` was parsed."""
    if len(text) > LARGEST:
        raise checks.RavineValueError(f"{what} has {len(text)} bytes: expected at most {LARGEST}.")
    try:
        return json.loads(
            text.decode(), object_pairs_hook=_once, parse_constant=_constant, parse_float=_float, parse_int=_int
        )
    except RecursionError:
        raise checks.RavineValueError(f"{what} is nested too deep.") from None
    except ValueError as error:  # of the decoders, and those of the functions below
        raise checks.RavineValueError(f"{what} is no valid JSON: {error}.") from None


def parse_object(what: str, text: bytes) -> dict[str, Any]:
    """The value of ``text``, which is an object."""
    value = parse(what, text)
    if not isinstance(value, dict):
        raise checks.RavineValueError(f"{what} holds {checks.shown(value)}: expected an object.")
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of which no reader could see another half than we do."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("an object has one key twice")
    return found


def _constant(name: str) -> Any:
    raise ValueError(f"{name} stands where a number is expected")


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"the number {checks.shown(text)} is too large")
    return value


def _int(text: str) -> int:
    if len(text) > 19:
        raise ValueError(f"the number {checks.shown(text)} is too large")
    return int(text)
