"""``ravine experiment``: its work."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ravine import checks, experiments
from ravine.cli.command import make_folder, writing_to
from ravine.experiments.report import Report


def chosen(name: str | None, runs_all: bool) -> tuple[str, ...]:
    """The experiments that were asked for."""
    if runs_all and name is not None:
        raise checks.RavineValueError(f"NAME={name!r} and --all: expected one of the two.")
    if runs_all:
        return experiments.NAMES
    if name is None:
        raise checks.RavineValueError(f"NAME is missing: expected one of {', '.join(experiments.NAMES)}; or --all.")
    return (checks.look_up("NAME", name, {known: known for known in experiments.NAMES}),)


def show_list() -> None:
    """Print the experiments with what they show."""
    table = Table(box=None, show_header=False, pad_edge=False)
    for name in experiments.NAMES:
        table.add_row(name, experiments.summary(name))
    Console(highlight=False).print(table)


def run(names: tuple[str, ...], seeds: int | None, out: Path) -> None:
    """Run, print and write each."""
    if seeds is not None:
        checks.integer("seeds", seeds, least=1)
    with writing_to(out):
        make_folder(out)
    for name in names:
        module = experiments.load(name)
        count = module.SEEDS if seeds is None else seeds
        start = time.perf_counter()
        report = module.report(module.measure(range(count)))
        seconds = time.perf_counter() - start
        show(name, report)
        with writing_to(out):
            written = report.write(name, out)
        print(f"{count} seed{'s' * (count > 1)}, {seconds:.0f} s")
        for path in written:
            print(f"Wrote {path}")


def show(name: str, report: Report) -> None:
    """Print the finding and the tables."""
    console = Console(highlight=False, markup=False)  # a finding may hold brackets
    console.print(Text.assemble("\n", (name, "bold"), f": {report.finding}\n"))
    for table in report.tables:
        shown = Table(title=table.caption, title_justify="left", title_style="", box=box.SIMPLE_HEAD, pad_edge=False)
        rows = fitted(table.header, table.rows, console.width)
        for i, header in enumerate(table.header):
            lines = [line for row in rows for line in (row[i].splitlines() if i else row[i].split())]
            longest = max(map(len, [*header.split(), *lines]), default=1)
            shown.add_column(header, justify="right" if i else "left", min_width=longest)
        for row in rows:
            shown.add_row(*row)
        console.print(shown)


def fitted(header: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> list[list[str]]:
    """``rows`` in cells of as many lines as fitting ``width`` takes: broken before intervals, then within them too.

    The columns' names break at every space, and take at least their longest word.
    """
    cells = [list(row) for row in rows]
    named = [max(map(len, name.split()), default=0) for name in header]
    for old, new in (" (", "\n("), (" to ", " to\n"):
        longest = [
            max(len(line) for cell in column for line in cell.split("\n")) for column in zip(*cells, strict=True)
        ]
        if sum(max(lengths) + 3 for lengths in zip(named, longest, strict=True)) <= width:
            break
        cells = [[first, *(cell.replace(old, new) for cell in others)] for first, *others in cells]
    return cells
