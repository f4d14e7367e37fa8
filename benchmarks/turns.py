"""Interleaved training: every peer of a workload stays alive, and one at a time trains while the others sleep."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.contenders import BASELINE, Contender, Settings
from benchmarks.conversation import Peer, PeerError
from benchmarks.environments import Environments, clean_environ
from benchmarks.ratios import figures
from benchmarks.workloads import Workload

STEADY_EPOCHS = 20
RESTLESS = 0.05  # the share of a core that a waiting peer may take before it is told on
TRIALS = 3  # a setting's best turn counts: what disturbs a turn only ever slows it


@dataclass(frozen=True)
class Track:
    """Where the turns are taken."""

    environments: Environments
    cache: Path
    cores: int
    rounds: int
    steady_epochs: int = STEADY_EPOCHS

    def measure(self, workload: Workload, contenders: Sequence[Contender]) -> dict[str, Any]:
        """Every contender's seconds by round and losses by epoch."""
        results: dict[str, Any] = {}
        peers: dict[str, Peer] = {}
        with ExitStack() as stack:
            for contender in contenders:
                with self._excused(workload, contender.name, results):
                    settings, trials = self._choose(workload, contender)
                    peer = stack.enter_context(self._start(workload, contender, settings, workload.epochs))
                    peers[contender.name] = peer
                    ready = peer.hello["ready"]
                    results[contender.name] = {
                        "settings": settings,
                        "trials": trials,
                        "versions": peer.hello["versions"],
                        "losses": ready["losses"],
                        "val_losses": ready["val_losses"],
                        "trained": [epochs_of(ready, workload.epochs)],
                        "first": [seconds(ready, workload, workload.epochs)],
                        "seconds": [],
                        "idle": [],
                    }
            for number in range(1, self.rounds + 1):
                say(f"{workload.name}, round {number} of {self.rounds}")
                for name, peer in list(peers.items()):
                    with self._excused(workload, name, results):
                        self._turn(workload, name, peer, results[name])
                    if "failed" in results[name]:
                        del peers[name]
            if BASELINE in peers and not workload.whole_fit:
                with self._excused(workload, BASELINE, results):
                    peers[BASELINE].ask("each", 2)  # epoch by epoch is another program: compile it first
                    results[BASELINE]["steady"] = peers[BASELINE].ask("each", self.steady_epochs)["each"]
        return {"title": workload.title, "job": workload.job(), "peers": results}

    def _turn(self, workload: Workload, name: str, peer: Peer, result: dict[str, Any]) -> None:
        answer = peer.ask("run", workload.epochs)
        result["seconds"].append(seconds(answer, workload, workload.epochs))
        result["losses"] += answer["losses"]
        result["val_losses"] += answer["val_losses"]
        result["trained"].append(epochs_of(answer, workload.epochs))
        result["idle"].append(answer["idle"])
        restless = f", busy between its turns: {answer['idle']:.0%} of a core" if answer["idle"] > RESTLESS else ""
        say(f"  {name} {figures(result['seconds'][-1])} s/epoch{restless}")

    @contextmanager
    def _excused(self, workload: Workload, name: str, results: dict[str, Any]) -> Iterator[None]:
        """A peer that fails, or its installation, is left out and the others go on."""
        try:
            yield
        except (PeerError, subprocess.CalledProcessError) as error:
            say(f"{workload.name}: {name} failed\n{error}")
            results[name] = {"failed": str(error)}

    def _start(self, workload: Workload, contender: Contender, settings: Settings, warm_up: int) -> Peer:
        job = workload.job() | {
            "path": str(self.cache / "data" / f"{workload.data}.npz"),
            "settings": settings,
            "warm_up": warm_up,
            "seed": 1,
        }
        return Peer(
            self.environments.python(contender.environment),
            workload.scripts.get(contender.name, contender.script),
            job,
            clean_environ(**contender.environ),
            self.cache / "logs" / f"{workload.name}-{contender.name}.txt",
        )

    def _choose(self, workload: Workload, contender: Contender) -> tuple[Settings, list[tuple[Settings, float]]]:
        """The fastest settings, each tried alone, and what the trials took."""
        grid = contender.grid(workload, self.cores)
        if len(grid) == 1:
            return grid[0], []
        trials: list[tuple[Settings, float]] = []
        for settings in grid:
            with self._start(workload, contender, settings, workload.trial_epochs) as peer:
                answers = [peer.ask("run", workload.trial_epochs) for _ in range(TRIALS)]
            trials.append((settings, min(seconds(answer, workload, workload.trial_epochs) for answer in answers)))
            say(f"{workload.name}: trial of {contender.name} {settings}: {figures(trials[-1][1])}")
        return min(trials, key=lambda trial: trial[1])[0], trials


def seconds(answer: dict[str, Any], workload: Workload, epochs: int) -> float:
    """Seconds per epoch, by the epochs' own times where the peer has them, else by the whole call."""
    by_epoch = not workload.whole_fit and answer["each"]
    return float(sum(answer["each"]) if by_epoch else answer["seconds"]) / epochs_of(answer, epochs)


def epochs_of(answer: dict[str, Any], epochs: int) -> float:
    """How many epochs a turn had: those that were asked for, or of a population's runs those that they came to."""
    return float(answer.get("trained", epochs))


def say(line: str) -> None:
    """Progress, apart from the results."""
    print(line, file=sys.stderr, flush=True)
