"""Populations: rounds of processes of their own, and peers that make the same runs."""

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from benchmarks.contenders import CONTENDERS, Contender
from benchmarks.conversation import PEERS, Peer
from benchmarks.data import classes
from benchmarks.environments import Environments, clean_environ
from benchmarks.populations import joined, measure_population
from benchmarks.turns import Track, epochs_of, seconds
from benchmarks.workloads import POPULATION_TINY

SMALL = replace(POPULATION_TINY, epochs=3, runs=4, sampled_runs=3)

SCRIPT = f"""
import os
import sys
sys.path.insert(0, {str(PEERS)!r})
from population import one_after_another
from protocol import job, serve

def train(epochs, each):
    if job["settings"].get("unlucky"):
        raise SystemExit("bad luck")
    return one_after_another(lambda seed: {{"loss": [1.0] * (seed + 1), "val_loss": [os.getpid()] * (seed + 1)}})

serve(train)
"""


@pytest.fixture
def script(tmp_path: Path) -> str:
    path = tmp_path / "fake.py"
    path.write_text(SCRIPT)
    return str(path)


def measured(script: str, folder: Path) -> dict[str, Any]:
    """Two rounds of a peer that makes three runs and of one that fails."""
    contenders = [
        Contender("ravine", "Ravine", script, "numpy", lambda workload, cores: [{"runs": 3}]),
        Contender("keras-tf-runs", "Keras", script, "numpy", lambda workload, cores: [{"unlucky": True}]),
    ]
    python = Path(sys.executable)
    track = Track(Environments(folder, {"numpy": python.parents[1]}), folder, cores=2, rounds=2)
    return measure_population(track, replace(SMALL, scripts={}), contenders)["peers"]


def test_each_round_has_a_process_of_its_own(script: str, tmp_path: Path) -> None:
    peers = measured(script, tmp_path)
    ravine = peers["ravine"]
    assert len(ravine["first"]) == len(ravine["seconds"]) == 2
    first, again, *others = ravine["val_losses"]  # the fake's process
    assert first == again
    assert first not in others
    assert "bad luck" in peers["keras-tf-runs"]["failed"]


def test_some_runs_are_scaled_up_to_all(script: str, tmp_path: Path) -> None:
    """Runs of 1, 2 and 3 epochs stand for a first one of 1 and three others of 2.5."""
    assert measured(script, tmp_path)["ravine"]["trained"] == [8.5] * 4


def test_a_peer_that_fails_has_no_rounds() -> None:
    assert joined({"first": [1.0]}, {"failed": "bad luck"}) == {"failed": "bad luck"}


def test_seconds_are_divided_by_the_epochs_that_were_trained() -> None:
    answer = {"seconds": 9.0, "each": None, "trained": 18.0}
    assert epochs_of(answer, 3) == 18.0
    assert seconds(answer, SMALL, 3) == 0.5


def test_classes_are_as_many() -> None:
    y = classes()["y_train"]
    assert set(y) == {0.0, 1.0}
    assert 0.4 < y.mean() < 0.6


PACKAGES = {"ravine": "ravine", "ravine-runs": "ravine", "keras-jax-runs": "keras"}


@pytest.mark.slow
def test_peers_make_the_same_population(tmp_path: Path) -> None:
    """Ravine's runs are the same all at once and one after another; Keras's have other random numbers."""
    np.savez(tmp_path / "classes.npz", **classes())
    ready = {}
    for name, package in PACKAGES.items():
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed")
        settings = CONTENDERS[name].grid(SMALL, 1)[0]
        path = str(tmp_path / "classes.npz")
        job = SMALL.job() | {"path": path, "settings": settings, "warm_up": SMALL.epochs, "seed": 1}
        environ = clean_environ(**CONTENDERS[name].environ)
        with Peer(Path(sys.executable), SMALL.scripts[name], job, environ, tmp_path / "log") as peer:
            ready[name] = peer.hello["ready"]
    assert [turn["trained"] for turn in ready.values()] == [12.0] * 3
    assert ready["ravine-runs"]["losses"] == pytest.approx(ready["ravine"]["losses"], rel=1e-4)
    assert ready["ravine-runs"]["val_losses"] == pytest.approx(ready["ravine"]["val_losses"], rel=1e-4)
    assert ready["keras-jax-runs"]["losses"] == pytest.approx(ready["ravine"]["losses"], rel=0.3)
