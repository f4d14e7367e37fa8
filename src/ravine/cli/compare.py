"""``ravine compare``: its options."""

from __future__ import annotations

from pathlib import Path

import click

from ravine.cli.command import INTERRUPTED, Command

HELP = """
Compare training techniques fairly: tuned alike, over paired seeds, with intervals.

STUDY is one of the ready studies, or a file: TOML, or Python with a dict called study of ravine.compare's arguments.

\b
Written to DIR:
  report.html     what was found, with tables and figures; one file that needs no other
  result.json     all of it, which ravine.comparison.Comparison.from_json reads
  table.md        the table
  runs.jsonl      the runs, as they finish

Stopped at any moment, even by a loss of power, the same command goes on where it was. Ctrl-C leaves the report of what
is done.
"""

EPILOG = """
\b
Examples:
  ravine compare --list
  ravine compare optimizers
  ravine compare batchnorm --seeds 20 --out results
  ravine compare study.toml
"""


@click.command(
    cls=Command, help=HELP, short_help="Compare training techniques fairly, over paired seeds.", epilog=EPILOG
)
@click.argument("study", required=False)
@click.option("--list", "lists", is_flag=True, help="List the ready studies, and run none.")
@click.option("--seeds", type=int, help="How many paired seeds.  [default: 10, or what the file says]")
@click.option("--trials", type=int, help="How many trials each contender has.  [default: what the study says]")
@click.option("--epochs", type=int, help="The most epochs of a run.  [default: what the study says]")
@click.option("--jobs", type=int, help="How many runs side by side.  [default: one a core]")
@click.option("--budget", type=float, metavar="SECONDS", help="Begin no further run after so many seconds.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Folder to write to. It is made if missing.  [default: ravine-compare/STUDY]",
)
@click.option("--allow-outside", is_flag=True, help="Let paths in a TOML file lead out of its folder.")
def compare(study: str | None, lists: bool, out: Path | None, allow_outside: bool, **options: float | None) -> None:
    """Compare as the options say."""
    from ravine.cli import compare_run

    if lists:
        compare_run.show_list()
    elif not compare_run.run(study, {k: v for k, v in options.items() if v is not None}, out, allow_outside):
        click.get_current_context().exit(INTERRUPTED)
