"""``ravine compare``: its work."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from ravine import checks, studies
from ravine.atomic import replacing
from ravine.callbacks.progress import duration
from ravine.cli.command import make_folder, writing_to
from ravine.comparison import Comparison, compare
from ravine.studies import from_file


def show_list() -> None:
    """Print the ready studies with what they ask."""
    table = Table(box=None, show_header=False, pad_edge=False)
    for name in studies.NAMES:
        table.add_row(name, studies.summary(name))
    Console(highlight=False).print(table)


def run(study: str | None, options: dict[str, Any], out: Path | None, allow_outside: bool) -> bool:
    """Compare, print and write; returns whether all runs are done, or the budget is spent."""
    name, arguments = _study(study, allow_outside)
    out = Path("ravine-compare") / name if out is None else out
    with writing_to(out):
        make_folder(out)
    start = time.perf_counter()
    result = compare(**{"seeds": 10, **arguments, **options, "out": out / "runs.jsonl"})
    seconds = time.perf_counter() - start
    console = Console(highlight=False, markup=False)
    for table in result.tables:
        table.show(console)
    console.print(f"\n{result.verdict}\n")
    with writing_to(out):
        written = _write(result, name, out)
    print(f"{len(result.trials)} trials and {len(result.runs)} runs, {duration(seconds)}")
    for path in written:
        print(f"Wrote {path}")
    budget = {**arguments, **options}.get("budget")
    return result.complete or (budget is not None and seconds >= budget)


def _study(study: str | None, allow_outside: bool) -> tuple[str, dict[str, Any]]:
    """The name of a study and the arguments of :func:`ravine.compare`."""
    known = ", ".join(studies.NAMES)
    if study is None:
        raise checks.RavineValueError(f"STUDY is missing: expected one of {known}; or a file.")
    if study in studies.NAMES:
        return study, studies.load(study)
    path = Path(study)
    if path.suffix or path.exists():
        return path.stem, from_file.load(path, allow_outside=allow_outside)
    raise checks.RavineValueError(
        f"STUDY={study!r} is unknown.{checks.nearest(study, studies.NAMES)} Expected one of {known}; or a file."
    )


def _write(result: Comparison, name: str, out: Path) -> list[Path]:
    """Write the report, the result and the tables; returns the paths."""
    paths = [out / "report.html", out / "result.json", out / "table.md"]
    result.to_json(paths[1])
    result.to_html(paths[0], f"Comparison: {name}")
    with replacing(paths[2]) as file:
        parts = [*(table.markdown() for table in result.tables), result.verdict]
        file.write(("\n\n".join(parts) + "\n").encode())
    return [*paths, out / "runs.jsonl"]
