"""Keras's configurations as objects of Ravine.

A name is looked up among Ravine's own classes and in ``custom_objects``, nowhere else: no module is imported that a
file names, and no code is in a file. What a configuration asks for beyond what Ravine's class has is an error, unless
it asks for what Ravine does anyway.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from ravine import activations, checks, initializers, layers, losses, metrics, optimizers, trees
from ravine.files.encoding import Config
from ravine.files.vocabulary import FAMILIES, GUARDS, LOSSES, METRICS, OPTIMIZERS, SCHEDULES, Family
from ravine.losses import fitting
from ravine.metrics import MetricLike
from ravine.metrics.lookup import KNOWN
from ravine.trees import snake

NEUTRAL: dict[str, tuple[Any, ...]] = {
    "axis": (-1,),
    "data_format": ("channels_last",),
    "dtype": ("float32",),
    "label_smoothing": (0,),
    "reduction": ("sum_over_batch_size", "mean", "auto"),
    "renorm_momentum": (0.99,),
}
"""Arguments of Keras's classes that Ravine's lack, with the values that change nothing; nor do None and False."""

COMPILATION = {"run_eagerly", "steps_per_execution", "jit_compile"}
"""What ``compile`` takes in Keras about how a step is run, not about what it does."""

ARRAYS = ("__numpy__", "__tensor__")
"""What Keras calls an array among the arguments of a class."""

ALIASES = {"MSE": "mse", "MAE": "mae", "bce": "binary_crossentropy", "BCE": "binary_crossentropy"}
"""Names of Keras's losses that Ravine has another for."""


