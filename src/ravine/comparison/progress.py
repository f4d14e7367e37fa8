"""What a comparison or a search shows while it works."""

from __future__ import annotations

import threading
from typing import Any

from ravine.callbacks.progress import duration, figure
from ravine.comparison.records import TRIAL, Run


class Progress:
    """Runs as they finish, of ``total``: a bar with the time left, or a line each (``verbose`` 1 or 2); 0 is silent."""

    def __init__(self, verbose: int, total: int, metric: str) -> None:
        self.verbose, self.total, self.metric = verbose, total, metric
        self.done = 0
        self._lock = threading.Lock()
        self._bar: Any = None
        self._task: Any = None

    def start(self, done: int) -> None:
        """Draw the bar, with so many runs done already."""
        self.done = min(done, self.total)
        if self.verbose == 1:
            self._bar, self._task = _bar(self.total, self.done)

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def took(self, run: Run) -> None:
        """Show a run that is done."""
        with self._lock:
            self.done += 1
            if self._bar is not None:
                self._bar.update(self._task, completed=self.done, last=f"{run.contender}: {self._result(run)}")
            elif self.verbose == 2:
                print(self.line(run), flush=True)

    def line(self, run: Run) -> str:
        """A run as one line."""
        what = f"trial {run.trial + 1}" if run.phase == TRIAL else f"seed {run.seed}"
        values = "".join(f", {path} {value:.4g}" for path, value in run.hyperparameters.items())
        return (
            f"{self.done}/{self.total} {run.contender}, {what}{values}: {self._result(run)} - {duration(run.seconds)}"
        )

    def _result(self, run: Run) -> str:
        if run.failure:
            return f"failed ({run.failure})"
        stopped = "" if run.stopped_epoch is None else f", stopped after epoch {run.stopped_epoch + 1}"
        return f"{self.metric} {figure(run.final[self.metric])}{stopped}"


def _bar(total: int, done: int) -> tuple[Any, Any]:
    from rich import progress
    from rich.console import Console
    from rich.table import Column

    last = progress.TextColumn(
        "{task.fields[last]}", table_column=Column(no_wrap=True, overflow="ellipsis"), markup=False
    )
    bar = progress.Progress(
        progress.TextColumn("Run {task.completed}/{task.total}"),
        progress.BarColumn(bar_width=24),
        progress.TimeElapsedColumn(),
        progress.TextColumn("left"),
        progress.TimeRemainingColumn(),
        last,
        console=Console(stderr=True),
        transient=True,
    )
    task = bar.add_task("runs", total=total, completed=done, last="")
    bar.start()
    return bar, task
