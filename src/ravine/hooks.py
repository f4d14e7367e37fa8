"""What a lower floor may ask of a higher one without knowing it.

``ravine/__init__.py``, which stands above all floors, says where it is found.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Protocol

Path = str | os.PathLike[str]


class Files(Protocol):
    """What a model asks of :mod:`ravine.files`."""

    def save_model(self, model: Any, path: Path, overwrite: bool = True) -> None:
        """Write a model to a file."""

    def save_weights(self, model: Any, path: Path, overwrite: bool = True) -> None:
        """Write a model's arrays to a file."""

    def load_weights(self, model: Any, path: Path, skip_mismatch: bool = False) -> None:
        """Give a model the arrays of a file."""


_files: list[Callable[[], Files]] = []


def provide_files(find: Callable[[], Files]) -> None:
    """Say how the files' floor is found; it is not looked for before it is needed."""
    _files[:] = [find]


def files() -> Files:
    """The files' floor."""
    return _files[0]()
