"""Ravine's `compare`: a population in one call."""

from population import told
from protocol import Turn, job, load, serve
from ravine_network import network

import ravine
from ravine.callbacks import EarlyStopping

x, y, x_val, y_val = load()


def train(epochs: int, each: bool) -> Turn:
    result = ravine.compare(
        {"network": network},
        x,
        y,
        validation_data=(x_val, y_val),
        epochs=epochs,
        batch_size=job["batch_size"],
        callbacks=[EarlyStopping(patience=job["patience"])] if job["patience"] else None,
        seeds=job["runs"],
        verbose=0,
    )
    return told([run.history for run in result.runs])


serve(train, "ravine", "jax", "numpy")
