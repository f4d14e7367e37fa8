"""Errors that help: which argument, what came, what was expected, the nearest valid name.

Every check runs on the host, at the boundary (``compile``, ``fit``, file loading), before anything trains.
"""

from __future__ import annotations

import difflib
import math
import numbers
import os
import sys
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NoReturn, TypeVar

T = TypeVar("T")


MOST = 2**31 - 1
"""The largest integer of 32 bits, in which JAX counts: no size, number of epochs or index is above it."""

LARGEST = 3.4028234663852886e38
"""The largest float32: models compute in such numbers."""


class RavineError(Exception):
    """Base of every error that Ravine raises on purpose."""


class RavineValueError(RavineError, ValueError):
    """An argument has the right type but a value that cannot work."""


class RavineTypeError(RavineError, TypeError):
    """An argument has a type that cannot work."""


class RavineAttributeError(RavineError, AttributeError):
    """A name that an object or module does not have."""


class RavineRuntimeError(RavineError, RuntimeError):
    """The process is in a state in which nothing can be computed."""


def shown(value: object) -> str:
    """``value`` as an error message quotes it: its repr on one line, cut to a readable length."""
    try:
        text = " ".join(repr(value).split())
    except Exception:  # an integer of thousands of digits, or an object of a user's that is half made
        text = f"<{type(value).__name__}>"
    return text if len(text) <= 80 else text[:77] + "..."


def one_line(error: BaseException) -> str:
    """An error's message on one line of readable length."""
    text = " ".join(str(error).split())
    return text if len(text) <= 300 else text[:297] + "..."


def sentence(text: str) -> str:
    """``text`` with a full stop, unless it ends with one or with a question."""
    return text if text.endswith((".", "?", "!")) else f"{text}."


def reject(argument: str, value: object, expected: str) -> NoReturn:
    """Raise the standard message: the argument, what came, what was expected."""
    raise RavineValueError(f"{argument}={shown(value)}: expected {sentence(expected)}")


def reject_type(argument: str, value: object, expected: str) -> NoReturn:
    """Like :func:`reject`, for a value of the wrong type."""
    raise RavineTypeError(f"{argument}={shown(value)} is a {type(value).__name__}: expected {sentence(expected)}")


def difference(held: Any, new: Any, path: str = "") -> str | None:
    """The first place where two trees of JSON differ, in words; None where there is none."""
    if isinstance(held, dict) and isinstance(new, dict):
        for key in {**held, **new}:
            found = difference(held.get(key), new.get(key), f"{path}.{key}" if path else str(key))
            if found is not None:
                return found
        return None
    if isinstance(held, list) and isinstance(new, list) and len(held) == len(new):
        found_all = (difference(a, b, f"{path}[{i}]") for i, (a, b) in enumerate(zip(held, new, strict=True)))
        return next((found for found in found_all if found is not None), None)
    if held == new or (held != held and new != new):
        return None
    return f"its {path} is {shown(held)}, not {shown(new)}"


def nearest(name: str, valid: Iterable[str], likeness: float = 0.6) -> str:
    """``" Did you mean 'x'?"`` for the valid name closest to ``name``, or nothing where none is close.

    ``likeness`` in [0, 1] is how close it must be: 1 is equal but for capitals.
    """
    by_folded_name = {v.lower(): v for v in valid}
    close = difflib.get_close_matches(name.lower(), by_folded_name, n=1, cutoff=likeness)
    return f" Did you mean {by_folded_name[close[0]]!r}?" if close else ""


def look_up(argument: str, name: str, table: Mapping[str, T]) -> T:
    """The entry of ``table`` called ``name``; an unknown name raises, with the nearest valid one."""
    if not isinstance(name, str):
        reject_type(argument, name, f"one of the names {', '.join(sorted(table))}")
    if name in table:
        return table[name]
    raise RavineValueError(
        f"{argument}={shown(name)} is unknown.{nearest(name, table)} Known names: {', '.join(sorted(table))}."
    )


def integer(argument: str, value: object, *, least: int, most: int = MOST) -> int:
    """``value`` as an int in [least, most]; booleans and fractions are refused."""
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        reject_type(argument, value, f"an integer of at least {least}")
    found = int(value)
    if found < least:
        reject(argument, value, f"an integer of at least {least}")
    if found > most:
        reject(argument, value, f"an integer of at most {most}")
    return found


def number(
    argument: str,
    value: Any,
    *,
    least: float = -math.inf,
    above: float = -math.inf,
    below: float = math.inf,
    most: float = math.inf,
) -> float:
    """``value`` as a finite float with ``least <= value <= most`` and ``above < value < below``."""
    bounds = {"of at least": least, "above": above, "below": below, "of at most": most}
    named = [f"{words} {bound:g}" for words, bound in bounds.items() if math.isfinite(bound)]
    expected = f"a finite number {' '.join(named)}".strip()
    of_numbers = getattr(getattr(value, "dtype", None), "kind", "f") not in "bSUO"
    is_one = isinstance(value, numbers.Real) or getattr(value, "ndim", None) == 0
    if isinstance(value, bool | str) or not (is_one and of_numbers):
        reject_type(argument, value, expected)
    try:
        result = float(value)
    except OverflowError:  # an integer of hundreds of digits
        reject(argument, value, expected)
    except (TypeError, ValueError):  # an array of one complex number, date or object
        reject_type(argument, value, expected)
    if not abs(result) <= LARGEST or not (least <= result <= most and above < result < below):
        reject(argument, value, expected)
    return result


def path(argument: str, value: object, expected: str = "the path of a file") -> str:
    """``value`` as a path; no text is none."""
    if not isinstance(value, str | os.PathLike):
        reject_type(argument, value, expected)
    name = os.fspath(value)
    if not isinstance(name, str) or not name or "\0" in name:
        reject(argument, name, expected)
    return name


def boolean(argument: str, value: object) -> bool:
    """``value`` as a bool; anything else is refused, since ``"False"`` is true."""
    if isinstance(value, bool):
        return value
    reject_type(argument, value, "True or False")


_silent: ContextVar[bool] = ContextVar("silent", default=False)


@contextmanager
def silence() -> Iterator[None]:
    """In this thread, leave out Ravine's warnings: for what runs many times and was warned of once."""
    token = _silent.set(True)
    try:
        yield
    finally:
        _silent.reset(token)


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn about the line outside Ravine that led here, however deep within Ravine this is called."""
    if _silent.get():
        return
    level, frame = 1, sys._getframe(0)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").split(".")[0] == "ravine":
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level)
