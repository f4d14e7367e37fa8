"""What ``fit`` and ``evaluate`` show while they work."""

from __future__ import annotations

import importlib
import numbers
import sys
import textwrap
import time
from typing import Any, ClassVar

from ravine import checks
from ravine.callbacks.base import Callback, Logs

LINES_UP_TO = 100
"""Runs of more epochs show them in the bar only."""


def in_notebook() -> bool:
    """Whether the output is a notebook's cell."""
    shell = sys.modules.get("IPython")
    return shell is not None and type(shell.get_ipython()).__name__ == "ZMQInteractiveShell"


def on_screen() -> bool:
    """Whether someone may be watching: a terminal or a notebook."""
    return sys.stdout.isatty() or in_notebook()


def check_verbose(verbose: object) -> int:
    """0 (silent), 1 (a bar) or 2 (a line an epoch); ``"auto"`` is 1. A bar needs a screen: elsewhere 1 becomes 2."""
    if not isinstance(verbose, str | numbers.Integral) or verbose not in ("auto", 0, 1, 2):
        checks.reject("verbose", verbose, "'auto', 0, 1 or 2")
    wanted = 1 if verbose == "auto" else int(verbose)
    return 2 if wanted == 1 and not on_screen() else wanted


def duration(seconds: float) -> str:
    """A time as people read it: ``85us``, ``1.2ms``, ``0.27s``, ``45s``, ``3:05``, ``1:02:03``."""
    if seconds < 1e-3:
        return f"{seconds * 1e6:.0f}us"
    if seconds < 0.1:
        return f"{seconds * 1e3:.2g}ms" if seconds < 0.01 else f"{seconds * 1e3:.0f}ms"
    if seconds < 60:
        return f"{seconds:.2f}s" if seconds < 1 else f"{seconds:.0f}s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02}" if minutes < 60 else f"{minutes // 60}:{minutes % 60:02}:{rest:02}"


def figures(logs: Logs) -> str:
    """``accuracy: 0.9712 - loss: 0.0943 - ...``."""
    return " - ".join(f"{key}: {figure(value)}" for key, value in logs.items())


def figure(value: float) -> str:
    """Four places, in powers of ten where they would show too little or fill the line: ``0.0943``, ``1.2000e-05``."""
    return f"{value:.4e}" if 0 < abs(value) < 1e-3 or abs(value) >= 1e4 else f"{value:.4f}"


def line_of_batches(batches: int | None, seconds: float, logs: Logs) -> str:
    """What an evaluation came to: ``313/313 - 0.05s 0.16ms/step - loss: 0.0943 - accuracy: 0.9712``."""
    counted = "" if not batches else f"{batches}/{batches} - {duration(seconds)} {duration(seconds / batches)}/step - "
    return f"{counted}{figures(logs)}"


class Area:
    """One area of a notebook's cell that shows the latest lines, written anew in place."""

    LINES = 12
    WIDTH = 80
    SECONDS = 0.1

    def __init__(self) -> None:
        display: Any = importlib.import_module("IPython.display").display
        self._lines: list[str] = []
        self._left_out = 0
        self._shown = 0.0
        self._handle = display(self._text(), raw=True, display_id=True)

    def _text(self) -> dict[str, str]:
        above = [f"... {self._left_out} epochs above"] if self._left_out else []
        wrapped = (textwrap.fill(line, self.WIDTH, subsequent_indent="    ") for line in [*above, *self._lines])
        return {"text/plain": "\n".join(wrapped)}

    def add(self, line: str) -> None:
        """Show a further line, at most some times a second; the oldest goes if there are too many."""
        self._lines.append(line)
        if len(self._lines) > self.LINES:
            del self._lines[0]
            self._left_out += 1
        if time.perf_counter() - self._shown > self.SECONDS:
            self.stop()

    def stop(self) -> None:
        """Show what is there."""
        self._shown = time.perf_counter()
        self._handle.update(self._text(), raw=True)


class Progress(Callback):
    """Shows a run's epochs as they finish: a bar with the time left, or plain lines (``verbose`` 1 or 2)."""

    every_epoch = False
    describes: ClassVar[bool] = True

    def __init__(self, verbose: int, first_epoch: int) -> None:
        self.verbose = verbose
        self.first_epoch = first_epoch
        self.bar: Any = None
        self.area: Area | None = None
        self.seconds = 0.0

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Draw the bar."""
        if self.verbose == 1 and in_notebook():
            self.area = Area()
        elif self.verbose == 1:
            self.bar, self.task = _bar(self.params["epochs"], self.first_epoch)

    def leg_finished(self, epochs: int, seconds: float) -> None:
        """Called before the hooks of a leg's epochs, with how long the leg took."""
        self.seconds = seconds / max(1, epochs)

    def line(self, epoch: int, logs: Logs) -> str:
        """One epoch as one line."""
        steps = self.params["steps"]
        per_step = f"{duration(self.seconds)} {duration(self.seconds / steps)}/step"
        return f"Epoch {epoch + 1}/{self.params['epochs']} - {steps}/{steps} - {per_step} - {figures(logs)}"

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Show the epoch."""
        if self.area is not None:
            self.area.add(self.line(epoch, logs or {}))
        elif self.verbose == 2:
            print(self.line(epoch, logs or {}), flush=True)
        elif self.verbose == 1:
            if self.params["epochs"] <= LINES_UP_TO:
                self.bar.console.print(self.line(epoch, logs or {}), highlight=False)
            self.bar.update(self.task, completed=epoch + 1, figures=figures(logs or {}))

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Take the bar down."""
        self.close()

    def close(self) -> None:
        """Take the bar down where it still stands, as after an error."""
        if self.bar is not None:
            self.bar.stop()
            self.bar = None
        if self.area is not None:
            self.area.stop()
            self.area = None


def _bar(epochs: int, first: int) -> tuple[Any, Any]:
    from rich import progress
    from rich.table import Column

    # With no lines above the bar it shows the figures itself, cut where the screen ends.
    figures_column = progress.TextColumn("{task.fields[figures]}", table_column=Column(no_wrap=True, overflow="crop"))
    bar = progress.Progress(
        progress.TextColumn("Epoch {task.completed}/{task.total}"),
        progress.BarColumn(bar_width=24),
        progress.TextColumn("{task.percentage:>3.0f}%"),
        progress.TimeElapsedColumn(),
        progress.TextColumn("left"),
        progress.TimeRemainingColumn(),
        *([figures_column] if epochs > LINES_UP_TO else []),
    )
    task = bar.add_task("fit", total=epochs, completed=first, figures="")
    bar.start()
    return bar, task
