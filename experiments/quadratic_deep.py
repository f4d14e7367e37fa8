"""DeepOBS's noisy quadratic of 100 dimensions: three optimizers over many seeds, beside the published figures.

python experiments/quadratic_deep.py [--seeds 60] prints the table of docs/quadratic_deep.md.

The problem is ``quadratic_deep`` of Schneider, Balles & Hennig 2019, "DeepOBS: a deep learning optimizer benchmark
suite". A row x of the data has the loss ½·(θ − x)ᵀ·Q·(θ − x), and θ starts at ones. Ninety eigenvalues of Q lie between
0 and 1, ten between 30 and 60. A seed decides the order of the batches, and nothing else.
"""

import argparse
import functools
import statistics

import jax
import jax.numpy as jnp
import numpy as np

from ravine import Sequential, layers, losses, optimizers, trees

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


@trees.tree
class Distance(layers.Layer):
    """θ − x, with θ its parameter."""

    variable_names = ("theta",)

    def init(self, key: jax.Array, input_shape: tuple[int, ...]) -> tuple[dict, dict]:
        """θ of ones."""
        return {"theta": jnp.ones(input_shape)}, {}

    def apply(self, params: dict, stats: dict, x: jax.Array, *, key: jax.Array | None, training: bool) -> tuple:
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
    x = rows(43)[:KEPT]
    return model.evaluate(x, np.zeros(KEPT), verbose=0)


def run(rule: optimizers.Optimizer, seed: int, *, reshuffled: bool, epochs: int = EPOCHS) -> float:
    """The test loss after training with one order of the rows for all epochs, or ``reshuffled`` before each."""
    model, data, rng = build(rule), rows(42), np.random.default_rng(seed)
    for _ in range(epochs if reshuffled else 1):
        order = rng.permutation(ROWS)[:KEPT]
        fitted = 1 if reshuffled else epochs
        model.fit(data[order], np.zeros(KEPT), BATCH, fitted, verbose=0, shuffle=False, seed=seed)
    return test_loss(model)


def main() -> None:
    """Run all seeds and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=60)
    seeds = range(parser.parse_args().seeds)
    start = test_loss(build(optimizers.SGD(0.0)))
    eigenvalues = np.linalg.eigvalsh(hessian())
    print(f"Initial test loss {start:.5f} (published {PUBLISHED_START})")
    print(f"Condition number {eigenvalues[-1] / eigenvalues[0]:.0f}\n")
    print("| | published | one order for all epochs | in the published interval | reshuffled before each epoch |")
    print("|---|---|---|---|---|")
    for name, rule in RULES.items():
        fixed, reshuffled = ([run(rule, s, reshuffled=r) for s in seeds] for r in (False, True))
        mean, spread = PUBLISHED[name]
        inside = "yes" if abs(statistics.mean(fixed) - mean) <= spread else "no"
        cells = [f"{statistics.mean(v):.3f} ± {statistics.stdev(v):.3f}" for v in (fixed, reshuffled)]
        print(f"| {name} | {mean:.3f} ± {spread:.3f} | {cells[0]} | {inside} | {cells[1]} |", flush=True)


if __name__ == "__main__":
    main()
