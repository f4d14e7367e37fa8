"""DeepOBS's noisy quadratic of 100 dimensions: the order of the batches decides momentum's figure.

The problem is ``quadratic_deep`` of Schneider, Balles & Hennig 2019, "DeepOBS: a deep learning optimizer benchmark
suite". A row x of the data has the loss ½·(θ − x)ᵀ·Q·(θ − x), and θ starts at ones. Ninety eigenvalues of Q lie between
0 and 1, ten between 30 and 60. A seed decides the order of the batches, and nothing else.
"""

from __future__ import annotations

import functools
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from matplotlib.figure import Figure

from ravine import Sequential, layers, losses, optimizers, trees
from ravine.experiments.report import Report, tracked
from ravine.tables import Table

SEEDS = 60
DIMENSIONS, ROWS, NOISE = 100, 1000, 0.6
BATCH, EPOCHS = 128, 100
KEPT = ROWS // BATCH * BATCH  # the last batch is not full, and dropped

RULES = {
    "SGD, η = 0.01585": optimizers.SGD(0.01585),
    "momentum 0.99, η = 0.002512": optimizers.SGD(0.002512, momentum=0.99),
    "Adam, η = 0.03981": optimizers.Adam(0.03981, epsilon=1e-8),
}
# Final test losses, mean and standard deviation of ten seeds, from DeepOBS_Baselines.
PUBLISHED = {
    "SGD, η = 0.01585": (87.398, 0.169),
    "momentum 0.99, η = 0.002512": (87.045, 0.025),
    "Adam, η = 0.03981": (87.112, 0.024),
}
PUBLISHED_START = 353.44676


def random_rotation(rng: np.random.RandomState, dimensions: int) -> np.ndarray:
    """A random rotation by the subgroup algorithm of Diaconis & Shahshahani 1987.

    A rotation of d dimensions is one of d − 1, left to act on the last d − 1 axes, and a reflection that carries the
    first axis to a random direction v.
    """
    angle = 2 * np.pi * rng.uniform()
    rotation = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    for d in range(3, dimensions + 1):
        v = rng.normal(size=d)
        mirror = -v / np.linalg.norm(v)
        mirror[0] += 1
        mirror /= np.linalg.norm(mirror)
        larger = np.eye(d)
        larger[1:, 1:] = rotation
        rotation = larger - 2 * np.outer(mirror, mirror @ larger)
    return -rotation


@functools.cache
def hessian() -> np.ndarray:
    """Q, the same in every run: ``[100, 100]``."""
    rng = np.random.RandomState(42)
    eigenvalues = np.concatenate([rng.uniform(0, 1, 90), rng.uniform(30, 60, 10)])
    rotation = random_rotation(rng, DIMENSIONS)
    return rotation.T @ np.diag(eigenvalues) @ rotation


def rows(seed: int) -> np.ndarray:
    """The data of one seed, float32 ``[1000, 100]``: 42 to train, 43 to test."""
    return np.random.RandomState(seed).normal(0, NOISE, (ROWS, DIMENSIONS)).astype(np.float32)


@trees.tree(frozen=False)
class Distance(layers.Layer):
    """θ − x, with θ its parameter."""

    variable_names = ("theta",)

    def init(self, key: jax.Array, input_shape: tuple[int, ...]) -> tuple[dict[str, Any], dict[str, Any]]:
        """θ of ones."""
        return {"theta": jnp.ones(input_shape)}, {}

    def apply(
        self, params: dict[str, Any], stats: dict[str, Any], x: jax.Array, *, key: jax.Array | None, training: bool
    ) -> tuple[jax.Array, dict[str, Any]]:
        """θ − x."""
        return params["theta"] - x, stats


@trees.tree
class QuadraticForm(losses.Loss):
    """½·dᵀ·Q·d of the outputs d; there are no targets."""

    q: np.ndarray

    def check(self, y: np.ndarray, output_shape: tuple[int, ...]) -> None:
        """Any targets will do, since none is looked at."""

    def values(self, y: jax.Array, outputs: jax.Array) -> jax.Array:
        """One value a row."""
        return 0.5 * jnp.einsum("bi,ij,bj->b", outputs, self.q, outputs)


