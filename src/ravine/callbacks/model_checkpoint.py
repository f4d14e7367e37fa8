"""Saving the model as it is trained."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from ravine import checks
from ravine.callbacks.base import Logs
from ravine.callbacks.monitor import Monitor

MODELS = (".keras", ".safetensors")
WEIGHTS = (".weights.h5", ".safetensors")


class ModelCheckpoint(Monitor):
    """Save the model, or its weights, after every epoch, or whenever a value is the best so far.

    Files are replaced whole or not at all. To go on with a run that was cut off, use ``fit(checkpoint=...)`` or
    :class:`BackupAndRestore`: those keep all of a run.

    Args:
        filepath: the file to write, which may have places for values in the form of ``str.format``:
            ``"best-{epoch:02d}-{val_loss:.3f}.keras"``; epochs count from 1 there. It ends with ``.keras`` or
            ``.safetensors``; with ``save_weights_only``, with ``.weights.h5`` or ``.safetensors``. Its folder is made.
        monitor: the key of the value that tells the best, such as ``"val_loss"``.
        verbose: 1 says what is saved; 0 is silent.
        save_best_only: whether to save only where the value is better than all before.
        save_weights_only: whether to save the weights alone.
        mode: ``"min"``, ``"max"``, or ``"auto"``: a loss is minimised, a metric goes in its own direction.
        save_freq: ``"epoch"``, or every how many batches to save, counted over epochs, which makes the run go step by
            step.
        initial_value_threshold: a value to be beaten by the first.

    Attributes:
        best: the best value so far; None before there is one.
    """

    consequence = "nothing will be saved"
    writes: ClassVar[bool] = True

    def __init__(
        self,
        filepath: str | os.PathLike[str],
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        save_freq: str | int = "epoch",
        initial_value_threshold: float | None = None,
    ) -> None:
        super().__init__(monitor, mode)
        self.verbose = checks.integer("verbose", verbose, least=0)
        self.save_best_only = checks.boolean("save_best_only", save_best_only)
        self.save_weights_only = checks.boolean("save_weights_only", save_weights_only)
        self.filepath = _checked_path(filepath, WEIGHTS if self.save_weights_only else MODELS)
        threshold = initial_value_threshold
        self.best = None if threshold is None else checks.number("initial_value_threshold", threshold)
        self.save_freq = save_freq
        if save_freq != "epoch":
            self._every = checks.integer("save_freq", save_freq, least=1)
            self.on_train_batch_end = self._after_batch  # type: ignore[method-assign]  # a hook that costs, so only here
        self._batches = self._epoch = 0
        self._way = "min"

    def prepare(self, columns: Sequence[str], directions: Mapping[str, str]) -> None:
        """Raise where the file's name asks for values that the run has not, or no value tells the best."""
        known = [c for c in columns if self.save_freq == "epoch" or not c.startswith("val_")]
        self._path(0, dict.fromkeys(known, 0.0), None if self.save_freq == "epoch" else 0)
        if self.save_best_only:
            found = self.watched(known, directions)
            self._way = "min" if found is None else found[1]

    def state(self) -> dict[str, float | int | str | None]:
        """The best value so far, and how many batches there were."""
        return {"best": self.best, "batches": self._batches}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from there."""
        self.best, self._batches = state["best"], state["batches"]

    def _path(self, epoch: int, logs: Logs, batch: int | None = None) -> Path:
        places = {"epoch": epoch + 1, **logs} | ({} if batch is None else {"batch": batch + 1})
        try:
            return Path(self.filepath.format(**places))
        except (KeyError, IndexError, ValueError) as error:
            raise checks.RavineValueError(
                f"filepath={self.filepath!r} has a place for what this run does not have ({error}). It has: "
                f"{', '.join(sorted(places))}."
            ) from None

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Remember the epoch."""
        self._epoch = epoch

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Save, if it is time to."""
        if self.save_freq == "epoch":
            self._save(self._path(epoch, logs or {}), logs or {})

    def _after_batch(self, batch: int, logs: Logs | None = None) -> None:
        self._batches += 1
        if self._batches % self._every == 0:
            self._save(self._path(self._epoch, logs or {}, batch), logs or {})

    def _improves(self, logs: Logs) -> bool:
        value = logs.get(self.monitor)
        if value is None or value != value:
            return False
        if self.best is not None and not (value < self.best if self._way == "min" else value > self.best):
            return False
        self.best = value
        return True

    def _save(self, path: Path, logs: Logs) -> None:
        if self.save_best_only and not self._improves(logs):
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        if self.save_weights_only:
            self.model.save_weights(path)
        else:
            self.model.save(path)
        if self.verbose:
            why = f"{self.monitor} is {self.best:.5f}, the best so far; " if self.save_best_only else ""
            print(f"Epoch {self._epoch + 1}: {why}saved {path}")


def _checked_path(path: object, endings: Sequence[str]) -> str:
    if not isinstance(path, str | os.PathLike):
        checks.reject_type("filepath", path, "a path")
    name = os.fspath(path)
    if not isinstance(name, str) or not name.endswith(tuple(endings)):
        checks.reject("filepath", name, f"a name that ends with {' or '.join(endings)}")
    return name
