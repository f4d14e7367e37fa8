"""A study from a file: a Python program that the user wrote, or a TOML file, which is data and runs nothing.

In TOML an object is a table with its ``class``; the other keys are what its constructor takes::

    data = "mnist"
    epochs = 5
    loss = "sparse_categorical_crossentropy"
    metrics = ["accuracy"]
    layers = [{ class = "Flatten" }, { class = "Dense", units = 10, activation = "softmax" }]

    [contenders]
    sgd = { optimizer = { class = "SGD", momentum = 0.9 } }
    adam = { optimizer = "adam" }

    [tune]
    learning_rate = { loguniform = [1e-4, 1] }
"""

from __future__ import annotations

import dataclasses
import inspect
import os
import runpy
import sys
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from ravine import (
    Sequential,
    callbacks,
    checks,
    constraints,
    datasets,
    layers,
    losses,
    metrics,
    optimizers,
    regular,
    regularizers,
)
from ravine.comparison import compare, loguniform, uniform
from ravine.datasets import npz
from ravine.optimizers import schedules

PATHS = {"filepath", "filename", "backup_dir"}
"""Arguments of objects that are paths."""

LARGEST = 2**22
"""Bytes of a TOML file."""

SPACES: dict[str, Callable[..., Any]] = {
    "uniform": uniform,
    "loguniform": loguniform,
    "choice": lambda *values: list(values),
}


@dataclass(frozen=True)
class Home:
    """Where the paths in a study start, and whether they may lead out of there (``outside``)."""

    folder: Path
    outside: bool

    def path(self, where: str, name: Any) -> str:
        """The path ``name``, from the study's folder."""
        full = self.folder / checks.path(where, name)
        inside = Path(os.path.realpath(full)).is_relative_to(os.path.realpath(self.folder))
        if not inside and not self.outside:
            checks.reject(where, name, "a path within the study's folder; --allow-outside lets a study lead out of it")
        return str(full)


def load(path: Path, *, allow_outside: bool = False) -> dict[str, Any]:
    """The arguments of :func:`ravine.compare` that a file holds.

    Paths in a TOML file start from its folder, and stay in it unless ``allow_outside``; a program may do as it likes.
    """
    readers: dict[str, Callable[[Path], dict[str, Any]]] = {
        ".toml": partial(_from_toml, home=Home(path.parent, allow_outside)),
        ".py": _from_python,
    }
    reader = readers.get(path.suffix)
    if reader is None:
        checks.reject("STUDY", str(path), "a file that ends with .toml or .py, or the name of a study")
    if not path.is_file():
        checks.reject("STUDY", str(path), "a file that is there, or the name of a study")
    arguments = reader(path)
    known = inspect.signature(compare).parameters
    for name in arguments:
        if name not in known:
            raise checks.RavineValueError(f"{path}: {name!r} is unknown.{checks.nearest(name, known)}")
    for name in ("contenders", "x", "y", "epochs"):
        if name not in arguments:
            raise checks.RavineValueError(f"{path}: {name!r} is missing.")
    return arguments


def _from_python(path: Path) -> dict[str, Any]:
    """What a program calls ``study``: a dict, or a function that returns one."""
    folder = str(path.parent.resolve())
    sys.path.insert(0, folder)  # as when Python runs the file: it may import what lies beside it
    try:
        found = runpy.run_path(str(path)).get("study")
        study = found() if callable(found) else found
    finally:
        sys.path.remove(folder)
    if not isinstance(study, Mapping):
        raise checks.RavineValueError(f"{path}: expected a dict called study of the arguments of ravine.compare.")
    return dict(study)


def _from_toml(path: Path, home: Home) -> dict[str, Any]:
    with regular.opened("STUDY", path) as file:
        text = file.read(LARGEST + 1)
    if len(text) > LARGEST:
        raise checks.RavineValueError(f"{path}: it is too large for a study: expected at most {LARGEST} bytes.")
    try:
        given = tomllib.loads(text.decode())
    except RecursionError:
        raise checks.RavineValueError(f"{path}: it is nested too deep.") from None
    except ValueError as error:  # of the decoders, and an integer of thousands of digits
        raise checks.RavineValueError(f"{path}: {checks.sentence(str(error))}") from None
    try:
        return _arguments(given, home)
    except checks.RavineError as error:
        raise checks.RavineValueError(f"{path}: {error}") from None


def _arguments(given: dict[str, Any], home: Home) -> dict[str, Any]:
    data = given.pop("data", None)
    given = _at_home("", given, home)
    arguments = {**_data(data, home), **_settings("", given)}
    sides = arguments.get("contenders")
    if not isinstance(sides, Mapping):
        checks.reject_type("contenders", sides, "a table of contenders")
    arguments["contenders"] = {
        name: _settings(f"contenders.{name}: ", dict(side)) if isinstance(side, Mapping) else side
        for name, side in sides.items()
    }
    tune = arguments.get("tune")
    if isinstance(tune, Mapping):
        by_name = tune and all(name in sides for name in tune)
        arguments["tune"] = (
            {name: _spaces(f"tune.{name}", tuned) for name, tuned in tune.items()} if by_name else _spaces("tune", tune)
        )
    return arguments


