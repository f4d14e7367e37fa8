"""A deep sigmoid network with and without batch normalization, each with its own learning rate.

784-100-100-100-10 on MNIST, batches of 60, small Gaussian initial weights: the network of figure 1 of Ioffe & Szegedy
2015. The paper gives both the same learning rate; here each is tuned.
"""

from __future__ import annotations

from typing import Any

import jax

from ravine import Sequential, datasets, optimizers
from ravine.comparison import loguniform
from ravine.layers import Activation, BatchNormalization, Dense, Flatten


def small_gaussian(key: jax.Array, shape: tuple[int, ...]) -> jax.Array:
    """Initial weights of standard deviation 0.1."""
    return 0.1 * jax.random.normal(key, shape)


def model(normalized: bool) -> Sequential:
    """The network; normalized before each activation, as in the paper."""
    layers: list[Any] = [Flatten(input_shape=(28, 28))]
    for _ in range(3):
        layers.append(Dense(100, kernel_initializer=small_gaussian))
        layers += [BatchNormalization()] if normalized else []
        layers.append(Activation("sigmoid"))
    return Sequential([*layers, Dense(10, activation="softmax")])


def study() -> dict[str, Any]:
    """The arguments of :func:`ravine.compare`."""
    (x, y), test = datasets.mnist.load_data()
    return {
        "contenders": {
            "without": lambda: model(False),
            "with BN": lambda: model(True),
        },
        "x": x / 255,
        "y": y,
        "test_data": (test[0] / 255, test[1]),
        "optimizer": optimizers.SGD(),
        "loss": "sparse_categorical_crossentropy",
        "metrics": ["accuracy"],
        "epochs": 10,
        "batch_size": 60,
        "tune": {"learning_rate": loguniform(1e-3, 10)},
        "trials": 8,
        "target": {"val_accuracy": 0.95},
    }
