"""``ravine mnist``: its work."""

from __future__ import annotations

import json
import math
import platform
import shutil
import sys
import time
from contextlib import nullcontext, redirect_stdout
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, cast

import jax
import numpy as np

import ravine
from ravine import Sequential, checks, optimizers, seeds
from ravine.atomic import replacing
from ravine.callbacks import EarlyStopping
from ravine.cli.command import make_folder, writing_to
from ravine.datasets import mnist
from ravine.files import save_csv, save_model
from ravine.layers import Dense, Flatten
from ravine.training.history import History

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Recipe:
    """What the options say about the network and its training."""

    epochs: int
    patience: int
    batch_size: int
    hidden: int
    activation: str
    optimizer: str
    learning_rate: float
    momentum: float
    nesterov: bool
    seed: int | None

    def check(self) -> None:
        """Raise where a number cannot work that the model does not see, or knows by another name."""
        for name in ("epochs", "batch_size", "hidden"):
            checks.integer(name, getattr(self, name), least=1)
        if self.seed is not None:
            seeds.check_seed("seed", self.seed)

    def model(self) -> Sequential:
        """The network, compiled."""
        rule = optimizers.get(self.optimizer)
        # Of the options about the rule, those that it has.
        chosen = {f.name: getattr(self, f.name) for f in fields(rule) if f.name in asdict(self)}
        model = Sequential(
            [
                Flatten(input_shape=(28, 28)),
                Dense(self.hidden, activation=self.activation),
                Dense(10, activation="softmax"),
            ]
        )
        model.compile(replace(rule, **chosen), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
        return model


@dataclass(frozen=True)
class Outcome:
    """What came of a run; its epochs count from 1."""

    settings: dict[str, Any]
    epochs_run: int
    stopped_epoch: int | None
    kept_epoch: int
    interrupted: bool
    train: dict[str, float]
    test: dict[str, float]
    history: dict[str, list[float]]
    files: dict[str, str]
    seconds: dict[str, float]
    versions: dict[str, str]


def run(recipe: Recipe, out: Path, *, as_json: bool, start: float) -> bool:
    """Train as ``recipe`` says, write to the folder ``out`` and report; returns whether Ctrl-C cut the run short.

    ``start`` is when the command began, by ``time.perf_counter``.
    """
    draws = sys.stdout.isatty() and not as_json
    with redirect_stdout(sys.stderr) if as_json else nullcontext():
        history, outcome = _train(recipe, out, start)
    if as_json:
        print(json.dumps(_without_nan(asdict(outcome)), indent=2, allow_nan=False))
        return outcome.interrupted
    print()
    if draws:
        _draw(history, outcome.kept_epoch - 1)
    print(_told(outcome))
    return outcome.interrupted


def _train(recipe: Recipe, out: Path, start: float) -> tuple[History, Outcome]:
    recipe.check()
    stopping = EarlyStopping("val_loss", patience=recipe.patience, restore_best_weights=True)
    model = recipe.model()
    with writing_to(out):
        make_folder(out)
    (train_images, train_labels), (test_images, test_labels) = mnist.load_data()
    train_images, test_images = _scaled(train_images), _scaled(test_images)
    model.summary()
    fit_start = time.perf_counter()
    history = model.fit(
        train_images,
        train_labels,
        batch_size=recipe.batch_size,
        epochs=recipe.epochs,
        callbacks=[stopping],
        validation_split=0.2,
        seed=recipe.seed,
    )
    fit_seconds = time.perf_counter() - fit_start
    stopped = stopping.stopped_epoch or None
    train, test = _values(model, train_images, train_labels), _values(model, test_images, test_labels)
    files = {"figure": out / "history.png", "history": out / "history.csv", "model": out / "model.keras"}
    from ravine.plots import history_figure

    with writing_to(out):
        save_model(model, files["model"])
        save_csv(history, files["history"])
        with replacing(files["figure"]) as file:
            history_figure(history, stopping.best_epoch, stopped).savefig(file, format="png")
    return history, Outcome(
        settings=asdict(recipe) | {"seed": history.seed},
        epochs_run=len(history.epoch),
        stopped_epoch=None if stopped is None else stopped + 1,
        kept_epoch=stopping.best_epoch + 1,
        interrupted=stopped is None and len(history.epoch) < recipe.epochs,
        train=train,
        test=test,
        history={"epoch": [epoch + 1 for epoch in history.epoch], **history.history},
        files={name: str(path) for name, path in files.items()},
        seconds={"fit": round(fit_seconds, 3), "total": round(time.perf_counter() - start, 3)},
        versions={
            "ravine": ravine.__version__,
            "jax": jax.__version__,
            "numpy": np.__version__,
            "python": platform.python_version(),
        },
    )


def _scaled(images: Array) -> Array:
    """``images / 255.0`` as float32, without the float64 copy on the way.

    It starts at a multiple of 64 bytes, where JAX can read an array in place instead of copying it.
    """
    size = images.size * 4
    buffer = np.empty(size + 64, np.uint8)
    start = -buffer.ctypes.data % 64
    scaled = buffer[start : start + size].view(np.float32).reshape(images.shape)
    return np.divide(images, 255, out=scaled, dtype=np.float32)


def _values(model: Sequential, images: Array, labels: Array) -> dict[str, float]:
    values = cast(dict[str, float], model.evaluate(images, labels, verbose=0, return_dict=True))
    return {**values, "images": len(images)}


def _draw(history: History, kept_epoch: int) -> None:
    from ravine.plots.terminal import history_text

    text = history_text(history, shutil.get_terminal_size().columns, kept_epoch)
    try:
        if text is not None:
            text.encode(sys.stdout.encoding)
            print(text, end="\n\n")
    except UnicodeEncodeError:
        pass  # a terminal that lacks these characters


def _told(outcome: Outcome) -> str:
    asked, ran, kept = outcome.settings["epochs"], outcome.epochs_run, outcome.kept_epoch
    best = outcome.history["val_loss"][kept - 1]
    if outcome.stopped_epoch is not None:
        ending = f"Stopped early after epoch {ran} of {asked}"
    elif outcome.interrupted:
        ending = f"Interrupted after epoch {ran} of {asked}"
    else:
        ending = f"Trained for {ran} epoch{'s' * (ran > 1)} without stopping early"
    return "\n".join(
        [
            f"{ending}; kept the weights of epoch {kept} (val_loss {best:.4f}).",
            f"Train accuracy {_shown(outcome.train)}, training and validation together",
            f"Test accuracy  {_shown(outcome.test)}",
            f"Seed {outcome.settings['seed']}, {outcome.seconds['total']:.1f} s in all",
            *(f"Wrote {path}" for path in outcome.files.values()),
        ]
    )


def _shown(values: dict[str, float]) -> str:
    return f"{values['accuracy']:.4f} (loss {values['loss']:.4f}) on {values['images']:,} images"


def _without_nan(value: Any) -> Any:
    """``value`` with None for what JSON has no number for."""
    if isinstance(value, dict):
        return {key: _without_nan(v) for key, v in value.items()}
    if isinstance(value, list):
        return [_without_nan(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
