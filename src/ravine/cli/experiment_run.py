"""``ravine experiment``: its work."""

from __future__ import annotations

import time
from pathlib import Path

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
        checks.integer("seeds", seeds, least=1, most=1_000_000)
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
        table.show(console)
