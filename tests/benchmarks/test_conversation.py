"""The line protocol, with a peer that trains nothing."""

import json
import resource
import sys
from pathlib import Path

import pytest
from benchmarks.contenders import Contender
from benchmarks.conversation import PEERS, Peer, PeerError
from benchmarks.environments import Environments, clean_environ, user_cache
from benchmarks.starts import start
from benchmarks.turns import Track, seconds
from benchmarks.workloads import LECTURE

SCRIPT = f"""
import sys
sys.path.insert(0, {str(PEERS)!r})
from protocol import job, serve

trained = []

def train(epochs, each):
    print("libraries print where they like")
    if epochs == 13 or job["settings"].get("unlucky") and trained:
        raise SystemExit("bad luck")
    trained.append(epochs)
    return {{"losses": [job["seed"]] * epochs, "val_losses": [], "each": [0.5] * epochs if each else None}}

serve(train)
"""


@pytest.fixture
def script(tmp_path: Path) -> str:
    path = tmp_path / "fake.py"
    path.write_text(SCRIPT)
    return str(path)  # joined to the folder of peers, an absolute path stays itself


def test_turns(script: str, tmp_path: Path) -> None:
    with Peer(
        Path(sys.executable), script, {"warm_up": 2, "seed": 7, "settings": {}}, clean_environ(), tmp_path / "log"
    ) as peer:
        assert peer.hello["ready"]["losses"] == [7, 7]
        assert peer.ask("run", 1)["each"] is None
        answer = peer.ask("each", 3)
    assert answer["each"] == [0.5] * 3
    assert answer["idle"] >= 0


def test_a_peer_that_dies_tells_why(script: str, tmp_path: Path) -> None:
    job = {"warm_up": 1, "seed": 7, "settings": {}}
    with (
        Peer(Path(sys.executable), script, job, clean_environ(), tmp_path / "log") as peer,
        pytest.raises(PeerError, match="bad luck"),
    ):
        peer.ask("run", 13)


def test_interleaving(script: str, tmp_path: Path) -> None:
    """Two contenders, one with settings to choose from, one that cannot start, one that dies in its turn."""
    contenders = [
        Contender("ravine", "Ravine", script, "numpy"),
        Contender("torch", "PyTorch", script, "numpy", lambda workload, cores: [{"threads": 1}, {"threads": cores}]),
        Contender("scikit-learn", "scikit-learn", str(tmp_path / "missing.py"), "numpy"),
        Contender("keras-tf", "Keras", script, "numpy", lambda workload, cores: [{"unlucky": True}]),
    ]
    python = Path(sys.executable)
    environments = Environments(tmp_path, {"numpy": python.parents[1]})
    track = Track(environments, tmp_path, cores=2, rounds=2, steady_epochs=4)
    measured = track.measure(LECTURE.with_epochs(2), contenders)["peers"]
    assert len(measured["ravine"]["seconds"]) == len(measured["torch"]["seconds"]) == 2
    assert measured["ravine"]["steady"] == [0.5] * 4
    assert len(measured["torch"]["trials"]) == 2
    assert len(measured["torch"]["losses"]) == 2 * 3
    assert "missing.py" in measured["scikit-learn"]["failed"]
    assert "bad luck" in measured["keras-tf"]["failed"]


def test_seconds_are_the_epochs_own_where_there_are_any() -> None:
    assert seconds({"seconds": 9.0, "each": [1.0, 2.0]}, LECTURE, 2) == 1.5
    assert seconds({"seconds": 9.0, "each": None}, LECTURE, 2) == 4.5


def test_start_measures_time_and_memory() -> None:
    # A child begins as its parent's copy, and the system counts that too: the large one must outgrow this process.
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    small = start([sys.executable, "-c", "print('here')"], clean_environ())
    large = start([sys.executable, "-c", f"x = b'1' * {int((own + 200) * 2**20)}"], clean_environ())
    assert small.printed == "here\n"
    assert small.seconds > 0
    assert 0 < small.megabytes < own + 100
    assert large.megabytes > own + 200


def test_start_that_fails() -> None:
    with pytest.raises(PeerError, match="no such luck"):
        start([sys.executable, "-c", "raise SystemExit('no such luck')"], clean_environ())


def test_foreign_settings_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Haswell")
    monkeypatch.setenv("XLA_FLAGS", "--nonsense")
    kept = clean_environ(KERAS_BACKEND="jax")
    assert "OPENBLAS_CORETYPE" not in kept
    assert "XLA_FLAGS" not in kept
    assert kept["KERAS_BACKEND"] == "jax"


def test_the_cache_follows_the_users_choice(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert user_cache().parent == tmp_path


def test_a_job_is_plain_json() -> None:
    assert json.loads(json.dumps(LECTURE.job()))["batch_size"] == 32
