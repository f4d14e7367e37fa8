"""Watching layers during a run, as a callback over :mod:`ravine.training.probing`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from ravine import checks
from ravine.callbacks.base import Callback
from ravine.training import probing


class Probe(Callback):
    """Records what happens inside layers: percentiles of their pre-activations, norms of their gradients and weights.

    After each epoch it computes one more training step, on the first rows of the training data, and does not take it:
    batch normalization normalizes by those rows, dropout drops. What it saw is in ``History.probes``, under keys like
    ``"dense_1/pre_activation_p50"``, ``"dense_1/gradient_norm"`` and ``"dense_1/weight_norm"``, a number an epoch. It
    runs inside the compiled run and needs no epoch-by-epoch driving. For more points than epochs, make the epochs
    shorter: ``fit(steps_per_epoch=100)``.

    A layer's pre-activation is what its activation acts on; for a layer without one it is the output.

    Args:
        layers: a name of a layer, or several; by default all layers with weights.
        percentiles: which percentiles of the pre-activations to record, in [0, 100], over rows and units together. Of
            more than 16,384 numbers every k-th row counts.
        unit: one unit of each layer, whose pre-activations alone are looked at; None for all.
        rows: how many rows to look at, at most; fewer where there are not so many.
    """

    every_epoch = False
    describes: ClassVar[bool] = True

    def __init__(
        self,
        layers: str | Sequence[str] | None = None,
        percentiles: Sequence[float] = (15, 50, 85),
        unit: int | None = None,
        rows: int = 256,
    ) -> None:
        if not isinstance(layers, str | list | tuple | None):
            checks.reject_type("layers", layers, "a layer's name, or several")
        self.layers = [layers] if isinstance(layers, str) else layers
        if not isinstance(percentiles, Sequence):
            checks.reject_type("percentiles", percentiles, "numbers in [0, 100]")
        self.percentiles = tuple(checks.number("percentiles", p, least=0, most=100) for p in percentiles)
        self.unit = None if unit is None else checks.integer("unit", unit, least=0)
        self.rows = checks.integer("rows", rows, least=2)

    def pure(self, names: Sequence[str], widths: Sequence[int], trained: Sequence[bool], rows: int) -> probing.Probe:
        """What the compiled run takes, for a model with layers of these names.

        Args:
            names: the layers' names.
            widths: how many units each layer's output has.
            trained: whether each layer has weights that are trained.
            rows: how many rows there are to train on.
        """
        positions = {name: i for i, name in enumerate(names)}
        chosen = [name for name, is_trained in zip(names, trained, strict=True) if is_trained]
        if self.layers is not None:
            chosen = list(self.layers)
        found = tuple(checks.look_up("layers", name, positions) for name in chosen)
        for i in found:
            if self.unit is not None and self.unit >= widths[i]:
                checks.reject("unit", self.unit, f"one of the {widths[i]} units of {names[i]!r}, counted from 0")
        return probing.Probe(found, min(self.rows, rows), self.unit, self.percentiles)
