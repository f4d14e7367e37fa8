"""Where and how a compiled function runs: chosen here, by backend and size, from measurements.

On a CPU XLA gives every matrix product of a step to its own library, which splits it over the cores. For the small
products of small batches that costs more than it gains: the pieces are handed to whichever core is free, so the
weights travel between caches, and a step's time comes to depend on luck. With that rewriting off, small products run
where their data is (docs/benchmarks.md has the figures). Large products keep the library and all cores.
"""

from __future__ import annotations

import functools
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax

LARGE_STEP = 16_000_000
"""Multiply-adds of one forward pass from which on the library's split products win (measured on two cores)."""

CACHED_BYTES = 2**20
"""Up to this size, data are put in order once an epoch: one gather instead of many, within a core's cache."""

CACHE_VARIABLE = "RAVINE_CACHE"


def compiler_options(multiply_adds: int) -> tuple[tuple[str, Any], ...]:
    """XLA's options for a step with a forward pass of about ``multiply_adds``, as items of a dict."""
    if jax.default_backend() == "cpu" and multiply_adds < LARGE_STEP:
        return (("xla_disable_hlo_passes", "dot-library-rewriter"),)
    return ()


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
    return jax.jit(function, compiler_options=dict(options), donate_argnames=donate)


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
