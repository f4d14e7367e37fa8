"""Figures of a comparison: curves with bands, differences with intervals, trials, time to a target."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from ravine.plots.bands import STYLES, plot_band
from ravine.statistics import Interval

ROW = 0.42
"""The height of a row of the differences, in inches."""

LEGEND_WIDTH = 72
"""About how many letters a row of the legend has room for; each name takes 8 more than its own."""


class Difference(NamedTuple):
    """A contender's difference from the baseline: its mean with the interval, and that of each seed ``[seeds]``."""

    contender: str
    found: Interval
    seeds: np.ndarray
    claimed: bool


def curves_figure(
    curves: Mapping[str, Sequence[Sequence[float]]], key: str, epochs: int, target: float | None = None
) -> Figure:
    """Mean and 95 % interval of ``key`` over the epochs, a curve a contender.

    A run that stopped early goes on at its last value. Values far outside what most epochs have are cut off.

    Args:
        curves: by contender its runs, each the values of its epochs.
        key: what the values are.
        epochs: the most that a run has.
        target: a value to mark.
    """
    figure, ax = _canvas(6.8, 4.6)
    longest = max((len(run) for runs in curves.values() for run in runs), default=1)
    x = np.arange(1, min(epochs, longest) + 1)
    every: list[np.ndarray] = []
    for style, (name, runs) in enumerate(curves.items()):
        if not runs:
            continue
        filled = np.array([[*run, *[run[-1]] * (len(x) - len(run))] for run in runs], float)
        plot_band(ax, x, filled, name, style)
        every.append(filled)
    if target is not None:
        ax.axhline(target, color="0.3", linewidth=1.2, linestyle=(0, (2, 3)), zorder=0, label="target")
    if every:
        ax.set_ylim(*_window(np.concatenate([v.ravel() for v in every])))
    ax.set(xlabel="epoch", ylabel=key, title=f"{key}: mean and 95 % interval over seeds")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    ax.margins(x=0.02)
    _legend(figure, ax)
    return figure


def _window(values: np.ndarray) -> tuple[float | None, float | None]:
    """The part of the axis to show: all, unless a few values would leave no room for the others."""
    finite = values[np.isfinite(values)]
    if not finite.size:
        return None, None
    low, high = finite.min(), finite.max()
    near_low, near_high = np.percentile(finite, [5, 95])
    room = max(near_high - near_low, 1e-12)
    low = low if near_low - low < 1.5 * room else near_low - 0.5 * room
    high = high if high - near_high < 1.5 * room else near_high + 0.5 * room
    margin = 0.05 * max(high - low, 1e-12)
    return low - margin, high + margin


def differences_figure(rows: Sequence[Difference], metric: str, baseline: str, direction: str) -> Figure:
    """Each contender's difference from the baseline: the seeds' own as dots, their mean with its interval.

    Args:
        rows: one a contender.
        metric: what was compared.
        baseline: the contender that the others are compared with.
        direction: ``"min"`` where less is better, else ``"max"``.
    """
    figure, ax = _canvas(6.8, 1.7 + ROW * max(1, len(rows)))
    places = np.arange(len(rows))[::-1]
    for place, row in zip(places, rows, strict=True):
        color = STYLES[0]["color"] if row.claimed else "0.45"
        ax.plot(row.seeds, np.full(len(row.seeds), place - 0.22), ".", color="0.6", markersize=5, zorder=2)
        if len(row.seeds):
            ends = [[row.found.mean - row.found.low], [row.found.high - row.found.mean]]
            error = None if math.isnan(row.found.low) else np.maximum(ends, 0)
            ax.errorbar(
                row.found.mean,
                place,
                xerr=error,
                fmt="o",
                color=color,
                markerfacecolor=color if row.claimed else "white",
                markersize=7,
                capsize=4,
                linewidth=2,
                zorder=3,
            )
    ax.axvline(0, color="0.3", linewidth=1, zorder=1)
    ax.set_yticks(places, [row.contender for row in rows])
    ax.set_ylim(-0.7, len(rows) - 0.4)
    better = "left" if direction == "min" else "right"
    ax.set(xlabel=f"difference from {baseline} in {metric}; better to the {better}")
    ax.set_title("Paired differences: mean, 95 % interval, seeds (filled: p < 0.05)", fontsize=11)
    ax.grid(axis="x", alpha=0.3)
    return figure


