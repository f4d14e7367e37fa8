"""L1, L2, dropout and early stopping where data are few: which helps, and how much?

784-256-256-10 with ReLU learns 2,000 digits by heart. Each contender tunes the learning rate and its own strength, with
the same number of trials.
"""

from __future__ import annotations

from typing import Any

from ravine import Sequential, datasets, optimizers
from ravine.callbacks import EarlyStopping
from ravine.comparison import loguniform, uniform
from ravine.layers import Dense, Dropout, Flatten

ROWS = 2500
"""Of which a fifth is held out."""


def model(regularizer: str | None = None, rate: float | None = None) -> Sequential:
    """The network, with a penalty on the weights of its hidden layers or with dropout after them."""
    layers: list[Any] = [Flatten(input_shape=(28, 28))]
    for _ in range(2):
        layers.append(Dense(256, activation="relu", kernel_regularizer=regularizer))
        layers += [] if rate is None else [Dropout(rate)]
    return Sequential([*layers, Dense(10, activation="softmax")])


def study() -> dict[str, Any]:
    """The arguments of :func:`ravine.compare`."""
    (x, y), test = datasets.mnist.load_data()
    learning_rate = {"learning_rate": loguniform(1e-4, 1e-2)}
    return {
        "contenders": {
            "none": model,
            "L1": {"model": lambda: model("l1")},
            "L2": {"model": lambda: model("l2")},
            "dropout": {"model": lambda: model(rate=0.5)},
            "early stopping": {
                "model": model,
                "callbacks": [EarlyStopping("val_loss", patience=5, restore_best_weights=True)],
            },
        },
        "x": x[:ROWS] / 255,
        "y": y[:ROWS],
        "test_data": (test[0] / 255, test[1]),
        "optimizer": optimizers.Adam(),
        "loss": "sparse_categorical_crossentropy",
        "metrics": ["accuracy"],
        "epochs": 40,
        "tune": {
            "none": learning_rate,
            "L1": {**learning_rate, "dense.kernel_regularizer.l1": loguniform(1e-6, 1e-3)},
            "L2": {**learning_rate, "dense.kernel_regularizer.l2": loguniform(1e-6, 1e-2)},
            "dropout": {**learning_rate, "dropout.rate": uniform(0.05, 0.8)},
            "early stopping": learning_rate,
        },
        "trials": 12,
    }
