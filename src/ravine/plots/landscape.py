"""How optimizers walked: paths over contours, values and effective learning rates against the step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from ravine import checks, settings
from ravine.landscape.trajectory import Trajectory
from ravine.objectives import Objective

Array = np.ndarray[Any, Any]

# Colours of Okabe & Ito, which colour-blind people tell apart; line and marker tell the paths apart in grey. No marker
# is a cross, which says that a run was lost.
STYLES: tuple[dict[str, Any], ...] = (
    {"color": "#000000", "linestyle": "-", "marker": "o"},
    {"color": "#D55E00", "linestyle": (0, (5, 2)), "marker": "s"},
    {"color": "#0072B2", "linestyle": (0, (1, 1.2)), "marker": "^"},
    {"color": "#009E73", "linestyle": (0, (6, 2, 1, 2)), "marker": "D"},
    {"color": "#CC79A7", "linestyle": (0, (3, 1, 1, 1, 1, 1)), "marker": "v"},
    {"color": "#E69F00", "linestyle": (0, (9, 2)), "marker": "<"},
    {"color": "#56B4E9", "linestyle": (0, (3, 3)), "marker": ">"},
    {"color": "#7F7F7F", "linestyle": (0, (1, 3)), "marker": "h"},
)

ENLARGED = 1.5
"""How much larger than the objective's domain a picture gets at most, for paths that leave it."""

GRID = 240
"""Points of the contours' grid along each axis."""

MARKERS = 14
"""About the most markers that a curve over steps has."""


def checked(trajectories: Mapping[str, Trajectory]) -> Objective:
    """The one objective of single runs that can be drawn together, or an error."""
    if not isinstance(trajectories, Mapping) or not all(isinstance(t, Trajectory) for t in trajectories.values()):
        checks.reject_type("trajectories", trajectories, "a dict of names and trajectories")
    if not 1 <= len(trajectories) <= len(STYLES):
        raise checks.RavineValueError(
            f"trajectories: expected 1 to {len(STYLES)}, which a picture can tell apart, got {len(trajectories)}."
        )
    for name, trajectory in trajectories.items():
        if trajectory.runs is not None:
            raise checks.RavineValueError(
                f"trajectories[{name!r}] has {trajectory.runs} runs: expected a single one, such as trajectory[0]."
            )
    first, *others = (t.objective for t in trajectories.values())
    if any(other.function is not first.function for other in others):
        raise checks.RavineValueError("trajectories: expected all of them down the same objective.")
    return first


def view(trajectories: Mapping[str, Trajectory], objective: Objective) -> Array:
    """What part of the plane to show, ``[2, 2]``: the domain, enlarged a little for paths that leave it."""
    domain = np.array(objective.domain)
    middle, half = domain.mean(1), np.ptp(domain, 1) / 2
    points = np.concatenate([t.points for t in trajectories.values()])
    points = points[np.isfinite(points).all(1)]
    away = np.abs(points - middle) / half
    near = away[(away <= ENLARGED).all(1)]
    grown = max(1.0, 1.04 * near.max()) if near.size else 1.0  # a point at the edge would lose half its marker
    return np.stack([middle - grown * half, middle + grown * half], 1)


def surface(objective: Objective, shown: Array) -> tuple[Array, Array, Array]:
    """The grid's x₁ and x₂, and J on it, float64."""
    x1, x2 = (np.linspace(low, high, GRID) for low, high in shown)
    with jax.enable_x64(True):
        grid = np.stack(np.meshgrid(x1, x2), -1)
        values = np.asarray(settings.ordinary(jax.jit(jax.vmap(jax.vmap(objective))))(grid))
    return x1, x2, np.where(np.isfinite(values), values, np.nanmax(values[np.isfinite(values)], initial=0.0))


def levels(values: Array) -> Array:
    """Where contours go: close at the bottom and wide apart above, so that a narrow valley shows."""
    least, most = values.min(), values.max()
    return least + (most - least) * np.linspace(0, 1, 15)[1:] ** 3 if most > least else np.array([least])


def draw_contours(objective: Objective, shown: Array, ax: Axes) -> None:
    """The landscape itself: light, so that paths stand out, with its minima."""
    x1, x2, values = surface(objective, shown)
    where = levels(values)
    if len(where) > 1:
        ax.contourf(x1, x2, values, [values.min() - 1e-9, *where], cmap="Blues", alpha=0.35)
        ax.contour(x1, x2, values, where, colors="0.55", linewidths=0.6)
    for minimum in objective.minima:
        ax.plot(*minimum, marker="*", markersize=17, color="white", markeredgecolor="black", zorder=7)
    ax.set(xlim=shown[0], ylim=shown[1], xlabel="$x_1$", ylabel="$x_2$")


