"""The job's network in Keras, compiled."""

import keras
from protocol import job

ENDS = {
    "crossentropy": ("softmax", "sparse_categorical_crossentropy", ["accuracy"]),
    "binary": ("sigmoid", "binary_crossentropy", ["accuracy"]),
    "mse": (None, "mse", None),
}
"""What a kind of loss comes to: the last activation, the loss and the metrics."""


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


def network(seed: int) -> keras.Model:
    """A new one; its weights, and the order of the rows that it trains on, come from the seed."""
    keras.utils.set_random_seed(seed)
    *hidden, outputs = job["sizes"][1:]
    activation, loss, metrics = ENDS[job["loss"]]
    model = keras.Sequential(
        [
            keras.Input((job["sizes"][0],)),
            *[layer for units in hidden for layer in hidden_layer(units)],
            keras.layers.Dense(outputs, activation),
        ]
    )
    model.compile(
        optimizer=rule(),
        loss=loss,
        metrics=metrics,
        steps_per_execution=job["settings"].get("steps_per_execution", 1),
    )
    return model


def packages() -> tuple[str, ...]:
    """Those whose versions count."""
    return "keras", {"jax": "jax", "tensorflow": "tensorflow-cpu"}[keras.backend.backend()], "numpy"
