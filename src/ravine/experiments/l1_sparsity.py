"""L1 brings weights to zero, L2 makes them small.

An L1 penalty pulls each weight towards zero with the same force, however small it is; that of L2 weakens as the weight
shrinks. At about the same accuracy, L1 leaves many weights of the first layer at zero, L2 hardly any. Pixels that are
dark in all training images, whose weights nothing but the penalty moves, are not the reason: it holds without them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

import numpy as np
from matplotlib.figure import Figure

from ravine import Sequential, optimizers, regularizers
from ravine.experiments.data import digits
from ravine.experiments.report import Report, tracked
from ravine.experiments.watching import evaluated
from ravine.layers import Dense, Input
from ravine.plots.bands import STYLES
from ravine.statistics import interval, paired_difference
from ravine.tables import Table

SEEDS = 10
PENALTIES: dict[str, regularizers.Regularizer | None] = {
    "none": None,
    "L2": regularizers.L2(0.0002),
    "L1": regularizers.L1(0.00005),
}
NEAR_ZERO = 1e-3
EDGES = np.linspace(-0.3, 0.3, 121)


@dataclass(frozen=True)
class Result:
    """What came of each penalty, one number a seed where nothing else is said.

    Attributes:
        seeds: the seeds.
        share: of near-zero weights in the first layer.
        lit_share: the same without the pixels that are dark in all training images.
        accuracy: of the validation data.
        counts: the weights' histogram over ``EDGES``, all seeds together.
    """

    seeds: list[int]
    share: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in PENALTIES})
    lit_share: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in PENALTIES})
    accuracy: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in PENALTIES})
    counts: dict[str, list[int]] = field(default_factory=lambda: {name: [0] * (len(EDGES) - 1) for name in PENALTIES})


def network(penalty: regularizers.Regularizer | None, units: int) -> Sequential:
    """784-units-10, the first kernel penalized."""
    hidden = Dense(units, activation="relu", kernel_regularizer=penalty)
    model = Sequential([Input((784,)), hidden, Dense(10, activation="softmax")])
    model.compile(optimizers.SGD(0.05, momentum=0.9), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def measure(seeds: Sequence[int], rows: int = 10000, epochs: int = 30, units: int = 64) -> Result:
    """Train with each penalty from each seed: the same rows, initial weights and order of batches."""
    result = Result(list(seeds))
    for seed in tracked(seeds, "l1-sparsity"):
        data = digits(seed, rows, 5000)
        lit = data.train[0].any(axis=0)
        for name, penalty in PENALTIES.items():
            model = network(penalty, units)
            model.fit(*data.train, batch_size=50, epochs=epochs, verbose=0, seed=seed)
            kernel = model.layers[0].kernel
            near = np.abs(kernel) < NEAR_ZERO
            result.share[name].append(float(near.mean()))
            result.lit_share[name].append(float(near[lit].mean()))
            result.accuracy[name].append(evaluated(model, *data.validation)["accuracy"])
            counted = np.histogram(np.clip(kernel, EDGES[0], EDGES[-1]), EDGES)[0]
            result.counts[name] = [int(a + b) for a, b in zip(result.counts[name], counted, strict=True)]
    return result


def report(result: Result) -> Report:
    """Shares of near-zero weights and accuracies in a table; the weights' distributions in a figure."""
    shares, lit, accuracy = (
        {name: 100 * np.array(values) for name, values in by_penalty.items()}
        for by_penalty in (result.share, result.lit_share, result.accuracy)
    )
    columns = (shares, 1), (lit, 1), (accuracy, 2)
    rows = [[name, *(interval(column[name]).shown(places) for column, places in columns)] for name in PENALTIES]
    ratio = shares["L1"] / np.maximum(shares["L2"], 1e-9)
    change = paired_difference(accuracy["L1"], accuracy["L2"])
    finding = (
        f"With L1 {shares['L1'].mean():.1f} % of the first layer's weights end within {NEAR_ZERO:g} of zero, with L2 "
        f"{shares['L2'].mean():.1f} %: {ratio.min():.1f} to {ratio.max():.1f} times as many, seed by seed. The "
        f"validation accuracy with L1 less that with L2 is {change.shown(2)} percentage "
        f"points (mean and 95 % interval, {len(result.seeds)} paired seeds)."
    )
    header = ["penalty", f"|w| < {NEAR_ZERO:g}, %", "of lit pixels, %", "validation accuracy, %"]
    caption = f"Mean and 95 % interval over {len(result.seeds)} seeds"
    return Report(finding, [Table(caption, header, rows)], {"": _figure(result)}, asdict(result))


def _figure(result: Result) -> Figure:
    figure = Figure(figsize=(11, 4.4), dpi=110, layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(3, 2))
    centres = (EDGES[:-1] + EDGES[1:]) / 2
    for style, name in zip(STYLES, PENALTIES, strict=False):
        counts = np.array(result.counts[name]) / len(result.seeds)
        look = {key: style[key] for key in ("color", "linestyle")}
        left.step(centres, np.maximum(counts, 0.5), where="mid", label=name, linewidth=2, **look)
    left.set(title="weights of the first layer", xlabel="weight (beyond ±0.3: at the ends)", yscale="log")
    left.set_ylabel("weights in a bin of 0.005, mean over seeds")
    left.legend()
    for place, (style, name) in enumerate(zip(STYLES, PENALTIES, strict=False)):
        shares = 100 * np.array(result.share[name])
        spread = np.linspace(-0.15, 0.15, len(shares)) if len(shares) > 1 else np.zeros(1)
        right.plot(place + spread, shares, linestyle="", marker=style["marker"], color=style["color"], mfc="white")
    right.set_xticks(range(len(PENALTIES)), list(PENALTIES))
    right.set(title=f"|w| < {NEAR_ZERO:g}, a mark a seed", ylabel="share of the weights, %", ylim=(0, None))
    for panel in (left, right):
        panel.grid(alpha=0.3)
    return figure
