"""Keras `fit`, run after run, each of a new model, which Keras compiles anew."""

from keras.callbacks import EarlyStopping
from keras_network import network, packages
from population import Curves, one_after_another
from protocol import Turn, job, load, serve

x, y, x_val, y_val = load()


def train(epochs: int, each: bool) -> Turn:
    def run(seed: int) -> Curves:
        history = network(seed).fit(
            x,
            y,
            batch_size=job["batch_size"],
            epochs=epochs,
            validation_data=(x_val, y_val),
            callbacks=[EarlyStopping(patience=job["patience"])] if job["patience"] else None,
            verbose=0,
        )
        return history.history

    return one_after_another(run)


serve(train, *packages())
