"""What callbacks that watch a value have in common: which it is, and whether less of it is better."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ravine import checks
from ravine.callbacks.base import Callback

MODES = ("auto", "min", "max")


class Monitor(Callback):
    """Base of the callbacks that watch one of an epoch's values.

    Args:
        monitor: the key of the value that is watched, such as ``"val_loss"``.
        mode: ``"min"``, ``"max"``, or ``"auto"``: a loss is minimised, a metric goes in its own direction.
    """

    consequence = "it will never act"

    def __init__(self, monitor: str, mode: str) -> None:
        if not isinstance(monitor, str):
            checks.reject_type("monitor", monitor, "the key of a value, such as 'val_loss'")
        self.monitor = monitor
        self.mode = checks.look_up("mode", mode, {m: m for m in MODES})

    def watched(self, columns: Sequence[str], directions: Mapping[str, str]) -> tuple[int, str] | None:
        """Which column it watches, and ``"min"`` or ``"max"``; None, with a warning, where it is not among them.

        With ``mode="auto"``, a monitor that is neither a loss nor one of the run's metrics raises.

        Args:
            columns: the keys of an epoch's values, in order.
            directions: of each key without ``val_``, ``"min"`` or ``"max"``.
        """
        mode = self._direction(columns, directions) if self.mode == "auto" else self.mode
        if self.monitor not in columns:
            checks.warn(
                f"{type(self).__name__} watches {self.monitor!r}, which this run does not have, so {self.consequence}."
                f"{checks.nearest(self.monitor, columns)} The run has: {', '.join(sorted(columns))}.",
            )
            return None
        return list(columns).index(self.monitor), mode

    def _direction(self, columns: Sequence[str], directions: Mapping[str, str]) -> str:
        name = self.monitor.removeprefix("val_")
        if name in directions:
            return directions[name]
        if name.endswith("loss"):
            return "min"
        if self.monitor in columns:
            raise checks.RavineValueError(
                f"monitor={self.monitor!r}: nobody can tell whether less of this metric is better. Expected "
                "mode='min' or mode='max'."
            )
        raise checks.RavineValueError(
            f"monitor={self.monitor!r}: this run has no such value, so mode='auto' cannot tell whether less is better."
            f"{checks.nearest(self.monitor, columns)} The run has: {', '.join(sorted(columns))}."
        )