def note(trajectory: Trajectory, shown: Array | None = None) -> str:
    """What a legend must say of a run that a picture cannot show whole."""
    if trajectory.diverged >= 0:
        return f": diverged at step {trajectory.diverged}"
    if shown is not None:
        outside = ((trajectory.points < shown[:, 0]) | (trajectory.points > shown[:, 1])).any(1)
        if outside.any():
            return f": left the picture at step {outside.argmax()}"
    return ""


def drawable(points: Array, shown: Array) -> Array:
    """``points`` as drawing can take them: those far outside cut to the picture's surroundings, lost ones NaN."""
    span = np.ptp(shown, 1)
    kept = np.clip(points, shown[:, 0] - 2 * span, shown[:, 1] + 2 * span)
    return np.where(np.isfinite(points).all(1, keepdims=True), kept, np.nan)


def plot_trajectories(trajectories: Mapping[str, Trajectory], ax: Axes | None = None) -> Axes:
    """Draw the paths of up to eight rules over the contours of their objective.

    Every step is a marker; the start is a large white circle, each end a large marker of its rule, minima are stars.
    The legend says which runs diverged or left the picture, and when. Of a single rule that looks ahead, the points
    where the gradient was taken are drawn too, hollow.

    Args:
        trajectories: names and single runs down the same objective.
        ax: where to draw; by default pyplot's current axes.
    """
    objective = checked(trajectories)
    ax = _axes(ax)
    shown = view(trajectories, objective)
    draw_contours(objective, shown, ax)
    for (name, trajectory), style in zip(trajectories.items(), STYLES, strict=False):
        points = drawable(trajectory.points, shown)
        label = name + note(trajectory, shown)
        if trajectory.look_ahead is not None and len(trajectories) == 1:
            ahead = drawable(trajectory.look_ahead, shown)
            ax.plot(*ahead.T, "o", color="0.35", markersize=5, markerfacecolor="none", label="look-ahead", zorder=3)
        ax.plot(*points.T, **style, label=label, linewidth=1.6, markersize=3.5, zorder=3)
        finite = points[np.isfinite(points).all(1)]
        end = {"color": style["color"], "marker": style["marker"], "markersize": 11, "markeredgecolor": "white"}
        ax.plot(*finite[-1], **end, linestyle="none", zorder=6)
    for i, start in enumerate({tuple(t.points[0]): None for t in trajectories.values()}):
        ax.plot(
            *start,
            "o",
            color="white",
            markeredgecolor="black",
            markersize=11,
            zorder=6,
            label="start" if i == 0 else None,
        )
    if objective.minima:
        ax.plot([], [], "*", markersize=14, color="white", markeredgecolor="black", label="minimum")
    ax.legend(framealpha=0.9)
    return ax


def plot_values(trajectories: Mapping[str, Trajectory], ax: Axes | None = None) -> Axes:
    """Draw J against the step on a log axis; where J is not above 0 everywhere, J − min J, or a plain axis.

    A cross marks where a run that was lost leaves the picture.
    """
    objective = checked(trajectories)
    ax = _axes(ax)
    with jax.enable_x64(True):
        lowest = min((float(objective(np.array(m))) for m in objective.minima), default=0.0)
    base = 0.0 if lowest >= 0 else lowest
    every = np.concatenate([t.values for t in trajectories.values()]) - base
    ax.set_yscale("log" if (every[np.isfinite(every)] > 0).any() else "linear")
    # What a run that goes astray climbs to must not press the others flat.
    highest = 1e3 * max(float(np.nan_to_num(t.values[0], posinf=0.0)) - base for t in trajectories.values())
    for (name, trajectory), style in zip(trajectories.items(), STYLES, strict=False):
        values = np.where(np.isfinite(trajectory.values), trajectory.values - base, np.nan)
        if ax.get_yscale() == "log":
            values = np.where(values > 1e-30, values, np.nan)  # on a log axis the minimum itself has no place
        values = np.minimum(values, 10 * highest)  # beyond the picture; an axis cannot hold the largest numbers
        _curve(ax, np.arange(len(values)), values, style, name + note(trajectory))
        last = np.flatnonzero(values <= highest)
        if trajectory.diverged >= 0 and len(last):
            ax.plot(last[-1], values[last[-1]], "x", color=style["color"], markersize=11, markeredgewidth=3)
    if (every[np.isfinite(every)] > highest).any():
        ax.set_ylim(top=highest)
    ax.set_xlabel("step")
    ax.set_ylabel("$J$" if base == 0 else r"$J - \min J$")
    return _finished(ax)


