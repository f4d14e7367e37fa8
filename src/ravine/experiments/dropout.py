"""Dropout narrows the gap between training and validation.

A network of two wide hidden layers learns 2,000 digits by heart. With dropout of 0.2 and 0.5 it cannot lean on single
units, and the loss on validation data stays nearer to that on the training data. Both are measured at inference, where
nothing is dropped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

import numpy as np
from matplotlib.figure import Figure

from ravine import Sequential, optimizers
from ravine.compare import interval, paired_difference
from ravine.experiments.data import digits
from ravine.experiments.report import Report, Table, tracked
from ravine.experiments.watching import Inference, evaluated
from ravine.layers import Dense, Dropout, Input
from ravine.plots import plot_band

SEEDS = 10
RATES = (0.0, 0.2, 0.5)


@dataclass(frozen=True)
class Result:
    """By rate: losses at inference ``[seeds][epochs]``, and the accuracy on the test images at the end ``[seeds]``."""

    seeds: list[int]
    train_loss: dict[float, list[list[float]]] = field(default_factory=lambda: {rate: [] for rate in RATES})
    val_loss: dict[float, list[list[float]]] = field(default_factory=lambda: {rate: [] for rate in RATES})
    test_accuracy: dict[float, list[float]] = field(default_factory=lambda: {rate: [] for rate in RATES})

    def gaps(self, rate: float) -> np.ndarray:
        """Validation loss less training loss after the last epoch, one a seed."""
        return np.array(self.val_loss[rate])[:, -1] - np.array(self.train_loss[rate])[:, -1]


def network(rate: float, units: int) -> Sequential:
    """784-units-units-10 with dropout after each hidden layer."""
    model = Sequential(
        [
            Input((784,)),
            Dense(units, activation="relu"),
            Dropout(rate),
            Dense(units, activation="relu"),
            Dropout(rate),
            Dense(10, activation="softmax"),
        ]
    )
    model.compile(optimizers.Adam(0.001), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def measure(seeds: Sequence[int], rows: int = 2000, epochs: int = 40, units: int = 512) -> Result:
    """Train with each rate from each seed: the same rows, initial weights and order of batches for all rates."""
    result = Result(list(seeds))
    for seed in tracked(seeds, "dropout"):
        data = digits(seed, rows, 5000)
        for rate in RATES:
            model, training = network(rate, units), Inference(*data.train)
            history = model.fit(
                *data.train,
                batch_size=50,
                epochs=epochs,
                validation_data=data.validation,
                callbacks=[training],
                verbose=0,
                seed=seed,
            )
            result.train_loss[rate].append(training.losses)
            result.val_loss[rate].append(history.history["val_loss"])
            result.test_accuracy[rate].append(evaluated(model, *data.test)["accuracy"])
    return result


def report(result: Result) -> Report:
    """The gaps in a table, the curves in a figure."""
    rows = []
    for rate in RATES:
        gap = interval(result.gaps(rate))
        less = "" if rate == 0 else paired_difference(result.gaps(rate), result.gaps(0.0)).shown(3)
        accuracy = interval(100 * np.array(result.test_accuracy[rate])).shown(2)
        rows.append([f"{rate:g}", gap.shown(3), less, accuracy])
    best = paired_difference(result.gaps(0.5), result.gaps(0.0))
    finding = (
        f"Dropout of 0.5 narrows the gap between validation and training loss by {-best.mean:.3f} "
        f"(95 % interval {-best.high:.3f} to {-best.low:.3f}, {len(result.seeds)} paired seeds)."
    )
    header = ["rate", "gap: validation − training loss", "paired difference to rate 0", "test accuracy, %"]
    table = Table(f"After the last epoch, mean and 95 % interval over {len(result.seeds)} seeds", header, rows)
    return Report(finding, [table], {"": _figure(result)}, asdict(result))


def _figure(result: Result) -> Figure:
    figure = Figure(figsize=(11, 4.4), dpi=150, layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    for axes, losses, title in (left, result.train_loss, "training"), (right, result.val_loss, "validation"):
        for style, rate in enumerate(RATES):
            runs = np.array(losses[rate])
            plot_band(axes, np.arange(1, runs.shape[1] + 1), runs, f"dropout {rate:g}" if rate else "none", style)
        axes.set(title=f"{title} loss, at inference", xlabel="epoch", yscale="log")
        axes.grid(alpha=0.3)
    left.set_ylabel("loss")
    handles, labels = left.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(RATES))
    return figure
