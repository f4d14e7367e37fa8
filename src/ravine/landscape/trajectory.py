"""What came of a descent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import jax
import numpy as np

from ravine import checks, tables
from ravine.objectives import Objective
from ravine.optimizers import Transformation

Array = np.ndarray[Any, Any]


class Record(NamedTuple):
    """What a run leaves behind besides its points; the last of gradients and rates are those of a step not taken."""

    values: Array
    slots: tuple[Array, ...]
    gradients: Array
    rates: Array


@dataclass(frozen=True, eq=False, repr=False)
class Trajectory:
    """The way of one run, or of many side by side. All arrays of many runs have ``[runs]`` as their first axis.

    Of runs with many points in all, the rest is recorded only once it is read, by walking a second time.

    Attributes:
        objective: what was descended.
        optimizer: by which rule.
        points: ``[steps + 1, 2]``, the start and the point after each step. Of rules that look ahead, such as SGD with
            ``nesterov``, it is the textbook's w.
        look_ahead: ``[steps + 1, 2]``, where the gradient was taken, θ; None for rules that do not look ahead.
        record: a function that gives the rest as :class:`Record`.
        gradients: ``[steps, 2]``, the gradient of each step, its noise included.
        values: ``[steps + 1]``, J at ``points``, without noise.
        slots: each slot variable of the rule, ``[steps + 1, ...]``: its first value and that after each step.
        rates: ``[steps, 2]``, each coordinate's effective learning rate in each step: what the rule's direction was
            scaled by.
    """

    objective: Objective
    optimizer: Transformation
    points: Array
    look_ahead: Array | None
    record: Callable[[], Record]

    def __repr__(self) -> str:
        of = "" if self.runs is None else f"{self.runs} runs of "
        steps, rule = self.points.shape[-2] - 1, type(self.optimizer).__name__
        return f"<Trajectory of {of}{steps} steps by {rule}>"

    @property
    def runs(self) -> int | None:
        """How many runs there are side by side; None for a single one without an axis of its own."""
        return len(self.points) if self.points.ndim == 3 else None

    @property
    def steps(self) -> int:
        """Steps that were taken."""
        return self.points.shape[-2] - 1

    @property
    def values(self) -> Array:
        """``[steps + 1]``."""
        return self.record().values

    @property
    def slots(self) -> tuple[Array, ...]:
        """Each ``[steps + 1, ...]``."""
        return self.record().slots

    @property
    def gradients(self) -> Array:
        """``[steps, 2]``."""
        return self.record().gradients[..., :-1, :]

    @property
    def rates(self) -> Array:
        """``[steps, 2]``."""
        return self.record().rates[..., :-1, :]

    @property
    def diverged(self) -> Any:
        """After which step the run was lost, its point or value no finite number; -1 if never. An int, or one a run."""
        lost = ~(np.isfinite(self.points).all(-1) & np.isfinite(self.values))
        step = np.where(lost.any(-1), lost.argmax(-1), -1)
        return int(step) if step.ndim == 0 else step

    def __len__(self) -> int:
        """How many runs there are."""
        return 1 if self.runs is None else self.runs

    def __getitem__(self, run: int) -> Trajectory:
        """One of many runs, as a trajectory of its own."""
        if self.runs is None:
            raise checks.RavineTypeError("trajectory[run]: this trajectory is a single run.")
        if not -self.runs <= run < self.runs:
            raise IndexError(f"trajectory[{run}]: there are {self.runs} runs.")
        return replace(
            self,
            points=self.points[run],
            look_ahead=None if self.look_ahead is None else self.look_ahead[run],
            record=lambda: Record(*jax.tree.map(lambda a: a[run], tuple(self.record()))),
        )

    def to_numpy(self) -> dict[str, Array]:
        """All arrays by name; slots are ``slot_0``, ``slot_1``, ..."""
        arrays = {"points": self.points, "gradients": self.gradients, "values": self.values, "rates": self.rates}
        if self.look_ahead is not None:
            arrays["look_ahead"] = self.look_ahead
        return arrays | {f"slot_{i}": s for i, s in enumerate(self.slots)}

    def columns(self) -> dict[str, Array]:
        """The same as columns of one table: a row for each step of each run, from step 0.

        The gradient and the effective learning rate of the step that led to a row stand in it; step 0 has none (NaN).
        """
        runs = 1 if self.runs is None else self.runs
        rows = self.steps + 1
        table: dict[str, Array] = {} if self.runs is None else {"run": np.repeat(np.arange(runs), rows)}
        table["step"] = np.tile(np.arange(rows), runs)
        for name, array in self.to_numpy().items():
            flat = array.reshape(runs, array.shape[0 if self.runs is None else 1], -1)
            if flat.shape[1] < rows:
                flat = np.concatenate([np.full((runs, 1, flat.shape[2]), np.nan), flat], 1)
            for i in range(flat.shape[2]):
                table[_column(name, i, flat.shape[2])] = flat[:, :, i].reshape(-1)
        return table

    def to_frame(self, backend: str = "pandas") -> Any:
        """:meth:`columns` as a data frame of ``"pandas"``, ``"polars"`` or ``"pyarrow"``, which must be installed."""
        return tables.frame(self.columns(), backend)


def _column(name: str, i: int, count: int) -> str:
    """What the table calls number ``i`` of an array: points are ``x1`` and ``x2``."""
    if count == 1:
        return {"values": "value"}.get(name, name)
    short = {"points": "x", "gradients": "gradient_", "rates": "rate_"}.get(name, f"{name}_")
    return f"{short}{i + 1}"
