"""Compiled programs: one for each function, structure and shapes of its arguments, kept as long as they are of use.

A program takes some megabytes. JAX keeps all that it ever compiled, so a search over widths, or a loop that makes a new
function in each turn, would fill the memory. Here each program belongs to an object of its own, and the compiled code
goes with that once nobody is likely to call it again: a model holds the programs that it used, and the latest of all
are held besides, for the next model of the same structure.
"""

from __future__ import annotations

import functools
import inspect
import os
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from contextvars import ContextVar
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

import jax
import numpy as np

from ravine import checks, settings, tracing

Options = tuple[tuple[str, Any], ...]
"""XLA's options for a program, as items of a dict."""

WIDE = tuple(map(np.dtype, ("float64", "int64", "uint64", "complex128")))
"""Types that JAX halves, unless it was told otherwise."""

HELD = 16
"""How many programs a model holds at most, and how many are held for whoever comes next."""

CACHE_VARIABLE = "RAVINE_CACHE"


class Program:
    """A function of two lists of arrays, compiled. If it ``gives``, the second list's memory goes to the result.

    Several threads may call it: if two need it at once, one of them compiles it.
    """

    def __init__(self, function: Callable[[list[Any], list[Any]], Any], options: Options, *, gives: bool) -> None:
        self._function = jax.jit(function, compiler_options=dict(options) or None, donate_argnums=(1,) if gives else ())
        self._first: threading.Lock | None = threading.Lock()

    def __call__(self, first: list[Any], second: list[Any]) -> Any:
        """Call the function."""
        lock = self._first
        if lock is None:
            return self._function(first, second)
        with lock:
            try:
                result = self._function(first, second)
            except tracing.UNTRACEABLE as error:
                raise checks.RavineTypeError(f"Code that is to be compiled failed: {tracing.reason(error)}") from error
            self._first = None
        return result


class Shelf:
    """The programs that were used last, which it keeps alive."""

    def __init__(self) -> None:
        self._programs: OrderedDict[int, Program] = OrderedDict()  # by what they are, since keys take long to compare
        self._lock = threading.Lock()

    def put(self, program: Program) -> None:
        """Hold a program, as the latest; the one that was used longest ago falls out if there are too many."""
        with self._lock:
            self._programs[id(program)] = program
            self._programs.move_to_end(id(program))
            if len(self._programs) > HELD:
                self._programs.popitem(last=False)

    def clear(self) -> None:
        """Hold nothing."""
        with self._lock:
            self._programs.clear()

    def __deepcopy__(self, memo: Any) -> Shelf:
        return Shelf()

    def __reduce__(self) -> Any:
        return Shelf, ()


_alive: WeakValueDictionary[Hashable, Program] = WeakValueDictionary()
_latest = Shelf()
_making = threading.Lock()
_user: ContextVar[Shelf | None] = ContextVar("user", default=None)