class Decoder:
    """Makes objects of configurations; functions and classes that are not Ravine's come from ``custom``."""

    def __init__(self, custom: Mapping[str, Any]) -> None:
        self.custom = custom

    def object(self, where: str, family: Family, config: Any) -> Any:
        """An object of ``family``; errors call it ``where``."""
        name, arguments = class_name(where, config)
        if name == "function":
            return self.function(where, arguments, ours=family in (LOSSES, METRICS))
        arguments = expect_object(f"{where}.config", {} if arguments is None else arguments)
        for key in (config.get("registered_name"), name):
            if isinstance(key, str) and key in self.custom:
                found = self.custom[key]
                return self.build(where, found, arguments) if isinstance(found, type) else found
        return self.build(where, known_class(where, family, name, config), arguments)

    def build(self, where: str, cls: Any, arguments: Config) -> Any:
        """An object of ``cls``, from the arguments that Keras's class of its name takes."""
        if "__dataclass_fields__" not in vars(cls):
            checks.reject_type(f"custom_objects[{cls.__name__!r}]", cls, "a class made by trees.tree, or a function")
        fields = {name: field for name, field in trees.fields(cls).items() if field.init and name != "dtype"}
        given = self.of_lambda(where, arguments) if cls is layers.Lambda else {}
        for name, value in arguments.items():
            if name in given:
                continue
            if name in fields:
                given[name] = self.argument(f"{where}.{name}", fields[name], value)
            elif name != "name":
                check_neutral(where, cls, name, value)
        missing = [n for n, f in fields.items() if n not in given and f.default is dataclasses.MISSING]
        if missing:
            raise checks.RavineValueError(f"{where}: {cls.__name__} needs {missing[0]!r}, which is missing.")
        return cls(**given)

    def argument(self, where: str, field: dataclasses.Field[Any], value: Any) -> Any:
        """The value of one argument of a class."""
        if field.name.endswith("initializer"):
            return self.initializer(where, value)
        if field.name.endswith("activation"):
            return self.activation(where, value)
        if isinstance(value, dict) and value.get("class_name") in ARRAYS:
            value = expect_object(where, value.get("config")).get("value")
        if isinstance(value, dict):
            family = GUARDS.get(field.metadata.get("get"))
            if family is not None or field.name == "learning_rate":
                return self.object(where, family or SCHEDULES, value)
            name, of = class_name(where, value)
            if name != "function":
                checks.reject(where, value, "a number, a name or a function")
            return self.function(where, of)
        check_plain(where, field, value)
        return as_tuple(where, value, nested=field.type == "Any")

    def of_lambda(self, where: str, arguments: Config) -> Config:
        """The arguments of a ``Lambda`` that are functions, or for functions."""
        given: Config = {}
        if "function" in arguments:
            given["function"] = self.lambda_function(f"{where}.function", arguments["function"], arguments.get("name"))
        shape = arguments.get("output_shape")
        if isinstance(shape, dict):
            given["output_shape"] = self.lambda_function(f"{where}.output_shape", shape, arguments.get("name"))
        elif "output_shape" in arguments:
            given["output_shape"] = as_tuple(f"{where}.output_shape", shape)
        named = expect_object(f"{where}.arguments", arguments.get("arguments") or {})
        return given | {"arguments": {n: as_tuple(f"{where}.arguments", v, nested=True) for n, v in named.items()}}

    def lambda_function(self, where: str, config: Any, layer: Any) -> Any:
        """A function of a ``Lambda``, by its own name; one that is in the file as code, by the name of the layer."""
        config = expect_object(where, config)
        name = config.get("config")
        if config.get("class_name") != "__lambda__":
            if isinstance(name, str) and name not in self.custom and name in activations.TABLE:
                return activations.TABLE[name]
            return self.function(where, name)
        if isinstance(layer, str) and callable(self.custom.get(layer)):
            return self.custom[layer]
        raise checks.RavineValueError(
            f"{where}: a lambda is in the file as code, which is never executed. Pass the function by the layer's "
            f"name, custom_objects={{{checks.shown(layer)}: function}}, or build the model anew and load its weights."
        )

    def function(self, where: str, name: Any, ours: bool = False) -> Any:
        """The function that a file names, from ``custom``; or the name itself, where it may be one of ``ours``."""
        if not isinstance(name, str):
            checks.reject(where, name, "the name of a function")
        if name not in self.custom and not ours:
            raise checks.RavineValueError(lacking(where, "function", name, self.custom))
        found = self.custom.get(name, name)
        if isinstance(found, type):
            expected = "an object of it, since the file names it without its settings"
            checks.reject(f"custom_objects[{name!r}]", found, expected)
        return found

    def activation(self, where: str, value: Any) -> Any:
        """An activation: its name or what ``custom`` has for it."""
        if isinstance(value, dict):
            name, of = class_name(where, value)
            value = of if name == "function" else name
        if value is None:
            return None
        if isinstance(value, str) and value in self.custom:
            return self.custom[value]
        if isinstance(value, str) and value not in activations.TABLE:
            raise checks.RavineValueError(lacking(where, "activation", value, activations.TABLE))
        if not isinstance(value, str):
            checks.reject(where, value, "the name of an activation")
        return value

    def initializer(self, where: str, value: Any) -> Any:
        """An initializer: its name or what ``custom`` has for it."""
        arguments: Any = {}
        if isinstance(value, dict):
            value, arguments = class_name(where, value)
            if value == "function":
                value, arguments = arguments, {}
        if not isinstance(value, str):
            checks.reject(where, value, "the name of an initializer")
        found = self.custom.get(value, vars(initializers).get(value))
        if isinstance(found, type):
            return self.build(where, found, expect_object(where, arguments or {}))
        if value in self.custom:
            return found
        name = initializers.ALIASES.get(value, value if value in initializers.TABLE else snake(value))
        if name not in initializers.TABLE:
            raise checks.RavineValueError(lacking(where, "initializer", value, initializers.TABLE))
        for key, argument in expect_object(where, arguments or {}).items():
            if key != "seed":  # of what was drawn long ago
                check_neutral(where, value, key, argument)
        return name

    def loss(self, config: Any) -> Any:
        """What ``compile`` takes as a loss."""
        found = self.object("loss", LOSSES, config) if isinstance(config, dict) else config
        return self._named_loss(found) if isinstance(found, str) else found

    def _named_loss(self, name: str) -> Any:
        if name in self.custom:
            return self.custom[name]
        if name.lower() in fitting.NAMES:
            return name
        known = next((n for n in (name, ALIASES.get(name), snake(name)) if n in losses.TABLE), None)
        if known is None:
            raise checks.RavineValueError(lacking("loss", "loss", name, losses.TABLE))
        return known

    def optimizer(self, config: Any) -> Any:
        """What ``compile`` takes as an optimizer."""
        if isinstance(config, str):
            return config
        found = self.object("optimizer", OPTIMIZERS, config)
        if type(found) is optimizers.RMSprop and found.momentum == 0:
            found = dataclasses.replace(found, momentum=None)
        undecayed = config.get("ravine", {}) if isinstance(config, dict) else {}
        if isinstance(undecayed, dict) and undecayed.get("undecayed"):
            given = undecayed["undecayed"]
            names = self.argument("optimizer.undecayed", trees.fields(optimizers.Optimizer)["undecayed"], given)
            found = dataclasses.replace(found, undecayed=names)
        return found

    def metric(self, where: str, config: Any) -> MetricLike:
        """What ``compile`` takes as a metric."""
        if isinstance(config, str) and config in self.custom:
            return metrics.checked(where, self.custom[config])
        if isinstance(config, str) and config not in KNOWN:
            raise checks.RavineValueError(lacking(where, "metric", config, KNOWN))
        if not isinstance(config, dict):
            return metrics.checked(where, config)
        name, arguments = class_name(where, config)
        found = self.object(where, LOSSES if name in LOSSES.classes.keys() - METRICS.classes else METRICS, config)
        if isinstance(found, str) and found not in KNOWN:
            raise checks.RavineValueError(lacking(where, "metric", found, KNOWN))
        label = arguments.get("name") if isinstance(arguments, dict) else None
        if isinstance(found, losses.Loss) and label not in (None, metrics.name_of(found)):
            found = metrics.MeanLoss(found, name=label)
        return metrics.checked(where, found)

    def compiled(self, config: Config) -> dict[str, Any]:
        """The arguments of ``compile``."""
        unknown = config.keys() - {"optimizer", "loss", "loss_weights", "metrics", "weighted_metrics"} - COMPILATION
        for name in sorted(unknown):
            check_neutral("compile_config", "compile", name, config[name])
        watched = {}
        for name in ("metrics", "weighted_metrics"):
            given = config.get(name)
            if not isinstance(given, list | None):
                checks.reject(name, given, "a list of metrics")
            watched[name] = given and [self.metric(f"{name}[{i}]", m) for i, m in enumerate(given)]
        return {
            "optimizer": self.optimizer(config.get("optimizer", "rmsprop")),
            "loss": self.loss(config.get("loss")),
            "loss_weights": config.get("loss_weights"),
            **watched,
        }


