"""``ravine experiment``: its options."""

from __future__ import annotations

from pathlib import Path

import click

from ravine.cli.command import Command

HELP = """
Show an effect of a training technique, with intervals over seeds.

\b
Written to DIR:
  NAME.png      the figure
  NAME.md       what was found, with its tables
  NAME.json     the numbers behind them, seed by seed
"""

EPILOG = """
\b
Examples:
  ravine experiment --list
  ravine experiment dropout
  ravine experiment batchnorm --seeds 4 --out results
"""


@click.command(
    cls=Command, help=HELP, short_help="Show an effect of a training technique over several seeds.", epilog=EPILOG
)
@click.argument("name", required=False)
@click.option("--list", "lists", is_flag=True, help="List the experiments, and run none.")
@click.option("--all", "runs_all", is_flag=True, help="Run all of them, one after the other.")
@click.option("--seeds", type=int, help="How many seeds, from 0 on.  [default: 10; mnist-mlp has 5, quadratic-deep 60]")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    default=Path("ravine-experiments"),
    show_default=True,
    help="Folder to write to. It is made if missing; files of an earlier run are replaced.",
)
def experiment(name: str | None, lists: bool, runs_all: bool, seeds: int | None, out: Path) -> None:
    """Run experiments as the options say."""
    from ravine.cli import experiment_run

    if lists:
        experiment_run.show_list()
    else:
        experiment_run.run(experiment_run.chosen(name, runs_all), seeds, out)
