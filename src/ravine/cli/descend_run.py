"""``ravine descend``: its work."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table

from ravine import checks, objectives, optimizers
from ravine.atomic import replacing
from ravine.cli.command import make_folder, writing_to
from ravine.files import save_csv
from ravine.landscape import Trajectory, descend
from ravine.optimizers import SGD, Optimizer

DEFAULT_RULES = "sgd,momentum,nag,adagrad,rmsprop,adam"

# The lecture's names of rules that share a class, with its momentum and its learning rate.
LECTURE_RULES: dict[str, Optimizer] = {
    "sgd": SGD(0.01),
    "momentum": SGD(0.01, momentum=0.9),
    "nag": SGD(0.01, momentum=0.9, nesterov=True),
}
OTHERS_RATE = 0.1

PUBLISHED = {"sgd": ("-0.663", "-0.107"), "momentum": ("-0.020", "-0.0230"), "nag": ("-0.00850", "-0.00174")}
"""The lecture's points after 100 steps from (−5, 4), as printed."""

ERRATUM = (
    "The slides print J = x₁² + 2x₂² − x₁x₂ (lecture_printed), but their points come from J = x₁² + 4x₂² − x₁x₂ "
    "(lecture_plotted), which gives all three to within one unit of the last printed digit. For nag the point is the "
    "textbook's w; Keras and Ravine train θ = w + m·v, where the gradient is taken, and the two are one algorithm."
)


@dataclass(frozen=True)
class Picture:
    """Some paths down one objective, and what their files are called."""

    name: str
    title: str
    trajectories: dict[str, Trajectory]


def run(asked: dict[str, Any], out: Path, animate: str | None, table_only: bool) -> None:
    """Descend as ``asked``, or as the lecture does where nothing is; print the table, and write to ``out``."""
    if animate is not None:
        checks.look_up("animate", animate, dict.fromkeys(("html", "gif")))
    pictures = [_picture(**asked)] if asked else _lecture()
    if not table_only:
        with writing_to(out):
            make_folder(out)
    console = Console(highlight=False)
    if asked:
        console.print(_table(pictures[0]))
    else:
        console.print(_lecture_table(pictures))
        console.print(f"\n{ERRATUM}\n")
    if not table_only:
        for picture in pictures:
            for path in _write(picture, out, animate):
                print(f"Wrote {path}")


def _picture(
    objective: str = "lecture_plotted",
    optimizers: str = DEFAULT_RULES,
    lr: str | None = None,
    steps: int = 100,
    start: str | None = None,
    seed: int | None = None,
) -> Picture:
    """The paths that the options ask for."""
    function = objectives.get(objective)
    if seed is not None and function.noise is None:
        checks.reject("seed", seed, f"none, since {function.name} has no noise; 'noisy_{function.name}' has")
    point = None if start is None else _numbers("start", start)
    if point is not None and len(point) != 2:
        checks.reject("start", start, "two numbers with a comma between, such as -5,4")
    rules = _rules(optimizers, None if lr is None else _numbers("lr", lr))
    trajectories = {name: descend(function, rule, point, steps, seed=seed or 0) for name, rule in rules.items()}
    return Picture("descent", f"{function.name}: J = {function.formula}", trajectories)


def _rules(names: str, rates: list[float] | None) -> dict[str, Optimizer]:
    listed = [name.strip().lower() for name in names.split(",")]
    if len(set(listed)) < len(listed):
        checks.reject("optimizers", names, "each rule once")
    for rate in rates or ():
        checks.number("lr", rate, least=0)
    if rates is not None and len(rates) not in (1, len(listed)):
        checks.reject("lr", ",".join(map(str, rates)), f"one number, or {len(listed)} for {len(listed)} rules")
    known = {n: rule(learning_rate=OTHERS_RATE) for n, rule in optimizers.TABLE.items()} | LECTURE_RULES
    rules = [checks.look_up("optimizers", name, known) for name in listed]
    if rates is not None:
        rates = rates * len(rules) if len(rates) == 1 else rates
        rules = [replace(rule, learning_rate=rate) for rule, rate in zip(rules, rates, strict=True)]
    return dict(zip(listed, rules, strict=True))


def _numbers(argument: str, text: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        checks.reject(argument, text, "numbers with commas between, such as 0.1,0.01")


def _lecture() -> list[Picture]:
    """Both figures of the lecture's chapter on optimizers, with the J that it plots and the J that it prints."""
    chapters = {
        "momentum": LECTURE_RULES,
        "adaptive": {"sgd": SGD(0.1), "adagrad": optimizers.Adagrad(0.1), "rmsprop": optimizers.RMSprop(0.1)},
    }
    return [
        Picture(
            f"{chapter}-{J.name}",
            f"J = {J.formula}, {'η = 0.01' if chapter == 'momentum' else 'η = 0.1'}, 100 steps",
            {name: descend(J, rule, (-5.0, 4.0), 100) for name, rule in rules.items()},
        )
        for chapter, rules in chapters.items()
        for J in (objectives.get("lecture_plotted"), objectives.get("lecture_printed"))
    ]


def _lecture_table(pictures: list[Picture]) -> Table:
    plotted, printed = (p.trajectories for p in pictures[:2])
    table = _empty_table("The point x after 100 steps from (−5, 4), η = 0.01, momentum 0 or 0.9")
    table.add_column("")
    for column in ("published", "lecture_plotted", "lecture_printed"):
        table.add_column(column, justify="right", no_wrap=True)
    for name, published in PUBLISHED.items():
        ends = [_shown(paths[name].points[-1]) for paths in (plotted, printed)]
        table.add_row(name, f"({', '.join(published)})", *ends)
    return table


def _table(picture: Picture) -> Table:
    table = _empty_table(picture.title)
    for column in ("", "η", "x at the end", "J(x)", "distance"):
        table.add_column(column, justify="right" if column else "left", no_wrap=True)
    for name, trajectory in picture.trajectories.items():
        rate: Any = trajectory.optimizer.learning_rate  # type: ignore[attr-defined]
        end, lost = trajectory.points[-1], trajectory.diverged
        if lost >= 0:
            table.add_row(name, f"{rate:g}", f"diverged at step {lost}", "–", "–")
            continue
        minima = trajectory.objective.minima
        distance = f"{min(np.linalg.norm(end - np.array(m)) for m in minima):.3g}" if minima else "–"
        table.add_row(name, f"{rate:g}", _shown(end), f"{trajectory.values[-1]:.4g}", distance)
    table.caption = "distance: to the nearest minimum"
    return table


def _empty_table(title: str) -> Table:
    return Table(
        title=title,
        title_justify="left",
        title_style="bold",
        caption_justify="left",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
    )


def _shown(point: Any) -> str:
    return f"({point[0]:.5f}, {point[1]:.5f})"


def _write(picture: Picture, out: Path, animate: str | None) -> list[Path]:
    """Write the figure, a table for each rule, and the animation where one is asked for; returns the paths."""
    from ravine.plots import animation, trajectory_figure

    prefix = "" if picture.name == "descent" else f"{picture.name}-"
    tables = {out / f"{prefix}{name}.csv": trajectory for name, trajectory in picture.trajectories.items()}
    figure = out / f"{picture.name}.png"
    with writing_to(out):
        with replacing(figure) as file:
            trajectory_figure(picture.trajectories, picture.title).savefig(file, format="png")
        for path, trajectory in tables.items():
            save_csv(trajectory, path)
        written = [figure, *tables]
        if animate is not None:
            written.append(out / f"{picture.name}.{animate}")
            with replacing(written[-1]) as file:
                file.write(animation(picture.trajectories, animate))
    return written
