"""Feed a model from a generator, and from a data set that is read piece by piece."""

import math

import keras
import numpy as np
from keras import layers

weights = np.array([1.5, -2.0, 0.5, 0.0, 3.0], "float32")


def batches(seed, batch_size=32):
    rng = np.random.default_rng(seed)
    while True:
        x = rng.normal(size=(batch_size, 5)).astype("float32")
        noise = rng.normal(scale=0.1, size=batch_size).astype("float32")
        yield x, (np.tanh(x @ weights) + noise)[:, None]


class Waves(keras.utils.PyDataset):
    def __init__(self, count, batch_size, seed, **kwargs):
        super().__init__(**kwargs)
        self.batch_size = batch_size
        self.x = np.random.default_rng(seed).normal(size=(count, 5)).astype("float32")
        self.y = np.tanh(self.x @ weights)[:, None]

    def __len__(self):
        return math.ceil(len(self.x) / self.batch_size)

    def __getitem__(self, index):
        low = index * self.batch_size
        high = min(low + self.batch_size, len(self.x))
        return self.x[low:high], self.y[low:high]


model = keras.Sequential(
    [
        keras.Input(shape=(5,)),
        layers.Dense(24, activation="tanh"),
        layers.Dense(1),
    ]
)
model.compile(optimizer=keras.optimizers.Adam(0.01), loss="mse", metrics=["mae"])
history = model.fit(
    batches(seed=1),
    steps_per_epoch=25,
    epochs=6,
    validation_data=batches(seed=2),
    validation_steps=5,
    verbose=0,
)
steps_seen = history.params["steps"]
from_generator = model.evaluate(batches(seed=3), steps=10, verbose=0, return_dict=True)

model.fit(Waves(500, 32, seed=4), epochs=3, verbose=0)
test = Waves(200, 64, seed=5)
from_dataset = model.evaluate(test, verbose=0, return_dict=True)
predictions = model.predict(test, verbose=0)
print(f"After {steps_seen} steps an epoch: {from_generator}; of the data set: {from_dataset}")

quality = {
    "loss": from_generator["loss"],
    "mae": from_generator["mae"],
    "loss of the data set": from_dataset["loss"],
    "spread of predictions": float(np.std(predictions)),
}
