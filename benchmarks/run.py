"""Ravine beside its peers: `python benchmarks/run.py`.

Needs nothing but Python and installs what it measures. Let nothing else run meanwhile.
"""

import argparse
import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[0] = str(ROOT)  # modules are benchmarks.this and benchmarks.that, here and in the tests

from benchmarks import report  # noqa: E402
from benchmarks.contenders import CONTENDERS, taking_part  # noqa: E402
from benchmarks.environments import TORCH, Environments, clean_environ, user_cache  # noqa: E402
from benchmarks.populations import measure_population  # noqa: E402
from benchmarks.starts import measure_imports, measure_starts  # noqa: E402
from benchmarks.turns import STEADY_EPOCHS, Track, say  # noqa: E402
from benchmarks.workloads import WORKLOADS  # noqa: E402

PARTS = (*WORKLOADS, "starts", "imports")
PAGE = ROOT / "docs" / "benchmarks.md"


def options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workloads", nargs="+", choices=PARTS, default=PARTS, metavar="NAME", help=", ".join(PARTS))
    parser.add_argument(
        "--peers", nargs="+", choices=CONTENDERS, default=list(CONTENDERS), metavar="NAME", help=", ".join(CONTENDERS)
    )
    parser.add_argument("--rounds", type=int, help="turns of each peer (default 7)")
    parser.add_argument("--epochs", type=int, help="epochs in a turn (default: the workload's own)")
    parser.add_argument("--cores", type=int, help="use only so many cores (Linux; default: all)")
    parser.add_argument("--quick", action="store_true", help="short turns, 2 rounds: to try things, not to quote")
    parser.add_argument("--write", action="store_true", help=f"put the tables into {PAGE.relative_to(ROOT)}")
    parser.add_argument("--out", type=Path, help="where the raw figures go (default: results.json in the cache folder)")
    parser.add_argument("--read", type=Path, metavar="JSON", help="report these raw figures and measure nothing")
    parser.add_argument("--cache", type=Path, default=user_cache(), help="environments, data, logs (%(default)s)")
    parser.add_argument("--torch", default=TORCH, metavar="SPEC", help="what pip installs as PyTorch (%(default)s)")
    parser.add_argument(
        "--environment", action="append", default=[], metavar="NAME=FOLDER", help="a virtual environment already made"
    )
    return parser.parse_args(arguments)


def measure(chosen: argparse.Namespace) -> dict[str, Any]:
    """All that was asked for, one thing after the other."""
    cache: Path = chosen.cache.resolve()
    given = {name: Path(folder).resolve() for name, folder in (pair.split("=", 1) for pair in chosen.environment)}
    environments = Environments(cache, given, chosen.torch)
    cores = limit_cores(chosen.cores)
    rounds = chosen.rounds or (2 if chosen.quick else 7)
    prepare_data(environments, cache / "data")
    track = Track(environments, cache, cores, rounds, 5 if chosen.quick else STEADY_EPOCHS)
    results: dict[str, Any] = {
        "date": date.today().isoformat(),
        "machine": machine(cores),
        "rounds": rounds,
        "quick": chosen.quick,
        "workloads": {},
    }
    for name in (name for name in WORKLOADS if name in chosen.workloads):
        workload = WORKLOADS[name]
        if epochs := chosen.epochs or (workload.trial_epochs if chosen.quick else None):
            workload = workload.with_epochs(epochs)
        contenders = [c for c in CONTENDERS.values() if c.name in chosen.peers and taking_part(workload, c)]
        measure_turns = measure_population if workload.runs else Track.measure
        results["workloads"][name] = measure_turns(track, workload, contenders)
    if "starts" in chosen.workloads:
        results["starts"] = measure_starts(environments, cache / "data" / "mnist.npz", rounds)
    if "imports" in chosen.workloads:
        results["imports"] = measure_imports(environments, 2 * rounds)
    return results


def prepare_data(environments: Environments, folder: Path) -> None:
    """The peers' data, once: no peer imports Ravine, so Ravine writes its MNIST out for them."""
    if not all((folder / f"{workload.data}.npz").exists() for workload in WORKLOADS.values()):
        script = ROOT / "benchmarks" / "data.py"
        subprocess.run([environments.python("ravine"), script, folder], check=True, env=clean_environ())


def limit_cores(cores: int | None) -> int:
    """Bind this process, and so every peer, to the first few cores; says how many there are."""
    if not hasattr(os, "sched_setaffinity"):
        if cores:
            say("this system cannot bind a process to cores: --cores is ignored")
        return os.cpu_count() or 1
    if cores:
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])
    return len(os.sched_getaffinity(0))


def machine(cores: int) -> dict[str, Any]:
    """What the figures depend on."""
    processor = platform.processor() or platform.machine()
    if (info := Path("/proc/cpuinfo")).exists():
        names = re.findall(r"^model name\s*: (.*)$", info.read_text(), re.MULTILINE)
        processor = names[0] if names else processor
    system = f"{platform.system()} {platform.release().split('-')[0]}"
    return {"processor": processor, "cores": cores, "system": system, "python": platform.python_version()}


def main() -> None:
    """Measure or read, print, write."""
    chosen = options()
    if chosen.read:
        results = json.loads(chosen.read.read_text())
    else:
        results = measure(chosen)
        out: Path = chosen.out or chosen.cache / "results.json"
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(json.dumps(results, indent=1))
        say(f"raw figures: {out}")
    text = report.markdown(results)
    print(text)
    if chosen.write:
        report.write(PAGE, text)


if __name__ == "__main__":
    main()
