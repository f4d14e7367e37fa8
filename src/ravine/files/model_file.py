"""Models and their weights in files, by the name's ending."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, BinaryIO, TypeVar

from ravine import checks, regular
from ravine.atomic import replacing
from ravine.files import keras_file, tensors
from ravine.files.arrays import Room, warn_of_lost
from ravine.files.decoding import Decoder
from ravine.model import Sequential
from ravine.optimizers import Optimizer

Path = str | os.PathLike[str]
T = TypeVar("T")


def save_model(model: Sequential, path: Path, overwrite: bool = True) -> None:
    """Write a model to ``path``: its layers, its arrays, what ``compile`` was given, what the optimizer remembers.

    The file takes the place of an older one once it is whole. Functions are named in it, not written: whoever loads
    it hands them over. ``undecayed`` of an optimizer is kept for Ravine; Keras has no place for it.

    Args:
        model: one whose input's shape is known.
        path: ``.keras``, which Keras 3 loads, or ``.safetensors``.
        overwrite: False keeps a file that is there, and raises.
    """
    with_config = {".keras": keras_file.write_model, ".safetensors": tensors.write_model}
    _write(path, overwrite, _by_ending(path, with_config), model)


def save_weights(model: Sequential, path: Path, overwrite: bool = True) -> None:
    """Write a model's arrays, and what its optimizer remembers, to ``path``: ``.weights.h5`` or ``.safetensors``."""

    def safetensors(file: BinaryIO, model: Sequential) -> None:
        tensors.write_model(file, model, config=False)

    if model.compiled and not isinstance(model.optimizer, Optimizer):
        warn_of_lost(model.optimizer)
    _write(
        path, overwrite, _by_ending(path, {".weights.h5": keras_file.write_weights, ".safetensors": safetensors}), model
    )


def load_model(
    path: Path, custom_objects: Mapping[str, Any] | None = None, compile: bool = True, safe_mode: bool = True
) -> Sequential:
    """The model of a file that Ravine or Keras 3 wrote, ready to go on training.

    Nothing in a file is executed. Whatever is broken, hostile or unknown in it is one error that names the file.

    Args:
        path: ``.keras`` or ``.safetensors``.
        custom_objects: functions and classes that the file names, by name.
        compile: whether to take what ``compile`` was given too, and what the optimizer remembers.
        safe_mode: only True, since code that is in a file is never executed.
    """
    if not checks.boolean("safe_mode", safe_mode):
        expected = "True, since code that is in a file is never executed: custom_objects hands functions over"
        checks.reject("safe_mode", safe_mode, expected)
    decoder = Decoder(_checked(custom_objects))

    compile = checks.boolean("compile", compile)
    read = _by_ending(path, {".keras": keras_file.read_model, ".safetensors": tensors.read_model})
    with regular.opened("path", path) as file, _naming(path):
        return read(file, decoder, compile=compile)


def load_weights(model: Sequential, path: Path, skip_mismatch: bool = False) -> None:
    """Give a model the arrays of ``path``, and its optimizer what one of its kind remembered, the learning rate too.

    The model stays as it was where one does not fit, unless ``skip_mismatch`` says otherwise.

    Args:
        model: one of the same layers, whose input's shape is known.
        path: ``.weights.h5``, ``.keras`` or ``.safetensors``. In the latter the layers' names matter, in the others
            their classes and order.
        skip_mismatch: whether layers that the file has nothing fitting for stay as they were, each with all its arrays;
            a warning says which.
    """
    known = {
        ".weights.h5": keras_file.read_weights,
        ".keras": keras_file.read_archived_weights,
        ".safetensors": tensors.read_weights,
    }
    read = _by_ending(path, known)
    skip_mismatch = checks.boolean("skip_mismatch", skip_mismatch)
    with regular.opened("path", path) as file, _naming(path):
        read(file, Room(model, skip_mismatch))


def _by_ending(path: Path, known: Mapping[str, T]) -> T:
    """What ``known`` has for the ending of a file's name."""
    name = checks.path("path", path)
    for ending, value in known.items():
        if name.endswith(ending):
            return value
    checks.reject("path", name, f"a name that ends with {' or '.join(known)}")


def _write(path: Path, overwrite: bool, write: Callable[[BinaryIO, Sequential], None], model: Sequential) -> None:
    if not checks.boolean("overwrite", overwrite) and os.path.exists(path):
        raise checks.RavineValueError(f"{os.fspath(path)} is there already: pass overwrite=True to replace it.")
    with replacing(path) as file:
        write(file, model)


def _checked(custom: Mapping[str, Any] | None) -> Mapping[str, Any]:
    if not isinstance(custom, Mapping | None) or not all(isinstance(name, str) for name in custom or ()):
        checks.reject_type("custom_objects", custom, "a dictionary of functions and classes by name")
    return custom or {}


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Every error about what a file holds, as one of a value that names the file."""
    try:
        yield
    except checks.RavineError as error:
        raise checks.RavineValueError(f"{os.fspath(path)}: {error}") from error
