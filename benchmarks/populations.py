"""Populations: each round has processes of its own, so that what a first turn pays is measured as often as the rest."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from benchmarks.contenders import Contender
from benchmarks.turns import Track, say
from benchmarks.workloads import Workload


def measure_population(track: Track, workload: Workload, contenders: Sequence[Contender]) -> dict[str, Any]:
    """What `track.measure` tells, of rounds in which every peer starts anew, has its first turn and then another."""
    peers: dict[str, Any] = {}
    for number in range(1, track.rounds + 1):
        say(f"{workload.name}, processes {number} of {track.rounds}")
        going_on = [c for c in contenders if "failed" not in peers.get(c.name, {})]
        measured = replace(track, rounds=1).measure(workload, going_on)["peers"]
        peers |= {name: joined(peers.get(name, {}), peer) for name, peer in measured.items()}
    return {"title": workload.title, "job": workload.job(), "peers": peers}


def joined(before: Mapping[str, Any], peer: Mapping[str, Any]) -> dict[str, Any]:
    """A peer's rounds so far and one more; one that failed has no others."""
    if "failed" in peer:
        return dict(peer)
    return {key: before.get(key, []) + value if isinstance(value, list) else value for key, value in peer.items()}
