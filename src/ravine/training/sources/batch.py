"""One batch of a user's, in any of the forms that it may come in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ravine import checks
from ravine.frames import Names, names_of
from ravine.training.data import Data, as_data, as_samples
from ravine.training.sources.columns import parts


def as_batch(place: str, given: Any, *, with_targets: bool, columns: Names | None = None) -> Data:
    """A batch as checked arrays: ``(x, y)``, ``(x, y, sample_weight)``, a list of those, or columns by name.

    Without targets it may be ``x`` alone, and what else comes with it counts for nothing. Columns that have names are
    taken in the order of ``columns``.
    """
    if isinstance(given, Mapping):
        return parts(place, given, with_targets=with_targets, order=columns).checked(f"{place}'s ")
    x, y, w = _parts(place, given, with_targets=with_targets)
    if not with_targets:
        return Data(as_samples(f"{place}'s x", x, columns), None, columns=columns or names_of(x))
    return as_data(x, y, w, prefix=f"{place}'s ", columns=columns)


def _parts(place: str, given: Any, *, with_targets: bool) -> tuple[Any, Any, Any]:
    expected = "(x, y) or (x, y, sample_weight)" if with_targets else "x, (x, y) or (x, y, sample_weight)"
    if isinstance(given, tuple | list):
        if not 1 + with_targets <= len(given) <= 3:
            raise checks.RavineValueError(f"{place} is a {type(given).__name__} of {len(given)}: expected {expected}.")
        x, y, w = (*given, None, None)[:3]
        return x, y, w
    if with_targets:
        raise checks.RavineTypeError(f"{place} is a {type(given).__name__} alone: expected {expected}.")
    return given, None, None
