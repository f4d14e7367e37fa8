"""Writes the peers' data: `python data.py FOLDER`, in Ravine's environment, for MNIST comes with Ravine."""

import sys
from pathlib import Path

import numpy as np


def mnist() -> dict[str, np.ndarray]:
    """All of MNIST, in the arrays and names of Keras's own file."""
    from ravine import datasets

    (x_train, y_train), (x_test, y_test) = datasets.mnist.load_data()
    return {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}


def regression(rows: int = 1000, features: int = 10, seed: int = 0) -> dict[str, np.ndarray]:
    """Three relus' worth of function, so that every seed learns it, and noise of variance 0.01: the loss all end at."""
    generator = np.random.default_rng(seed)
    x = generator.standard_normal((rows, features))
    a, b = generator.standard_normal((2, features)) / np.sqrt(features)
    y = np.abs(x @ a) + x @ b + 0.1 * generator.standard_normal(rows)
    return {"x_train": x.astype("float32"), "y_train": y.astype("float32")}


def classes(wrong: float = 0.1, seed: int = 1) -> dict[str, np.ndarray]:
    """Regression's rows in two halves, one label in ten wrong: a network that learns those too should stop early."""
    rows = regression()
    y = rows["y_train"] > np.median(rows["y_train"])
    y ^= np.random.default_rng(seed).random(len(y)) < wrong
    return {"x_train": rows["x_train"], "y_train": y.astype("float32")}


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, make in {"mnist": mnist, "regression": regression, "classes": classes}.items():
        if not (folder / f"{name}.npz").exists():
            np.savez(folder / "part.npz", **make())
            (folder / "part.npz").rename(folder / f"{name}.npz")  # whole or not at all
