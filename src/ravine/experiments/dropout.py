"""Dropout narrows the gap between training and validation.

A network of two wide hidden layers learns 2,000 digits by heart. With dropout of 0.2 and 0.5 it cannot lean on single
units, and the loss on validation data stays nearer to that on the training data. Both are measured at inference, where
nothing is dropped. Adam's small learning rate keeps the curves free of spikes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

import numpy as np
from matplotlib.figure import Figure

from ravine import Sequential, optimizers
from ravine.experiments.data import digits
from ravine.experiments.report import Report, tracked
from ravine.experiments.watching import Inference, evaluated
from ravine.layers import Dense, Dropout, Input
from ravine.plots import plot_band
from ravine.statistics import interval, paired_difference
from ravine.tables import Table

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
        """Validation loss less training loss, ``[seeds, epochs]``."""
        return np.array(self.val_loss[rate]) - np.array(self.train_loss[rate])


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
    model.compile(optimizers.Adam(1e-4), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def measure(seeds: Sequence[int], rows: int = 2000, epochs: int = 50, units: int = 512) -> Result:
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
    final = {rate: result.gaps(rate)[:, -1] for rate in RATES}
    for rate in RATES:
        losses = [interval(np.array(runs[rate])[:, -1]).shown(3) for runs in (result.train_loss, result.val_loss)]
        less = "" if rate == 0 else paired_difference(final[rate], final[0.0]).shown(3)
        accuracy = interval(100 * np.array(result.test_accuracy[rate])).shown(2)
        rows.append([f"{rate:g}", *losses, interval(final[rate]).shown(3), less, accuracy])
    found = paired_difference(final[0.0], final[0.5])
    finding = (
        f"With dropout of 0.5 the gap between validation and training loss is smaller by {found.mean:.3f} "
        f"(95 % interval {found.low:.3f} to {found.high:.3f}, {len(result.seeds)} paired seeds), of "
        f"{final[0.0].mean():.3f} without dropout."
    )
    header = ["rate", "training loss", "validation loss", "gap", "less rate 0, paired", "test accuracy, %"]
    table = Table(f"After the last epoch, mean and 95 % interval over {len(result.seeds)} seeds", header, rows)
    return Report(finding, [table], {"": _figure(result)}, asdict(result))


def _figure(result: Result) -> Figure:
    figure = Figure(figsize=(11, 4.2), dpi=120, layout="constrained")
    left, middle, right = figure.subplots(1, 3)
    for style, rate in enumerate(RATES):
        curves = np.array(result.train_loss[rate]), np.array(result.val_loss[rate]), result.gaps(rate)
        for axes, runs in zip((left, middle, right), curves, strict=True):
            plot_band(axes, np.arange(1, runs.shape[1] + 1), runs, f"dropout {rate:g}" if rate else "none", style)
    left.set(title="training loss (nothing dropped)")
    middle.set(title="validation loss")
    right.set(title="gap: validation − training loss")
    left.set_ylabel("loss")
    # The first epochs, far above, would leave no room for what comes of them.
    for axes, top in (left, 0.8), (middle, 0.8), (right, None):
        axes.set(xlabel="epoch", ylim=(0, top))
        axes.grid(alpha=0.3)
    handles, labels = left.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(RATES))
    return figure
