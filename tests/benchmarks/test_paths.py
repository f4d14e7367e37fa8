"""The peers that walk down a quadratic walk the same paths: a fast wrong walk is no walk."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest
from benchmarks.contenders import CONTENDERS
from benchmarks.conversation import Peer
from benchmarks.environments import clean_environ
from benchmarks.workloads import TRAJECTORIES

PACKAGES = {"ravine": "ravine", "optax": "optax", "torch": "torch", "numpy-loop": "numpy"}


def expected() -> float:
    """The mean of J where the compared paths end, by Adam's formula in 64 bits."""
    x = np.random.default_rng(0).uniform(-5, 5, (10_000, 2)).astype("float32")[:100].astype("float64")
    m, v = np.zeros_like(x), np.zeros_like(x)
    for t in range(1, 101):
        g = x @ [[2, -1], [-1, 8]]
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        x = x - 0.1 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-7)
    return float((x[:, 0] ** 2 + 4 * x[:, 1] ** 2 - x[:, 0] * x[:, 1]).mean())


@pytest.mark.parametrize("name", TRAJECTORIES.scripts)
def test_a_peer_ends_where_the_formula_ends(name: str, tmp_path: Path) -> None:
    if importlib.util.find_spec(PACKAGES[name]) is None:
        pytest.skip(f"{PACKAGES[name]} is not installed")
    settings = CONTENDERS[name].grid(TRAJECTORIES, 1)[0]
    job = TRAJECTORIES.job() | {"settings": settings, "warm_up": 1, "seed": 1}
    environ = clean_environ(RAVINE_CACHE="off")
    with Peer(Path(sys.executable), TRAJECTORIES.scripts[name], job, environ, tmp_path / "log") as peer:
        assert peer.hello["ready"]["losses"] == pytest.approx([expected()], rel=1e-3)
