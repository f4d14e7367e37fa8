"""What ``model.compile`` was given, checked."""

from __future__ import annotations

import dataclasses
from collections import Counter
from dataclasses import dataclass
from typing import Any

from ravine import checks, losses, metrics, optimizers, trees
from ravine.layers import Layer
from ravine.layers.network import Network
from ravine.metrics import Checked
from ravine.training.step import Task


@dataclass(frozen=True)
class Compiled:
    """Optimizer, loss and metrics of a model. Which accuracy is meant is only known once the targets' shape is."""

    optimizer: optimizers.Transformation
    loss: losses.Loss | None
    loss_weight: float
    metrics: tuple[Checked, ...]
    weighted_metrics: tuple[Checked, ...]

    @classmethod
    def checked(
        cls, optimizer: object, loss: object, loss_weights: object, metrics_given: object, weighted_metrics: object
    ) -> Compiled:
        """From ``compile``'s arguments; raises where one cannot work."""
        check_kind("loss", loss)
        weight = loss_weights[0] if isinstance(loss_weights, list | tuple) and len(loss_weights) == 1 else loss_weights
        compiled = cls(
            optimizers.get(optimizer),
            None if loss is None else losses.get(loss),  # type: ignore[arg-type]
            1.0 if weight is None else checks.number("loss_weights", weight),
            check_metrics("metrics", metrics_given),
            check_metrics("weighted_metrics", weighted_metrics),
        )
        repeated = {n for n in compiled.names if compiled.names.count(n) > 1}
        if repeated:
            raise checks.RavineValueError(
                f"metrics: {sorted(repeated)[0]!r} is there twice; expected one of each name."
            )
        return compiled

    def arguments(self) -> dict[str, Any]:
        """What ``compile`` takes to make the same again; None for what was not given."""
        return {
            "optimizer": self.optimizer,
            "loss": self.loss,
            "loss_weights": self.loss_weight,
            "metrics": list(self.metrics) or None,
            "weighted_metrics": list(self.weighted_metrics) or None,
        }

    @property
    def names(self) -> tuple[str, ...]:
        """The keys of an epoch's values: the loss, then the metrics; a weighted one says so where it must."""
        plain, weighted = _numbered(self.metrics), _numbered(self.weighted_metrics)
        return ("loss", *plain, *(f"weighted_{n}" if n in plain else n for n in weighted))

    def task(self, caller: str, network: Network, y_shape: tuple[int, ...], output_shape: tuple[int, ...]) -> Task:
        """What a run trains, given the targets' whole shape and the outputs' without the batch."""
        if self.loss is None:
            raise checks.RavineValueError(
                f"{caller}: the model was compiled without a loss; call model.compile(loss=...)."
            )
        loss = self.loss.fitted(y_shape, output_shape)
        on_logits = loss.on_logits()
        linked = network.with_link(loss.link)
        if linked.link and loss == on_logits:
            checks.warn(
                f"loss: from_logits=True, but the model ends with a {linked.link}, so its outputs are no logits. "
                "Leave one of the two out.",
            )
            linked = network
            seen: losses.Loss = dataclasses.replace(loss, from_logits=False)  # type: ignore[call-arg]
        else:
            seen = loss
        return Task(
            network=linked,
            optimizer=self.optimizer,
            loss=on_logits if linked.link else loss,
            loss_weight=self.loss_weight,
            metrics=tuple(metrics.get(m, y_shape, output_shape, seen) for m in self.metrics),
            weighted_metrics=tuple(metrics.get(m, y_shape, output_shape, seen) for m in self.weighted_metrics),
        )

    def directions(self, task: Task) -> dict[str, str]:
        """For each key whether less (``"min"``) or more (``"max"``) is better; none where nobody can tell."""
        better = ("min", *(m.better for m in (*task.metrics, *task.weighted_metrics)))
        return {name: way for name, way in zip(self.names, better, strict=True) if way is not None}


def check_neutral(steps_per_execution: object, jit_compile: object, auto_scale_loss: object) -> None:
    """Raise where an argument of ``compile`` that changes nothing here is none that Keras takes."""
    if not (isinstance(steps_per_execution, str) and steps_per_execution == "auto"):
        checks.integer("steps_per_execution", steps_per_execution, least=1)
    if not isinstance(jit_compile, bool | str | None) or (isinstance(jit_compile, str) and jit_compile != "auto"):
        checks.reject_type("jit_compile", jit_compile, "True, False or 'auto'")
    checks.boolean("auto_scale_loss", auto_scale_loss)


def check_kind(argument: str, value: object) -> None:
    """Raise where a layer is given for a loss or a metric, or an object of a class that JAX knows nothing of."""
    if isinstance(value, Layer):
        checks.reject_type(argument, value, "a name, an object or a function, not a layer")
    if isinstance(value, losses.Loss):
        trees.check_form(argument, value, losses.Loss, "values", "weighed", instead="A function of y and outputs")
    if isinstance(value, metrics.Metric):
        trees.check_form(argument, value, metrics.Metric, "values", "update", instead="A function of y and outputs")


def check_metrics(argument: str, given: object) -> tuple[Checked, ...]:
    """Names and objects of metrics as a tuple, or an error that names ``argument``."""
    if given is None:
        return ()
    listed = given if isinstance(given, list | tuple) else [given]
    for i, metric in enumerate(listed):
        check_kind(f"{argument}[{i}]", metric)
    return tuple(metrics.checked(f"{argument}[{i}]", metric) for i, metric in enumerate(listed))


def _numbered(given: tuple[Checked, ...]) -> list[str]:
    """The metrics' names; objects of one class that were given none are numbered from the second on, as in Keras."""
    seen: Counter[str] = Counter()
    found = []
    for metric in given:
        name = metrics.name_of(metric)
        again = seen[name] and not isinstance(metric, str) and metric.name is None
        found.append(f"{name}_{seen[name]}" if again else name)
        seen[name] += 1
    return found
