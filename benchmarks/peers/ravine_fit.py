"""Ravine's `fit`: several epochs in one call, as its users train."""

import time

from protocol import Turn, job, load, serve
from ravine_network import network

from ravine import callbacks

probes = job["probed"] and job["settings"].get("without") != "probes"
watching = [callbacks.Probe()] if probes else []
x, y, x_val, y_val = load()
model = network()


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
