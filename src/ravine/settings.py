"""JAX as Ravine's programs need it, whatever the user set for the rest of a program.

A user's own setting stands outside of what Ravine computes, hooks of callbacks included.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar, cast

import jax

from ravine import checks

F = TypeVar("F", bound=Callable[..., Any])


class Process:
    """This process: whether programs ran in it, and whether it was forked from one in which they had."""

    used = False
    forked = False


def _forked() -> None:
    Process.forked = Process.forked or Process.used


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)


def _stand(wide: bool) -> bool:
    """Whether JAX is set as programs need it; in a call of half a microsecond, since every prediction asks."""
    config: Any = jax.config
    return (
        config.jax_enable_x64 is wide
        and config.jax_numpy_dtype_promotion == "standard"
        and config.jax_numpy_rank_promotion == "allow"
        and not config.jax_debug_nans
    )


@contextmanager
def _set(wide: bool) -> Iterator[None]:
    with (
        jax.enable_x64(wide),
        jax.numpy_dtype_promotion("standard"),
        jax.numpy_rank_promotion("allow"),
        jax.debug_nans(False),
    ):
        yield


@functools.cache
def _tell_of_nans() -> None:
    checks.warn(
        "jax_debug_nans does not hold within Ravine, whose programs write NaN for what was not measured. "
        "callbacks.TerminateOnNaN() ends a run whose loss becomes NaN."
    )


def ordinary(function: F, wide: bool = False) -> F:
    """``function``, run with numbers of 32 bits (of 64 if ``wide``) and what JAX does unless it was told otherwise."""

    @functools.wraps(function)
    def run(*arguments: Any, **named: Any) -> Any:
        if Process.forked:
            raise checks.RavineRuntimeError(
                "This process was forked from one that had computed already, whose threads JAX would wait for without "
                "end. Start it by multiprocessing.get_context('spawn') or 'forkserver', or compute in forked ones only."
            )
        if _stand(wide):
            return function(*arguments, **named)
        config: Any = jax.config
        if config.jax_debug_nans:
            _tell_of_nans()
        with _set(wide):
            return function(*arguments, **named)

    return cast(F, run)


eval_shape = ordinary(jax.eval_shape)
device_put = ordinary(jax.device_put)
