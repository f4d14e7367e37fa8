"""Contenders: from what a user gives to models that are ready to run.

Each contender is built once. A run trains a copy, so that runs share nothing but the compiled program, and functions
made in a factory are the same ones in every run.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ravine import checks, losses, optimizers, trees
from ravine.callbacks import Callback
from ravine.callbacks import base as callback_base
from ravine.callbacks.monitor import Monitor
from ravine.comparison import codec, describing, paths
from ravine.model import Sequential, compiling, fitting

Factory = Callable[[], Sequential]

KEYS = ("model", "optimizer", "loss", "metrics", "callbacks", "batch_size")


@dataclass(frozen=True)
class Contender:
    """One side of a comparison: a compiled model without weights, and how it is trained."""

    name: str
    model: Sequential
    callbacks: tuple[Callback, ...] = ()
    batch_size: int = 32
    values: Mapping[str, float] = field(default_factory=dict)

    def made(self, values: Mapping[str, float]) -> tuple[Sequential, list[Callback]]:
        """A model and callbacks for one run, with its hyperparameters set."""
        model, callbacks = self.model.untrained(), list(map(_copied, self.callbacks))
        paths.assign(model, callbacks, {**self.values, **values})
        return model, callbacks

    def distinct(self, points: Sequence[Mapping[str, float]]) -> list[dict[str, float]]:
        """Points of a search space as they will be set, each once: whole where only whole numbers go."""
        points = [paths.rounded(self.model, self.callbacks, point) for point in points]
        return list({tuple(point.items()): dict(point) for point in points}.values())

    def check_path(self, argument: str, path: str) -> None:
        """Raise where ``path`` is no hyperparameter of this contender."""
        paths.check(f"{argument}, contender {self.name!r}", path, self.model, self.callbacks)

    def check_values(self, argument: str, values: Mapping[str, float]) -> None:
        """Raise where the model or a callback would not take these values."""
        try:
            model, callbacks = self.made(values)
            model.optimizer.check()
            for layer in model.layers:
                layer.check()
            for callback in callbacks:
                _check_callback(callback)
        except checks.RavineError as error:
            raise checks.RavineValueError(f"{argument}, contender {self.name!r}: {error}") from None

    def described(self) -> dict[str, Any]:
        """What it is made of, as JSON takes it."""
        model, callbacks = self.made({})
        return {
            **describing.model_described(model),
            "callbacks": describing.described(callbacks),
            "batch_size": self.batch_size,
        }


def checked(given: object, common: Mapping[str, Any]) -> list[Contender]:
    """The contenders for what ``compare`` was given; ``common`` holds what one that does not say has."""
    if not isinstance(given, Mapping) or not given:
        checks.reject_type("contenders", given, "a dict of at least one name and contender")
    for name in given:
        if not isinstance(name, str) or not name.strip() or name in codec.NAMES:
            checks.reject("contenders", name, "names that are strings, and not those of numbers")
    return [contender(f"contenders[{name!r}]", name, value, common) for name, value in given.items()]


def contender(argument: str, name: str, given: Any, common: Mapping[str, Any]) -> Contender:
    """The contender for a factory, an optimizer, or a dict of what differs from ``common``."""
    check_common(common)
    if isinstance(given, Sequential):
        checks.reject_type(argument, given, "a function that builds the model, since every run needs one of its own")
    if isinstance(given, Mapping):
        own = dict(given)
    elif isinstance(given, str | optimizers.Transformation):
        own = {"optimizer": given}
    elif callable(given):
        own = {"model": given}
    else:
        checks.reject_type(argument, given, "a function that builds a model, an optimizer, or a dict")
    values = {key: own.pop(key) for key in list(own) if key not in KEYS}
    settings = {**common, **{key: value for key, value in own.items() if value is not None}}
    batch_size = settings.get("batch_size")
    callbacks = callback_base.check(settings.get("callbacks"))
    for callback in callbacks:
        if callback.writes:
            raise checks.RavineValueError(
                f"{argument}: its runs would share the files of {type(callback).__name__}. Leave it out: out=... keeps "
                "the history of every run that is done."
            )
    model = _model(argument, settings, own)
    _check_monitors(argument, callbacks, model)
    built = Contender(
        name=name,
        model=model,
        callbacks=tuple(callbacks),
        batch_size=checks.integer(f"{argument}: batch_size", 32 if batch_size is None else batch_size, least=1),
    )
    for path, value in values.items():
        if not isinstance(path, str):
            checks.reject(argument, path, f"keys that are strings: {', '.join(KEYS)}, or hyperparameters")
        _check_key(argument, path, built)
        checks.number(f"{argument}[{path!r}]", value)
    built = Contender(built.name, built.model, built.callbacks, built.batch_size, values)
    paths.check_apart(argument, list(values), built.model, built.callbacks)
    built.check_values(argument, {})
    return built


def check_common(common: Mapping[str, Any]) -> None:
    """Raise where something common to all could not work, whether or not a contender takes it."""
    if common.get("optimizer") is not None:
        optimizers.get(common["optimizer"])
    if common.get("loss") is not None:
        compiling.check_kind("loss", common["loss"])
        losses.get(common["loss"])
    compiling.check_metrics("metrics", common.get("metrics"))
    callback_base.check(common.get("callbacks"))
    fitting.check_steps("batch_size", common.get("batch_size"))


def _check_key(argument: str, key: str, built: Contender) -> None:
    """Raise where ``key`` is neither a setting nor a hyperparameter, with the nearest of both."""
    known = paths.places(built.model, built.callbacks)
    if key not in known:
        raise checks.RavineValueError(
            f"{argument}: {key!r} is unknown.{checks.nearest(key, [*KEYS, *known])} Expected one of {', '.join(KEYS)}, "
            "or a hyperparameter such as 'learning_rate'."
        )
    built.check_path(argument, key)


def _model(argument: str, settings: Mapping[str, Any], own: Mapping[str, Any]) -> Sequential:
    """The compiled model: built by the contender's factory or the common one, compiled as either says."""
    factory = settings.get("model")
    if factory is None:
        raise checks.RavineValueError(
            f"{argument}: there is no model; expected a function that builds one, here or as model=... for all."
        )
    if isinstance(factory, Sequential) or not callable(factory):
        checks.reject_type(f"{argument}: model", factory, "a function that builds the model")
    try:
        model = factory()
    except Exception as error:
        raise checks.RavineValueError(
            f"{argument}: its function raised {type(error).__name__}: {checks.one_line(error)}"
        ) from error
    if not isinstance(model, Sequential):
        checks.reject_type(f"{argument}: what its function builds", model, "a ravine.Sequential")
    if model.has_weights:
        raise checks.RavineValueError(
            f"{argument}: its model has weights already; expected none, since each run draws its own from its seed."
        )
    compiled = model.compilation if model.compiled else None
    # What the contender itself says wins over its model, and the model over what is common to all.
    order = (own, {} if compiled is None else compiled.arguments(), settings)
    chosen = {}
    for key in ("optimizer", "loss", "metrics"):
        found = [source[key] for source in order if source.get(key) is not None]
        if found:
            chosen[key] = found[0]
    if "loss" not in chosen:
        raise checks.RavineValueError(
            f"{argument}: there is no loss; compile the model, or give compare(..., loss=...)."
        )
    rest = {} if compiled is None else {k: v for k, v in compiled.arguments().items() if k not in chosen}
    model = model.untrained()  # the function may give the same model again
    model.compile(**{**rest, **{k: trees.copied(v) for k, v in chosen.items()}})
    return model


def _copied(callback: Callback) -> Callback:
    try:
        return copy.deepcopy(callback)
    except Exception as error:
        raise checks.RavineValueError(
            f"callbacks: a {type(callback).__name__} cannot be copied, and each run needs one of its own "
            f"({type(error).__name__}: {checks.one_line(error)})."
        ) from error


def _check_monitors(argument: str, callbacks: Sequence[Callback], model: Sequential) -> None:
    """Raise where a callback watches what no run will have."""
    names = model.compilation.names
    known = [*names, *(f"val_{name}" for name in names)]
    for callback in callbacks:
        if isinstance(callback, Monitor) and callback.monitor not in known:
            raise checks.RavineValueError(
                f"{argument}: {type(callback).__name__} watches {callback.monitor!r}, which its runs do not have."
                f"{checks.nearest(callback.monitor, known)} They have: {', '.join(sorted(known))}."
            )


def _check_callback(callback: Callback) -> None:
    """Raise where a callback would not take its own numbers."""
    if type(callback).__module__.startswith("ravine."):
        taken = inspect.signature(type(callback)).parameters
        type(callback)(**{name: value for name, value in vars(callback).items() if name in taken})
