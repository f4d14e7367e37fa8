"""Whole processes, from the shell's point of view: wall time and peak memory."""

import os
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.conversation import PEERS, PeerError, last_lines
from benchmarks.environments import Environments, clean_environ
from benchmarks.ratios import figures
from benchmarks.turns import say


@dataclass(frozen=True)
class Start:
    """What one process took."""

    seconds: float
    megabytes: float
    printed: str


def start(command: Sequence[str | Path], environ: Mapping[str, str]) -> Start:
    """Run it to its end in an empty folder."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "errors"
        with (Path(folder) / "printed").open("w+") as printed, log.open("w") as errors:
            began = time.perf_counter()
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=printed, stderr=errors, env=environ, cwd=folder
            )
            # wait4, unlike RUSAGE_CHILDREN, tells the peak of this one child and not of all that ever ran.
            _, status, usage = os.wait4(process.pid, 0)
            seconds = time.perf_counter() - began
            process.returncode = os.waitstatus_to_exitcode(status)
            printed.seek(0)
            text = printed.read()
        if process.returncode:
            raise PeerError(f"{' '.join(map(str, command))}\n{last_lines(log)}")
    unit = 2**20 if os.uname().sysname == "Darwin" else 2**10  # bytes there, kibibytes elsewhere
    return Start(seconds, usage.ru_maxrss / unit, text)


def measure_starts(environments: Environments, mnist: Path, rounds: int) -> dict[str, Any]:
    """One epoch of MNIST as a program: with nothing compiled yet, and again with what the first start left."""
    ravine = environments.folder("ravine") / "bin" / "ravine"
    keras: list[str | Path] = [environments.python("keras-jax"), PEERS / "keras_mnist.py", mnist]
    jax_cache = {"JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0", "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1"}
    programs: dict[str, tuple[list[str | Path], dict[str, str]]] = {
        "ravine": ([ravine, "mnist", "--epochs", "1", "--out", "out"], {}),
        "keras-jax": (keras, {"KERAS_BACKEND": "jax"}),
        "keras-jax-cached": (keras, {"KERAS_BACKEND": "jax", **jax_cache}),
    }
    titles = ("`ravine mnist --epochs 1`", "Keras-JAX script", "Keras-JAX script, JAX's compilation cache on")
    results: dict[str, Any] = {
        name: {"title": title, "first": [], "second": [], "megabytes": [], "printed": ""}
        for name, title in zip(programs, titles, strict=True)
    }
    for number in range(rounds + 1):
        for name, (command, settings) in programs.items():
            if "failed" in results[name]:
                continue
            with tempfile.TemporaryDirectory() as cache:
                environ = clean_environ(KERAS_HOME=cache, MPLBACKEND="agg", **settings)
                if name == "keras-jax-cached":
                    environ["JAX_COMPILATION_CACHE_DIR"] = cache
                if name == "ravine":
                    environ["RAVINE_CACHE"] = cache
                try:
                    first, second = start(command, environ), start(command, environ)
                except PeerError as error:
                    say(f"start of {name} failed\n{error}")
                    results[name]["failed"] = str(error)
                    continue
            if number == 0:
                continue  # the operating system reads every file for the first time
            results[name]["first"].append(first.seconds)
            results[name]["second"].append(second.seconds)
            results[name]["megabytes"].append(max(first.megabytes, second.megabytes))
            results[name]["printed"] = second.printed
            say(f"start {number}/{rounds}: {name} {figures(first.seconds)}, again {figures(second.seconds)}")
    return results


IMPORTS = {
    "jax": "import jax",
    "ravine": "import ravine",
    # A package may put its imports off until a name is used: this is what a program pays.
    "names": "from ravine import Sequential, callbacks, datasets, layers, optimizers",
}


def measure_imports(environments: Environments, rounds: int) -> dict[str, list[float]]:
    """Each import as a process of its own."""
    results: dict[str, list[float]] = {name: [] for name in IMPORTS}
    for number in range(rounds + 1):
        for name, seconds in results.items():
            took = start([environments.python("ravine"), "-c", IMPORTS[name]], clean_environ()).seconds
            if number:
                seconds.append(took)
        if number:
            say(f"imports {number}/{rounds}: " + ", ".join(f"{n} {figures(s[-1])}" for n, s in results.items()))
    return results
