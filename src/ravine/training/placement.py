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
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from ravine import settings
from ravine.training.programs import Options

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


LOOPS: Options = (("xla_disable_hlo_passes", "dot-library-rewriter"),)
"""Matrix products as loops of XLA's own, without its library."""


def compiler_options(multiply_adds: int, user_code: bool) -> Options:
    """XLA's options for a step with a forward pass of about ``multiply_adds``."""
    if multiply_adds >= LARGE_STEP or jax.default_backend() != "cpu":
        return exact(user_code)
    return (*LOOPS, ("xla_cpu_multi_thread_eigen", False)) if multiply_adds <= TINY_STEP else LOOPS


def exact(user_code: bool) -> Options:
    """The options with which a program computes what it says, whether or not it has code of a user's.

    On a CPU the library of jaxlib 0.10.2 gives wrong numbers, now and then, for products of a small matrix with each of
    many rows, ``vmap(lambda row: matrix @ row)`` (jax-ml/jax#39103). Ravine's own layers have no such product.
    """
    return LOOPS if user_code and jax.default_backend() == "cpu" else ()


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
    return settings.device_put(members, jax.sharding.NamedSharding(_mesh(), jax.sharding.PartitionSpec("runs")))


def everywhere(shared: Any) -> Any:
    """A tree of arrays that every run reads, as each device needs it."""
    if len(jax.local_devices()) == 1:
        return settings.device_put(shared)
    return settings.device_put(shared, jax.sharding.NamedSharding(_mesh(), jax.sharding.PartitionSpec()))


@functools.cache
def _mesh() -> jax.sharding.Mesh:
    return jax.sharding.Mesh(np.array(jax.local_devices()), ("runs",))


def reorders(data: Any) -> bool:
    """Whether a run should put all of ``data``, a tree of arrays, in order once an epoch."""
    return sum(array.nbytes for array in jax.tree.leaves(data)) <= CACHED_BYTES
