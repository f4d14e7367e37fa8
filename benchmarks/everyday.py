"""Saving, loading, predicting, feeding, checkpointing and measuring, Ravine's time beside Keras's or its own.

`python benchmarks/everyday.py`; let nothing else run meanwhile. Each row is two processes that take turns.
"""

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[0] = str(ROOT)  # modules are benchmarks.this and benchmarks.that, here and in the tests

from benchmarks.conversation import Peer  # noqa: E402
from benchmarks.environments import Environments, clean_environ, user_cache  # noqa: E402
from benchmarks.ratios import Spread, ratios, spread  # noqa: E402
from benchmarks.run import limit_cores, machine, prepare_data  # noqa: E402

Side = dict[str, Any]
OURS: Side = {"library": "ravine"}
KERAS: Side = {"library": "keras"}
FIT: Side = {"task": "fit"}


@dataclass(frozen=True)
class Row:
    """Two sides that do the same, so many times a turn; `goal` bounds the second's time divided by the first's."""

    title: str
    first: Side
    second: Side
    times: int
    at_least: float | None = None
    at_most: float | None = None

    def met(self, found: Spread) -> str:
        """How the goal stands with the median."""
        if self.at_least is not None:
            return f"≥ {self.at_least:.3g} {'met' if found.median >= self.at_least else '**missed**'}"
        if self.at_most is not None:
            return f"≤ {self.at_most:.3g} {'met' if found.median <= self.at_most else '**missed**'}"
        return ""


def both(task: str) -> tuple[Side, Side]:
    """A task in Ravine and in Keras."""
    return {**OURS, "task": task}, {**KERAS, "task": task}


ROWS = (
    Row('`model.save("m.keras")`, Keras / Ravine', *both("save"), times=20, at_least=1 / 1.2),
    Row("`load_model`, Keras / Ravine", *both("load"), times=10, at_least=1 / 1.2),
    Row("`predict`, 10,000 images, Keras / Ravine", *both("predict"), times=10, at_least=2),
    Row("`predict_on_batch`, one image, Keras / Ravine", *both("predict_on_batch"), times=500, at_least=3),
    Row("a checkpoint after each epoch / none", {**OURS, **FIT}, {**OURS, **FIT, "checkpoint": True}, 5, at_most=1.05),
    Row(
        "a generator of ready batches / arrays",
        {**OURS, **FIT},
        {**OURS, **FIT, "feed": "generator"},
        5,
        at_most=1 / 0.7,
    ),
    Row("ten metrics / none", {**OURS, **FIT, "metrics": 0}, {**OURS, **FIT, "metrics": 10}, 5, at_most=1.2),
    Row("ten metrics, Keras / Ravine", {**OURS, **FIT, "metrics": 10}, {**KERAS, **FIT, "metrics": 10}, 3),
    Row(
        "a generator of ready batches, Keras / Ravine",
        {**OURS, **FIT, "feed": "generator"},
        {**KERAS, **FIT, "feed": "generator"},
        3,
    ),
)


def job(side: Side, data: Path) -> Side:
    """What a peer is told: the lecture's network and rows."""
    plain = {"metrics": 1, "feed": "arrays", "checkpoint": False, "loss": "crossentropy", "batch_size": 32}
    return {**plain, "rows": 48_000, "validation_rows": 0, "warm_up": 2, "path": str(data / "mnist.npz"), **side}


def measured(
    row: Row, environments: Environments, cache: Path, rounds: int
) -> tuple[list[list[float]], list[list[float]]]:
    """The seconds of each round of both sides, and their losses."""
    peers = []
    for i, side in enumerate((row.first, row.second)):
        name = "ravine" if side["library"] == "ravine" else "keras-jax"
        environ = clean_environ(KERAS_BACKEND="jax")
        log = cache / "logs" / f"everyday-{i}.log"
        peers.append(Peer(environments.python(name), "everyday.py", job(side, cache / "data"), environ, log))
    try:
        for peer in peers:
            peer.ask("run", row.times)  # a program for each length of a turn is compiled before they count
        turns = [[peer.ask("run", row.times) for peer in peers] for _ in range(rounds)]
    finally:
        for peer in peers:
            peer.close()
    seconds = [[turn[i]["seconds"] / row.times for turn in turns] for i in range(2)]
    return seconds, [turns[-1][i]["losses"] for i in range(2)]


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--rows", nargs="+", type=int, help="which rows, from 0 (default: all)")
    parser.add_argument("--cache", type=Path, default=user_cache())
    parser.add_argument("--environment", action="append", default=[], metavar="NAME=FOLDER")
    chosen = parser.parse_args()
    given = {name: Path(folder).resolve() for name, folder in (pair.split("=", 1) for pair in chosen.environment)}
    environments = Environments(chosen.cache.resolve(), given)
    prepare_data(environments, chosen.cache.resolve() / "data")
    print(machine(limit_cores(None)))
    print("| | first, milliseconds | second | second / first | goal |\n| --- | ---: | ---: | ---: | ---: |")
    for row in ROWS if chosen.rows is None else [ROWS[i] for i in chosen.rows]:
        (first, second), losses = measured(row, environments, chosen.cache.resolve(), chosen.rounds)
        found = ratios(second, first)
        times = [str(spread([1000 * s for s in side])) for side in (first, second)]
        print(f"| {row.title} | {times[0]} | {times[1]} | {found} | {row.met(found)} |", flush=True)
        if losses[0]:
            print(f"  losses: {losses[0][-1]:.4f}, {losses[1][-1]:.4f}", file=sys.stderr)


if __name__ == "__main__":
    main()
