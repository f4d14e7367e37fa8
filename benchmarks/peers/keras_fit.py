"""Keras `fit`; the backend is chosen by KERAS_BACKEND."""

import time

import keras
from keras_network import network, packages
from protocol import Turn, job, load, serve

x, y, x_val, y_val = load()
model = network(job["seed"])


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


serve(train, *packages())
