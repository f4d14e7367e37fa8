"""What an experiment reports: figures, tables, a finding in words, and the numbers behind them."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from ravine.atomic import replacing
from ravine.tables import Table


@dataclass(frozen=True)
class Report:
    """What came of an experiment.

    Attributes:
        finding: what was seen, in one to three sentences with numbers, no stronger than they are.
        tables: the numbers for a reader.
        figures: drawings, by the ending of their file's name; ``""`` for the only one.
        numbers: what they were made from, as JSON takes it.
    """

    finding: str
    tables: Sequence[Table]
    figures: Mapping[str, Figure] = field(default_factory=dict)
    numbers: Mapping[str, Any] = field(default_factory=dict)

    def write(self, name: str, out: Path) -> list[Path]:
        """Write figures, tables and numbers to the folder ``out``; returns the paths."""
        text = "\n\n".join([self.finding, *(table.markdown() for table in self.tables)]) + "\n"
        contents = {
            out / f"{name}{f'-{ending}' if ending else ''}.png": _png(figure) for ending, figure in self.figures.items()
        }
        contents[out / f"{name}.md"] = text.encode()
        contents[out / f"{name}.json"] = json.dumps(_as_json(self.numbers), indent=1, allow_nan=False).encode()
        for path, content in contents.items():
            with replacing(path) as file:
                file.write(content)
        return list(contents)


def _as_json(value: Any) -> Any:
    """``value`` with null for NaN and infinity, which JSON has no names for."""
    if isinstance(value, Mapping):
        return {key: _as_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_as_json(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _png(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()


def tracked(seeds: Sequence[int], what: str) -> Iterator[int]:
    """The seeds one by one, with a bar on standard error where that is a screen."""
    from rich.console import Console
    from rich.progress import track

    yield from track(seeds, description=what, console=Console(stderr=True), transient=True)