def class_name(where: str, config: Any) -> tuple[str, Any]:
    """The name and the arguments that a configuration holds."""
    config = expect_object(where, config)
    name = config.get("class_name")
    if name == "__lambda__" or config.keys() == {"value"}:  # of an activation Keras writes the inside alone
        raise checks.RavineValueError(
            f"{where}: a lambda is in the file as code, which is never executed. Save the model with a named function, "
            "and load it with custom_objects={name: function}."
        )
    if not isinstance(name, str):
        checks.reject(f"{where}.class_name", name, "the name of a class")
    return name, config.get("config")


def expect_object(where: str, value: Any) -> Config:
    """``value``, which is an object of JSON."""
    if not isinstance(value, dict):
        checks.reject(where, value, "an object")
    return value


def known_class(where: str, family: Family, name: str, config: Config) -> type:
    """Ravine's class of that name."""
    classes = family.classes
    folded = {known.lower(): known for known in classes} if family is OPTIMIZERS else {}  # as in Keras
    found = classes.get(folded.get(name.lower(), name))
    if found is None:
        raise checks.RavineValueError(lacking(where, family.noun, name, classes, config.get("registered_name")))
    return found


def lacking(where: str, noun: str, name: str, known: Any, registered: Any = None) -> str:
    """What to say of a name that is not Ravine's."""
    others = {f.noun for f in FAMILIES if name in f.classes} - {noun}
    if others:
        return f"{where}: {name} is a {min(others)}: expected a {noun}."
    shown = checks.shown(name)[1:-1]
    custom = registered if isinstance(registered, str) else shown
    return (
        f"{where}: Ravine has no {noun} {shown}.{checks.nearest(name, known)} If it is your own, pass "
        f"custom_objects={{{checks.shown(custom)}: ...}}."
    )


def check_neutral(where: str, cls: Any, name: str, value: Any) -> None:
    """Raise where an argument that Ravine's class lacks asks for something."""
    if isinstance(value, dict) and name == "dtype":
        arguments = value.get("config")
        value = arguments.get("name") if isinstance(arguments, dict) else value
    neutral = NEUTRAL.get(name, ())
    if value is None or value is False or (not isinstance(value, dict | list | bool) and value in neutral):
        return
    cls = cls if isinstance(cls, str) else cls.__name__
    expected = f", only {neutral[0]!r}" if neutral else ""
    raise checks.RavineValueError(f"{where}: Ravine's {cls} has no {name}={checks.shown(value)}{expected}.")


def check_plain(where: str, field: dataclasses.Field[Any], value: Any) -> None:
    """Raise where ``value`` is of another type than the field's, of which a class's own check may not look at all."""
    kinds = [kind.strip() for kind in str(field.type).split("|")]
    if "None" in kinds and value is None:
        return
    if "bool" in kinds:
        checks.boolean(where, value)
    elif kinds[0] == "float":
        checks.number(where, value)
    elif kinds[0] == "int" and len(kinds) <= 1 + ("None" in kinds):
        if isinstance(value, bool) or not isinstance(value, int):
            checks.reject_type(where, value, "an integer")
    elif kinds[0] == "str" and not isinstance(value, str):
        checks.reject_type(where, value, "a name")


def as_tuple(where: str, value: Any, nested: bool = False) -> Any:
    """Lists as tuples, which can belong to the structure of a program; numbers and names as they are."""
    if isinstance(value, list):
        if not nested and any(isinstance(item, list) for item in value):
            checks.reject(where, value, "a list of numbers or names")
        return tuple(as_tuple(where, item, nested) for item in value)
    if isinstance(value, dict):
        checks.reject(where, value, "numbers, names or lists of them")
    return value
