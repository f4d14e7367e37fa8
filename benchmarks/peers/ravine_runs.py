"""Ravine's `fit`, run after run, each of a new model."""

from population import Curves, one_after_another
from protocol import Turn, job, load, serve
from ravine_network import network

from ravine.callbacks import EarlyStopping

x, y, x_val, y_val = load()


def train(epochs: int, each: bool) -> Turn:
    def run(seed: int) -> Curves:
        history = network().fit(
            x,
            y,
            batch_size=job["batch_size"],
            epochs=epochs,
            validation_data=(x_val, y_val),
            callbacks=[EarlyStopping(patience=job["patience"])] if job["patience"] else None,
            verbose=0,
            seed=seed,
        )
        return history.history

    return one_after_another(run)


serve(train, "ravine", "jax", "numpy")
