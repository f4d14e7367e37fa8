"""Objects as Keras's configurations: a class's name and its arguments.

A function is named, never written: whoever loads the file hands it over.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from ravine import checks, constraints, losses, metrics, optimizers, regularizers, trees
from ravine.files.vocabulary import FAMILIES, FUNCTIONS, METRICS, Family
from ravine.layers import ActivityRegularization, Lambda, Layer
from ravine.losses import fitting
from ravine.optimizers import schedules

Config = dict[str, Any]

NOT_WRITTEN: dict[type, str] = {optimizers.Optimizer: "undecayed"}
"""Fields that are no argument in a file; see :func:`encode_optimizer`."""


def encode(where: str, value: Any) -> Any:
    """``value`` as JSON can hold it; errors call it ``where``."""
    if value is None or isinstance(value, bool | str):
        return value
    if hasattr(value, "ndim"):
        value = np.asarray(value).tolist()
    if isinstance(value, int | float):
        return value if isinstance(value, bool | int) else checks.number(where, value)
    if isinstance(value, list | tuple):
        return [encode(f"{where}[{i}]", item) for i, item in enumerate(value)]
    if isinstance(value, schedules.Function | regularizers.Function | constraints.Function):
        return encode_function(where, value.function)
    if isinstance(value, losses.Function) and value == losses.Function(value.function):
        return encode_function(where, value.function)
    for family in FAMILIES:
        if isinstance(value, family.base):
            return encode_object(where, value, family)
    if callable(value) and not isinstance(value, type):
        return encode_function(where, value)
    checks.reject_type(where, value, "something that a file can hold: numbers, names, Ravine's objects, functions")


def encode_function(where: str, function: Callable[..., Any]) -> Any:
    """The name of a function; of one that is not Ravine's, in the form that Keras gives it."""
    for table in FUNCTIONS:
        for name, known in table.items():
            if known is function:
                return name
    return reference(where, function)


def reference(where: str, function: Callable[..., Any]) -> Config:
    """A function by its name, in the form that Keras gives it."""
    name = getattr(function, "__name__", type(function).__name__)  # of an object that can be called, its class's
    if not name.isidentifier() or isinstance(function, partial):
        checks.reject(where, function, "a function with a name, since a file can hold no more of it")
    return {"module": "builtins", "class_name": "function", "config": name, "registered_name": name}


def encode_lambda(where: str, layer: Lambda) -> Config:
    """What Keras has other words for: the named arguments, the shape that was promised.

    Its function is a reference even where a name alone says which of Ravine's it is, since Keras takes no name here.
    """
    config = {
        "function": reference(f"{where}.function", layer.function),
        "arguments": {
            name: encode(f"{where}.arguments[{name!r}]", value) for name, value in dict(layer.arguments or ()).items()
        },
    }
    if layer.expected_shape is not None:
        config["output_shape"] = encode(f"{where}.output_shape", layer.expected_shape)
    return config


def encode_object(where: str, value: Any, family: Family) -> Config:
    """One of Ravine's objects, or one of a class that a user derived from theirs."""
    elsewhere = {name for cls, name in NOT_WRITTEN.items() if isinstance(value, cls)}
    config = {
        name: encode(f"{where}.{name}", _as_keras(field, getattr(value, name)))
        for name, field in trees.fields(type(value)).items()  # type: ignore[arg-type]  # the class can be hashed
        if name not in elsewhere and field.init and not (isinstance(value, Layer) and _is_label(field))
    }
    if isinstance(value, Lambda):
        config |= encode_lambda(where, value)
    if isinstance(value, Layer) and config["activity_regularizer"] is None:
        del config["activity_regularizer"]  # not every layer of Keras takes one
    elif isinstance(value, losses.SparseCategoricalCrossentropy) and config["label_smoothing"] is None:
        del config["label_smoothing"]  # which Keras has for one-hot targets alone
    elif isinstance(value, ActivityRegularization):
        checks.reject(f"{where}.activity_regularizer", value.activity_regularizer, "None, since Keras takes no second")
    return named(type(value), config, family)


def _is_label(field: dataclasses.Field[Any]) -> bool:
    """Whether compiled code never sees a field: of a layer its shape and name, which stand elsewhere in the file."""
    return field.metadata.get("role") == "label"


def named(cls: type, config: Config, family: Family) -> Config:
    """``config`` with the name of its class."""
    name = cls.__name__
    if family.classes.get(name) is cls:
        return {"module": family.keras, "class_name": name, "config": config, "registered_name": None}
    return {"module": cls.__module__, "class_name": name, "config": config, "registered_name": name}


def _as_keras(field: dataclasses.Field[Any], value: Any) -> Any:
    """A number of the type that Keras insists on: it takes no 1 for a 1.0."""
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if whole and (field.type in ("float", "float | None") or field.name == "learning_rate"):
        return float(value)
    if field.type == "int | None" and value is not None and not isinstance(value, int) and math.isfinite(value):
        return int(value) if value == int(value) else value
    return value


def encode_optimizer(optimizer: optimizers.Optimizer) -> Config:
    """An optimizer. ``undecayed``, which Keras does not keep in its files, stands beside what Keras reads."""
    config = encode("optimizer", optimizer)
    if isinstance(optimizer, optimizers.RMSprop) and optimizer.momentum is None:
        config["config"]["momentum"] = 0.0  # Keras's word for none
    if optimizer.undecayed:
        config["ravine"] = {"undecayed": encode("optimizer.undecayed", optimizer.undecayed)}
    return config


def encode_metric(where: str, metric: metrics.MetricLike) -> Any:
    """A metric by name, as an object, or a loss that is watched, which Keras has as a metric of the same name."""
    if isinstance(metric, str):
        return metric
    watched = metric.loss if isinstance(metric, metrics.MeanLoss) else metric
    if isinstance(metric, metrics.MeanMetricWrapper) and metric.name is None:
        return reference(where, metric.fn)  # as Keras writes a function
    if not isinstance(watched, losses.Loss):
        config = encode(where, metric)
        config["config"]["name"] = metrics.name_of(metrics.checked(where, metric))
        return config
    config = encode(where, watched)
    if config["registered_name"] is None:
        config["module"] = METRICS.keras
        del config["config"]["reduction"]  # Keras's metrics have none
    name = metric.name if isinstance(metric, metrics.MeanLoss) else None
    config["config"]["name"] = name or metrics.name_of(watched)
    return config


def encode_compiled(arguments: Mapping[str, Any]) -> Config:
    """What ``compile`` was given, by argument."""
    loss = arguments["loss"]
    return {
        "optimizer": encode_optimizer(arguments["optimizer"]),
        "loss": fitting.NAMES[0] if isinstance(loss, fitting.FittingCrossentropy) else encode("loss", loss),
        "loss_weights": None if arguments["loss_weights"] == 1 else float(arguments["loss_weights"]),
        **{
            name: arguments[name] and [encode_metric(f"{name}[{i}]", m) for i, m in enumerate(arguments[name])]
            for name in ("metrics", "weighted_metrics")
        },
        "run_eagerly": False,
        "steps_per_execution": 1,
        "jit_compile": True,
    }
