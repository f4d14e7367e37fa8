"""A run's curves: training beside validation, over the epochs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ravine import checks
from ravine.training.history import History

Record = History | Mapping[str, Sequence[float]]

# Colours of Okabe & Ito, which colour-blind people tell apart; line and marker tell the curves apart in grey.
STYLES: dict[str, dict[str, Any]] = {
    "training": {"color": "#0072B2", "linestyle": "-", "marker": "o"},
    "validation": {"color": "#D55E00", "linestyle": (0, (4, 2)), "marker": "s", "markerfacecolor": "none"},
}
KEPT: dict[str, Any] = {"color": "0.25", "linestyle": ":", "linewidth": 2}

MARKERS = 12
"""About the most markers that a curve has; of more epochs not each has one."""

PANEL_INCHES = 5.5, 4.4


def plot_metric(history: Record, metric: str, ax: Axes | None = None) -> Axes:
    """Draw one metric of a run: its curve in training beside its curve in validation, where there is one.

    Args:
        history: what ``fit`` returned, or its ``history``.
        metric: ``"loss"`` or the name of a metric, without ``val_``.
        ax: where to draw; by default pyplot's current axes, or those of a new figure if something is drawn there.

    Returns:
        The axes that were drawn on.
    """
    record = as_history(history)
    checks.look_up("metric", metric, dict.fromkeys(record.names))
    drawn = curves(record, metric)
    if ax is None:
        import matplotlib.pyplot as plt

        ax = plt.gca()
        ax = plt.figure().add_subplot() if ax.has_data() else ax
    for label, (epochs, values) in drawn.items():
        every = -(-len(epochs) // MARKERS)
        ax.plot(epochs, values, **STYLES[label], label=label, linewidth=2, markersize=5, markevery=every)
    ax.set_xlabel("epoch")
    ax.set_ylabel(metric)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    ax.margins(x=0.02)
    ax.grid(alpha=0.3)
    ax.legend()
    return ax


def history_figure(history: Record, kept_epoch: int | None = None, stopped_epoch: int | None = None) -> Figure:
    """A figure of all of a run's metrics side by side, made for a file or a slide; pyplot does not know it.

    Args:
        history: what ``fit`` returned, or its ``history``.
        kept_epoch: the epoch, from 0, whose weights the model has; it is marked.
        stopped_epoch: the epoch, from 0, after which early stopping ended the run; the title says so.
    """
    record = as_history(history)
    width, height = PANEL_INCHES
    figure = Figure(figsize=(width * len(record.names), height), dpi=150, layout="constrained")
    panels = figure.subplots(1, len(record.names), squeeze=False)[0]
    for name, panel in zip(record.names, panels, strict=True):
        plot_metric(record, name, panel)
        # One legend under the panels, since one within each could hide a curve.
        lines, labels = panel.get_legend_handles_labels()
        panel.get_legend().remove()
        if kept_epoch is not None:
            _mark(panel, record, kept_epoch)
        panel.xaxis.label.set_size(13)
        panel.yaxis.label.set_size(14)
        panel.tick_params(labelsize=12)
    figure.legend(lines, labels, loc="outside lower center", ncols=len(lines), fontsize=13, handlelength=3.5)
    if stopped_epoch is not None:
        figure.suptitle(f"Stopped early after epoch {stopped_epoch + 1}", fontsize=15)
    return figure


def as_history(history: object) -> History:
    """``history`` as a History with at least one epoch, or an error."""
    if isinstance(history, Mapping):
        lengths = [len(values) for key, values in history.items() if not key.startswith("val_")]
        history = History(epoch=list(range(max(lengths, default=0))), history=dict(history))
    if not isinstance(history, History):
        checks.reject_type("history", history, "what fit returned, or its .history")
    if not history.epoch:
        raise checks.RavineValueError("history is empty: no epoch was trained, so there is nothing to draw.")
    return history


def curves(record: History, metric: str) -> dict[str, tuple[list[int], Sequence[float]]]:
    """The epochs, from 1, and the values of ``metric`` in training and, where there is any, in validation."""
    keys = {"training": metric, "validation": f"val_{metric}"}
    return {label: (_epochs(record, key), record.history[key]) for label, key in keys.items() if key in record.history}


def _epochs(record: History, key: str) -> list[int]:
    count = len(record.history[key])
    for epochs in (record.epochs_of(key), record.epoch):
        if len(epochs) == count:
            return [epoch + 1 for epoch in epochs]
    raise checks.RavineValueError(
        f"history: {key!r} has {count} values for {len(record.epoch)} epochs, and a dict does not tell which: give the "
        "History that fit returned."
    )


def _mark(panel: Axes, record: History, epoch: int) -> None:
    """Mark ``epoch`` as the one whose weights were kept, with the words above the panel, where no curve can be."""
    if epoch not in record.epoch:
        checks.reject("kept_epoch", epoch, f"one of the run's epochs, {record.epoch[0]} to {record.epoch[-1]}")
    panel.axvline(epoch + 1, **KEPT, zorder=1)
    span = record.epoch[-1] - record.epoch[0]
    place = (epoch - record.epoch[0]) / span if span else 0.5
    panel.annotate(
        f"weights kept: epoch {epoch + 1}",
        xy=(epoch + 1, 1),
        xycoords=("data", "axes fraction"),
        xytext=(0, 4),
        textcoords="offset points",
        ha="left" if place < 0.25 else "center" if place < 0.75 else "right",
        va="bottom",
        fontsize=12,
        color=KEPT["color"],
    )