class Trial(NamedTuple):
    """A value that was tried, and what it arrived at: NaN where the run failed; whether it was chosen."""

    value: float
    result: float
    chosen: bool


def sensitivity_figure(
    points: Mapping[str, Sequence[Trial]],
    hyperparameter: str,
    metric: str,
    logarithmic: bool,
    alone: bool,
) -> Figure:
    """What each trial arrived at over a hyperparameter; the value that was chosen is ringed, failed trials are crosses.

    Args:
        points: by contender its trials.
        hyperparameter: the path of what was tried.
        metric: what the results are.
        logarithmic: whether the values spread over magnitudes.
        alone: whether nothing else was tuned, so that a line through the points means something.
    """
    figure, ax = _canvas(6.8, 4.6)
    results = np.array([result for trials in points.values() for _, result, _ in trials], float)
    low, high = _window(results)
    if low is not None:
        ax.set_ylim(low, high)
    for style, (name, trials) in enumerate(points.items()):
        if not trials:
            continue
        look = {**STYLES[style % len(STYLES)], **({} if alone else {"linestyle": "none"})}
        x, y, ringed = np.array(sorted(trials), float).T
        ax.plot(x, y, **look, label=name, linewidth=1.5, markersize=5, markerfacecolor="white")
        failed = x[np.isnan(y)]
        ax.plot(
            failed,
            np.full(len(failed), 0.03 + 0.03 * style),
            "x",
            color=look["color"],
            transform=ax.get_xaxis_transform(),
        )
        at = ringed == 1
        ax.plot(x[at], y[at], "o", color=look["color"], markersize=13, fillstyle="none", markeredgewidth=2)
    if logarithmic:
        ax.set_xscale("log")
    ax.set(xlabel=hyperparameter, ylabel=metric, title=f"{metric} of each trial; ringed: chosen, crosses: failed")
    _legend(figure, ax)
    return figure


def profile_figure(times: Mapping[str, Sequence[float]], epochs: int, target: str) -> Figure:
    """The share of runs that had reached the target after so many epochs, a curve a contender.

    Args:
        times: by contender the epochs that each run took, infinite for one that missed the target.
        epochs: the most that a run has.
        target: the target in words.
    """
    figure, ax = _canvas(6.8, 4.6)
    for style, (name, taken) in enumerate(times.items()):
        if not taken:
            continue
        x = np.arange(epochs + 1)
        share = [float(np.mean([t <= e for t in taken])) for e in x]
        look = {**STYLES[style % len(STYLES)], "marker": None}
        # Curves that lie on one another are told apart by a small step aside.
        ax.step(x, np.array(share) + 0.004 * style, where="post", **look, label=name, linewidth=2)
    ax.yaxis.set_major_formatter(PercentFormatter(1.0))
    ax.set(xlabel="epochs", ylabel="runs that reached it", title=f"Time to {target}")
    ax.set(xlim=(0, epochs), ylim=(-0.03, 1.06))
    _legend(figure, ax)
    return figure


def _canvas(width: float, height: float) -> tuple[Figure, Any]:
    figure = Figure(figsize=(width, height), dpi=120, layout="constrained")
    ax = figure.subplots()
    ax.grid(alpha=0.3)
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    return figure, ax


def _legend(figure: Figure, ax: Any) -> None:
    handles, labels = ax.get_legend_handles_labels()
    if handles:
        columns = max(1, min(len(labels), LEGEND_WIDTH // (max(map(len, labels)) + 8)))
        figure.legend(handles, labels, loc="outside lower center", ncols=columns, frameon=False)