class held_by:  # read as a function; a generator would take three times as long
    """Let ``shelf`` hold the programs that are called meanwhile in this thread."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def __enter__(self) -> None:
        self._token = _user.set(self._shelf)

    def __exit__(self, *_: object) -> None:
        _user.reset(self._token)


def forget() -> None:
    """Let all programs go that no model holds."""
    _latest.clear()


def _program(key: Hashable, make: Callable[[], Program]) -> Program:
    program = _alive.get(key)
    if program is None:
        with _making:
            program = _alive.get(key)
            if program is None:
                use_persistent_cache()
                settings.Process.used = True
                program = _alive[key] = make()
    _latest.put(program)
    user = _user.get()
    if user is not None:
        user.put(program)
    return program


@functools.cache
def compiled(
    function: Callable[..., Any], options: Options = (), donate: tuple[str, ...] = (), *, wide: bool = False
) -> Callable[..., Any]:
    """``function`` compiled with ``options``; the arguments named in ``donate`` give their memory to the result.

    It is called with its arguments by place. If it is ``wide``, it may compute in 64 bits.
    """
    given = [i for i, name in enumerate(inspect.signature(function).parameters) if name in donate]

    def call(*arguments: Any) -> Any:
        kept = [() if i in given else argument for i, argument in enumerate(arguments)]
        first, first_structure = jax.tree.flatten(kept)
        second, second_structure = jax.tree.flatten([arguments[i] for i in given])
        key = function, options, wide, first_structure, second_structure, _shapes(first), _shapes(second)

        def make() -> Program:
            def flat(first: list[Any], second: list[Any]) -> Any:
                whole = jax.tree.unflatten(first_structure, first)
                for i, argument in zip(given, jax.tree.unflatten(second_structure, second), strict=True):
                    whole[i] = argument
                return function(*whole)

            flat.__name__ = function.__name__
            return Program(flat, options, gives=bool(given))

        return _program(key, make)(first, second)

    return settings.ordinary(call, wide)


def _shapes(leaves: list[Any]) -> Hashable:
    """What a program is compiled for, of each leaf: its shape, and its type as JAX takes it."""
    return tuple((getattr(leaf, "shape", ()), _dtype(leaf)) for leaf in leaves)


def _dtype(leaf: Any) -> Any:
    dtype = getattr(leaf, "dtype", None)
    if dtype is None:
        return type(leaf)
    return jax.dtypes.canonicalize_dtype(dtype) if dtype in WIDE else dtype


class Bound:
    """A compiled function whose first arguments stay the same: they are taken apart and put on the device once."""

    def __init__(self, function: Callable[..., Any], *first: Any, options: Options = ()) -> None:
        leaves, self._structure = jax.tree.flatten(first)
        self._function, self._options = function, options
        self._leaves = settings.device_put(leaves)
        self._key = function, options, self._structure, _shapes(leaves)
        self._programs: dict[Hashable, Program] = {}

    @settings.ordinary
    def __call__(self, x: Any) -> Any:
        """Call the function with its last argument, an array."""
        program = self._programs.get((x.shape, x.dtype))
        if program is None:
            if len(self._programs) >= HELD:
                self._programs.clear()
            program = self._programs[x.shape, x.dtype] = _program((*self._key, x.shape, x.dtype), self._made)
        return program(self._leaves, [x])

    def _made(self) -> Program:
        function, structure = self._function, self._structure  # and not itself, whose arrays the program outlives

        def flat(leaves: list[Any], rest: list[Any]) -> Any:
            return function(*jax.tree.unflatten(structure, leaves), *rest)

        flat.__name__ = function.__name__
        return Program(flat, self._options, gives=False)


POLLS = 200
"""How often a result is looked for before its thread sleeps: some 40 µs, and to be woken alone takes 16 (measured)."""


def fetched(array: Any) -> np.ndarray:
    """An array of JAX as one of the host. The wait for a small one is too short to sleep through."""
    for _ in range(POLLS):
        if array.is_ready():
            break
    return np.asarray(array)


@functools.cache
def use_persistent_cache() -> None:
    """Keep compiled programs between processes, in the user's cache folder unless the user chose otherwise.

    The environment variable ``RAVINE_CACHE`` names another folder, or is ``off``. A cache that JAX was already given is
    left alone, and a folder that cannot be written only costs the time to compile.
    """
    wanted = os.environ.get(CACHE_VARIABLE, "")
    if wanted.lower() == "off" or getattr(jax.config, "jax_compilation_cache_dir", None) is not None:
        return
    if wanted:
        folder = Path(wanted).expanduser()
    else:
        import platformdirs

        folder = Path(platformdirs.user_cache_dir("ravine", appauthor=False)) / "xla"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError:
        return
    jax.config.update("jax_compilation_cache_dir", str(folder))
    # JAX's own threshold of a second would leave most of Ravine's programs out.
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.1)
