"""Predict a high quantile instead of the mean, by a loss and a metric of one's own."""

import keras
import numpy as np
from keras import layers, ops

quantile = 0.9

rng = np.random.default_rng(8)
x = rng.uniform(-2, 2, size=(1500, 1)).astype("float32")
y = (np.sin(2 * x) + rng.normal(size=x.shape) * (0.1 + 0.1 * np.abs(x))).astype("float32")


def pinball(y_true, y_pred):
    error = y_true - y_pred
    return ops.mean(ops.maximum(quantile * error, (quantile - 1) * error), axis=-1)


def coverage(y_true, y_pred):
    below = ops.cast(ops.less_equal(y_true, y_pred), "float32")
    return keras.ops.mean(below, axis=-1)


upper = keras.Sequential(
    [
        keras.Input(shape=(1,)),
        layers.Dense(32, activation="tanh"),
        layers.Dense(32, activation="tanh"),
        layers.Dense(1),
    ]
)
upper.compile(optimizer=keras.optimizers.Adam(0.01), loss=pinball, metrics=[coverage])
history = upper.fit(x[:1000], y[:1000], epochs=12, batch_size=50, verbose=0)
loss, covered = upper.evaluate(x[1000:], y[1000:], verbose=0)
print(f"{100 * covered:.1f} % of the test values lie below the predicted quantile")

quality = {"pinball": loss, "coverage": covered}
