"""A callback made of functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ravine import checks
from ravine.callbacks.base import HOOKS, Callback


class LambdaCallback(Callback):
    """Call a function in each of the given hooks.

    Args:
        hooks: functions by the hook's name, such as ``on_epoch_end=lambda epoch, logs: ...``. They take what the hook
            takes but ``self``.
    """

    def __init__(self, **hooks: Callable[..., Any] | None) -> None:
        for name, function in hooks.items():
            if name not in HOOKS:
                raise checks.RavineTypeError(
                    f"LambdaCallback has no hook {name!r}.{checks.nearest(name, HOOKS)} Hooks: {', '.join(HOOKS)}."
                )
            if function is None:
                continue
            if not callable(function):
                checks.reject_type(name, function, "a function")
            setattr(self, name, function)
