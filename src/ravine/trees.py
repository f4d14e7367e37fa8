"""Dataclasses as pytrees: numbers are leaves, choices are structure.

JAX compiles a function anew for every new *structure* of its arguments and never for new *values* of their leaves.
So a learning rate is a plain field, ``nesterov`` is a :func:`static` field, and what only a person reads, such as a
layer's name, is a :func:`label`: part of neither, so that it can never cost a compilation.
"""

from __future__ import annotations

import copy
import dataclasses
import functools
import inspect
import re
from collections.abc import Callable, Iterable
from typing import Any, TypeVar, dataclass_transform, overload

import jax
import numpy as np

from ravine import checks

T = TypeVar("T")


def static(**options: Any) -> Any:
    """A dataclass field that belongs to the structure: another value is another program.

    It must be hashable; a list counts as a tuple.
    """
    return dataclasses.field(metadata={"role": "static"}, **options)


def label(**options: Any) -> Any:
    """A dataclass field that compiled code never sees. It needs a default."""
    return dataclasses.field(metadata={"role": "label"}, compare=False, **options)


def named(get: Callable[[str, Any], Any], **options: Any) -> Any:
    """A dataclass field for an object that users may also give by name, which ``get(argument, value)`` looks up."""
    return dataclasses.field(metadata={"get": get}, **options)


@overload
def tree(cls: type[T]) -> type[T]: ...


@overload
def tree(*, frozen: bool | None = None) -> Callable[[type[T]], type[T]]: ...


@dataclass_transform(frozen_default=True, field_specifiers=(static, label, named, dataclasses.field))
def tree(cls: type[T] | None = None, *, frozen: bool | None = None) -> Any:
    """Make ``cls`` a dataclass that JAX sees as a pytree.

    Its fields can be assigned only with ``frozen=False``. A class that does not say is as its base is, or else frozen.
    """

    def make(cls: Any) -> Any:
        bases = [base.__dataclass_params__.frozen for base in cls.__mro__[1:] if "__dataclass_params__" in vars(base)]
        return _registered(dataclasses.dataclass(frozen=all(bases) if frozen is None else frozen)(cls))

    return make if cls is None else make(cls)


def _registered(cls: type[T]) -> type[T]:
    roles: dict[str, list[str]] = {"leaf": [], "static": [], "label": []}
    for field in dataclasses.fields(cls):  # type: ignore[arg-type]
        roles[field.metadata.get("role", "leaf")].append(field.name)
    leaves, statics = roles["leaf"], roles["static"]
    keys = [jax.tree_util.GetAttrKey(name) for name in leaves]

    def flatten(value: T) -> tuple[list[Any], tuple[Any, ...]]:
        return [getattr(value, name) for name in leaves], tuple(_hashable(getattr(value, name)) for name in statics)

    def flatten_with_keys(value: T) -> tuple[list[tuple[Any, Any]], tuple[Any, ...]]:
        children, structure = flatten(value)
        return list(zip(keys, children, strict=True)), structure

    def unflatten(structure: tuple[Any, ...], children: Iterable[Any]) -> T:
        return cls(**dict(zip(leaves, children, strict=True)), **dict(zip(statics, structure, strict=True)))

    # Not `register_dataclass`: in JAX 0.10 it makes classes whose fields have equal values equal in structure, and jit
    # then may run for one loss or layer the program of another.
    jax.tree_util.register_pytree_with_keys(cls, flatten_with_keys, unflatten, flatten)
    return cls


def is_tree(value: object) -> bool:
    """Whether JAX knows how to take an object apart: it does if the object's own class is made by :func:`tree`."""
    parts = jax.tree.leaves(value, is_leaf=lambda node: node is not value)
    return all(part is not value for part in parts)


def check_form(argument: str, value: object, base: type, *methods: str, instead: str) -> None:
    """Raise where the class of ``value``, a user's subclass of ``base``, is no tree or defines none of ``methods``.

    ``instead`` says what goes without a class.
    """
    cls, kind = type(value), type(value).__name__
    if not is_tree(value):
        raise checks.RavineTypeError(
            f"{argument}: {kind} is no class of Ravine's form: decorate it with @ravine.trees.tree and declare its "
            f"settings as fields. {instead} will do too."
        )
    if not _is_known(cls) and all(getattr(cls, name) is getattr(base, name) for name in methods):
        wanted = f"{methods[0]}{inspect.signature(getattr(base, methods[0]))}".replace("'", "")
        raise checks.RavineTypeError(
            f"{argument}: {kind} computes nothing: expected a method {wanted}. {instead} will do too."
        )


@functools.cache
def fields(cls: Any) -> dict[str, dataclasses.Field[Any]]:
    """The fields of a class made by :func:`tree`, by name."""
    return {field.name: field for field in dataclasses.fields(cls)}


def copied(value: T) -> T:
    """A copy of dataclasses within dataclasses, labels included; what else they hold, such as functions, is shared."""
    if isinstance(value, type) or not dataclasses.is_dataclass(value):
        return value
    new: Any = copy.copy(value)
    for name in fields(type(value)):  # type: ignore[arg-type]  # the class can be hashed
        object.__setattr__(new, name, copied(getattr(value, name)))
    return new


def has_user_code(value: Any) -> bool:
    """Whether a tree holds a function, or an object of a class, that is neither Ravine's nor JAX's.

    Nothing can be known of what such code does with the rows of a batch.
    """
    if isinstance(value, list | tuple):
        return any(map(has_user_code, value))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        held = (getattr(value, name) for name, field in fields(type(value)).items() if not _is_label(field))
        return not _is_known(type(value)) or any(map(has_user_code, held))
    return callable(value) and not _is_known(value)


def _is_label(field: dataclasses.Field[Any]) -> bool:
    return field.metadata.get("role") == "label"


def _is_known(code: Any) -> bool:
    # What JAX wraps is looked at itself; a partial, JAX's own kind too, may hold any function and any arrays.
    code = inspect.unwrap(code)
    module = str(getattr(code, "__module__", "")).partition(".")[0]
    return module in ("ravine", "jax", "jaxlib") and not isinstance(code, functools.partial)


@functools.cache
def snake(name: str) -> str:
    """A class's name as Keras names its objects by it: ``ReLU`` to ``re_lu``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=.)(?=[A-Z][a-z])", "_", name).lower()


def _hashable(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def as_leaves(numbers: T, dtype: Any = np.float32) -> T:
    """Every number in a tree as a scalar of ``dtype``, so that 1, 1.0 and ``np.float64(1)`` are one program."""
    return jax.tree.map(lambda n: np.dtype(dtype).type(n) if isinstance(n, int | float | np.number) else n, numbers)
