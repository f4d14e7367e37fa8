"""A thread in which things are done one after another."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from threading import get_ident
from typing import Any


class OneThread:
    """Calls functions one after another in a thread of its own, in the context of whoever made it.

    What a generator holds may belong to the thread that runs it: a connection of ``sqlite3`` refuses all others. The
    thread ends when it is closed, or when nobody holds this any more.
    """

    def __init__(self) -> None:
        self._own: list[int] = []
        self._executor = ThreadPoolExecutor(1, "ravine-data", lambda own: own.append(get_ident()), (self._own,))
        self._context = copy_context()

    def start(self, function: Callable[..., Any], *args: Any) -> Future[Any]:
        """Call a function once those before it have returned."""
        return self._executor.submit(self._context.run, function, *args)

    def __call__(self, function: Callable[..., Any], *args: Any) -> Any:
        """What a function returns, or raises. In the thread itself it is called right away."""
        if get_ident() in self._own:
            return function(*args)
        return self.start(function, *args).result()

    def close(self, *, wait: bool) -> None:
        """Start nothing more, and wait for what runs, or else let it end by itself."""
        self._executor.shutdown(wait=wait, cancel_futures=True)
