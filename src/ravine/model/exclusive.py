"""Who may change a model while it is trained."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ravine import checks


class Exclusive:
    """At most one run at a time changes a model; the thread of that run may, others may only look."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._thread: int | None = None

    @contextmanager
    def taken(self, caller: str) -> Iterator[None]:
        """Train the model meanwhile; raises if it is trained already, here or in another thread."""
        if not self._lock.acquire(blocking=False):
            where = "by a hook of its own fit" if self._thread == threading.get_ident() else "in another thread"
            raise checks.RavineValueError(
                f"{caller}: the model is being trained, and this was called {where}. Wait until that fit is over, or "
                "train a copy of the model."
            )
        self._thread = threading.get_ident()
        try:
            yield
        finally:
            self._thread = None
            self._lock.release()

    @property
    def elsewhere(self) -> bool:
        """Whether the model is being trained in another thread."""
        return self._thread is not None and self._thread != threading.get_ident()

    def check(self, caller: str, *, hooks: bool = True) -> None:
        """Raise if ``caller`` would change a model that is being trained: elsewhere, or without ``hooks`` here."""
        if self.elsewhere or (not hooks and self._thread is not None):
            raise checks.RavineValueError(
                f"{caller}: the model is being trained{' in another thread' if self.elsewhere else ''}. Wait until fit "
                "is over."
            )

    def __deepcopy__(self, memo: Any) -> Exclusive:
        return Exclusive()

    def __reduce__(self) -> Any:
        return Exclusive, ()
