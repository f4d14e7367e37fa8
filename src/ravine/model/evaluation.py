"""Evaluation on the host's side: batch by batch, with the hooks of callbacks between."""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from ravine import checks
from ravine.callbacks import Callback
from ravine.callbacks.base import TEST, overrides
from ravine.layers.network import Variables
from ravine.training import placement, programs
from ravine.training.data import Data
from ravine.training.step import Sums, Task, read, test_step


def values_of(task: Task, sums: Sums) -> np.ndarray:
    """The loss and the metrics of running sums, float32 ``[1 + metrics]``."""
    return programs.fetched(programs.compiled(read)(task, sums))


def warn_of_undefined(task: Task, names: Sequence[str], logs: Mapping[str, float], told: Container[str] = ()) -> None:
    """Warn of each metric that is undefined, NaN beside a loss that is none; ``told`` are those warned of already."""
    watched = zip(names[1:], (*task.metrics, *task.weighted_metrics), strict=True)
    undefined = {name for name, metric in watched if metric.may_be_undefined}
    for key, value in logs.items():
        loss = logs.get("val_loss" if key.startswith("val_") else "loss", math.nan)
        known = key.removeprefix("val_") in undefined and key not in told
        if known and math.isnan(value) and math.isfinite(loss):
            checks.warn(
                f"{key} is NaN: it is undefined for these targets, as an AUC is if all are of one class, or R² if all "
                "are the same."
            )


def evaluated(
    task: Task,
    variables: tuple[Variables, Variables],
    batches: Iterable[Data],
    callbacks: Sequence[Callback] = (),
    logs: Callable[[np.ndarray], dict[str, Any]] = lambda values: {},
) -> np.ndarray:
    """The loss and the metrics over ``batches``, float32 ``[1 + metrics]``; ``logs`` names them for the hooks."""
    hooked = [callback for callback in callbacks if overrides(callback, TEST)]
    test = programs.compiled(test_step, placement.exact(task.has_user_code))
    sums = Sums.zero(task)
    for callback in hooked:
        callback.on_test_begin({})
    for i, batch in enumerate(batches):
        for callback in hooked:
            callback.on_test_batch_begin(i, {})
        sums = test(task, variables, sums, batch)
        if hooked:
            so_far = logs(values_of(task, sums))
            for callback in hooked:
                callback.on_test_batch_end(i, so_far)
    values = values_of(task, sums)
    for callback in hooked:
        callback.on_test_end(logs(values))
    return values


def in_batches(data: Data, size: int) -> Iterable[Data]:
    """The rows in order, ``size`` at a time."""
    return (data.rows_between(start, start + size) for start in range(0, data.rows, size))
