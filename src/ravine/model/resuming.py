"""Going on with a run that was cut off: what is kept of it after each leg, and how a run goes on from that."""

from __future__ import annotations

import json
import numbers
import os
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ravine import checks, hooks, seeds, trees
from ravine.callbacks import BackupAndRestore, Callback
from ravine.model import snapshot
from ravine.model.fitting import Plan
from ravine.model.identity import identity
from ravine.training.history import History
from ravine.training.program import RunState

if TYPE_CHECKING:
    from ravine.model.course import Course

HISTORY, PROBES = "history/", "probes/"
"""Before the names of the arrays of a run's record."""

NOTED = {"callbacks", "history", "numbers", "probes", "run", "seed", "stopped"}
"""What is noted beside the arrays."""

RECORDED = {f"{snapshot.RUN}epoch", "epochs", "validated"}
"""Arrays that every checkpoint has."""

SHOWN = 3
"""How many differences an error names."""

Scalar = float | int | str | bool | None


class Backup:
    """The checkpoints of one run: what it goes on from, and what it leaves after each leg.

    A run's state, its seed and its record so far determine what comes next: orders and noise come from the seed and the
    epoch's number. What hooks assign to the optimizer's numbers, and what callbacks remember, is kept beside them.

    Args:
        argument: what errors call the folder.
        folder: where the checkpoints are.
        passing: whether they are removed once the run came to its end.
    """

    def __init__(self, argument: str, folder: str | os.PathLike[str], *, passing: bool = False) -> None:
        self.argument, self.folder = argument, checks.path(argument, folder, "a folder's path")
        self.passing = passing
        self.files = hooks.files().Checkpoints(argument, folder)
        self.arrays, self.notes = self.files.newest() or ({}, {})
        missing = sorted((NOTED - self.notes.keys()) | (RECORDED - self.arrays.keys()))
        if self.notes and missing:
            raise checks.RavineValueError(
                f"{argument}={self.folder!r}: its newest checkpoint lacks {', '.join(missing)}. "
                "Expected what this version of Ravine writes; to begin anew, give another folder."
            )
        self._identity: dict[str, Any] = {}
        self._seed: int | None = None
        self._given: dict[str, float] = {}
        self._run: RunState | None = None

    @property
    def found(self) -> bool:
        """Whether there is something to go on from."""
        return bool(self.notes)

    @property
    def epoch(self) -> int:
        """The next epoch, from 0."""
        return int(self.arrays[f"{snapshot.RUN}epoch"])

    @property
    def stopped(self) -> bool:
        """Whether a rule or a callback had ended the run."""
        return self.found and self.notes["stopped"]

    def asked(self, plan: Plan, seed: int | None) -> tuple[Plan, int | None]:
        """What ``fit`` was asked for, from where the run was cut off on and with its seed."""
        self._seed = seed
        if not self.found:
            return plan, seed
        if seed is None:
            seeds.next_seed()  # as the run did that was cut off, so that whatever comes after is given the same
        return replace(plan, epochs=range(self.epoch, plan.epochs.stop)), self.notes["seed"]

    def check(self, course: Course) -> None:
        """Raise where the run cannot go on from the checkpoints, as those of another; nothing was changed then."""
        feed = course.request.feed
        if feed is not None and feed.training is not None and not feed.training.repeats:
            raise checks.RavineValueError(
                f"{self.argument}: x gives its batches one after another, so a run cannot go on in the middle of them. "
                "Expected a function that returns a generator, a loader, or batches by index, and no steps_per_epoch."
            )
        self._identity = json.loads(json.dumps(identity(course)))  # as a file gives it back
        self._given = numbers_of(course.optimizer)
        if not self.found:
            return
        template = snapshot.template(course)
        self._check_same(template)
        self._run = snapshot.given_back(template, self.arrays)
        batches = len(course.request.plan.epochs) * (course.request.steps or 1)
        course.optimizer.check_run(self._run.train.optimizer, batches)

    def _check_same(self, template: RunState) -> None:
        held, new = dict(self.notes["run"]), dict(self._identity)
        held["seed"], new["seed"] = self.notes["seed"], self.notes["seed"] if self._seed is None else self._seed
        held["arrays"] = {n: snapshot.kind(a) for n, a in self.arrays.items() if n.startswith(snapshot.RUN)}
        new["arrays"] = snapshot.described(template)
        found = [checks.difference(held.get(key), new.get(key), key) for key in {**held, **new}]
        differences = [words for words in found if words is not None]
        if differences:
            raise checks.RavineValueError(
                f"{self.argument}={self.folder!r} holds another run: {'; '.join(differences[:SHOWN])}. Expected the "
                "arguments of that run to go on with it; to begin anew, give another folder, or remove its files "
                "checkpoint-*.safetensors."
            )

    def held(self) -> AbstractContextManager[None]:
        """Make the folder this run's own while it is trained."""
        return self.files.held()

    def restored(self, course: Course) -> RunState:
        """The state to go on from. The model, the record, the callbacks and the optimizer are as they were there."""
        run = self._run
        assert run is not None
        self._restore_history(course.history)
        remembered = list(self.notes["callbacks"])
        for callback in course.callbacks:
            for entry in remembered:
                if entry[0] == type(callback).__name__:
                    remembered.remove(entry)
                    callback.restore(entry[1])
                    break
        given, now = self.notes["numbers"]["given"], self.notes["numbers"]["now"]
        for name, value in now.items():
            # Where hooks assigned a number; one that the caller changed since holds as it is given anew.
            if value != given.get(name) == self._given.get(name):
                setattr(course.optimizer, name, value)
        course.hand_over(run.train)
        course.take_rate(run.rate)
        course.model.stop_training = self.stopped
        if course.request.plan.verbose:
            words = "Nothing left to train after" if course.over else "Going on after"
            print(f"{words} epoch {self.epoch} from {self.folder}")
        self.arrays, self._run = {}, None  # which may be large
        return run

    def _restore_history(self, history: History) -> None:
        history.epoch = self.arrays["epochs"].tolist()
        history.validated = self.arrays["validated"].tolist()
        history.history = {key: self.arrays[HISTORY + key].tolist() for key in self.notes["history"]}
        history.probes = {key: self.arrays[PROBES + key].tolist() for key in self.notes["probes"]}

    def save(self, course: Course, run: RunState) -> None:
        """Keep a run as it is after a leg, with what hooks assigned since.

        Raises:
            OSError: it could not be written; the checkpoint before it is whole.
        """
        run, history = course.resumed(run), course.history
        notes = {
            "run": self._identity,
            "seed": history.seed,
            "stopped": bool(course.model.stop_training),
            "history": list(history.history),
            "probes": list(history.probes),
            "callbacks": [[type(callback).__name__, checked_state(callback)] for callback in course.callbacks],
            "numbers": {"given": self._given, "now": numbers_of(course.optimizer)},
        }
        arrays = snapshot.taken(run)
        arrays |= {"epochs": np.array(history.epoch, np.int64), "validated": np.array(history.validated, np.int64)}
        arrays |= {HISTORY + key: np.array(values, np.float64) for key, values in history.history.items()}
        arrays |= {PROBES + key: np.array(values, np.float64) for key, values in history.probes.items()}
        try:
            self.files.save(int(run.epoch), arrays, notes)
        except OSError as error:
            error.add_note(
                f"The checkpoint after epoch {int(run.epoch)} could not be written to {self.folder}. The model holds "
                "what was trained so far, and the checkpoint before this one is whole: the same call goes on from it."
            )
            raise

    def end(self) -> None:
        """Remove the checkpoints of a run that came to its end, where they were for this run only."""
        if self.passing:
            self.files.remove()


