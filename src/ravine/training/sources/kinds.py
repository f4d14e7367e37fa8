"""Which kind of data something is."""

from __future__ import annotations

import inspect
import itertools
import math
import numbers
import operator
from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any

import jax

from ravine import checks
from ravine.frames import Names, as_frame
from ravine.training.data import Data, as_data, as_pair, as_samples
from ravine.training.sources.base import Source
from ravine.training.sources.indexed import Indexed
from ravine.training.sources.rows import Arrays, Columns, Rows, is_held, is_lazy
from ravine.training.sources.streams import Stream

SMALL = 2**26
"""Data of up to as many bytes are read whole: then a run is one compiled function, and nothing waits for a disk."""


def as_source(
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    *,
    batch_size: int | None = None,
    steps: int | None = None,
    prefix: str = "",
    with_targets: bool = True,
    columns: Names | None = None,
) -> Data | Source:
    """Data to read, checked: arrays where they are in memory or small, else what gives their batches one by one.

    Args:
        x: samples ``[rows, ...]``; or what holds or yields batches, targets included: a dataset of Hugging Face, an
            object with batches by index, a loader, a generator, a function that returns one.
        y: targets ``[rows, ...]``, beside samples only.
        sample_weight: at least 0 ``[rows]``, beside samples only.
        batch_size: rows in a batch, by default 32; None beside what makes its own batches.
        steps: batches in an epoch; None for one pass.
        prefix: goes before ``x``, ``y`` and batches in errors (``"validation "``).
        with_targets: whether there must be targets; without, they are left out.
        columns: the names of columns that the model was trained on, in whose order those of frames and dicts are taken.
    """
    size = checks.integer("batch_size", 32 if batch_size is None else batch_size, least=1)
    if is_dataset(x):
        _check_alone(x, prefix, {"y": y, "sample_weight": sample_weight})
        return _from_dataset(x, size, steps, prefix, with_targets, columns)
    if is_batches(x):
        given = {"y": y, "sample_weight": sample_weight, "batch_size": batch_size}
        _check_alone(x, prefix, given)
        return _from_batches(x, steps, prefix, with_targets, columns)
    return _from_arrays(x, y, sample_weight, size, steps, prefix, with_targets, columns)


def pair_as_source(
    name: str,
    given: Any,
    *,
    batch_size: int | None = None,
    steps: int | None = None,
    columns: Names | None = None,
) -> Data | Source:
    """The argument ``NAME_data``: ``(x, y)``, ``(x, y, sample_weight)``, or what holds or yields batches."""
    options: dict[str, Any] = {"batch_size": batch_size, "steps": steps, "prefix": f"{name} ", "columns": columns}
    if isinstance(given, tuple | list) and len(given) in (2, 3):
        return as_source(*given, **options)
    return as_source(given, **options) if is_dataset(given) or is_batches(given) else as_pair(name, given, columns)


def is_dataset(x: Any) -> bool:
    """Whether this is like a ``datasets.Dataset``: rows by index, columns by name."""
    return all(hasattr(x, name) for name in ("column_names", "features", "__len__", "__getitem__"))


def is_batches(x: Any) -> bool:
    """Whether this holds or yields batches, and is no array or what becomes one, such as a list or a frame."""
    if isinstance(x, Sequence | Mapping | Set | numbers.Number) or is_held(x) or is_lazy(x):
        return False
    if hasattr(x, "__array__") or hasattr(x, "__array_interface__"):
        return False
    return (_has_index(x) or hasattr(x, "__iter__") or callable(x)) and as_frame("x", x) is None


def _has_index(x: Any) -> bool:
    return hasattr(x, "__getitem__") and (hasattr(x, "__len__") or hasattr(x, "num_batches"))


def _check_alone(x: Any, prefix: str, beside: Mapping[str, Any]) -> None:
    for name, value in beside.items():
        if value is not None:
            argument = f"{prefix}{name}" if name != "batch_size" else f"{prefix}{name}".replace(" ", "_")
            raise checks.RavineValueError(
                f"{argument} was given beside {prefix}x, a {type(x).__name__}, which has its own: expected {name}=None."
            )


def _from_arrays(
    x: Any, y: Any, w: Any, size: int, steps: int | None, prefix: str, with_targets: bool, columns: Names | None
) -> Data | Source:
    x, y, w = _loaded(x), _loaded(y), _loaded(w)
    if any(map(is_large, (x, y, w))):
        return Rows(Arrays(x, y, w, prefix, with_targets=with_targets, columns=columns), size, steps, prefix=prefix)
    if with_targets:
        return as_data(x, y, w, prefix=prefix, columns=columns)
    return Data(as_samples(f"{prefix}x", x, columns), None)


def is_large(value: Any) -> bool:
    """Whether this is an array that lies elsewhere than in memory, and is too large to be read whole."""
    return is_lazy(value) and math.prod(value.shape) * value.dtype.itemsize > SMALL


def _loaded(value: Any) -> Any:
    """An array that is read lazily but small, read; anything else as it is."""
    return value[:] if is_lazy(value) and not is_large(value) else value


def _from_dataset(
    x: Any, size: int, steps: int | None, prefix: str, with_targets: bool, columns: Names | None
) -> Data | Source:
    if not len(x):
        raise checks.RavineValueError(f"{prefix}x is a {type(x).__name__} without rows: expected at least one.")
    store = Columns(x, with_targets=with_targets, columns=columns)
    rows = Rows(store, size, steps, prefix=prefix)
    row_bytes = sum(array.nbytes for array in jax.tree.leaves(rows.example)) / rows.example.rows
    return rows if row_bytes * len(store) > SMALL else store.read(slice(0, len(store)), prefix)


def _from_batches(x: Any, steps: int | None, prefix: str, with_targets: bool, columns: Names | None) -> Source:
    what = f"{prefix}x, a {type(x).__name__},"
    options: dict[str, Any] = {"steps": steps, "prefix": prefix, "with_targets": with_targets, "columns": columns}
    if isinstance(x, Iterator):
        if steps is None and _never_ends(x):
            raise checks.RavineValueError(
                f"{what} never ends: expected a number of batches (steps_per_epoch, validation_steps or steps)."
            )
        return Stream(lambda: x, what, restarts=False, **options)
    if _has_index(x):
        if getattr(x, "workers", 1) > 1:
            checks.warn(f"{what} has workers={x.workers}; its batches are read by one thread, ahead of training.")
        return Indexed(x, **options)
    if hasattr(x, "__iter__"):
        return Stream(lambda: iter(x), what, restarts=True, length=_length(x), **options)
    return Stream(lambda: _called(x, what), what, restarts=True, **options)


def _called(function: Any, what: str) -> Iterator[Any]:
    try:
        inspect.signature(function).bind()
    except TypeError:
        checks.reject_type(
            what.rstrip(","), function, "a function without arguments that returns an iterator of batches"
        )
    except ValueError:  # a function of another language tells nothing
        pass
    made = function()
    if not isinstance(made, Iterator):
        checks.reject_type(f"what {what} returned", made, "an iterator of batches")
    return made


def _length(x: Any) -> int | None:
    """How many batches a loader says that it has: one over a stream has ``__len__``, but it raises."""
    try:
        return len(x)
    except (TypeError, NotImplementedError):
        return None


def _never_ends(x: Any) -> bool:
    if isinstance(x, itertools.repeat):
        return operator.length_hint(x, -1) == -1
    return isinstance(x, itertools.cycle | itertools.count)
