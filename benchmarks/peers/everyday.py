"""What people do with a model every day, in Ravine or Keras: one program for both, since their API is one."""

import importlib
import tempfile
from collections.abc import Callable
from pathlib import Path

from protocol import Turn, job, load, serve

library = importlib.import_module(job["library"])
layers, metrics = library.layers, library.metrics
x, y, *_ = load()
folder = Path(tempfile.mkdtemp())


def ten_metrics():
    """Of every kind: means of samples, counts by class, counts at thresholds."""
    return [
        "accuracy",
        metrics.SparseTopKCategoricalAccuracy(k=2, name="top_2"),
        metrics.SparseTopKCategoricalAccuracy(k=3, name="top_3"),
        metrics.SparseTopKCategoricalAccuracy(k=5, name="top_5"),
        metrics.SparseCategoricalCrossentropy(name="crossentropy"),
        metrics.MeanIoU(num_classes=10, sparse_y_pred=False, name="mean_iou"),
        metrics.IoU(num_classes=10, target_class_ids=[0], sparse_y_pred=False, name="iou_0"),
        metrics.IoU(num_classes=10, target_class_ids=[1, 2], sparse_y_pred=False, name="iou_1_2"),
        metrics.IoU(num_classes=10, target_class_ids=[3], sparse_y_pred=False, name="iou_3"),
        metrics.SparseCategoricalAccuracy(name="sparse_accuracy"),
    ]


def network():
    """The lecture's, compiled."""
    model = library.Sequential(
        [library.Input((784,)), layers.Dense(128, activation="sigmoid"), layers.Dense(10, activation="softmax")]
    )
    model.compile(
        optimizer=library.optimizers.SGD(0.1, momentum=0.9),
        loss="sparse_categorical_crossentropy",
        metrics=ten_metrics() if job["metrics"] == 10 else ["accuracy"] if job["metrics"] else None,
    )
    return model


def batches():
    """Ready batches, on and on."""
    size = job["batch_size"]
    ready = [(x[i : i + size], y[i : i + size]) for i in range(0, len(x), size)]
    while True:
        yield from ready


def fit(epochs: int) -> list[float]:
    """So many epochs in one call; their losses."""
    options = {"epochs": epochs, "verbose": 0}
    if job["checkpoint"]:
        options["checkpoint"] = tempfile.mkdtemp(dir=folder)
    if job["feed"] == "generator":
        history = model.fit(batches(), steps_per_epoch=len(x) // job["batch_size"], **options)
    else:
        history = model.fit(x, y, batch_size=job["batch_size"], **options)
    return history.history["loss"]


def repeated(action: Callable[[], object]) -> Callable[[int], list[float]]:
    """An action so many times; it has no losses."""

    def act(times: int) -> list[float]:
        for _ in range(times):
            action()
        return []

    return act


model = network()
model.fit(x[:320], y[:320], verbose=0)  # the optimizer's arrays are part of what is saved
path = str(folder / "model.keras")
TASKS = {
    "fit": fit,
    "save": repeated(lambda: model.save(path)),
    "load": repeated(lambda: library.models.load_model(path)),
    "predict": repeated(lambda: model.predict(x[:10_000], verbose=0)),
    "predict_on_batch": repeated(lambda: model.predict_on_batch(x[:1])),
}


def train(epochs: int, each: bool) -> Turn:
    return {"losses": TASKS[job["task"]](epochs), "val_losses": [], "each": None}


model.save(path)
serve(train, library.__name__, "jax", "numpy")
