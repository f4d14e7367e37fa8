"""How the time of a comparison grows from ten runs to ten thousand, and with cores: simulated from measured runs.

A simulation, since ten thousand runs of anything take long: lanes, one a core, take the next bundle as they become
free, as `ravine.model.population` has them do. A bundle takes as long as its longest run, and each run a little of the
one interpreter's time to be made ready and recorded, which lanes cannot do at once. How long runs last, early stopping
included, is drawn from runs that this program makes first.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

import ravine
from ravine import Input, Sequential
from ravine.callbacks import EarlyStopping
from ravine.layers import Dense
from ravine.training import placement

RUNS = 10, 100, 1000, 10_000
CORES = 1, 2, 8, 64


@dataclass(frozen=True)
class Measured:
    """What was measured of one study: in seconds but for `epochs`, the numbers of epochs that runs lasted for.

    `compile` is what the first bundle takes longer, `epoch` the time of a bundle's epoch, `host` the interpreter's of a
    run.
    """

    name: str
    group: int
    compile: float
    epoch: float
    host: float
    epochs: np.ndarray


def simulated(measured: Measured, runs: int, lanes: int, rng: np.random.Generator) -> float:
    """Seconds from the first run to the last."""
    lasted = rng.choice(measured.epochs, runs)
    bundles = [lasted[i : i + measured.group] for i in range(0, runs, measured.group)]
    free = [measured.compile] * min(lanes, len(bundles))  # all wait for the one that compiles
    interpreter = 0.0
    for bundle in bundles:
        start = max(heapq.heappop(free), interpreter)
        interpreter = start + measured.host * len(bundle)
        heapq.heappush(free, interpreter + measured.epoch * float(np.max(bundle)))
    return max(free)


def table(measured: Measured) -> list[str]:
    """The rows for one study: the time, and what part of the lanes' time went into runs that somebody waited for."""
    rng, lines = (
        np.random.default_rng(0),
        [f"{measured.name}:", f"{'runs':>8}" + "".join(f"{n:>10} cores" for n in CORES)],
    )
    for runs in RUNS:
        cells = [f"{shown(simulated(measured, runs, lanes, rng)):>16}" for lanes in CORES]
        lines.append(f"{runs:>8}" + "".join(cells))
    return lines


def shown(seconds: float) -> str:
    """Seconds, minutes or hours."""
    for unit, size in (("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.1f} s"


def tiny() -> Sequential:
    """10-16-1."""
    model = Sequential([Input((10,)), Dense(16, activation="relu"), Dense(1, activation="sigmoid")])
    model.compile("adam", "binary_crossentropy")
    return model


def measure() -> Measured:
    """Run 64 tiny networks twice, one program at a time: to compile, and to take the time."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(1000, 10)).astype(np.float32)
    y = (x.sum(axis=1) + rng.normal(size=1000) > 0).astype(np.int32)
    options = {"epochs": 200, "callbacks": [EarlyStopping(patience=25)], "jobs": 1, "verbose": 0}

    def made(**changes: object) -> tuple[float, Sequence[int]]:
        start = time.perf_counter()
        runs = ravine.compare({"tiny": tiny}, x, y, **{**options, **changes}).runs
        return time.perf_counter() - start, [run.epochs for run in runs]

    first, _ = made(seeds=8, epochs=1)
    one, _ = made(seeds=64, epochs=1)
    whole, epochs = made(seeds=64)
    bundles = [max(epochs[i : i + 8]) for i in range(0, 64, 8)]
    epoch = (whole - one) / (sum(bundles) - len(bundles))
    host = one / 64 - epoch / placement.TINY_GROUP
    return Measured("10-16-1, at most 200 epochs", placement.TINY_GROUP, first - one / 8, epoch, host, np.array(epochs))


def main() -> None:
    """Measure, simulate, print."""
    found = measure()
    print(f"compile {found.compile:.2f} s, a bundle's epoch {1e3 * found.epoch:.2f} ms, host {1e3 * found.host:.2f} ms")
    print(f"epochs {found.epochs.min()} to {found.epochs.max()}, median {np.median(found.epochs):.0f}")
    print("\n".join(table(found)))
    # An epoch of one run of as many as there are cores, as measured (docs/benchmarks.md).
    lecture = Measured("the lecture's network, 5 epochs", 1, found.compile, 0.334, found.host, np.array([5]))
    print("\n".join(table(lecture)))


if __name__ == "__main__":
    main()
