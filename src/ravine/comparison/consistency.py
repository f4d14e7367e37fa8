"""What must hold within the record of a run, whoever wrote it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ravine.comparison.records import Run

COUNTS = ("trial", "seed", "limit", "epochs", "steps_per_epoch")
VALUES = ("hyperparameters", "final", "best")
SERIES = ("history", "probes")
PHASES = ("trial", "run")


def contradiction(run: Run) -> str | None:
    """What cannot be in the record of a run, in words; None where there is nothing."""
    return _of_types(run) or _of_epochs(run) or _of_values(run)


def _of_types(run: Run) -> str | None:
    for name in COUNTS:
        if not _is_count(getattr(run, name)):
            return f"its {name} is no count"
    for name in VALUES:
        if not _is_table(getattr(run, name), _is_number):
            return f"its {name} are no numbers by name"
    for name in SERIES:
        if not _is_table(getattr(run, name), lambda value: isinstance(value, list) and all(map(_is_number, value))):
            return f"its {name} is no lists of numbers by name"
    if run.phase not in PHASES:
        return "its phase is unknown"
    if not _is_number(run.seconds) or not 0 <= run.seconds < math.inf:
        return "its seconds are no length of time"
    return None if isinstance(run.error, str | None) else "its error is no text"


def _of_epochs(run: Run) -> str | None:
    if run.epochs > run.limit:
        return f"it has {run.epochs} epochs of at most {run.limit}"
    for name in ("stopped_epoch", "kept_epoch"):
        epoch = getattr(run, name)
        if epoch is not None and not (_is_count(epoch) and epoch < run.epochs):
            return f"its {name} is none of its {run.epochs} epochs"
    for name in SERIES:
        for key, values in getattr(run, name).items():
            if len(values) > run.epochs:
                return f"{name} has {len(values)} values of {key} in {run.epochs} epochs"
    return None


def _of_values(run: Run) -> str | None:
    for key, values in run.history.items():
        whole = len(values) == run.epochs and run.kept_epoch is not None
        if whole and key in run.final and not _same(run.final[key], values[run.kept_epoch or 0]):
            return f"its final {key} is not that of the epoch that it kept"
        if key in run.best and values and not any(_same(run.best[key], value) for value in values):
            return f"its best {key} is none of its epochs'"
    return None


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_table(value: Any, fits: Any) -> bool:
    return isinstance(value, Mapping) and all(map(fits, value.values()))


def _same(first: float, second: float) -> bool:
    return first == second or (first != first and second != second)
