"""Why batch normalization has γ and β: without them a sigmoid is confined to its linear part.

784-64-10 with batch normalization before the sigmoids, with γ and β and without (``center=False, scale=False``).
Normalized inputs alone lie mostly within ±2, where a sigmoid is nearly a straight line, and a network of straight lines
is a linear classifier. γ widens the range and β moves it, as far as the task wants.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ravine import Sequential, optimizers
from ravine.experiments.data import digits
from ravine.experiments.report import Report, tracked
from ravine.experiments.watching import Inference, evaluated
from ravine.layers import Activation, BatchNormalization, Dense, Input
from ravine.plots import plot_band
from ravine.plots.bands import STYLES
from ravine.statistics import interval, paired_difference
from ravine.tables import Table

SEEDS = 10
KINDS = ("without γ, β", "with γ, β")


def _runs() -> dict[str, list[float]]:
    return {kind: [] for kind in KINDS}


@dataclass(frozen=True)
class Result:
    """For both kinds, one number a seed where nothing else is said.

    Attributes:
        seeds: the seeds.
        train_loss: at inference, ``[seeds][epochs]``.
        train_accuracy: at the end.
        test_accuracy: at the end.
        outside: share of the sigmoids' inputs z with |z| > 2, over the test images and all units.
        line: how well a straight line describes a unit: R² between z and sigmoid(z), mean over the units.
        low: 5th percentile of z.
        high: 95th percentile of z.
    """

    seeds: list[int]
    train_loss: dict[str, list[list[float]]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    train_accuracy: dict[str, list[float]] = field(default_factory=_runs)
    test_accuracy: dict[str, list[float]] = field(default_factory=_runs)
    outside: dict[str, list[float]] = field(default_factory=_runs)
    line: dict[str, list[float]] = field(default_factory=_runs)
    low: dict[str, list[float]] = field(default_factory=_runs)
    high: dict[str, list[float]] = field(default_factory=_runs)


def sigmoid(z: np.ndarray) -> np.ndarray:
    """1/(1 + e^−z)."""
    return 1 / (1 + np.exp(-z))


def straightness(z: np.ndarray) -> float:
    """R² of the best straight line through (z, sigmoid(z)), a unit a column of ``z`` ``[rows, units]``; their mean."""
    return float(np.mean([np.corrcoef(unit, sigmoid(unit))[0, 1] ** 2 for unit in z.T]))


def network(kind: str, units: int) -> Sequential:
    """784-units-10 with batch normalization before the sigmoid."""
    free = kind == KINDS[1]
    model = Sequential(
        [
            Input((784,)),
            Dense(units, use_bias=False),
            BatchNormalization(center=free, scale=free),
            Activation("sigmoid", name="sigmoid"),
            Dense(10, activation="softmax"),
        ]
    )
    model.compile(optimizers.SGD(0.1, momentum=0.9), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def measure(seeds: Sequence[int], rows: int = 20000, epochs: int = 20, units: int = 64) -> Result:
    """Train with and without γ and β, from the same initial weights and on the same batches."""
    result = Result(list(seeds))
    for seed in tracked(seeds, "batchnorm-scale-shift"):
        data = digits(seed, rows, 0)
        for kind in KINDS:
            model, training = network(kind, units), Inference(*data.train)
            model.fit(*data.train, batch_size=100, epochs=epochs, callbacks=[training], verbose=0, seed=seed)
            z = model.activations(data.test[0], "sigmoid", before_activation=True)
            result.train_loss[kind].append(training.losses)
            result.train_accuracy[kind].append(training.accuracies[-1])
            result.test_accuracy[kind].append(evaluated(model, *data.test)["accuracy"])
            result.outside[kind].append(float((abs(z) > 2).mean()))
            result.line[kind].append(straightness(z))
            result.low[kind].append(float(np.percentile(z, 5)))
            result.high[kind].append(float(np.percentile(z, 95)))
    return result


def report(result: Result) -> Report:
    """What fills the sigmoid, and what that does to training."""
    measures = {
        "inputs beyond ±2, %": (result.outside, 100, 1),
        "R² of a straight line": (result.line, 1, 3),
        "training loss": ({kind: [run[-1] for run in runs] for kind, runs in result.train_loss.items()}, 1, 4),
        "training accuracy, %": (result.train_accuracy, 100, 2),
        "test accuracy, %": (result.test_accuracy, 100, 2),
    }
    rows, differences = [], {}
    for name, (values, factor, digits_shown) in measures.items():
        without, with_both = (factor * np.array(values[kind]) for kind in KINDS)
        differences[name] = paired_difference(with_both, without)
        shown = [interval(without), interval(with_both), differences[name]]
        rows.append([name, *(found.shown(digits_shown) for found in shown)])
    outside, line = ([float(np.mean(values[kind])) for kind in KINDS] for values in (result.outside, result.line))
    loss = differences["training loss"]
    finding = (
        f"Without γ and β, {100 * outside[0]:.1f} % of the sigmoids' inputs lie beyond ±2, with them "
        f"{100 * outside[1]:.1f} %; a straight line describes a unit with an R² of {line[0]:.3f} and {line[1]:.3f}. "
        f"With them the training loss is lower by {-loss.mean:.3f} (95 % interval {-loss.high:.3f} to "
        f"{-loss.low:.3f}, {len(result.seeds)} paired seeds)."
    )
    caption = f"After the last epoch, mean and 95 % interval over {len(result.seeds)} seeds"
    table = Table(caption, ["", *KINDS, "difference, paired"], rows)
    return Report(finding, [table], {"": _figure(result)}, asdict(result))


def _figure(result: Result) -> Figure:
    figure = Figure(figsize=(11, 4.2), dpi=120, layout="constrained")
    left, middle, right = figure.subplots(1, 3, width_ratios=(1, 1, 1.2))
    reach = 1.1 * max(max(abs(np.mean(result.low[kind])), np.mean(result.high[kind])) for kind in KINDS)
    for style, (axes, kind) in enumerate(zip((left, middle), KINDS, strict=True)):
        _plot_range(axes, float(np.mean(result.low[kind])), float(np.mean(result.high[kind])), float(reach), style)
        axes.set_title(kind)
        runs = np.array(result.train_loss[kind])
        plot_band(right, np.arange(1, runs.shape[1] + 1), runs, kind, style)
    left.set_ylabel("sigmoid(z)")
    right.set(title="training loss", xlabel="epoch", ylabel="loss, at inference", ylim=(0, None))
    right.xaxis.get_major_locator().set_params(integer=True)
    right.grid(alpha=0.3)
    right.legend()
    return figure


def _plot_range(axes: Axes, low: float, high: float, reach: float, style: int) -> None:
    """The sigmoid, and in bold the part of it that 90 % of the inputs fill."""
    everywhere, filled = np.linspace(-reach, reach, 300), np.linspace(low, high, 100)
    color = STYLES[style]["color"]
    axes.plot(everywhere, sigmoid(everywhere), color="0.5", linewidth=1)
    axes.plot(filled, sigmoid(filled), color=color, linewidth=5, solid_capstyle="butt", label="90 % of the inputs")
    axes.axvspan(low, high, color=color, alpha=0.12, linewidth=0)
    axes.set(xlabel="z, the sigmoid's input", xlim=(-reach, reach), ylim=(-0.02, 1.02))
    axes.grid(alpha=0.3)
    axes.legend(loc="upper left")
