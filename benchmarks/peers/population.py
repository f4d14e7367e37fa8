"""What the peers that train a population share: a run is known by its seed, 0 and on, and told of by its curves.

A peer that makes only some of the runs has its figures scaled up to all of them. What its process pays once it pays in
the first run, so that one counts once, and the others stand for the rest.
"""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from statistics import fmean

from protocol import Turn, job

os.environ["RAVINE_CACHE"] = "off"  # Keras's processes find nothing compiled by earlier ones either

Curves = Mapping[str, Sequence[float]]
"""An epoch's values by key, as in a History."""


def whole(parts: Sequence[float]) -> float:
    """The sum over the population from those of its runs that were made, at least two."""
    first, *others = parts
    return first + (job["runs"] - 1) * fmean(others)


def told(runs: Sequence[Curves]) -> Turn:
    """Where the runs ended, in the mean, and `trained`, the epochs of the whole population."""
    return {
        "losses": [fmean(run["loss"][-1] for run in runs)],
        "val_losses": [fmean(run["val_loss"][-1] for run in runs)],
        "each": None,
        "trained": whole([len(run["loss"]) for run in runs]),
    }


def one_after_another(train: Callable[[int], Curves]) -> Turn:
    """As many runs as this peer makes; `train` makes the run of a seed."""
    runs: list[Curves] = []
    seconds: list[float] = []
    for seed in range(job["settings"]["runs"]):
        start = time.perf_counter()
        runs.append(train(seed))
        seconds.append(time.perf_counter() - start)
    return {**told(runs), "seconds": whole(seconds)}
