"""How often contenders that do not differ are said to: two that differ in the random numbers of their dropout alone.

Without tuning the p-values hold what they promise. With tuning each contender is tuned once, and the luck of that is in
all of its runs, of which the p-values do not tell.
"""

from __future__ import annotations

import functools

import numpy as np

import ravine
from ravine import Input, Sequential
from ravine.layers import Dense, Dropout

STUDIES, SEEDS, TRIALS = 200, 10, 8


def network(noise: int) -> Sequential:
    """4-6-1 with dropout of its own random numbers."""
    return Sequential([Input((4,)), Dense(6, activation="relu"), Dropout(0.5, seed=noise), Dense(1)])


def claims(tune: dict[str, object] | None) -> int:
    """In how many of the studies a difference is claimed."""
    sides = {f"noise {noise}": {"model": functools.partial(network, noise)} for noise in (1, 2)}
    settings = {"optimizer": "sgd", "loss": "mse", "batch_size": 8, "epochs": 5, "verbose": 0}
    found = 0
    for study in range(STUDIES):
        rng = np.random.default_rng(study)
        x = rng.normal(size=(200, 4)).astype(np.float32)
        y = x[:, :1] + 0.5 * rng.normal(size=(200, 1)).astype(np.float32)
        data = {"x": x[:100], "y": y[:100], "test_data": (x[100:], y[100:])}
        result = ravine.compare(sides, **data, **settings, seeds=SEEDS, seed=study, tune=tune, trials=TRIALS)
        found += result.comparisons[0].claimed
    return found


def main() -> None:
    """Count, print."""
    print(f"not tuned: {claims(None)} of {STUDIES} studies claim a difference")
    space = {"learning_rate": ravine.loguniform(1e-3, 0.5)}
    print(f"tuned once, {TRIALS} trials: {claims(space)} of {STUDIES}")


if __name__ == "__main__":
    main()