def plot_rates(trajectories: Mapping[str, Trajectory], ax: Axes | None = None) -> Axes:
    """Draw each coordinate's effective learning rate against the step on a log axis: x₁ solid, x₂ dashed."""
    checked(trajectories)
    ax = _axes(ax)
    for (name, trajectory), style in zip(trajectories.items(), STYLES, strict=False):
        for coordinate, line in enumerate(("-", "--")):
            rates = trajectory.rates[:, coordinate]
            rates = np.where(np.isfinite(rates) & (rates > 0), rates, np.nan)
            look = {"color": style["color"], "marker": style["marker"], "linestyle": line}
            _curve(ax, np.arange(1, len(rates) + 1), rates, look, name if coordinate == 0 else None)
    ax.set_yscale("log")
    if found := [h for h in ax.lines if np.isfinite(np.asarray(h.get_ydata(), float)).any()]:
        every = np.concatenate([np.asarray(line.get_ydata(), float) for line in found])
        low, high = np.nanmin(every), np.nanmax(every)
        ax.set_ylim(low / 3, high * 3)  # constant rates would else have an axis without a tick
    ax.set_xlabel("step")
    ax.set_ylabel("effective learning rate")
    _finished(ax)
    handles, labels = ax.get_legend_handles_labels()
    handles += [Line2D([], [], color="0.3", linestyle=line) for line in ("-", "--")]
    ax.legend(handles, [*labels, "of $x_1$", "of $x_2$"], framealpha=0.9)
    return ax


def trajectory_figure(trajectories: Mapping[str, Trajectory], title: str | None = None) -> Figure:
    """A slide of 16:9: the paths large, their values and effective learning rates beside; pyplot does not know it.

    Args:
        trajectories: names and single runs down the same objective.
        title: stands above all.
    """
    checked(trajectories)
    figure = Figure(figsize=(13.33, 7.5), dpi=150, layout="constrained")
    # Rules whose steps are all the learning rate times the gradient have nothing to show in a panel of rates.
    adaptive = any(_adapts(trajectory) for trajectory in trajectories.values())
    grid = figure.add_gridspec(2, 2, width_ratios=(1.45, 1))
    large, above = figure.add_subplot(grid[:, 0]), figure.add_subplot(grid[0, 1] if adaptive else grid[:, 1])
    plot_trajectories(trajectories, large)
    plot_values(trajectories, above)
    panels = [large, above]
    if adaptive:
        panels.append(plot_rates(trajectories, figure.add_subplot(grid[1, 1])))
    handles, labels = large.get_legend_handles_labels()
    for panel in panels:
        if (legend := panel.get_legend()) is not None:  # moved below all panels
            legend.remove()
        panel.xaxis.label.set_fontsize(15)
        panel.yaxis.label.set_fontsize(15)
        panel.tick_params(labelsize=12.5)
    if adaptive:
        lines = [Line2D([], [], color="0.3", linestyle=line) for line in ("-", "--")]
        panels[-1].legend(lines, ["of $x_1$", "of $x_2$"], fontsize=12.5, framealpha=0.9, loc="best")
    legend_below(figure, handles, labels, fontsize=13.5)
    if title is not None:
        figure.suptitle(title, fontsize=17)
    return figure


def _adapts(trajectory: Trajectory) -> bool:
    """Whether the effective learning rates of a run change, or differ between its coordinates."""
    rates = trajectory.rates[np.isfinite(trajectory.rates).all(axis=-1)]
    return bool(rates.size) and not np.allclose(rates, rates.flat[0], rtol=1e-6)


def legend_below(figure: Figure, handles: list[Any], labels: list[str], fontsize: float) -> None:
    """A legend under all panels, in as many columns as the figure is wide enough for."""
    letters = figure.get_figwidth() * 72 / (0.62 * fontsize) - 3  # of the usual width
    columns = len(labels)
    # Each entry takes the room of ten letters for its line and the gaps; a column is as wide as its longest.
    while columns > 1 and letters < sum(
        max(map(len, column)) + 10 for column in np.array_split(np.array(labels), columns)
    ):
        columns -= 1
    figure.legend(handles, labels, loc="outside lower center", ncols=columns, fontsize=fontsize, handlelength=3.2)


def _axes(ax: Axes | None) -> Axes:
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    return plt.gca()


def _curve(ax: Axes, steps: Array, values: Array, style: dict[str, Any], label: str | None) -> None:
    every = max(1, len(steps) // MARKERS)
    ax.plot(steps, values, **style, label=label, linewidth=1.8, markersize=5, markevery=every)


def _finished(ax: Axes) -> Axes:
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    ax.grid(alpha=0.3)
    ax.legend(framealpha=0.9)
    return ax
