"""Which objects a configuration may name: Ravine's own, under Keras's names, and those that a caller hands over."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from ravine import activations, constraints, initializers, layers, losses, metrics, optimizers, regularizers
from ravine.initializers.base import Rule
from ravine.optimizers import schedules

BASES = {"Crossentropy", "Linked", "Mean", "MeanLoss", "NormConstraint"}
"""Classes that are no object of Keras's, besides the base of each family."""


@dataclass(frozen=True)
class Family:
    """Objects of one kind: what an error calls one, their base class, where they are here and in Keras."""

    noun: str
    base: type
    home: ModuleType
    keras: str

    @property
    def classes(self) -> dict[str, type]:
        """The classes that a file may name."""
        return {
            name: value
            for name, value in vars(self.home).items()
            if isinstance(value, type) and issubclass(value, self.base) and value is not self.base and name not in BASES
        }


LAYERS = Family("layer", layers.Layer, layers, "keras.layers")
LOSSES = Family("loss", losses.Loss, losses, "keras.losses")
METRICS = Family("metric", metrics.Metric, metrics, "keras.metrics")
OPTIMIZERS = Family("optimizer", optimizers.Optimizer, optimizers, "keras.optimizers")
SCHEDULES = Family("schedule", schedules.Schedule, schedules, "keras.optimizers.schedules")
REGULARIZERS = Family("regularizer", regularizers.Regularizer, regularizers, "keras.regularizers")
CONSTRAINTS = Family("constraint", constraints.Constraint, constraints, "keras.constraints")
INITIALIZERS = Family("initializer", Rule, initializers, "keras.initializers")
FAMILIES = (INITIALIZERS, LAYERS, LOSSES, METRICS, OPTIMIZERS, SCHEDULES, REGULARIZERS, CONSTRAINTS)

GUARDS: dict[Any, Family] = {regularizers.get: REGULARIZERS, constraints.get: CONSTRAINTS}
"""By what looks a field's names up, the family of the objects that it takes."""

FUNCTIONS: tuple[Mapping[str, Callable[..., Any]], ...] = (activations.TABLE,)
"""Functions that a file calls by their names."""
