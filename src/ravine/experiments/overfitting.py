"""Overfitting: the training loss goes to zero while the validation loss turns and rises.

A network of 128 hidden units learns 1,000 digits by heart, and the curves of training and validation part. What the
digits have in common is learnt in the first epochs; from then on the network grows surer of itself on new digits than
it should, which the loss punishes. The accuracy need not fall with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

import numpy as np
from matplotlib.figure import Figure

from ravine import Sequential, optimizers
from ravine.experiments.data import digits
from ravine.experiments.report import Report, tracked
from ravine.layers import Dense, Input
from ravine.plots import plot_band
from ravine.statistics import Interval, interval, paired_difference
from ravine.tables import Table

SEEDS = 10
KEYS = ("loss", "accuracy", "val_loss", "val_accuracy")


@dataclass(frozen=True)
class Result:
    """``history`` holds what ``fit`` returned, by key: ``[seeds][epochs]``."""

    seeds: list[int]
    history: dict[str, list[list[float]]] = field(default_factory=lambda: {key: [] for key in KEYS})

    def curves(self, key: str) -> np.ndarray:
        """``[seeds, epochs]``."""
        return np.array(self.history[key])

    def turn(self) -> int:
        """The epoch, from 1, of the lowest mean validation loss.

        One for all seeds: above each seed's own lowest loss, any curve that wavers ends.
        """
        return int(self.curves("val_loss").mean(axis=0).argmin()) + 1

    def at_turn(self, key: str) -> np.ndarray:
        """The value of ``key`` after that epoch, ``[seeds]``."""
        return self.curves(key)[:, self.turn() - 1]

    def rise(self) -> Interval:
        """The final validation loss less the one at the turn, seed by seed."""
        return paired_difference(self.curves("val_loss")[:, -1], self.at_turn("val_loss"))


def network(units: int) -> Sequential:
    """784-units-10, with nothing against overfitting."""
    model = Sequential([Input((784,)), Dense(units, activation="relu"), Dense(10, activation="softmax")])
    model.compile(optimizers.Adam(1e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def measure(seeds: Sequence[int], rows: int = 1000, epochs: int = 80, units: int = 128) -> Result:
    """Train from each seed, on rows of its own."""
    result = Result(list(seeds))
    for seed in tracked(seeds, "overfitting"):
        data = digits(seed, rows, 5000)
        history = network(units).fit(
            *data.train, batch_size=32, epochs=epochs, validation_data=data.validation, verbose=0, seed=seed
        )
        for key in KEYS:
            result.history[key].append(history.history[key])
    return result


def report(result: Result) -> Report:
    """Loss and accuracy at the turn and at the end; the curves in a figure."""
    names = {"loss": "training loss", "val_loss": "validation loss"}
    names |= {"accuracy": "training accuracy, %", "val_accuracy": "validation accuracy, %"}
    rows = []
    for key, name in names.items():
        factor, shown = (100, 2) if "accuracy" in key else (1, 4)
        turn, final = factor * result.at_turn(key), factor * result.curves(key)[:, -1]
        found = interval(turn), interval(final), paired_difference(final, turn)
        rows.append([name, *(one.shown(shown) for one in found)])
    seeds, last = len(result.seeds), len(result.history["loss"][0])
    finding = (
        f"The mean validation loss is lowest after {result.turn()} epochs and after {last} higher by "
        f"{result.rise().shown(3)}, while the training loss falls to {result.curves('loss')[:, -1].mean():.4f} "
        f"(means and 95 % interval, {seeds} seeds)."
    )
    header = ["", f"after {result.turn()} epochs", f"after {last} epochs", "difference, paired"]
    table = Table(f"Mean and 95 % interval over {seeds} seeds", header, rows)
    return Report(finding, [table], {"": _figure(result)}, asdict(result))


def _figure(result: Result) -> Figure:
    figure = Figure(figsize=(11, 4.2), dpi=120, layout="constrained")
    axes = figure.subplots(1, 2)
    for ax, metric in zip(axes, ("loss", "accuracy"), strict=True):
        for style, (key, label) in enumerate({metric: "training", f"val_{metric}": "validation"}.items()):
            runs = result.curves(key)
            plot_band(ax, np.arange(1, runs.shape[1] + 1), runs, label, style)
        ax.axvline(result.turn(), color="0.25", linestyle=":", linewidth=2, label="lowest mean validation loss")
        ax.set(title=metric, xlabel="epoch", ylabel=metric)
        ax.grid(alpha=0.3)
    axes[0].set_ylim(0, 1.5 * result.curves("val_loss").mean(axis=0)[-1])  # else the first epochs take all the room
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure
