"""Ravine's `fit`: several epochs in one call, as its users train."""

import time

from protocol import Turn, job, load, serve

from ravine import Sequential, callbacks, optimizers
from ravine.layers import Activation, BatchNormalization, Dense, Dropout, Input


def rule():
    """The update rule, Ravine's own or optax's."""
    rate, momentum = job["learning_rate"], job["momentum"]
    if job["settings"].get("optax"):
        import optax

        return optax.adam(rate) if job["optimizer"] == "adam" else optax.sgd(rate, momentum)
    rules = {"adam": optimizers.Adam, "rmsprop": optimizers.RMSprop}
    return rules[job["optimizer"]](rate) if job["optimizer"] in rules else optimizers.SGD(rate, momentum=momentum)


def hidden_layer(units):
    """A hidden layer with all that belongs to it."""
    if job["batch_norm"]:
        return [Dense(units), BatchNormalization(), Activation(job["activation"])]
    drops = job["dropout"] and left_out != "dropout"
    return [Dense(units, job["activation"]), *([Dropout(job["dropout"])] if drops else [])]


left_out = job["settings"].get("without")
watching = [callbacks.Probe()] if job["probed"] and left_out != "probes" else []
x, y, x_val, y_val = load()
classify = job["loss"] == "crossentropy"
*hidden, outputs = job["sizes"][1:]
model = Sequential(
    [
        Input((job["sizes"][0],)),
        *[layer for units in hidden for layer in hidden_layer(units)],
        Dense(outputs, "softmax" if classify else None),
    ]
)
model.compile(
    optimizer=rule(),
    loss="sparse_categorical_crossentropy" if classify else "mse",
    metrics=["accuracy"] if classify else None,
)


class Stamps(callbacks.Callback):
    """The seconds of each epoch, as with the peers; they make Ravine return after every epoch."""

    def on_train_begin(self, logs=None):
        self.seconds = []

    def on_epoch_begin(self, epoch, logs=None):
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.seconds.append(time.perf_counter() - self.start)


def train(epochs: int, each: bool) -> Turn:
    stamps = Stamps()
    stamped = each or not job["whole_fit"]
    history = model.fit(
        x,
        y,
        batch_size=job["batch_size"],
        epochs=epochs,
        validation_data=(x_val, y_val) if len(x_val) else None,
        callbacks=[*watching, *([stamps] if stamped else [])],
        verbose=0,
        seed=job["seed"],
    ).history
    return {
        "losses": history["loss"],
        "val_losses": history.get("val_loss", []),
        "each": stamps.seconds if stamped else None,
    }


serve(train, "ravine", "jax", "numpy")
