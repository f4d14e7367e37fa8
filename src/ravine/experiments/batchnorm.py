"""Batch normalization learns in fewer steps and keeps pre-activations in place (Ioffe & Szegedy 2015, figure 1).

784-100-100-100-10 with sigmoids, small Gaussian initial weights, batches of 60, with batch normalization before each
sigmoid and without. Watched are the validation accuracy at inference and, as in the paper, the 15th, 50th and 85th
percentile of the pre-activations of a unit of the last hidden layer. Besides, short runs show what moving averages miss
in the first steps, against the exact statistics over the training data.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

import jax
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ravine import Sequential, initializers, optimizers, population_statistics
from ravine.callbacks import Probe
from ravine.experiments.data import Digits, digits
from ravine.experiments.report import Report, tracked
from ravine.experiments.watching import evaluated
from ravine.layers import Activation, BatchNormalization, Dense, Input
from ravine.plots import plot_band
from ravine.plots.bands import STYLES
from ravine.statistics import interval, paired_difference
from ravine.tables import Table

SEEDS = 10
KINDS = ("without", "with")
EVERY = 50  # steps between two looks
BATCH = 60
PERCENTILES = (15, 50, 85)
FEW_STEPS = (1, 10, 100, 500)
SOURCES = ("moving averages", "population statistics")


@dataclass(frozen=True)
class Result:
    """What was seen every ``EVERY`` steps, without and with batch normalization.

    Attributes:
        seeds: the seeds.
        accuracy: of the validation data ``[seeds][looks]``.
        pre_activation: percentiles for one unit of the last hidden layer ``[seeds][3][looks]``.
        test_accuracy: at the end ``[seeds]``.
        early: by source of the statistics, validation accuracy after few steps ``[seeds][len(FEW_STEPS)]``.
    """

    seeds: list[int]
    accuracy: dict[str, list[list[float]]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    pre_activation: dict[str, list[list[list[float]]]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    test_accuracy: dict[str, list[float]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    early: dict[str, list[list[float]]] = field(default_factory=lambda: {source: [] for source in SOURCES})

    def steps_to(self, accuracy: float, kind: str) -> np.ndarray:
        """After how many steps each seed first had this validation accuracy, ``[seeds]``; infinity where never."""
        reached = np.array(self.accuracy[kind]) >= accuracy
        return np.where(reached.any(axis=1), EVERY * (reached.argmax(axis=1) + 1.0), np.inf)

    def wander(self, kind: str) -> np.ndarray:
        """How far the median of the pre-activations moved during the run, highest less lowest, ``[seeds]``."""
        return np.ptp(np.array(self.pre_activation[kind])[:, PERCENTILES.index(50)], axis=1)


@functools.cache  # the same function for all models, since another one would be another program to compile
def gaussian(deviation: float) -> initializers.Initializer:
    """Initial weights from N(0, deviation²)."""
    return lambda key, shape: deviation * jax.random.normal(key, shape)


def network(kind: str, deviation: float, learning_rate: float) -> Sequential:
    """784-100-100-100-10; what comes before the sigmoids normalizes or does nothing, so all else is the same."""
    model = Sequential([Input((784,))])
    for i in (1, 2, 3):
        before = BatchNormalization(name=f"before_{i}") if kind == "with" else Activation("linear", name=f"before_{i}")
        model.add(Dense(100, kernel_initializer=gaussian(deviation)))
        model.add(before)
        model.add(Activation("sigmoid"))
    model.add(Dense(10, activation="softmax", kernel_initializer=gaussian(deviation)))
    model.compile(optimizers.SGD(learning_rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def measure(
    seeds: Sequence[int],
    steps: int = 10000,
    rows: int = 50000,
    deviation: float = 0.05,
    learning_rate: float = 0.5,
) -> Result:
    """Train without and with, from the same initial weights and on the same batches."""
    result = Result(list(seeds))
    for seed in tracked(seeds, "batchnorm"):
        data = digits(seed, rows, 5000)
        for kind in KINDS:
            model = network(kind, deviation, learning_rate)
            history = model.fit(
                *data.train,
                batch_size=BATCH,
                epochs=steps // EVERY,
                steps_per_epoch=EVERY,
                validation_data=data.validation,
                callbacks=[Probe("before_3", percentiles=PERCENTILES, unit=0)],
                verbose=0,
                seed=seed,
            )
            seen = [history.probes[f"before_3/unit_0/pre_activation_p{p}"] for p in PERCENTILES]
            result.pre_activation[kind].append(seen)
            result.accuracy[kind].append(history.history["val_accuracy"])
            result.test_accuracy[kind].append(evaluated(model, *data.test)["accuracy"])
        after = [early_accuracies(data, few, network("with", deviation, learning_rate), seed) for few in FEW_STEPS]
        for source, values in zip(SOURCES, zip(*after, strict=True), strict=True):
            result.early[source].append(list(values))
    return result


def early_accuracies(data: Digits, steps: int, model: Sequential, seed: int) -> tuple[float, float]:
    """Validation accuracy after few steps, by moving averages and by population statistics of the same weights."""
    # Epochs of one step: how many there are is an input of the compiled run, so all runs share one program.
    model.fit(*data.train, batch_size=BATCH, epochs=steps, steps_per_epoch=1, verbose=0, seed=seed)
    moving = evaluated(model, *data.validation)["accuracy"]
    population_statistics(model, data.train[0], BATCH)
    return moving, evaluated(model, *data.validation)["accuracy"]


def report(result: Result) -> Report:
    """Steps to 95 % and pre-activations in a table and a figure; then moving averages after few steps."""
    to_95 = {kind: result.steps_to(0.95, kind) for kind in KINDS}
    wins = int((to_95["with"] < to_95["without"]).sum())
    missed = {kind: int(np.isinf(to_95[kind]).sum()) for kind in KINDS}
    medians = {kind: _steps(np.median(to_95[kind])) for kind in KINDS}
    finding = (
        f"With batch normalization the network reaches 95 % in fewer steps in {wins} of {len(result.seeds)} paired "
        f"seeds: median {medians['with']} against {medians['without']} steps ({missed['with']} and "
        f"{missed['without']} runs never reached it). With it, the median pre-activation of a unit moved by "
        f"{result.wander('with').mean():.2f} during the run, without by {result.wander('without').mean():.2f}."
    )
    return Report(finding, [_table(result), _early_table(result)], {"": _figure(result)}, asdict(result))


def _table(result: Result) -> Table:
    rows = []
    accuracy = {kind: 100 * np.array(result.test_accuracy[kind]) for kind in KINDS}
    wander = {kind: result.wander(kind) for kind in KINDS}
    for kind in KINDS:
        to_95 = result.steps_to(0.95, kind)
        spread = f"{_steps(np.median(to_95))} ({_steps(to_95.min())} to {_steps(to_95.max())})"
        means = [interval(values[kind]).shown(2) for values in (accuracy, wander)]
        rows.append([kind, spread, str(np.isinf(to_95).sum()), *means])
    differences = [paired_difference(values["with"], values["without"]).shown(2) for values in (accuracy, wander)]
    rows.append(["difference, paired", "", "", *differences])
    caption = (
        f"{len(result.seeds)} seeds, {EVERY * len(result.accuracy['with'][0])} steps. Steps to 95 % validation "
        "accuracy: median (lowest to highest). Test accuracy, and how far the median pre-activation of a unit moved: "
        "mean and 95 % interval"
    )
    header = ["normalization", "steps to 95 %", "never", "test accuracy, %", "median moved by"]
    return Table(caption, header, rows)


def _steps(steps: float) -> str:
    return "never" if np.isinf(steps) else f"{steps:.0f}"


def _early_table(result: Result) -> Table:
    early = {source: 100 * np.array(values) for source, values in result.early.items()}
    rows = []
    for i, few in enumerate(FEW_STEPS):
        moving, population = (early[source][:, i] for source in SOURCES)
        less = paired_difference(moving, population)
        rows.append([str(few), *(interval(v).shown(1) for v in (moving, population)), less.shown(1)])
    caption = "Validation accuracy in % after few steps with batch normalization, mean and 95 % interval"
    return Table(caption, ["steps", "moving averages", "population statistics", "difference, paired"], rows)


def _figure(result: Result) -> Figure:
    figure = Figure(figsize=(11, 4.2), dpi=120, layout="constrained")
    left, middle, right = figure.subplots(1, 3, width_ratios=(1.2, 1, 1))
    looks = EVERY * np.arange(1, len(result.accuracy["with"][0]) + 1)
    for style, kind in enumerate(KINDS):
        plot_band(left, looks, result.accuracy[kind], f"{kind} batch normalization", style)
    left.axhline(0.95, color="0.4", linewidth=1, linestyle=":")
    left.set(title="validation accuracy", ylim=(0.7, 1), ylabel="accuracy")
    left.legend(loc="lower right")
    for axes, style, kind in (middle, 0, "without"), (right, 1, "with"):
        _plot_percentiles(axes, looks, result.pre_activation[kind][0], str(STYLES[style]["color"]))
        axes.set_title(f"{kind}: one unit, seed {result.seeds[0]}")
    right.sharey(middle)
    middle.set_ylabel("pre-activation")
    right.legend(loc="lower left")
    for axes in (left, middle, right):
        axes.set(xlabel="step")
        axes.grid(alpha=0.3)
    return figure


def _plot_percentiles(axes: Axes, looks: np.ndarray, percentiles: list[list[float]], color: str) -> None:
    low, median, high = percentiles
    axes.fill_between(looks, low, high, color=color, alpha=0.2, linewidth=0, label="15th to 85th percentile")
    axes.plot(looks, median, color=color, linewidth=2, label="median")
