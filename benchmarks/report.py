"""Results as Markdown."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.contenders import BASELINE, CONTENDERS
from benchmarks.ratios import Spread, figures, ratios, spread
from benchmarks.starts import IMPORTS

Results = Mapping[str, Any]

BEGIN, END = "<!-- measured -->", "<!-- /measured -->"
INTRODUCTION = """# Benchmarks

`python benchmarks/run.py --write` installs every peer in an environment of its own, measures, and rewrites what stands
between the two marks below. The peers of a table stay alive and take turns, so that a machine that drifts slows all of
them alike: quote the ratios, not the seconds. A figure is the median over the rounds, with the range in parentheses.
The floor is the time of an epoch's matrix products alone, at the best rate that NumPy reaches on large matrices.
"""

POPULATION = """\
The time of all runs is divided by the epochs that they trained, since early stopping ends the peers' runs at different
epochs. Where a peer makes only some of the runs, its time is scaled up to all of them; its first run, which bears what
a process pays once, counts once. In a new process nothing is compiled yet, and Ravine's cache is off; imports and
reading the data are left out. The first column is the same process's second turn: by then Ravine has its program, while
Keras compiles every new model anew, so that this is part of each of its runs."""

LOSS_TOLERANCE = 0.3
"""How far a peer's loss may lie from the middle one; seeds differ by about a tenth."""
STEADY_GOAL = 1.5
IMPORT_GOAL = 1.1
START_GOALS = {"first": 1.3, "second": 1.0, "megabytes": 1.0}


def markdown(results: Results) -> str:
    """The measured part of the page."""
    parts = [_conditions(results)]
    parts += [part for workload in results["workloads"].values() for part in _workload(workload)]
    if starts := results.get("starts"):
        parts += _starts(starts)
    if imports := results.get("imports"):
        parts += _imports(imports)
    return "\n\n".join(parts)