def build(rule: optimizers.Optimizer) -> Sequential:
    """The problem as a model, at its start."""
    model = Sequential([Distance(input_shape=(DIMENSIONS,))])
    model.compile(rule, loss=QuadraticForm(hessian().astype(np.float32)))
    return model


def test_loss(model: Sequential) -> float:
    """The mean over the full batches of the test data."""
    return float(model.evaluate(rows(43)[:KEPT], np.zeros(KEPT), verbose=0))  # type: ignore[arg-type]


def run(rule: optimizers.Optimizer, seed: int, *, reshuffled: bool, epochs: int = EPOCHS) -> float:
    """The test loss after training with one order of the rows for all epochs, or ``reshuffled`` before each."""
    model, data, rng = build(rule), rows(42), np.random.default_rng(seed)
    for _ in range(epochs if reshuffled else 1):
        order = rng.permutation(ROWS)[:KEPT]
        fitted = 1 if reshuffled else epochs
        model.fit(data[order], np.zeros(KEPT), BATCH, fitted, verbose=0, shuffle=False, seed=seed)
    return test_loss(model)


@dataclass(frozen=True)
class Result:
    """The initial test loss, Q's condition number, and by rule the final test losses ``[seeds]`` of both orders."""

    seeds: list[int]
    start: float
    condition: float
    fixed: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in RULES})
    reshuffled: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in RULES})


def measure(seeds: Sequence[int], epochs: int = EPOCHS) -> Result:
    """Train with each rule and each seed, with one order for all epochs and reshuffled before each."""
    eigenvalues = np.linalg.eigvalsh(hessian())
    start = test_loss(build(optimizers.SGD(0.0)))
    result = Result(list(seeds), start, float(eigenvalues[-1] / eigenvalues[0]))
    for seed in tracked(seeds, "quadratic-deep"):
        for name, rule in RULES.items():
            result.fixed[name].append(run(rule, seed, reshuffled=False, epochs=epochs))
            result.reshuffled[name].append(run(rule, seed, reshuffled=True, epochs=epochs))
    return result


def report(result: Result) -> Report:
    """Mean ± standard deviation beside the published ones; every run as a point."""
    table_rows = []
    for name, (mean, spread) in PUBLISHED.items():
        fixed = result.fixed[name]
        inside = "yes" if abs(statistics.mean(fixed) - mean) <= spread else "no"
        table_rows.append([name, f"{mean:.3f} ± {spread:.3f}", _shown(fixed), inside, _shown(result.reshuffled[name])])
    momentum = list(RULES)[1]
    rise = statistics.mean(result.reshuffled[momentum]) - statistics.mean(result.fixed[momentum])
    finding = (
        f"The initial test loss is {result.start:.5f} (published {PUBLISHED_START}), the condition number "
        f"{result.condition:.0f}. Reshuffled before each epoch, momentum ends {rise:.3f} higher than with one order."
    )
    header = ["", "published", "one order for all epochs", "mean within", "reshuffled"]
    caption = f"Final test loss, mean ± standard deviation; published: ten seeds, here: {len(result.seeds)}"
    return Report(finding, [Table(caption, header, table_rows)], {"": _figure(result)}, asdict(result))


def _shown(values: list[float]) -> str:
    spread = statistics.stdev(values) if len(values) > 1 else 0.0
    return f"{statistics.mean(values):.3f} ± {spread:.3f}"


def _figure(result: Result) -> Figure:
    figure = Figure(figsize=(10, 4.2), dpi=120, layout="constrained")
    aside = np.linspace(-0.25, 0.25, len(result.seeds))  # so that runs with like losses do not hide each other
    for ax, (name, (mean, spread)) in zip(figure.subplots(1, 3), PUBLISHED.items(), strict=True):
        ax.axhspan(mean - spread, mean + spread, color="0.8", label="published mean ± standard deviation")
        for place, runs, look in (0, result.fixed, ("#0072B2", "o")), (1, result.reshuffled, ("#D55E00", "s")):
            ax.scatter(place + aside, runs[name], color=look[0], marker=look[1], s=14)
        ax.set(title=name, xlim=(-0.6, 1.6), xticks=(0, 1), xticklabels=("one order", "reshuffled"))
        ax.grid(alpha=0.3, axis="y")
    figure.axes[0].set_ylabel("final test loss")
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center")
    return figure
