"""The lecture's MNIST network over ten seeds, beside the one run that the lecture published.

784-128(sigmoid)-10(softmax), SGD(0.1, momentum 0.9), batches of 32, 50 epochs on the first 48,000 training images. The
lecture publishes accuracies and losses at the end of one such run, and the losses of another run of 5 epochs.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

import numpy as np
from matplotlib.figure import Figure

from ravine import Sequential, datasets, optimizers
from ravine.experiments.report import Report, tracked
from ravine.experiments.watching import evaluated
from ravine.layers import Dense, Flatten
from ravine.plots import plot_band
from ravine.tables import Table

SEEDS = 10
PUBLISHED = {"train accuracy": 0.99572, "train loss": 0.0197, "test accuracy": 0.98010, "test loss": 0.0845}
PUBLISHED_LOSSES = {
    "loss": [0.3136, 0.1478, 0.1022, 0.0766, 0.0589],
    "val_loss": [0.1987, 0.1440, 0.1193, 0.1061, 0.1001],
}


@dataclass(frozen=True)
class Result:
    """The figures after the last epoch, by the names of ``PUBLISHED`` ``[seeds]``, and losses ``[seeds][epochs]``."""

    seeds: list[int]
    final: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in PUBLISHED})
    losses: dict[str, list[list[float]]] = field(default_factory=lambda: {key: [] for key in PUBLISHED_LOSSES})


def measure(seeds: Sequence[int], epochs: int = 50, rows: int = 60000) -> Result:
    """Train from each seed on the first ``rows`` training images, the last fifth of them held out."""
    (images, labels), (test_images, test_labels) = datasets.mnist.load_data()
    x, y, test_x = images[:rows] / np.float32(255), labels[:rows], test_images / np.float32(255)
    result = Result(list(seeds))
    for seed in tracked(seeds, "lecture-mnist"):
        model = Sequential(
            [Flatten(input_shape=(28, 28)), Dense(128, activation="sigmoid"), Dense(10, activation="softmax")]
        )
        model.compile(optimizers.SGD(0.1, momentum=0.9), "sparse_categorical_crossentropy", metrics=["accuracy"])
        history = model.fit(x, y, epochs=epochs, validation_split=0.2, verbose=0, seed=seed)
        for part, values in ("train", evaluated(model, x, y)), ("test", evaluated(model, test_x, test_labels)):
            for metric, value in values.items():
                result.final[f"{part} {metric}"].append(value)
        for key, runs in result.losses.items():
            runs.append(history.history[key])
    return result


def report(result: Result) -> Report:
    """The spread over seeds in two tables, the losses in a figure; the published run beside both."""
    epochs = len(result.losses["loss"][0])
    header = ["mean", "standard deviation", "range", "published run"]
    final = [_row(name, result.final[name], published) for name, published in PUBLISHED.items()]
    early = [
        _row(f"{epoch + 1}, {key}", [run[epoch] for run in result.losses[key]], published)
        for key, values in PUBLISHED_LOSSES.items()
        for epoch, published in enumerate(values[:epochs])
    ]
    accuracies = result.final["test accuracy"]
    finding = (
        f"After {epochs} epochs the test accuracy is {statistics.mean(accuracies):.5f} on average over "
        f"{len(accuracies)} seeds, from {min(accuracies):.5f} to {max(accuracies):.5f}; "
        f"the lecture's one run of 50 epochs has {PUBLISHED['test accuracy']:.5f}."
    )
    tables = [
        Table(f"After the last epoch, {len(accuracies)} seeds", [f"after {epochs} epochs", *header], final),
        Table("After each of the first epochs", ["epoch", *header], early),
    ]
    return Report(finding, tables, {"": _figure(result)}, asdict(result))


def _row(name: str, values: list[float], published: float) -> list[str]:
    spread = statistics.stdev(values) if len(values) > 1 else 0.0
    numbers = [f"{statistics.mean(values):.5f}", f"{spread:.5f}", f"{min(values):.5f} – {max(values):.5f}"]
    return [name, *numbers, f"{published:.5f}"]


def _figure(result: Result) -> Figure:
    figure = Figure(figsize=(10, 4.2), dpi=120, layout="constrained")
    axes = figure.subplots(1, 2)
    for ax, (key, published), title in zip(axes, PUBLISHED_LOSSES.items(), ("training", "validation"), strict=True):
        runs = np.array(result.losses[key])
        epochs = np.arange(1, runs.shape[1] + 1)
        plot_band(ax, epochs, runs, f"mean of {len(runs)} seeds, 95 % interval")
        ax.fill_between(epochs, runs.min(0), runs.max(0), color="0.8", linewidth=0, zorder=0, label="lowest to highest")
        shown = published[: len(epochs)]
        ax.plot(epochs[: len(shown)], shown, "kx", markersize=8, markeredgewidth=2, label="the lecture's run")
        ax.set(title=f"{title} loss", xlabel="epoch", ylim=(0, None))
        ax.grid(alpha=0.3)
    axes[0].set_ylabel("loss")
    axes[0].legend()
    return figure
