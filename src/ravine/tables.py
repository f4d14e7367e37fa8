"""Tables of text: made once, shown in a terminal, in Markdown, in LaTeX."""

from __future__ import annotations

import importlib
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ravine import checks

FORMATS = ("plain", "markdown", "latex")

LATEX = {
    "\\": r"\textbackslash{}",
    **{character: f"\\{character}" for character in "&%$#_{}"},
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "−": "$-$",
    "≥": r"$\geq$",
    "≤": r"$\leq$",
    "∞": r"$\infty$",
}


@dataclass(frozen=True)
class Table:
    """A caption, the columns' names, and rows of text; all columns but the first hold numbers."""

    caption: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]

    def text(self, form: str) -> str:
        """The table as ``"plain"`` text, ``"markdown"`` or ``"latex"``."""
        return {"plain": self.plain, "markdown": self.markdown, "latex": self.latex}[
            checks.look_up("format", form, {name: name for name in FORMATS})
        ]()

    def markdown(self) -> str:
        """As Markdown, the caption above."""
        rule = ["---"] + ["---:"] * (len(self.header) - 1)
        # A bar in a cell, such as that of |w|, would end the cell.
        escaped = [[cell.replace("|", "\\|") for cell in row] for row in (self.header, rule, *self.rows)]
        lines = ["| " + " | ".join(row) + " |" for row in escaped]
        return f"{self.caption}\n\n" + "\n".join(lines)

    def latex(self) -> str:
        """As a LaTeX table with the rules of the package booktabs."""
        header, *rows = (" & ".join(map(_latex, row)) + r" \\" for row in (self.header, *self.rows))
        columns = "l" + "r" * (len(self.header) - 1)
        lines = [
            r"\begin{table}",
            r"\centering",
            rf"\caption{{{_latex(self.caption)}}}",
            rf"\begin{{tabular}}{{{columns}}}",
        ]
        lines += [r"\toprule", header, r"\midrule", *rows, r"\bottomrule", r"\end{tabular}", r"\end{table}"]
        return "\n".join(lines)

    def plain(self, width: int = 120) -> str:
        """As text without colours: of ``width`` columns, or of as many as it takes."""
        from rich.console import Console

        text, shown = io.StringIO(), self.rich(width)
        Console(file=text, width=max(width, needed(shown)), highlight=False, color_system=None).print(shown)
        return "\n".join(line.rstrip() for line in text.getvalue().splitlines())

    def show(self, console: Any) -> None:
        """Print it; on a screen that is too narrow for it its lines go on in the next, and nothing is cut off."""
        shown = self.rich(console.width)
        console.print(shown, width=max(console.width, needed(shown)), crop=False)

    def rich(self, width: int) -> Any:
        """As a ``rich.table.Table`` for a screen of ``width`` columns; cells break where they must."""
        from rich import box
        from rich.table import Table as RichTable
        from rich.text import Text

        shown = RichTable(title=self.caption, title_justify="left", title_style="", box=box.SIMPLE_HEAD, pad_edge=False)
        header, *rows = fitted([self.header, *self.rows], width)
        for i, name in enumerate(header):
            # Rich itself may break or cut nothing: it would take from the widest column, however short its words.
            shown.add_column(Text(name), justify="right" if i else "left", no_wrap=True)
        for row in rows:
            shown.add_row(*map(Text, row))  # a cell may hold brackets, which rich would read as markup
        return shown


BREAKS = ("header", " "), ("numbers", " ("), ("numbers", " to "), ("names", " ")
"""Where lines break, until the table fits: in the columns' names, before and in intervals, in the rows' names."""


def fitted(rows: Sequence[Sequence[str]], width: int) -> list[list[str]]:
    """``rows``, the first of which names the columns, in cells of as many lines as fitting ``width`` takes."""
    header, *others = ([*row] for row in rows)
    for where, at in BREAKS:
        columns = zip(header, *others, strict=True)
        if sum(max(len(line) for cell in column for line in cell.split("\n")) + 3 for column in columns) <= width:
            break
        new = {" ": "\n", " (": "\n(", " to ": " to\n"}[at]
        if where == "header":
            header = [name.replace(at, new) for name in header]
        elif where == "numbers":
            others = [[name, *(cell.replace(at, new) for cell in cells)] for name, *cells in others]
        else:
            others = [[name.replace(at, new), *cells] for name, *cells in others]
    return [header, *others]


def needed(shown: Any) -> int:
    """How many columns of a screen a rich table takes at the least."""
    from rich.console import Console
    from rich.measure import Measurement

    console = Console(width=10_000)
    return Measurement.get(console, console.options, shown).maximum


def frame(columns: Mapping[str, Any], backend: str) -> Any:
    """Columns as a data frame of ``"pandas"``, ``"polars"`` or ``"pyarrow"``, which must be installed."""
    checks.look_up("backend", backend, dict.fromkeys(("pandas", "polars", "pyarrow")))
    import narwhals

    try:
        importlib.import_module(backend)  # narwhals may remember one that it met
        return narwhals.from_dict(dict(columns), backend=backend).to_native()  # type: ignore[arg-type]
    except ModuleNotFoundError:
        raise checks.RavineValueError(f"backend={backend!r}: {backend} is not installed.") from None


def _latex(text: str) -> str:
    return re.sub("|".join(map(re.escape, LATEX)), lambda match: LATEX[match[0]], text)
