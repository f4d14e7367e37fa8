"""Keras `fit`; the backend is chosen by KERAS_BACKEND."""

import time

import keras
from protocol import Turn, job, load, serve

x, y, x_val, y_val = load()
classify = job["loss"] == "crossentropy"
keras.utils.set_random_seed(job["seed"])
*hidden, outputs = job["sizes"][1:]


def hidden_layer(units):
    """A hidden layer with all that belongs to it."""
    if job["batch_norm"]:
        normalization = keras.layers.BatchNormalization()
        return [keras.layers.Dense(units), normalization, keras.layers.Activation(job["activation"])]
    drops = [keras.layers.Dropout(job["dropout"])] if job["dropout"] else []
    return [keras.layers.Dense(units, job["activation"]), *drops]


def rule():
    """The update rule."""
    rules = {"adam": keras.optimizers.Adam, "rmsprop": keras.optimizers.RMSprop}
    if job["optimizer"] in rules:
        return rules[job["optimizer"]](job["learning_rate"])
    return keras.optimizers.SGD(job["learning_rate"], momentum=job["momentum"])


model = keras.Sequential(
    [
        keras.Input((job["sizes"][0],)),
        *[layer for units in hidden for layer in hidden_layer(units)],
        keras.layers.Dense(outputs, "softmax" if classify else None),
    ]
)
model.compile(
    optimizer=rule(),
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
