"""Where and how a compiled function runs: chosen here, by backend and size, from measurements.

On a CPU XLA gives every matrix product of a step to its own library, which splits it over the cores. For the small
products of small batches that costs more than it gains: the pieces are handed to whichever core is free, so the
weights travel between caches, and a step's time comes to depend on luck. With that rewriting off, small products run
where their data is (docs/benchmarks.md has the figures). Large products keep the library and all cores. Of a tiny
network's step even the loops over single numbers cost more to split than to run.

Many runs go side by side, one a core, each on a thread of its own: that beats all cores on one run after another. Runs
of tiny networks go in groups, as one program, since a step is then mostly what each operation costs by itself. On a GPU
groups are as large as memory allows, and spread over the devices that there are.
"""

from __future__ import annotations

import functools
import os
import tempfile
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

LARGE_STEP = 16_000_000
"""Multiply-adds of one forward pass from which on the library's split products win (measured on two cores)."""

TINY_STEP = 500_000
"""Multiply-adds of one forward pass up to which a step stays on one core, and runs go in groups."""

TINY_GROUP = 8
"""How many runs of a tiny network go as one program on a CPU: more gain little, and the last to stop holds up all."""

CACHED_BYTES = 2**20
"""Up to this size, data are put in order once an epoch: one gather instead of many, within a core's cache."""

LARGEST_GROUP = 1024
"""The most runs of one program on a device; a step of so many is long enough to keep it busy."""

CACHE_VARIABLE = "RAVINE_CACHE"


def compiler_options(multiply_adds: int) -> tuple[tuple[str, Any], ...]:
    """XLA's options for a step with a forward pass of about ``multiply_adds``, as items of a dict."""
    if jax.default_backend() != "cpu" or multiply_adds >= LARGE_STEP:
        return ()
    options: tuple[tuple[str, Any], ...] = (("xla_disable_hlo_passes", "dot-library-rewriter"),)
    return (*options, ("xla_cpu_multi_thread_eigen", False)) if multiply_adds <= TINY_STEP else options


