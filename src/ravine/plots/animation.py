"""Paths that grow step by step: a GIF, or one page that a browser plays."""

from __future__ import annotations

import base64
import html
import importlib.resources
import io
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from PIL import Image

from ravine import checks
from ravine.landscape.trajectory import Trajectory
from ravine.plots import landscape

FRAMES = 120
"""The most frames of an animation; of longer paths some steps share one."""

SECONDS = 10
"""About how long an animation takes."""


def animation(trajectories: Mapping[str, Trajectory], kind: str) -> bytes:
    """The paths of up to eight rules growing over the contours of their objective, as the bytes of a file.

    Args:
        trajectories: names and single runs down the same objective.
        kind: ``"gif"``, or ``"html"`` for a page with everything in it, which needs no network.
    """
    landscape.checked(trajectories)
    checks.look_up("kind", kind, dict.fromkeys(("gif", "html")))
    return as_gif(trajectories) if kind == "gif" else as_page(trajectories)


def frames(trajectories: Mapping[str, Trajectory]) -> list[int]:
    """The steps that are shown one after the other, from 0 to the last."""
    last = max(t.steps for t in trajectories.values())
    return sorted({round(i) for i in np.linspace(0, last, min(last + 1, FRAMES))})


def stage(trajectories: Mapping[str, Trajectory], dpi: int) -> tuple[Figure, Axes, np.ndarray[Any, Any]]:
    """A figure of the contours and the legend, without the paths; its canvas is drawn. Also what the axes show."""
    objective = landscape.checked(trajectories)
    figure = Figure(figsize=(9.6, 6.6), dpi=dpi, layout="constrained")
    canvas: Any = FigureCanvasAgg(figure)
    ax = figure.subplots()
    shown = landscape.view(trajectories, objective)
    landscape.draw_contours(objective, shown, ax)
    handles = [Line2D([], [], **style, markersize=7) for style in landscape.STYLES[: len(trajectories)]]
    labels = [name + landscape.note(t, shown) for name, t in trajectories.items()]
    landscape.legend_below(figure, handles, labels, fontsize=12)
    ax.xaxis.label.set_fontsize(14)
    ax.yaxis.label.set_fontsize(14)
    for trajectory in trajectories.values():
        ax.plot(*trajectory.points[0], "o", color="white", markeredgecolor="black", markersize=10)
    ax.set_title(objective.name, fontsize=14, loc="left")
    canvas.draw()
    return figure, ax, shown


def as_gif(trajectories: Mapping[str, Trajectory]) -> bytes:
    """The animation as a GIF that repeats."""
    figure, ax, shown = stage(trajectories, dpi=80)
    canvas: Any = figure.canvas
    background = canvas.copy_from_bbox(figure.bbox)
    paths = [landscape.drawable(t.points, shown) for t in trajectories.values()]
    lines = [ax.plot([], [], **s, markersize=3.5)[0] for s, _ in zip(landscape.STYLES, paths, strict=False)]
    heads = [
        ax.plot([], [], color=s["color"], marker=s["marker"], markersize=11, markeredgecolor="white")[0]
        for s, _ in zip(landscape.STYLES, paths, strict=False)
    ]
    counter = ax.text(1, 1.02, "", transform=ax.transAxes, ha="right", fontsize=14)
    images = []
    steps = frames(trajectories)
    for step in steps:
        canvas.restore_region(background)
        counter.set_text(f"step {step}")
        for path, line, head in zip(paths, lines, heads, strict=True):
            line.set_data(*path[: step + 1].T)
            here = path[: step + 1][np.isfinite(path[: step + 1]).all(1)][-1:]
            head.set_data(*here.T)
        for artist in (*lines, *heads, counter):
            ax.draw_artist(artist)
        images.append(Image.fromarray(np.array(canvas.buffer_rgba())).convert("RGB").quantize(64))
    file = io.BytesIO()
    each = max(20, round(1000 * SECONDS / len(steps)))
    durations = [each] * (len(steps) - 1) + [2000]
    images[0].save(file, "GIF", save_all=True, append_images=images[1:], duration=durations, loop=0)
    return file.getvalue()


def as_page(trajectories: Mapping[str, Trajectory]) -> bytes:
    """The animation as a page: the contours as a picture, the paths drawn over it by a few lines of script."""
    figure, ax, shown = stage(trajectories, dpi=120)
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=120)
    width, height = (int(n) for n in figure.canvas.get_width_height())
    box = ax.get_window_extent()
    data = {
        "size": [width, height],
        "box": [box.x0, height - box.y1, box.width, box.height],
        "seconds": SECONDS,
        "frames": frames(trajectories),
        "paths": [
            {
                "name": name,
                "color": to_hex(style["color"]),
                "dash": _dash(style["linestyle"]),
                "pixels": _pixels(landscape.drawable(trajectory.points, shown), ax, height),
                "points": _numbers(trajectory.points),
                "values": _numbers(trajectory.values),
            }
            for (name, trajectory), style in zip(trajectories.items(), landscape.STYLES, strict=False)
        ],
    }
    objective = next(iter(trajectories.values())).objective
    template = importlib.resources.files("ravine.plots").joinpath("animation.html").read_text("utf-8")
    parts = {
        "{{title}}": html.escape(f"{objective.name}: J = {objective.formula}" if objective.formula else objective.name),
        "{{picture}}": base64.b64encode(picture.getvalue()).decode(),
        # Within a script only this sequence could end it early.
        "{{data}}": json.dumps(data, allow_nan=False).replace("</", "<\\/"),
    }
    for mark, part in parts.items():
        template = template.replace(mark, part)
    return template.encode()


def _pixels(points: np.ndarray[Any, Any], ax: Axes, height: int) -> Any:
    """Where points lie in the picture, from its upper left corner; None for those that are lost."""
    places = ax.transData.transform(points)
    return _numbers(np.stack([places[:, 0], height - places[:, 1]], 1).round(2))


def _numbers(array: np.ndarray[Any, Any]) -> Any:
    """Nested lists, None for what JSON has no number for."""
    if array.ndim == 2:
        return [_numbers(row) for row in array]
    return [float(n) if np.isfinite(n) else None for n in array]


def _dash(linestyle: Any) -> list[float]:
    """A line style's pattern in pixels."""
    return [] if linestyle == "-" else [3 * n for n in linestyle[1]]
