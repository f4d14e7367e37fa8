"""One record a run, and its line in a file."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from ravine.comparison import consistency
from ravine.comparison.codec import dumps, sealed, unsealed

TRIAL, RUN = "trial", "run"
"""What a run was for: to choose hyperparameters, or to be compared."""

Key = tuple[str, str, int, int, int, tuple[tuple[str, float], ...]]


@dataclass(frozen=True)
class Run:
    """What came of one run.

    Attributes:
        contender: its name.
        phase: ``"trial"`` where it served to choose hyperparameters, else ``"run"``.
        trial: the trial's number; of a run, that of the trial whose hyperparameters it has.
        seed: what everything random in it came from.
        hyperparameters: those that were set, by path.
        limit: the most epochs that it could train for.
        epochs: how many it trained for.
        steps_per_epoch: how many batches each had.
        stopped_epoch: the epoch, from 0, after which it stopped early; None where it did not.
        kept_epoch: the epoch, from 0, whose weights it left behind.
        history: an epoch's values by key, as in History.
        probes: what probes recorded, as in History.
        final: the values of the epoch that was kept, and those on test data, by key.
        best: of each key in ``history`` the best value, where it is known whether less or more is better.
        seconds: how long it took; of runs in one program each one's share.
        error: what ended it, where something did.
    """

    contender: str
    phase: str
    trial: int
    seed: int
    hyperparameters: dict[str, float]
    limit: int = 0
    epochs: int = 0
    steps_per_epoch: int = 0
    stopped_epoch: int | None = None
    kept_epoch: int | None = None
    history: dict[str, list[float]] = field(default_factory=dict)
    probes: dict[str, list[float]] = field(default_factory=dict)
    final: dict[str, float] = field(default_factory=dict)
    best: dict[str, float] = field(default_factory=dict)
    seconds: float = 0.0
    error: str | None = None

    @property
    def key(self) -> Key:
        """What tells this run from all others of its study."""
        values = tuple(sorted(self.hyperparameters.items()))
        return self.contender, self.phase, self.trial, self.seed, self.limit, values

    @property
    def failure(self) -> str | None:
        """Why there is no result: the error, or the loss that is no finite number; None where there is one."""
        if self.error is not None:
            return self.error
        if not math.isfinite(self.final.get("loss", math.nan)):
            return f"the loss became {self.final.get('loss', math.nan):g}"
        return None

    def value(self, key: str) -> float:
        """The final value of ``key``; NaN where the run failed or has none."""
        return math.nan if self.failure else self.final.get(key, math.nan)

    def epochs_to(self, key: str, target: float, direction: str) -> float:
        """After how many epochs ``key`` was first as good as ``target``; infinite where it never was."""
        for epoch, value in enumerate(self.history.get(key, []), 1):
            if value <= target if direction == "min" else value >= target:
                return float(epoch)
        return math.inf

    def line(self) -> str:
        """The record as one line of JSON, with a checksum."""
        return dumps(sealed(asdict(self)))

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> Run:
        """The record from what :meth:`line` wrote, or from its fields.

        Raises:
            ValueError: the checksum does not fit, or the record contradicts itself.
            KeyError: it lacks a field.
        """
        parts = unsealed(given)
        run = cls(**{f.name: parts[f.name] for f in fields(cls)})
        contradiction = consistency.contradiction(run)
        if contradiction is not None:
            raise ValueError(contradiction)
        return run
