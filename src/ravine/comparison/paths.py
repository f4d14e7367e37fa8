"""Hyperparameters by path: which numbers of a model and its callbacks can be set, and setting them.

A path names a number of the optimizer (``"learning_rate"``, ``"learning_rate.decay_rate"``), of a layer
(``"dropout.rate"``, ``"dense.kernel_regularizer.l2"``) or of a callback (``"early_stopping.patience"``). A layer goes
by its name, or by its class's, which means all layers of that class that have the number.
"""

from __future__ import annotations

import dataclasses
import inspect
import numbers
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ravine import checks, trees
from ravine.callbacks import Callback
from ravine.model import Sequential

Keys = tuple[str, ...]

IDLE = "ema_momentum", "ema_overwrite_frequency"
"""What an optimizer has that counts for nothing without ``use_ema``."""


@dataclasses.dataclass(frozen=True)
class Place:
    """Where a number is: the object, the names that lead to it from there, and the number; None where there is none."""

    holder: Any
    keys: Keys
    value: float | None
    whole: bool = False

    def set(self, value: float) -> None:
        """Put ``value`` there, rounded where only whole numbers go."""
        node = _replaced(self.holder, self.keys, round(value) if self.whole else value)
        assert node is self.holder


def places(model: Sequential, callbacks: Sequence[Callback]) -> dict[str, list[Place]]:
    """Every number that has a path, by its paths."""
    found: dict[str, list[Place]] = {}
    named: list[tuple[str, Any]] = [("", model.optimizer), ("optimizer", model.optimizer)]
    for name, layer in zip(model.layer_names, model.layers, strict=True):
        named += [(one, layer) for one in dict.fromkeys((name, trees.snake(type(layer).__name__)))]
    for prefix, holder in named:
        for place in _numbers(holder, holder, ()):
            found.setdefault(".".join(filter(None, (prefix, *place.keys))), []).append(place)
    for callback in callbacks:
        for name in inspect.signature(type(callback)).parameters:
            value = vars(callback).get(name)
            if _is_number(value) and name != "verbose":
                whole = isinstance(value, numbers.Integral)
                path = f"{trees.snake(type(callback).__name__)}.{name}"
                found.setdefault(path, []).append(Place(callback, (name,), value, whole))
    return found


def check(argument: str, path: str, model: Sequential, callbacks: Sequence[Callback]) -> None:
    """Raise where ``path`` leads to no number that can be set."""
    known = places(model, callbacks)
    settable = sorted(p for p, there in known.items() if any(place.value is not None for place in there))
    if path in settable:
        return
    if path in known:
        raise checks.RavineValueError(
            f"{argument}: {path!r} is None, so the compiled program has no place for it; give it a value first."
        )
    shown = [p for p in settable if not p.startswith("optimizer.")]
    raise checks.RavineValueError(
        f"{argument}: {path!r} is no hyperparameter.{checks.nearest(path, settable)} There are: {', '.join(shown)}."
    )


def check_apart(argument: str, given: Sequence[str], model: Sequential, callbacks: Sequence[Callback]) -> None:
    """Raise where two of the paths lead to the same number, of which one would count for nothing."""
    known, taken = places(model, callbacks), dict[tuple[int, Keys], str]()
    for path in given:
        for place in known[path]:
            other = taken.setdefault((id(place.holder), place.keys), path)
            if other != path:
                raise checks.RavineValueError(
                    f"{argument}: {other!r} and {path!r} set the same number; expected one of them."
                )


def rounded(model: Sequential, callbacks: Sequence[Callback], values: Mapping[str, float]) -> dict[str, float]:
    """``values`` as they will be set: whole where only whole numbers go."""
    known = places(model, callbacks)
    return {p: float(round(v)) if all(place.whole for place in known[p]) else v for p, v in values.items()}


def assign(model: Sequential, callbacks: Sequence[Callback], values: Mapping[str, float]) -> None:
    """Set the numbers at the paths in ``values``, all of which :func:`check` has passed."""
    for path, value in values.items():
        # Looked up anew each time: setting one number may replace the frozen object that holds another.
        for place in places(model, callbacks)[path]:
            if place.value is not None:
                place.set(value)


def _numbers(holder: Any, node: Any, keys: Keys) -> Iterator[Place]:
    """The leaves of a tree of dataclasses, and the empty places for them."""
    idle = IDLE if getattr(node, "use_ema", True) is False else ()
    for name, field in trees.fields(type(node)).items():  # type: ignore[arg-type]
        value = getattr(node, name)
        if field.metadata.get("role") in ("static", "label") or name in idle:
            continue
        if _is_number(value) or value is None:
            kinds = str(field.type)
            yield Place(holder, (*keys, name), value, "int" in kinds and "float" not in kinds)
        elif dataclasses.is_dataclass(value):
            yield from _numbers(holder, value, (*keys, name))


def _is_number(value: Any) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def _replaced(node: Any, keys: Keys, value: Any) -> Any:
    """``node`` with ``value`` at ``keys``: itself where it can be assigned to, else a new one."""
    name, *rest = keys
    new = _replaced(getattr(node, name), tuple(rest), value) if rest else value
    if getattr(type(node), "__dataclass_params__", None) is not None and type(node).__dataclass_params__.frozen:
        return dataclasses.replace(node, **{name: new})
    setattr(node, name, new)
    return node