@dataclass(frozen=True)
class Layout:
    """How many runs go at once: ``lanes`` programs side by side, of at most ``group`` runs each.

    Fewer runs than a group has are filled up, so that groups of many sizes are few programs: to ``least`` runs, or to a
    doubling of that.
    """

    lanes: int
    group: int = 1
    least: int = 1

    def size(self, runs: int) -> int:
        """How many runs a group of ``runs`` is filled up to."""
        doublings = max(0, (-(-runs // self.least) - 1).bit_length())
        return min(self.group, self.least << doublings)


def layout(multiply_adds: int, run_bytes: int, data_bytes: int, *, shared: bool) -> Layout:
    """How runs of a structure are placed on this machine.

    Args:
        multiply_adds: of one run's forward pass of a step.
        run_bytes: about the memory that a run takes besides the data.
        data_bytes: the memory of the data.
        shared: whether all runs read the same data; else each has its own.
    """
    devices = jax.local_devices()
    if devices[0].platform == "cpu" and len(devices) == 1:
        # The members of a group have copies of the data, which are to stay within the caches.
        tiny = multiply_adds <= TINY_STEP and data_bytes <= CACHED_BYTES
        return Layout(cores(), TINY_GROUP, TINY_GROUP) if tiny else Layout(cores())
    memory: Mapping[str, int] = devices[0].memory_stats() or {}
    free = memory.get("bytes_limit", 2**31) - memory.get("bytes_in_use", 0) - data_bytes
    own = run_bytes if shared else run_bytes + 2 * data_bytes  # as they are made, and side by side
    each = max(1, int(0.8 * free) // max(1, own))
    return Layout(1, len(devices) * min(LARGEST_GROUP, 2 ** (each.bit_length() - 1)), len(devices))


def cores() -> int:
    """How many cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS and Windows know no affinity
        return os.cpu_count() or 1


def spread(members: Any) -> Any:
    """A tree whose arrays have a first axis for the runs of a group, that axis spread over the devices."""
    if len(jax.local_devices()) == 1:
        return members
    return jax.device_put(members, jax.sharding.NamedSharding(_mesh(), jax.sharding.PartitionSpec("runs")))


def everywhere(shared: Any) -> Any:
    """A tree of arrays that every run reads, as each device needs it."""
    if len(jax.local_devices()) == 1:
        return jax.device_put(shared)
    return jax.device_put(shared, jax.sharding.NamedSharding(_mesh(), jax.sharding.PartitionSpec()))


@functools.cache
def _mesh() -> jax.sharding.Mesh:
    return jax.sharding.Mesh(np.array(jax.local_devices()), ("runs",))


def reorders(data: Any) -> bool:
    """Whether a run should put all of ``data``, a tree of arrays, in order once an epoch."""
    return sum(array.nbytes for array in jax.tree.leaves(data)) <= CACHED_BYTES


@functools.cache
def compiled(
    function: Callable[..., Any],
    options: tuple[tuple[str, Any], ...] = (),
    donate: tuple[str, ...] = (),
) -> Callable[..., Any]:
    """``function`` compiled with ``options``; the arguments named in ``donate`` give their memory to the result."""
    use_persistent_cache()
    return Compiled(jax.jit(function, compiler_options=dict(options), donate_argnames=donate))


POLLS = 200
"""How often a result is looked for before its thread sleeps: some 40 µs, and to be woken alone takes 16 (measured)."""


def fetched(array: Any) -> np.ndarray:
    """An array of JAX as one of the host. The wait for a small one is too short to sleep through."""
    for _ in range(POLLS):
        if array.is_ready():
            break
    return np.asarray(array)


class Bound:
    """A compiled function whose first arguments stay the same: they are taken apart and put on the device once."""

    def __init__(self, function: Callable[..., Any], *first: Any) -> None:
        leaves, structure = jax.tree.flatten(first)
        self._function = _flat(function, structure)
        self._leaves = jax.device_put(leaves)

    def __call__(self, *rest: Any) -> Any:
        """Call the function with its other arguments."""
        return self._function(self._leaves, *rest)


@functools.lru_cache(maxsize=64)
def _flat(function: Callable[..., Any], structure: Any) -> Callable[..., Any]:
    """``function`` compiled, its first arguments given as the list of their leaves."""

    def flat(leaves: list[jax.Array], *rest: Any) -> Any:
        return function(*jax.tree.unflatten(structure, leaves), *rest)

    flat.__name__ = function.__name__
    use_persistent_cache()
    return Compiled(jax.jit(flat))


class Compiled:
    """A compiled function that several threads may call: a program that two need at once is compiled by one of them."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self._known: set[Any] = set()
        self._locks: dict[Any, threading.Lock] = {}

    def __call__(self, *args: Any) -> Any:
        """Call the function."""
        if threading.current_thread() is threading.main_thread():
            return self._function(*args)
        leaves, structure = jax.tree.flatten(args)
        program = structure, tuple((jnp.shape(leaf), jnp.result_type(leaf)) for leaf in leaves)
        if program in self._known:
            return self._function(*args)
        with self._locks.setdefault(program, threading.Lock()):
            result = self._function(*args)
            self._known.add(program)
        return result


@functools.cache
def use_persistent_cache() -> None:
    """Keep compiled programs between processes, in the user's cache folder unless the user chose otherwise.

    The environment variable ``RAVINE_CACHE`` names another folder, or is ``off``. A cache that JAX was already given is
    left alone, and a folder that cannot be written only costs the time to compile.
    """
    wanted = os.environ.get(CACHE_VARIABLE, "")
    if wanted.lower() == "off" or getattr(jax.config, "jax_compilation_cache_dir", None) is not None:
        return
    if wanted:
        folder = Path(wanted).expanduser()
    else:
        import platformdirs

        folder = Path(platformdirs.user_cache_dir("ravine", appauthor=False)) / "xla"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError:
        return
    jax.config.update("jax_compilation_cache_dir", str(folder))
    # JAX's own threshold of a second would leave most of Ravine's programs out.
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.1)
