"""The lecture's six update rules on its network: does the rule matter once each has its learning rate?

784-128(sigmoid)-10 on MNIST, batches of 32. Every rule has the same number of trials for its learning rate, over the
same wide space.
"""

from __future__ import annotations

from typing import Any

from ravine import Sequential, datasets, optimizers
from ravine.comparison import loguniform
from ravine.layers import Dense, Flatten


def model() -> Sequential:
    """The lecture's network."""
    return Sequential(
        [Flatten(input_shape=(28, 28)), Dense(128, activation="sigmoid"), Dense(10, activation="softmax")]
    )


def study() -> dict[str, Any]:
    """The arguments of :func:`ravine.compare`."""
    (x, y), test = datasets.mnist.load_data()
    return {
        "contenders": {
            "SGD": optimizers.SGD(),
            "momentum": optimizers.SGD(momentum=0.9),
            "NAG": optimizers.SGD(momentum=0.9, nesterov=True),
            "Adagrad": optimizers.Adagrad(),
            "RMSprop": optimizers.RMSprop(),
            "Adam": optimizers.Adam(),
        },
        "x": x / 255,
        "y": y,
        "test_data": (test[0] / 255, test[1]),
        "model": model,
        "loss": "sparse_categorical_crossentropy",
        "metrics": ["accuracy"],
        "epochs": 10,
        "tune": {"learning_rate": loguniform(1e-4, 1)},
        "trials": 8,
        "target": {"val_accuracy": 0.97},
    }
