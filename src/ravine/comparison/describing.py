"""What a contender is made of, as JSON: for the reader of a result, and to tell one study from another."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import inspect
import json
import numbers
import types
from collections.abc import Mapping
from typing import Any

import jax
import numpy as np

from ravine import trees
from ravine.callbacks import Callback
from ravine.model import Sequential


def described(value: Any, within: tuple[int, ...] = ()) -> Any:
    """``value`` as JSON takes it: objects by class and fields, functions by name and code, arrays by checksum.

    ``within`` are the identities of what it stands in, so that what holds itself comes to an end.
    """
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Real):
        return float(value)
    if isinstance(value, np.ndarray | jax.Array):
        return f"array {checksum(value)}"
    if id(value) in within:
        return "itself"
    inside = (*within, id(value))
    if isinstance(value, Mapping):
        return {str(key): described(item, inside) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [described(item, inside) for item in value]
    if isinstance(value, Callback):
        return _object(value, _settings(value), inside)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {name: getattr(value, name) for name in trees.fields(type(value)) if name != "name"}
        return _object(value, {name: v for name, v in fields.items() if v is not None}, inside)
    return _function(value, inside) if callable(value) else f"{type(value).__module__}.{type(value).__qualname__}"


def model_described(model: Sequential) -> dict[str, Any]:
    """A compiled model: its input's shape, its layers, and what it was compiled with."""
    compiled = model.compilation
    return {
        "input_shape": described(model.input_shape),
        "layers": described(model.layers),
        "optimizer": described(model.optimizer),
        "loss": described(compiled.loss),
        "loss_weight": compiled.loss_weight,
        "metrics": described([*compiled.metrics, *compiled.weighted_metrics]),
    }


def checksum(tree: Any) -> str:
    """Sixteen hexadecimal digits that tell one tree of arrays from another."""
    digest = hashlib.blake2b(digest_size=8)
    for leaf in jax.tree.leaves(tree):
        array = np.ascontiguousarray(leaf)
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        digest.update(array.view(np.uint8).data if array.size else b"")
    return digest.hexdigest()


def _settings(callback: Callback) -> dict[str, Any]:
    """A callback's arguments; of one of the user's own all that it has before it is used."""
    own = not type(callback).__module__.startswith("ravine.")
    given = inspect.signature(type(callback)).parameters
    return {name: value for name, value in vars(callback).items() if name in given or own}


def _object(value: Any, fields: Mapping[str, Any], within: tuple[int, ...]) -> dict[str, Any]:
    """An object by its class and fields; of a class of the user's own, its methods' code too."""
    cls = type(value)
    own = {} if cls.__module__.startswith("ravine.") else {"code": _class(cls, within)}
    return {"class": cls.__name__, **own, **{name: described(field, within) for name, field in fields.items()}}


def _class(cls: type, within: tuple[int, ...]) -> str:
    """A checksum of what a class of the user's own does."""
    parts = [f"{base.__module__}.{base.__qualname__}" for base in cls.__mro__]
    for base in cls.__mro__:
        if not base.__module__.startswith(("ravine.", "builtins")):
            parts += [_function(f, within) for f in vars(base).values() if isinstance(f, types.FunctionType)]
    return hashlib.blake2b(json.dumps(parts).encode(), digest_size=4).hexdigest()


def _function(function: Any, within: tuple[int, ...]) -> str:
    """A function's name; where it is not Ravine's own, with a checksum of what its name does not tell."""
    name = f"{getattr(function, '__module__', '')}.{getattr(function, '__qualname__', type(function).__qualname__)}"
    if name.startswith("ravine."):
        return name.removeprefix("ravine.")
    known = _insides(function, within)
    if not known:
        return name
    return f"{name} {hashlib.blake2b(json.dumps(known).encode(), digest_size=4).hexdigest()}"


def _insides(function: Any, within: tuple[int, ...]) -> list[Any]:
    """What a function does and holds, as JSON takes it; nothing for one of another language or of JAX's."""
    if isinstance(function, functools.partial):
        return [described(part, within) for part in (function.func, function.args, function.keywords)]
    code = getattr(function, "__code__", None)
    if code is not None:
        held = [cell.cell_contents for cell in function.__closure__ or ()]
        return [_code(code), described([held, function.__defaults__, function.__kwdefaults__], within)]
    wrapped = getattr(function, "__wrapped__", None)
    if wrapped is not None:
        return [] if str(getattr(function, "__module__", "")).startswith("jax.") else [described(wrapped, within)]
    return [] if isinstance(function, type) else [described(getattr(function, "__dict__", {}), within)]


def _code(code: types.CodeType) -> list[Any]:
    """A function's instructions, names and constants, wherever it stands in its file."""
    return [code.co_code.hex(), list(code.co_names), [_constant(constant) for constant in code.co_consts]]


def _constant(constant: Any) -> Any:
    """A constant of a function's code. The order of a set differs from process to process."""
    if isinstance(constant, types.CodeType):
        return _code(constant)
    if isinstance(constant, tuple):
        return [_constant(part) for part in constant]
    return sorted(map(repr, constant)) if isinstance(constant, frozenset) else repr(constant)
