"""Early stopping keeps the weights of the best epoch, and its test loss is lower than that of the last epoch.

The network of ``overfitting`` trains twice from each seed: for all epochs, and with
``EarlyStopping(patience=10, restore_best_weights=True)``, which watches the validation loss. Up to where it stops the
two runs are one. The test images decide: early stopping has not seen them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ravine.callbacks import EarlyStopping
from ravine.experiments.data import digits
from ravine.experiments.overfitting import network
from ravine.experiments.report import Report, tracked
from ravine.experiments.watching import evaluated
from ravine.plots import plot_band
from ravine.plots.bands import STYLES
from ravine.statistics import interval, paired_difference
from ravine.tables import Table

SEEDS = 10
KINDS = ("all epochs", "early stopping")
PATIENCE = 10


@dataclass(frozen=True)
class Result:
    """What came of the two kinds of run.

    Attributes:
        seeds: the seeds.
        val_loss: by kind, ``[seeds][epochs that were run]``.
        kept: by kind, the epoch whose weights the model has in the end, from 1 ``[seeds]``.
        test_loss: by kind ``[seeds]``.
        test_accuracy: by kind ``[seeds]``.
    """

    seeds: list[int]
    val_loss: dict[str, list[list[float]]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    kept: dict[str, list[int]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    test_loss: dict[str, list[float]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    test_accuracy: dict[str, list[float]] = field(default_factory=lambda: {kind: [] for kind in KINDS})

    def epochs(self, kind: str) -> np.ndarray:
        """How many epochs were run, ``[seeds]``."""
        return np.array([len(run) for run in self.val_loss[kind]])


def measure(seeds: Sequence[int], rows: int = 1000, epochs: int = 80, units: int = 128) -> Result:
    """Train with and without, from the same initial weights and on the same batches."""
    result = Result(list(seeds))
    for seed in tracked(seeds, "early-stopping"):
        data = digits(seed, rows, 5000)
        for kind in KINDS:
            stopping = EarlyStopping(monitor="val_loss", patience=PATIENCE, restore_best_weights=True)
            model = network(units)
            history = model.fit(
                *data.train,
                batch_size=32,
                epochs=epochs,
                validation_data=data.validation,
                callbacks=[stopping] if kind == KINDS[1] else [],
                verbose=0,
                seed=seed,
            )
            values = evaluated(model, *data.test)
            result.val_loss[kind].append(history.history["val_loss"])
            result.kept[kind].append(stopping.best_epoch + 1 if kind == KINDS[1] else epochs)
            result.test_loss[kind].append(values["loss"])
            result.test_accuracy[kind].append(values["accuracy"])
    return result


def report(result: Result) -> Report:
    """Test loss, test accuracy and epochs of both; the epochs kept, and every seed's test loss and accuracy."""
    measures = {
        "test loss": ([np.array(result.test_loss[kind]) for kind in KINDS], 4),
        "test accuracy, %": ([100 * np.array(result.test_accuracy[kind]) for kind in KINDS], 2),
        "epoch whose weights are kept": ([np.array(result.kept[kind]) for kind in KINDS], 1),
        "epochs run": ([result.epochs(kind) for kind in KINDS], 1),
    }
    rows, differences = [], {}
    for name, ((without, stopped), shown) in measures.items():
        differences[name] = paired_difference(stopped, without)
        rows.append([name, *(one.shown(shown) for one in (interval(without), interval(stopped), differences[name]))])
    loss, accuracy = differences["test loss"], differences["test accuracy, %"]
    finding = (
        f"With early stopping the test loss changes by {loss.shown(3)}, the test accuracy by {accuracy.shown(2)} "
        f"percentage points (mean and 95 % interval, {len(result.seeds)} paired seeds), and "
        f"{-differences['epochs run'].mean:.0f} of {result.epochs(KINDS[0])[0]} epochs are saved."
    )
    caption = f"Mean and 95 % interval over {len(result.seeds)} seeds"
    table = Table(caption, ["", *KINDS, "difference, paired"], rows)
    return Report(finding, [table], {"": _figure(result)}, asdict(result))


def _figure(result: Result) -> Figure:
    figure = Figure(figsize=(11, 4.4), dpi=120, layout="constrained")
    left, middle, right = figure.subplots(1, 3, width_ratios=(2, 1, 1))
    _plot_kept(left, result)
    _plot_pairs(middle, result.test_loss, 1)
    middle.set(title="test loss", ylabel="loss")
    _plot_pairs(right, result.test_accuracy, 100)
    right.set(title="test accuracy", ylabel="%")
    for ax in (left, middle, right):
        ax.grid(alpha=0.3)
    return figure


def _plot_kept(ax: Axes, result: Result) -> None:
    """The validation loss of all epochs, and on each seed's own curve the epoch that early stopping keeps."""
    runs, stopped = np.array(result.val_loss[KINDS[0]]), result.epochs(KINDS[1])
    plot_band(ax, np.arange(1, runs.shape[1] + 1), runs, "all epochs: mean, 95 % interval")
    kept = np.array(result.kept[KINDS[1]])
    look = {"linestyle": "", "color": STYLES[1]["color"], "markeredgecolor": "black", "zorder": 3}
    ax.plot(kept, runs[np.arange(len(kept)), kept - 1], "*", markersize=11, label="weights kept, a mark a seed", **look)
    ax.axvspan(stopped.min(), stopped.max(), color="0.6", alpha=0.3, linewidth=0, label="stopped, first to last seed")
    ax.set(title="validation loss", xlabel="epoch", ylabel="loss")
    ax.set_ylim(None, 1.3 * runs.mean(axis=0)[-1])  # else the first epoch takes all the room
    ax.legend()


def _plot_pairs(ax: Axes, values: dict[str, list[float]], factor: float) -> None:
    """A line a seed, from the run of all epochs to the one that stopped; the means in bold."""
    pairs = factor * np.array([values[kind] for kind in KINDS])
    ax.plot((0, 1), pairs, color="0.6", linewidth=1, marker="o", markersize=3)
    ax.plot((0, 1), pairs.mean(axis=1), color="black", linewidth=2.5, marker="s", label="mean")
    ax.set(xlim=(-0.3, 1.3), xticks=(0, 1), xticklabels=("all\nepochs", "early\nstopping"))
    ax.legend()
