"""Weight decay and L2 train to the same weights with plain SGD, and not with momentum, RMSprop or Adam.

``L2(l2)`` adds 2·l2·w to the gradient, ``weight_decay=2*l2`` shrinks w by η·2·l2·w after the step. Plain SGD multiplies
the gradient by η and does no more, so the two are one (Loshchilov & Hutter 2019, proposition 1). Momentum collects the
penalty's gradient and not the decay; RMSprop and Adam divide it by the root of its squares. The hidden units are tanh:
a ReLU that rounding moves across its kink would make more of the rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field

import numpy as np
from matplotlib.figure import Figure

from ravine import Sequential, optimizers, regularizers
from ravine.callbacks import Callback
from ravine.callbacks.base import Logs
from ravine.experiments.data import Digits, digits
from ravine.experiments.report import Report, tracked
from ravine.layers import Dense, Input
from ravine.plots import plot_band
from ravine.statistics import Interval, interval
from ravine.tables import Table

SEEDS = 10
L2 = 1e-3
FACTORS = (1, 10, 100, 1000)  # of the decay that is the same with plain SGD
RULES: dict[str, Callable[..., optimizers.Optimizer]] = {
    "SGD": lambda **decay: optimizers.SGD(0.1, **decay),
    "SGD, momentum 0.9": lambda **decay: optimizers.SGD(0.1, momentum=0.9, **decay),
    "RMSprop": lambda **decay: optimizers.RMSprop(1e-3, **decay),
    "Adam": lambda **decay: optimizers.Adam(1e-3, **decay),
}


@dataclass(frozen=True)
class Result:
    """What came of each rule.

    Attributes:
        seeds: the seeds.
        distance: ‖w of decay − w of L2‖ / ‖w of L2‖ after each epoch, by rule and factor ``[seeds][epochs]``.
        l2_norm: ‖w‖ trained with L2, by rule ``[seeds][epochs]``.
        decay_norm: ‖w‖ trained with ``weight_decay=2*l2``, by rule ``[seeds][epochs]``.
    """

    seeds: list[int]
    distance: dict[str, dict[int, list[list[float]]]] = field(
        default_factory=lambda: {rule: {factor: [] for factor in FACTORS} for rule in RULES}
    )
    l2_norm: dict[str, list[list[float]]] = field(default_factory=lambda: {rule: [] for rule in RULES})
    decay_norm: dict[str, list[list[float]]] = field(default_factory=lambda: {rule: [] for rule in RULES})


class Weights(Callback):
    """All weights as one vector after each epoch: ``vectors`` ``[epochs][numbers]``."""

    def __init__(self) -> None:
        self.vectors: list[np.ndarray] = []

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Copy them."""
        arrays = [array.ravel() for array in self.model.get_weights()]
        self.vectors.append(np.concatenate(arrays, dtype=np.float64))


def trained(rule: optimizers.Optimizer, l2: float, data: Digits, epochs: int, seed: int) -> np.ndarray:
    """The weights of 784-64-10 after each epoch, ``[epochs, numbers]``."""
    penalty, weights = regularizers.L2(l2), Weights()
    model = Sequential(
        [
            Input((784,)),
            Dense(64, activation="tanh", kernel_regularizer=penalty),
            Dense(10, activation="softmax", kernel_regularizer=penalty),
        ]
    )
    model.compile(rule, "sparse_categorical_crossentropy")
    model.fit(*data.train, batch_size=50, epochs=epochs, callbacks=[weights], verbose=0, seed=seed)
    return np.array(weights.vectors)


def measure(seeds: Sequence[int], rows: int = 1000, epochs: int = 30, factors: Sequence[int] = FACTORS) -> Result:
    """Train with L2 and with each decay, from the same initial weights and on the same batches.

    L2 is on the kernels, so biases are kept from decay. Without L2 the penalty stays, with a coefficient of 0.
    """
    result = Result(list(seeds))
    for seed in tracked(seeds, "weight-decay-vs-l2"):
        data = digits(seed, rows, 0)
        for name, rule in RULES.items():
            penalized = trained(rule(), L2, data, epochs, seed)
            norm = np.linalg.norm(penalized, axis=1)
            result.l2_norm[name].append(norm.tolist())
            for factor in factors:
                decayed = trained(rule(weight_decay=factor * 2 * L2, undecayed=("bias",)), 0, data, epochs, seed)
                apart = np.linalg.norm(decayed - penalized, axis=1) / norm
                result.distance[name][factor].append(apart.tolist())
                if factor == 1:
                    result.decay_norm[name].append(np.linalg.norm(decayed, axis=1).tolist())
    return result


def report(result: Result) -> Report:
    """How far apart the weights end, with decays of several sizes; distances and norms over the epochs in a figure."""
    final = {
        name: {factor: interval(np.array(runs)[:, -1]) for factor, runs in by_factor.items() if runs}
        for name, by_factor in result.distance.items()
    }
    sgd, *others = RULES
    apart = ", ".join(f"with {name} {final[name][1].mean:.2f}" for name in others)
    finding = (
        f"With plain SGD, L2({L2:g}) and weight_decay={2 * L2:g} end within {final[sgd][1].mean:.0e} of each other, "
        f"relative to the norm of the weights, which is rounding; {apart} (means over {len(result.seeds)} seeds)."
    )
    columns = ["2·l2" if factor == 1 else f"{factor} · 2·l2" for factor in final[sgd]]
    distances = [[name, *(_shown(found) for found in final[name].values())] for name in RULES]
    norms = [
        [name, *(interval(np.array(runs[name])[:, -1]).shown(2) for runs in (result.l2_norm, result.decay_norm))]
        for name in RULES
    ]
    over = f"mean and 95 % interval over {len(result.seeds)} seeds"
    tables = [
        Table(f"Relative distance from the weights of L2 by weight_decay, {over}", ["", *columns], distances),
        Table(f"Norm of the weights after the last epoch, {over}", ["", "L2", "weight_decay=2·l2"], norms),
    ]
    return Report(finding, tables, {"": _figure(result)}, asdict(result))


def _shown(found: Interval) -> str:
    """As ``Interval.shown``, but also where the numbers are rounding."""
    return found.shown(2) if found.mean > 1e-3 else f"{found.mean:.1e} ({found.low:.1e} to {found.high:.1e})"


def _figure(result: Result) -> Figure:
    figure = Figure(figsize=(11, 4.6), dpi=110, layout="constrained")
    left, right = figure.subplots(1, 2)
    for style, name in enumerate(RULES):
        distance = np.array(result.distance[name][1])
        shrunk = np.array(result.l2_norm[name]) / np.array(result.decay_norm[name])
        for ax, runs in (left, distance), (right, shrunk):
            plot_band(ax, np.arange(1, runs.shape[1] + 1), runs, name, style)
    left.set(yscale="log", ylim=(5e-9, 3), title="distance of the weights", ylabel="‖w of decay − w of L2‖ / ‖w of L2‖")
    left.text(0.98, 8e-7, "rounding of float32", transform=left.get_yaxis_transform(), ha="right", color="0.3")
    right.set(ylim=(0.55, 1.05), title="norm of the weights", ylabel="‖w of L2‖ / ‖w of decay‖")
    for ax in (left, right):
        ax.xaxis.get_major_locator().set_params(integer=True)
        ax.set_xlabel("epoch")
        ax.grid(alpha=0.3)
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=len(RULES))
    return figure
