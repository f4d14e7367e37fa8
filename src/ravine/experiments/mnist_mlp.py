"""Keras's example mnist_mlp, published with a test accuracy of 98.40 % after 20 epochs.

784-512-512-10 with ReLU, dropout of 0.2 after both hidden layers, RMSprop at its default learning rate, batches of 128,
all 60,000 training images. The example takes the test images for validation, and so does this: the figures after the
last epoch are reported, whatever came before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

import numpy as np
from matplotlib.figure import Figure

from ravine import Sequential, optimizers
from ravine.experiments.data import digits
from ravine.experiments.report import Report, tracked
from ravine.layers import Dense, Dropout, Input
from ravine.plots import plot_band
from ravine.statistics import interval
from ravine.tables import Table

SEEDS = 5
PUBLISHED = 98.40  # %, after 20 epochs


@dataclass(frozen=True)
class Result:
    """Accuracy in % and loss on the test images after each epoch ``[seeds][epochs]``."""

    seeds: list[int]
    accuracy: list[list[float]] = field(default_factory=list)
    loss: list[list[float]] = field(default_factory=list)


def network(units: int) -> Sequential:
    """784-units-units-10 with dropout of 0.2 twice."""
    model = Sequential(
        [
            Input((784,)),
            Dense(units, activation="relu"),
            Dropout(0.2),
            Dense(units, activation="relu"),
            Dropout(0.2),
            Dense(10, activation="softmax"),
        ]
    )
    model.compile(optimizers.RMSprop(), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def measure(seeds: Sequence[int], rows: int = 60000, epochs: int = 20, units: int = 512) -> Result:
    """Train from each seed."""
    result = Result(list(seeds))
    for seed in tracked(seeds, "mnist-mlp"):
        data = digits(seed, rows, 0)
        history = network(units).fit(
            *data.train, batch_size=128, epochs=epochs, validation_data=data.test, verbose=0, seed=seed
        )
        result.accuracy.append([100 * accuracy for accuracy in history.history["val_accuracy"]])
        result.loss.append(history.history["val_loss"])
    return result


def report(result: Result) -> Report:
    """The figures after the last epoch, and the way there."""
    accuracies, losses = np.array(result.accuracy), np.array(result.loss)
    found, epochs = interval(accuracies[:, -1]), accuracies.shape[1]
    finding = (
        f"After {epochs} epochs the test accuracy is {found.mean:.2f} % on average over {len(result.seeds)} seeds "
        f"(95 % interval {found.low:.2f} to {found.high:.2f}); published after 20: {PUBLISHED:.2f} %."
    )
    rows = []
    for name, values, digits_shown in ("test accuracy, %", accuracies, 2), ("test loss", losses, 4):
        last = values[:, -1]
        spread = f"{last.min():.{digits_shown}f} to {last.max():.{digits_shown}f}"
        published = f"{PUBLISHED:.2f}" if values is accuracies else ""
        rows.append([name, interval(last).shown(digits_shown), spread, published])
    caption = f"After {epochs} epochs, {len(result.seeds)} seeds"
    table = Table(caption, ["", "mean and 95 % interval", "lowest to highest", "published"], rows)
    return Report(finding, [table], {"": _figure(accuracies, losses)}, asdict(result))


def _figure(accuracies: np.ndarray, losses: np.ndarray) -> Figure:
    figure = Figure(figsize=(10, 4.2), dpi=120, layout="constrained")
    left, right = figure.subplots(1, 2)
    epochs = np.arange(1, accuracies.shape[1] + 1)
    plot_band(left, epochs, accuracies, f"mean of {len(accuracies)} seeds, 95 % interval")
    left.axhline(PUBLISHED, color="k", linestyle="--", linewidth=1, label="published after 20 epochs")
    left.set(title="test accuracy", ylabel="%")
    left.legend(loc="lower right")
    plot_band(right, epochs, losses, "", 0)
    right.set(title="test loss", ylabel="loss")
    for axes in (left, right):
        axes.set(xlabel="epoch", xticks=epochs[epochs % 5 == 0])
        axes.grid(alpha=0.3)
    return figure
