"""What ``fit`` returns."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(repr=False)
class History:
    """The record of a run.

    Attributes:
        history: for each key (``loss``, the metrics, and ``val_`` before each where there was validation) the list of
            its values, Python floats, one an epoch; validation only in the epochs that had it. Where a callback changes
            the learning rate, ``learning_rate`` is among them.
        epoch: the epochs' numbers, from 0.
        validated: those of the epochs that ended with validation.
        probes: what :class:`ravine.callbacks.Probe` recorded, in the form of ``history``.
        params: ``verbose``, ``epochs`` and ``steps`` as ``fit`` used them.
        seed: the seed that the run's random streams came from; giving it to ``fit`` repeats the run.
    """

    params: dict[str, Any] = field(default_factory=dict)
    seed: int | None = None
    epoch: list[int] = field(default_factory=list)
    history: dict[str, list[float]] = field(default_factory=dict)
    validated: list[int] = field(default_factory=list)
    probes: dict[str, list[float]] = field(default_factory=dict)

    def __repr__(self) -> str:
        last = ", ".join(f"{key}={values[-1]:.4g}" for key, values in self.history.items() if values)
        return f"<History of {len(self.epoch)} epochs{f': {last}' if last else ''}; seed {self.seed}>"

    def append(self, epoch: int, logs: dict[str, float], probed: dict[str, float] | None = None) -> None:
        """Add one epoch: its values, and what probes saw."""
        self.epoch.append(epoch)
        if any(key.startswith("val_") for key in logs):
            self.validated.append(epoch)
        for kept, new in (self.history, logs), (self.probes, probed or {}):
            for key, value in new.items():
                kept.setdefault(key, []).append(value)

    @property
    def names(self) -> list[str]:
        """The loss and the metrics, without the keys of their validation."""
        return [key for key in self.history if not key.startswith("val_") and key != "learning_rate"]

    def epochs_of(self, key: str) -> list[int]:
        """The epochs, from 0, that the values of ``history[key]`` or ``probes[key]`` belong to."""
        return self.validated if key.startswith("val_") else self.epoch
