"""Curves over several seeds: their mean, and a band that tells how sure it is."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from ravine import checks
from ravine.statistics import interval

STYLES: tuple[dict[str, Any], ...] = (
    {"color": "#0072B2", "linestyle": "-", "marker": "o"},
    {"color": "#D55E00", "linestyle": (0, (4, 2)), "marker": "s"},
    {"color": "#009E73", "linestyle": (0, (1, 1)), "marker": "^"},
    {"color": "#CC79A7", "linestyle": (0, (5, 1, 1, 1)), "marker": "D"},
    {"color": "#E69F00", "linestyle": "-", "marker": "v"},
    {"color": "#56B4E9", "linestyle": (0, (4, 2)), "marker": "<"},
)
"""Colours of Okabe & Ito, which colour-blind people tell apart; line and marker tell the curves apart in grey."""

RESAMPLES = 999
"""For a band, which is to be seen and not read off, fewer than for a number."""

MARKERS = 10
"""The most markers that a curve has."""


def plot_band(ax: Axes, x: Any, runs: Any, label: str, style: int = 0) -> None:
    """Draw the mean of ``runs`` ``[seeds, points]`` over ``x`` ``[points]``, with its 95 % interval as a band.

    Args:
        ax: where to draw.
        x: where the points are.
        runs: a curve a seed.
        label: for the legend.
        style: which of the styles; curves of one figure take different ones.
    """
    runs = np.asarray(runs, np.float64)
    if runs.ndim != 2 or runs.shape[1] != len(x):
        raise checks.RavineValueError(f"runs has shape {runs.shape}: expected one curve a seed of {len(x)} points.")
    look = STYLES[style % len(STYLES)]
    found = [interval(column, RESAMPLES) for column in runs.T]
    ax.plot(
        x,
        [i.mean for i in found],
        **look,
        label=label,
        linewidth=2,
        markersize=5,
        markerfacecolor="white",
        markevery=max(1, -(-len(x) // MARKERS)),
    )
    ax.fill_between(x, [i.low for i in found], [i.high for i in found], color=look["color"], alpha=0.2, linewidth=0)
