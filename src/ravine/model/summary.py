"""``model.summary()``: a table of layers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One layer: its name and class, its output's shape (None while unknown) and how many numbers it holds."""

    name: str
    kind: str
    output_shape: tuple[int | None, ...] | None
    trainable: int
    non_trainable: int


WIDE = 70
"""From this length on a summary's columns have their usual widths."""


def size(count: int) -> str:
    """Bytes of ``count`` float32 numbers: ``397.54 KB``."""
    value = 4.0 * count
    for unit in ("B", "KB", "MB", "GB"):
        if value < 1024 or unit == "GB":
            break
        value /= 1024
    return f"{value:.2f} {unit}"


def print_summary(
    name: str, rows: list[Row], line_length: int | None = None, print_fn: Callable[[str], None] | None = None
) -> None:
    """Print the table of a model called ``name``, to the terminal or through ``print_fn``, ``line_length`` wide."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f'Model: "{name}"', title_justify="left", title_style="bold", box=box.HEAVY_HEAD)
    wide = line_length is None or line_length >= WIDE
    # In a narrower table cells break; a column that had no room would be left out.
    table.add_column("Layer (type)", min_width=28 if wide else None, overflow="fold")
    table.add_column("Output Shape", min_width=20 if wide else None, overflow="fold")
    table.add_column("Param #", min_width=12 if wide else None, overflow="fold", justify="right")
    for row in rows:
        built = row.output_shape is not None
        params = f"{row.trainable + row.non_trainable:,}" if built else "0 (unbuilt)"
        table.add_row(f"{row.name} ({row.kind})", str(row.output_shape) if built else "?", params)
    trainable, frozen = sum(r.trainable for r in rows), sum(r.non_trainable for r in rows)
    # ``print_fn`` may write to a file, where a terminal's colours would be rubbish.
    # A notebook would make a block of its own of each line, and an empty one of the table.
    terminal = None if print_fn is None else False
    console = Console(width=line_length, highlight=False, force_terminal=terminal, force_jupyter=False)
    with console.capture() as capture:
        console.print(table)
        for label, count in ("Total", trainable + frozen), ("Trainable", trainable), ("Non-trainable", frozen):
            console.print(f" {label} params: {count:,} ({size(count)})")
    if print_fn is None:
        console.file.write(capture.get())
    else:
        print_fn(capture.get().rstrip("\n"))