def write(page: Path, text: str) -> None:
    """Put the text between the page's marks and leave all else; a missing page is begun."""
    whole = page.read_text() if page.exists() else f"{INTRODUCTION}\n{BEGIN}\n{END}\n"
    if BEGIN not in whole or END not in whole:
        raise ValueError(f"{page} has no place for the results: it needs the lines {BEGIN} and {END}")
    before, rest = whole.split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}")


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table: the first column to the left, the others to the right."""
    rule = ["---"] + ["---:"] * (len(header) - 1)
    return "\n".join("| " + " | ".join(row) + " |" for row in [header, rule, *rows])


def at_least(value: float, goal: float) -> str:
    """A goal, and whether it is reached."""
    return f"≥ {figures(goal)} {_met(value >= goal)}"


def at_most(value: float, goal: float) -> str:
    """The same from above."""
    return f"≤ {figures(goal)} {_met(value <= goal)}"


def _met(reached: bool) -> str:
    return "met" if reached else "**missed**"


def _conditions(results: Results) -> str:
    machine = results["machine"]
    versions: dict[str, str] = {}
    for workload in results["workloads"].values():
        for peer in workload["peers"].values():
            versions |= peer.get("versions", {})
    packages = ", ".join(
        [f"Python {machine['python']}", *(f"{name} {version}" for name, version in sorted(versions.items()))]
    )
    quick = " Quick turns: to try the programs, not to quote." if results["quick"] else ""
    return (
        f"Measured on {results['date']}: {machine['processor']}, {machine['cores']} core(s), {machine['system']}, "
        f"{packages}. {results['rounds']} rounds.{quick}"
    )


def _workload(workload: Results) -> list[str]:
    job, peers = workload["job"], workload["peers"]
    ran = {name: peer for name, peer in peers.items() if "failed" not in peer}
    base = ran.get(BASELINE)
    unit, scale = ("milliseconds", 1000) if job["whole_fit"] else ("seconds", 1)
    epoch, runs = job["checked_epoch"], job.get("runs")  # figures measured before there were populations have none
    middle = _middle_loss(ran, epoch)
    each = job.get("unit", "epoch")  # likewise
    reached = {"epoch": f"loss after {epoch} epochs", "descent": "mean final value"}.get(each, "mean final loss")
    header = ["", f"{unit} per {each}", "of Ravine's", "goal", reached]
    header += ["in a new process", "of Ravine's"] if runs else []
    rows: list[list[str]] = []
    for name, peer in peers.items():
        if name not in ran:
            rows.append([_title(name, peer), "did not run", *[""] * (len(header) - 2)])
            continue
        ratio = ratios(peer["seconds"], base["seconds"]) if base and peer is not base else None
        goal = None if _is_floor(name) else job["goals"].get(name)
        rows.append(
            [
                _title(name, peer),
                str(spread([scale * seconds for seconds in peer["seconds"]])),
                str(ratio) if ratio else "",
                at_least(ratio.median, goal) if ratio and goal else "",
                _loss(peer, epoch, middle) + (_length(peer, runs) if runs else ""),
                *(_first(peer, base, scale) if runs else []),
            ]
        )
    parts = [f"## {workload['title']}", table(header, rows), *([POPULATION] if runs else [])]
    if base:
        floors = [name for name in ran if _is_floor(name)]
        parts += [_floor(base, ran[name], CONTENDERS[name].title, job["goals"].get(name)) for name in floors]
        parts += [_steadiness(base["steady"])] if "steady" in base else []
    return parts


def _title(name: str, peer: Results) -> str:
    chosen = ", ".join(f"{setting} {value}" for setting, value in peer.get("settings", {}).items())
    return CONTENDERS[name].title + (f" ({chosen})" if chosen else "")


def _is_floor(name: str) -> bool:
    return name.startswith("sgemm")


def _middle_loss(peers: Results, epoch: int) -> float | None:
    losses = [peer["losses"][epoch - 1] for peer in peers.values() if len(peer["losses"]) >= epoch]
    return median(losses) if losses else None


def _loss(peer: Results, epoch: int, middle: float | None) -> str:
    """The loss, marked when it is not the one that the others reached: a fast wrong run is no run."""
    if len(peer["losses"]) < epoch or middle is None:
        return ""
    loss = peer["losses"][epoch - 1]
    text = figures(loss)
    if len(peer["val_losses"]) >= epoch:
        text += f", validation {figures(peer['val_losses'][epoch - 1])}"
    return text if abs(loss - middle) <= LOSS_TOLERANCE * middle else f"{text} **differs**"


def _length(peer: Results, runs: int) -> str:
    """How many epochs a run of a population had, in the mean."""
    return f", {peer['trained'][0] / runs:.0f} epochs a run"


def _first(peer: Results, base: Results | None, scale: float) -> list[str]:
    """What the first turns took, and how that compares."""
    ratio = str(ratios(peer["first"], base["first"])) if base and peer is not base else ""
    return [str(spread([scale * seconds for seconds in peer["first"]])), ratio]


def _floor(base: Results, floor: Results, title: str, goal: float | None) -> str:
    ratio = ratios(base["seconds"], floor["seconds"])
    verdict = f"; goal {at_most(ratio.median, 1 / goal)}" if goal else ""
    return f"Ravine takes {ratio} times the {title}{verdict}."


def _steadiness(seconds: Sequence[float]) -> str:
    middle, _, slowest = spread(seconds)
    return (
        f"Steadiness: driven one by one, the slowest of {len(seconds)} epochs took {figures(slowest / middle)} times "
        f"the median of {figures(middle)} s; goal {at_most(slowest / middle, STEADY_GOAL)}."
    )


def _starts(starts: Results) -> list[str]:
    """Each program's wall time and memory; a peer's line says how Ravine compares."""
    base = starts[BASELINE]
    rows: list[list[str]] = []
    for program in starts.values():
        if "failed" in program:
            rows.append([program["title"], "did not run", "", "", ""])
            continue
        cells = [str(spread(program[column])) for column in START_GOALS]
        if program is not base and "failed" not in base:
            for number, (column, goal) in enumerate(START_GOALS.items()):
                ratio: Spread = ratios(base[column], program[column])
                cells[number] += f"; Ravine {figures(ratio.median)} of it, {at_most(ratio.median, goal)}"
        rows.append([program["title"], *cells, accuracy(program["printed"])])
    return [
        "## The whole program: one epoch of MNIST, with figure, history and weights written",
        table(["", "first start, seconds", "second start, seconds", "peak memory, MiB", "test accuracy"], rows),
        "The first start finds no compiled code, the second what the first left. Keras keeps none unless JAX is told "
        "to, so its script runs both ways.",
    ]


def accuracy(printed: str) -> str:
    """The test accuracy in what a program printed."""
    found = re.findall(r"test[_ ]accuracy\W*([01]\.\d+)", printed, re.IGNORECASE)
    return f"{float(found[-1]):.4f}" if found else ""


def _imports(imports: Results) -> list[str]:
    rows: list[list[str]] = []
    for name, seconds in imports.items():
        row = [f"`{IMPORTS[name]}`", str(spread(seconds)), "", ""]
        if name != "jax":
            ratio = ratios(seconds, imports["jax"])
            row[2:] = [str(ratio), at_most(ratio.median, IMPORT_GOAL)]
        rows.append(row)
    return ["## Imports, each a process of its own", table(["", "seconds", "of JAX's", "goal"], rows)]
