"""What ``model.fit`` was asked for, checked."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ravine import checks
from ravine.callbacks import Callback, LearningRateScheduler, Probe, ReduceLROnPlateau
from ravine.model.summary import Row
from ravine.optimizers.transformation import Transformation
from ravine.training import probing
from ravine.training.data import Data
from ravine.training.sources import Source
from ravine.training.step import Task
from ravine.training.walking import Settings


@dataclass(frozen=True)
class Plan:
    """What a run is to do, whatever its model and its data.

    ``steps`` is the number of batches in an epoch, 0 for a pass over the data; ``validates`` tells whether one ends
    with validation.
    """

    batch_size: int = 32
    epochs: range = range(1)
    steps: int = 0
    shuffle: bool = True
    verbose: int = 0
    validation_batch_size: int = 32
    validates: Callable[[int], bool] = lambda epoch: True
    population_statistics: bool = False


@dataclass(frozen=True)
class Feed:
    """Batches for a run that the host reads as it goes: to train on, to validate on, or both.

    ``accept`` and ``accept_validation`` check a batch and make it what the network takes.
    """

    training: Source | None
    validation: Source | None
    accept: Callable[[Data], Data]
    accept_validation: Callable[[Data], Data]


@dataclass(frozen=True)
class Request:
    """A run of a model as it was asked for, checked.

    ``feed`` is where batches come from that do not lie in memory; ``data`` is then the first of them.
    """

    plan: Plan
    task: Task
    names: tuple[str, ...]
    directions: dict[str, str]
    settings: Settings
    data: Data
    validation: Data | None
    probes: tuple[probing.Probe, ...]
    probed: tuple[str, ...]
    seed: int
    manages_rate: bool = False
    feed: Feed | None = None

    @property
    def watchable(self) -> tuple[str, ...]:
        """The keys of an epoch's values that callbacks may watch, in the order of the run's record."""
        return (*self.names, *(f"val_{n}" for n in self.names)) if self.validates else self.names

    @property
    def validates(self) -> bool:
        """Whether there is anything to validate on."""
        return self.validation is not None or (self.feed is not None and self.feed.validation is not None)

    @property
    def columns(self) -> tuple[str, ...]:
        """The keys of an epoch's values in the order of the run's record, which what is ``probed`` follows."""
        return (*self.watchable, "learning_rate") if self.manages_rate else self.watchable

    @property
    def steps(self) -> int | None:
        """Batches in an epoch; None where nobody knows yet."""
        if self.feed is not None and self.feed.training is not None:
            return self.feed.training.batches
        return self.settings.steps or math.ceil(self.data.rows / self.settings.batch_size)

    def logs(self, values: np.ndarray, epoch: int) -> dict[str, float]:
        """One row of the record: the loss first, then what was watched, then the same of validation, if it was."""
        row = dict(zip(self.columns, map(float, values), strict=False))
        validates = self.plan.validates(epoch)
        return {key: row[key] for key in self.columns if validates or not key.startswith("val_")}

    def on_device(self) -> tuple[Data, Data | None]:
        """What it trains and validates on, as JAX arrays."""
        return self.data.on_device(), None if self.validation is None else self.validation.on_device()

    def named(self, values: np.ndarray) -> dict[str, float]:
        """The loss and the metrics by name."""
        return dict(zip(self.names, map(float, values), strict=True))

    def seen(self, values: np.ndarray) -> dict[str, float]:
        """What the probes recorded in one row."""
        return dict(zip(self.probed, map(float, values[len(self.columns) :]), strict=True))


def check_epochs(epochs: object, initial_epoch: object) -> range:
    """The epochs to run, from ``initial_epoch`` up to ``epochs``."""
    return range(checks.integer("initial_epoch", initial_epoch, least=0), checks.integer("epochs", epochs, least=0))


def check_steps(argument: str, steps: object) -> None:
    """Raise unless ``steps`` is a number of batches, or None for all."""
    if steps is not None:
        checks.integer(argument, steps, least=1)


def check_validation_freq(freq: object) -> Callable[[int], bool]:
    """Whether epoch e, from 0, ends with validation: every ``freq``-th, or those listed (counted from 1)."""
    if isinstance(freq, list | tuple | set | range):
        listed = {checks.integer("validation_freq", e, least=1) for e in freq}
        return lambda epoch: epoch + 1 in listed
    every = checks.integer("validation_freq", freq, least=1)
    return lambda epoch: (epoch + 1) % every == 0


def check_validation_shuffle(shuffle: object) -> bool | str:
    """What ``validation_shuffle`` may be: a bool, or ``"stratified"``."""
    if isinstance(shuffle, bool) or (isinstance(shuffle, str) and shuffle == "stratified"):
        return shuffle
    checks.reject("validation_shuffle", shuffle, "False, True or 'stratified'")


def manages_rate(callbacks: list[Callback], optimizer: Transformation) -> bool:
    """Whether a callback changes the learning rate; raises where the optimizer has none that could be changed."""
    managing = [c for c in callbacks if isinstance(c, LearningRateScheduler | ReduceLROnPlateau)]
    if not managing:
        return False
    rate = getattr(optimizer, "learning_rate", None)
    if rate is None or callable(rate):
        raise checks.RavineValueError(
            f"callbacks: {type(managing[0]).__name__} changes the learning rate, and {type(optimizer).__name__} has "
            f"{'none' if rate is None else 'a schedule of its own'}: expected an optimizer of ravine.optimizers whose "
            "learning_rate is a number."
        )
    return True


def warn_of_no_update(optimizer: Transformation, state: Any, batches: int) -> None:
    """Warn if gradients are accumulated over more batches than a run has."""
    accumulated = int(getattr(optimizer, "gradient_accumulation_steps", None) or 1)
    waiting = int(getattr(state, "summed", None) or 0)
    if batches > 0 and waiting + batches < accumulated:
        checks.warn(
            f"gradient_accumulation_steps={accumulated}: the {batches} batches of this run make no update, so the "
            "weights stay as they are. Expected at most as many as the run has."
        )


def check_in_memory(argument: str, data: Data | Source) -> None:
    """Raise where ``data``, which ``argument`` needs all of, are read as the run goes."""
    if isinstance(data, Source):
        raise checks.RavineValueError(f"{argument}: needs all rows at once. Expected arrays in memory as x and y.")


def check_probes(
    callbacks: list[Callback], names: list[str], layers: Callable[[], list[Row]], rows: int
) -> tuple[tuple[probing.Probe, ...], tuple[str, ...]]:
    """What the callbacks that look inside layers want recorded, and what that is called."""
    observers = [callback for callback in callbacks if isinstance(callback, Probe)]
    if not observers:
        return (), ()
    shown = layers()
    trained = [layer.trainable > 0 for layer in shown]
    widths = [(layer.output_shape or (1,))[-1] or 1 for layer in shown]
    probes = tuple(observer.pure(names, widths, trained, rows) for observer in observers)
    columns = [column for probe in probes for column in probe.columns(names, trained)]
    if not all(probe.columns(names, trained) for probe in probes):
        raise checks.RavineValueError(
            "callbacks: a probe would record nothing; expected layers with weights that are trained, or percentiles of "
            "layers given by name."
        )
    repeated = {c for c in columns if columns.count(c) > 1}
    if repeated:
        raise checks.RavineValueError(f"callbacks: two probes record {sorted(repeated)[0]!r}; expected it once.")
    return probes, tuple(columns)


EVALUATION_ROWS = 2048


def evaluation_rows(task: Task, rows: int, batch_size: int) -> int:
    """How many of ``rows`` to evaluate at once, where batches of ``batch_size`` were asked for.

    Those, if what comes out may depend on it. Else the largest divisor within bounds, if there is one: then no odd
    batch is left over that would need a program of its own, and data sets of round sizes share one.
    """
    if not task.rowwise:
        return min(rows, batch_size)
    for size in range(min(rows, EVALUATION_ROWS), EVALUATION_ROWS // 8, -1):
        if rows % size == 0:
            return size
    return min(rows, EVALUATION_ROWS)
