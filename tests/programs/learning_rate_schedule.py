"""Compare two ways to lower the learning rate while a network trains."""

import math

import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(21)
x = rng.uniform(-1, 1, size=(960, 2)).astype("float32")
angle = np.arctan2(x[:, 1], x[:, 0]) + 4 * np.hypot(x[:, 0], x[:, 1])
y = (np.floor(3 * angle / (2 * math.pi)) % 3).astype("int64")

batch_size = 32
epochs = 10
steps = epochs * len(x) // batch_size


def build_model():
    return keras.Sequential(
        [
            layers.Input(shape=(2,)),
            layers.Dense(32, activation="relu"),
            layers.Dense(32, activation="relu"),
            layers.Dense(3, activation="softmax"),
        ]
    )


def step_decay(epoch, lr):
    return lr if epoch < 5 else lr * 0.7


quality = {}

schedule = keras.optimizers.schedules.CosineDecay(0.02, decay_steps=steps, alpha=0.01)
model = build_model()
model.compile(keras.optimizers.Adam(learning_rate=schedule), "sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(x, y, batch_size=batch_size, epochs=epochs, verbose=0)
quality["cosine"] = history.history["loss"][-1]

model = build_model()
model.compile(keras.optimizers.Adam(learning_rate=0.02), "sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(
    x,
    y,
    batch_size=batch_size,
    epochs=epochs,
    verbose=0,
    callbacks=[keras.callbacks.LearningRateScheduler(step_decay)],
)
quality["by epoch"] = history.history["loss"][-1]
quality["last rate"] = float(history.history["learning_rate"][-1])

for name, value in quality.items():
    print(f"{name}: {value:.4f}")
