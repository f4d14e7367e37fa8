"""Results that no training made, for the tests of what is said about them."""

import math

import pytest

from ravine.comparison import Comparison, Protocol, Run


def made(contender, seed, value, metric, history, hyperparameters):
    """A run that arrived at ``value``: a number, all its final values, or None where it failed."""
    values = {metric: value} if isinstance(value, float | int) else value or {}
    return Run(
        contender,
        "run",
        trial=0,
        seed=seed,
        hyperparameters=hyperparameters,
        limit=5,
        epochs=len(history) or 5,
        steps_per_epoch=10,
        stopped_epoch=len(history) - 1 if 0 < len(history) < 5 else None,
        kept_epoch=None if history else 0,  # whose values the final ones would have to be
        history={metric: history},
        final={"loss": 0.5, **values},
        best={} if history else values,
        seconds=2.0 + seed,
        error="RuntimeError: out of memory" if value is None else None,
    )


def build(values, metric="val_accuracy", histories=None, chosen=None, trials=(), **protocol):
    """A comparison of ``values`` ``{contender: [one a seed]}``; ``...`` where there is no run of that seed."""
    if "direction" not in protocol:
        protocol["direction"] = "min" if metric.endswith("loss") else "max"
    count = max(map(len, values.values()))
    given = {
        "contenders": tuple(values),
        "baseline": next(iter(values)),
        "metric": metric,
        "selection": metric,
        "target": None,
        "seeds": tuple(range(count)),
        "epochs": 5,
        "trials": len(trials),
    }
    runs = []
    for name, its in values.items():
        for seed, value in enumerate(its):
            if value is not ...:
                history = histories[name][seed] if histories else []
                runs.append(made(name, seed, value, metric, history, (chosen or {}).get(name, {})))
    return Comparison(Protocol(**given | protocol), tuple(runs), tuple(trials), {"ravine": "0"})


@pytest.fixture(scope="session")
def built():
    return build


@pytest.fixture(scope="session")
def trial():
    def tried(contender, number, value, hyperparameters):
        final = {"loss": math.nan if value is None else 0.5, "val_accuracy": value or 0.0}
        return Run(contender, "trial", number, 99, hyperparameters, 5, 5, final=final)

    return tried
