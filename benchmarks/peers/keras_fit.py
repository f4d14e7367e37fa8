"""Keras `fit`; the backend is chosen by KERAS_BACKEND."""

import time

import keras
from protocol import Turn, job, load, serve

x, y, x_val, y_val = load()
classify = job["loss"] == "crossentropy"
keras.utils.set_random_seed(job["seed"])
*hidden, outputs = job["sizes"][1:]
model = keras.Sequential(
    [
        keras.Input((job["sizes"][0],)),
        *[keras.layers.Dense(units, job["activation"]) for units in hidden],
        keras.layers.Dense(outputs, "softmax" if classify else None),
    ]
)
model.compile(
    optimizer=keras.optimizers.SGD(job["learning_rate"], momentum=job["momentum"]),
    loss="sparse_categorical_crossentropy" if classify else "mse",
    metrics=["accuracy"] if classify else None,
    steps_per_execution=job["settings"].get("steps_per_execution", 1),
)


class Stamps(keras.callbacks.Callback):
    """The seconds of each epoch: without hooks for batches, Keras spends nothing on it."""

    def on_train_begin(self, logs=None):
        self.seconds = []

    def on_epoch_begin(self, epoch, logs=None):
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.seconds.append(time.perf_counter() - self.start)


stamps = Stamps()


def train(epochs: int, each: bool) -> Turn:
    history = model.fit(
        x,
        y,
        batch_size=job["batch_size"],
        epochs=epochs,
        validation_data=(x_val, y_val) if len(x_val) else None,
        callbacks=[stamps],
        verbose=0,
    ).history
    return {"losses": history["loss"], "val_losses": history.get("val_loss", []), "each": stamps.seconds}


serve(train, "keras", {"jax": "jax", "tensorflow": "tensorflow-cpu"}[keras.backend.backend()], "numpy")
