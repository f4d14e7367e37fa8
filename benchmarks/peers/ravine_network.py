"""The job's network in Ravine, compiled."""

from protocol import job

from ravine import Sequential, optimizers
from ravine.layers import Activation, BatchNormalization, Dense, Dropout, Input

ENDS = {
    "crossentropy": ("softmax", "sparse_categorical_crossentropy", ["accuracy"]),
    "binary": ("sigmoid", "binary_crossentropy", ["accuracy"]),
    "mse": (None, "mse", None),
}
"""What a kind of loss comes to: the last activation, the loss and the metrics."""


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
    drops = job["dropout"] and job["settings"].get("without") != "dropout"
    return [Dense(units, job["activation"]), *([Dropout(job["dropout"])] if drops else [])]


def network() -> Sequential:
    """A new one."""
    *hidden, outputs = job["sizes"][1:]
    activation, loss, metrics = ENDS[job["loss"]]
    model = Sequential(
        [
            Input((job["sizes"][0],)),
            *[layer for units in hidden for layer in hidden_layer(units)],
            Dense(outputs, activation),
        ]
    )
    model.compile(optimizer=rule(), loss=loss, metrics=metrics)
    return model