def backup_of(checkpoint: str | os.PathLike[str] | None, callbacks: Sequence[Callback]) -> Backup | None:
    """The checkpoints that ``fit`` was asked for, by its argument or by a callback."""
    found = [callback for callback in callbacks if isinstance(callback, BackupAndRestore)]
    if checkpoint is not None:
        checks.path("checkpoint", checkpoint, "a folder's path")
    if len(found) + (checkpoint is not None) > 1:
        raise checks.RavineValueError(
            "checkpoint, callbacks: expected one folder of checkpoints, from fit(checkpoint=...) or from one "
            "BackupAndRestore."
        )
    if found:
        return Backup("backup_dir", found[0].backup_dir, passing=found[0].delete_checkpoint)
    return None if checkpoint is None else Backup("checkpoint", checkpoint)


def numbers_of(optimizer: Any) -> dict[str, float]:
    """The numbers of an optimizer that may be assigned, by name."""
    cls: Any = type(optimizer)
    held = {name: getattr(optimizer, name) for name in trees.fields(cls)}
    return {name: _plain(value) for name, value in held.items() if _is_number(value)}


def _is_number(value: Any) -> bool:
    return not isinstance(value, bool) and (isinstance(value, numbers.Real) or getattr(value, "ndim", None) == 0)


def _plain(value: Any) -> float:
    return int(value) if isinstance(value, numbers.Integral) else float(value)


def checked_state(callback: Callback) -> Mapping[str, Scalar]:
    """What a callback remembers, which a file must be able to hold."""
    state = callback.state()
    fits = isinstance(state, Mapping) and all(isinstance(key, str) for key in state)
    if not fits or not all(isinstance(value, float | int | str | None) for value in state.values()):
        checks.reject_type(f"{type(callback).__name__}.state()", state, "numbers and strings by name")
    return dict(state)