def _at_home(where: str, given: Any, home: Home) -> Any:
    """``given`` with the paths that its objects take put right."""
    if isinstance(given, list):
        return [_at_home(f"{where}[{i}]", item, home) for i, item in enumerate(given)]
    if not isinstance(given, dict):
        return given
    found = {key: _at_home(f"{where}.{key}" if where else key, value, home) for key, value in given.items()}
    if "class" in found:
        found |= {key: home.path(f"{where}.{key}", found[key]) for key in PATHS & found.keys()}
    return found


def _settings(where: str, given: dict[str, Any]) -> dict[str, Any]:
    """``given`` with its layers as a function that builds a model, and its other objects built."""
    settings = {key: value for key, value in given.items() if key != "layers"}
    if "layers" in given:
        build = partial(_model, f"{where}layers", given["layers"])
        build()  # so that what is wrong with it is said here
        settings["model"] = build
    for key in ("optimizer", "loss", "metrics", "callbacks"):
        if key in settings:
            settings[key] = _built(f"{where}{key}", settings[key])
    if where:  # of a contender: what else is a table is a path that is not in quotes
        for key in [key for key, value in settings.items() if isinstance(value, dict)]:
            settings |= {f"{key}.{rest}": value for rest, value in settings.pop(key).items()}
    return settings


def _model(where: str, given: Any) -> Sequential:
    if not isinstance(given, list):
        checks.reject_type(where, given, "a list of layers")
    return Sequential([_built(f"{where}[{i}]", layer) for i, layer in enumerate(given)])


def _built(where: str, given: Any) -> Any:
    """Tables with a ``class`` as objects of it, however deep they stand."""
    if isinstance(given, list):
        return [_built(f"{where}[{i}]", item) for i, item in enumerate(given)]
    if not isinstance(given, dict):
        return given
    if "class" not in given:
        checks.reject(where, given, "a table with the name of a class, such as { class = 'Dense', units = 10 }")
    cls = checks.look_up(f"{where}: class", given["class"], _classes())
    taken = inspect.signature(cls).parameters
    values = {key: _built(f"{where}.{key}", value) for key, value in given.items() if key != "class"}
    for key in values:
        if key not in taken:
            raise checks.RavineValueError(f"{where}: {cls.__name__} takes no {key!r}.{checks.nearest(key, taken)}")
    try:
        return cls(**values)
    except TypeError as error:
        raise checks.RavineValueError(f"{where}: {error}.") from None


def _classes() -> dict[str, Any]:
    """What may be built by name: layers, optimizers, schedules, regularizers, constraints, callbacks."""
    modules = (layers, optimizers, schedules, losses, metrics, regularizers, constraints, callbacks)
    found = {name: getattr(module, name) for module in modules for name in getattr(module, "__all__", dir(module))}
    return {
        name: value
        for name, value in found.items()
        if isinstance(value, type) and (dataclasses.is_dataclass(value) or issubclass(value, callbacks.Callback))
    }


def _spaces(where: str, given: Any) -> Any:
    """Spaces by path. A path that is not in quotes is a table within a table in TOML, and is put together again."""
    if not isinstance(given, dict):
        return given
    found: dict[str, Any] = {}
    for name, value in given.items():
        if isinstance(value, dict) and not (len(value) == 1 and next(iter(value)) in SPACES):
            found |= {f"{name}.{rest}": space for rest, space in _spaces(f"{where}.{name}", value).items()}
        else:
            found[name] = _space(f"{where}.{name}", value)
    return found


def _space(where: str, given: Any) -> Any:
    """``{ loguniform = [low, high] }`` as a space."""
    if not isinstance(given, dict):
        return given
    ((kind, values),) = given.items()
    try:
        return SPACES[kind](*values)
    except TypeError:
        checks.reject(where, given, f"{kind} = [low, high]")


def _data(given: Any, home: Home) -> dict[str, Any]:
    """The arrays: ``"mnist"``, or the name of an ``.npz`` file beside the study."""
    if given == "mnist":
        (x, y), (test_x, test_y) = datasets.mnist.load_data()
        return {"x": x / 255, "y": y, "test_data": (test_x / 255, test_y)}
    if not isinstance(given, str) or not given.endswith(".npz"):
        checks.reject("data", given, "'mnist' or the name of an .npz file with arrays x and y")
    arrays = npz.load("data", home.path("data", given))
    for name in ("x", "y"):
        if name not in arrays:
            checks.reject("data", given, f"arrays x and y; it holds {', '.join(arrays)}")
    found: dict[str, Any] = {"x": arrays["x"], "y": arrays["y"]}
    for name in ("validation", "test"):
        if f"x_{name}" in arrays and f"y_{name}" in arrays:
            found[f"{name}_data"] = arrays[f"x_{name}"], arrays[f"y_{name}"]
    return found
