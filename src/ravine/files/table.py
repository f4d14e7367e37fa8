"""Records of runs as tables."""

from __future__ import annotations

import csv
import io
import math
import os
from collections.abc import Iterable, Sequence
from typing import Any

from ravine.atomic import replacing
from ravine.landscape.trajectory import Trajectory
from ravine.training.history import History


def save_csv(record: History | Trajectory, path: str | os.PathLike[str]) -> None:
    """Write ``record`` to ``path``; numbers are written so that they read back exactly.

    A History has a row an epoch, counted from 1: the loss, the metrics, their validation, what probes saw. A Trajectory
    has a row a step, from the start at 0. What a row has no number for is left empty.
    """
    names, rows = _epochs(record) if isinstance(record, History) else _steps(record)
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(names)
    table.writerows(rows)
    with replacing(path) as file:
        file.write(text.getvalue().encode())


def _epochs(history: History) -> tuple[Sequence[str], Iterable[Sequence[Any]]]:
    names = sorted(history.names, key=lambda name: name != "loss")
    keys = names + [f"val_{name}" for name in names if f"val_{name}" in history.history] + list(history.probes)
    values = {**history.history, **history.probes}
    columns = {key: dict(zip(history.epochs_of(key), values[key], strict=True)) for key in keys}
    return ["epoch", *keys], ([e + 1, *(columns[key].get(e, "") for key in keys)] for e in history.epoch)


def _steps(trajectory: Trajectory) -> tuple[Sequence[str], Iterable[Sequence[Any]]]:
    columns = trajectory.columns()
    rows = zip(*(column.tolist() for column in columns.values()), strict=True)
    # NaN is what step 0 has for a gradient; a run that was lost has it too, and its value column tells that.
    return list(columns), (["" if isinstance(n, float) and math.isnan(n) else n for n in row] for row in rows)
