"""``ravine descend``: its options."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ravine.cli.command import Command

HELP = """
Watch optimizers walk down a function of two numbers.

Without options it draws the figures of the lecture that Ravine grew from, and prints their numbers, published beside
computed. With options it draws what you ask for.

\b
OBJECTIVES  lecture_plotted, lecture_printed, ravine, rosenbrock, beale,
            himmelblau, rastrigin, saddle, plateau; noisy_ before a name
            adds noise to the gradient
RULES       sgd, momentum, nag, adagrad, rmsprop, adam, adamw, nadam,
            adamax, adadelta, lion, lamb, adafactor, muon,
            schedulefreeadamw

\b
Written to DIR, for the lecture once for each of its figures and both J:
  descent.png       paths over contours, values, effective learning rates
  NAME.csv          each rule's points, gradients, values and slots
  descent.html      the animation, with --animate
"""

EPILOG = """
\b
Examples:
  ravine descend
  ravine descend --objective ravine --optimizers sgd,momentum --lr 0.1,0.02
  ravine descend --objective rosenbrock --optimizers nag,adam --steps 500 --animate
  ravine descend --objective saddle --start=-1,0.001 --table
"""


@click.command(
    cls=Command,
    help=HELP,
    short_help="Watch optimizers walk down a function of two numbers.",
    epilog=EPILOG,
)
@click.option("--objective", metavar="NAME", help="What to descend.  [default: lecture_plotted]")
@click.option(
    "--optimizers",
    metavar="RULES",
    help="Names with commas between.  [default: sgd,momentum,nag,adagrad,rmsprop,adam]",
)
@click.option(
    "--lr",
    metavar="NUMBERS",
    help="Learning rate, one for all or one a rule.  [default: 0.01 for sgd, momentum, nag; 0.1 for the rest]",
)
@click.option("--steps", type=int, help="Steps to take.  [default: 100]")
@click.option("--start", metavar="X1,X2", help="Where to begin.  [default: the objective's own]")
@click.option("--seed", type=int, help="Seed of a noisy objective's noise.  [default: 0]")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    default=Path("ravine-descend"),
    show_default=True,
    help="Folder to write to. It is made if missing; files of an earlier run are replaced.",
)
@click.option(
    "--animate",
    is_flag=False,
    flag_value="html",
    metavar="[html|gif]",
    help="Also write an animation: a page that a browser plays (html, if nothing is said), or a gif.",
)
@click.option("--table", is_flag=True, help="Print the table only, and write nothing.")
def descend(out: Path, animate: str | None, table: bool, **asked: Any) -> None:
    """Descend as the options say."""
    from ravine.cli import descend_run

    descend_run.run({name: value for name, value in asked.items() if value is not None}, out, animate, table)
