"""What a lower floor may ask of a higher one without knowing it.

``ravine/__init__.py``, which stands above all floors, says where it is found.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol

Path = str | os.PathLike[str]


class Checkpoints(Protocol):
    """What a run asks of a folder of checkpoints."""

    def newest(self) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """The arrays and the notes to go on from; None where there are none."""

    def held(self) -> AbstractContextManager[None]:
        """Make the folder this run's own while it is trained."""

    def save(self, number: int, arrays: Mapping[str, Any], notes: dict[str, Any]) -> None:
        """Write a checkpoint."""

    def remove(self) -> None:
        """Remove all checkpoints."""


class Files(Protocol):
    """What a model asks of :mod:`ravine.files`."""

    @property
    def Checkpoints(self) -> Callable[[str, Path], Checkpoints]:
        """The checkpoints of a folder, which errors call by the name of an argument."""

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
