"""A comparison as one HTML file: verdict, tables, figures, and how it was made."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from functools import partial
from html import escape
from typing import TYPE_CHECKING, Any

from ravine.comparison import tabulating
from ravine.comparison.wording import target_in_words
from ravine.statistics import LEAST_SEEDS
from ravine.tables import Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ravine.comparison.result import Comparison

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #1a1a1a; background: #fff; max-width: 62rem; margin: 2rem auto;
  padding: 0 1.25rem; }
h1 { font-size: 1.7rem; margin-bottom: 0.25rem; } h2 { font-size: 1.2rem; margin-top: 2.25rem; }
.note { color: #555; } li { margin: 0.3rem 0; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; margin: 0.75rem 0; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: #555; padding-bottom: 0.4rem; }
th, td { padding: 0.35rem 0.75rem; text-align: right; border-bottom: 1px solid #ddd; }
td { white-space: nowrap; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
thead th { border-bottom: 2px solid #888; vertical-align: bottom; }
figure { margin: 1.25rem 0; } img { max-width: 100%; height: auto; }
figcaption { color: #555; max-width: 46rem; }
summary { cursor: pointer; font-weight: 600; } details { margin: 0.75rem 0; }
pre { background: #f5f5f5; padding: 0.75rem; overflow-x: auto; font-size: 0.85rem; }
@media print { body { max-width: none; margin: 0; } details { display: none; } figure, table { break-inside: avoid; } }
"""


def html(result: Comparison, title: str) -> str:
    """The report's text."""
    body = "\n".join(_body(result, title))
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def _body(result: Comparison, title: str) -> Iterator[str]:
    yield f"<h1>{escape(title)}</h1>"
    yield f'<p class="note">{escape(_made(result))}</p>'
    yield "<h2>What was found</h2>"
    yield f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in result.verdict.splitlines())}</ul>"
    if any(run.failure is None for run in result.runs):
        yield from map(_table, result.tables)
    yield from _figures(result)
    yield "<h2>How to read it</h2>"
    yield f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in _notes(result))}</ul>"
    yield "<h2>How it was made</h2>"
    yield _details("Runs", _table(_runs(result)))
    yield _details("Contenders and data", f"<pre>{escape(json.dumps(result.protocol.study, indent=1))}</pre>")
    yield _details("Versions", f"<pre>{escape(json.dumps(dict(result.versions), indent=1))}</pre>")


def _made(result: Comparison) -> str:
    protocol = result.protocol
    seeds = f"{len(protocol.seeds)} paired seed{'s' * (len(protocol.seeds) > 1)}"
    text = f"{len(protocol.contenders)} contenders, {seeds}, at most {protocol.epochs} epochs"
    whom = "each" if all(protocol.tune.values()) else "for those that are tuned"
    tuned = f", {protocol.trials} trials {whom}" if protocol.trials else ", not tuned"
    target = "" if protocol.target is None else f"; target {target_in_words(protocol.target)}"
    return f"{text}{tuned}; compared on {protocol.metric}{target}."


def _notes(result: Comparison) -> Iterator[str]:
    protocol = result.protocol
    yield (
        "A seed decides all that is random in a run: the rows held out, the initial weights, the order of the batches, "
        "the noise. Contenders with one seed share all of that as far as their layers agree."
    )
    yield "Intervals are 95 % bootstrap intervals of the mean (BCa), not corrected for the number of contenders."
    yield (
        "p is that of a sign-flip test of the paired differences, corrected for the number of contenders (Holm). Below "
        f"0.05 a difference is claimed. With fewer than {LEAST_SEEDS} seeds that is impossible."
    )
    if protocol.trials:
        yield (
            f"Every contender with a search space had {protocol.trials} trials, with a seed that no other run has, and "
            f"kept the hyperparameters with the best {protocol.selection}. Another space, or other trials, "
            "may give others: p-values tell of the seeds, not of the luck of tuning."
        )
    if not protocol.metric.startswith("test_"):
        yield "No test data were given: what is compared was held out from training, but may have served to choose."


def _figures(result: Comparison) -> Iterator[str]:
    if all(run.failure for run in result.runs):
        return
    yield "<h2>Figures</h2>"
    protocol = result.protocol
    curve = protocol.metric.replace("test_", "val_", 1)
    yield _figure(
        result.plot_curves, f"{curve} over the epochs. A run that stopped early goes on at the value that it had then."
    )
    bare = curve.removeprefix("val_")
    if bare != "loss":
        yield _figure(partial(result.plot_curves, "val_loss"), "The validation loss over the epochs.")
    if result.comparisons:
        yield _figure(
            result.plot_differences,
            f"Differences from {protocol.baseline}, seed by seed (small dots), and their mean with its interval.",
        )
    if protocol.target is not None:
        caption = (
            "The share of runs that had reached the target after so many epochs; a run that missed it never counts."
        )
        yield _figure(result.plot_time_to_target, caption)
    for path in dict.fromkeys(path for tuned in protocol.tune.values() for path in tuned):
        caption = f"How much the result depends on {path}: a point a trial."
        yield _figure(partial(result.plot_sensitivity, path), caption)


def _figure(draw: Callable[[], Figure], caption: str) -> str:
    from ravine.plots.vector import svg

    image = base64.b64encode(svg(draw())).decode()
    return (
        f'<figure><img alt="{escape(caption)}" src="data:image/svg+xml;base64,{image}">'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )


def _table(table: Table) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in table.header)
    rows = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in table.rows)
    return (
        f'<div class="wide"><table><caption>{escape(table.caption)}</caption><thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _runs(result: Comparison) -> Table:
    columns = tabulating.run_columns(result.runs)
    rows = [[_cell(value) for value in row] for row in zip(*columns.values(), strict=True)]
    return Table("Epochs count from 0 where they are named", list(columns), rows)


def _cell(value: Any) -> str:
    if not isinstance(value, float):
        return str(value)
    return "" if value != value else f"{value:.5g}"


def _details(summary: str, content: str) -> str:
    return f"<details><summary>{escape(summary)}</summary>{content}</details>"
