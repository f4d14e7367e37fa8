"""A run's curves as characters, for a terminal."""

from __future__ import annotations

import math

import numpy as np
import plotext

from ravine.plots.history import Record, as_history, curves
from ravine.training.history import History

LEAST_WIDTH = 56
"""The columns that the key needs."""

LEAST_PANEL, MOST_PANEL, HEIGHT = 38, 72, 16
"""The columns within which a panel can be read, and its lines."""

GAP = "  "

# A marker and a colour of the 256 that is legible on black and on white. The markers differ in weight, for terminals
# without colours.
STYLES = {"training": ("braille", 32), "validation": ("hd", 208)}


def history_text(history: Record, width: int, kept_epoch: int | None = None) -> str | None:
    """A run's metrics as text of at most ``width`` columns, coloured with ANSI codes.

    They stand side by side, or one above the other where that is too narrow; None where even one is.

    Args:
        history: what ``fit`` returned, or its ``history``.
        width: of the terminal.
        kept_epoch: the epoch, from 0, whose weights the model has; a vertical line marks it.
    """
    record = as_history(history)
    if width < LEAST_WIDTH:
        return None
    panels = len(record.names)
    beside = (width - len(GAP) * (panels - 1)) // panels
    apart = beside < LEAST_PANEL
    drawn = [_panel(record, name, min(MOST_PANEL, width if apart else beside), kept_epoch) for name in record.names]
    lines = (
        [line for panel in drawn for line in panel] if apart else [GAP.join(row) for row in zip(*drawn, strict=True)]
    )
    key = f"{_paint('⠒⠒', 'training')} training"
    if record.validated:
        key += f"   {_paint('▄▄', 'validation')} validation"
    if kept_epoch is not None:
        key += f"   │ weights kept: epoch {kept_epoch + 1}"
    return "\n".join([*lines, key])


def _panel(record: History, name: str, width: int, kept_epoch: int | None) -> list[str]:
    plotext.clear_figure()
    plotext.theme("clear")
    plotext.limit_size(False, False)
    plotext.plot_size(width, HEIGHT)
    plotext.title(name)
    plotext.xlabel("epoch")
    first, last = record.epoch[0] + 1, record.epoch[-1] + 1
    plotext.xlim(first - 0.5, last + 0.5)
    plotext.xticks(sorted({round(tick) for tick in np.linspace(first, last, min(6, last - first + 1))}))
    for label, (epochs, values) in curves(record, name).items():
        points = [(e, v) for e, v in zip(epochs, values, strict=True) if math.isfinite(v)]
        if points:
            marker, colour = STYLES[label]
            plotext.plot([e for e, _ in points], [v for _, v in points], marker=marker, color=colour)
    if kept_epoch is not None:
        plotext.vline(kept_epoch + 1)
    return plotext.build().rstrip("\n").split("\n")


def _paint(text: str, label: str) -> str:
    return f"\x1b[38;5;{STYLES[label][1]}m{text}\x1b[0m"
