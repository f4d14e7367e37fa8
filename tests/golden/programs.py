"""Small programs on public names alone, whose every bit is on record: all rules, and what acts in a run.

Run as a program, it writes the record of this machine and this JAX into ``records/``. Do that only at a commit whose
bits are known to be right: the record holds later ones to them.
"""

import base64
import json
import platform
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import jax
import numpy as np

import ravine
from ravine import Input, Sequential, callbacks, layers, losses, optimizers, regularizers
from ravine.optimizers import schedules

RECORDS = Path(__file__).parent / "records"
RNG = np.random.default_rng(20)
X = RNG.normal(size=(50, 6)).astype(np.float32)
LABELS = np.argmax(X @ RNG.normal(size=(6, 3)) + 0.3 * RNG.normal(size=(50, 3)), axis=1)
VALUES = X[:, 0] * X[:, 1] + 0.1 * RNG.normal(size=50).astype(np.float32)

Found = dict[str, np.ndarray]


def machine() -> str:
    """What the bits of a run depend on beside its program: the processor and the version of JAX."""
    model = "unknown"
    if Path("/proc/cpuinfo").exists():
        lines = dict(line.split(":", 1) for line in Path("/proc/cpuinfo").read_text().splitlines() if ":" in line)
        facts = {key.strip(): value.strip() for key, value in lines.items()}
        model = "-".join(facts.get(key, "") for key in ("model name", "cpu family", "model"))
    return f"{platform.machine()}-{model}-jax-{jax.__version__}".replace(" ", "_")


def classifier(optimizer, *middle, **compiling) -> Sequential:
    model = Sequential([Input((6,)), layers.Dense(8), *middle, layers.Dense(3, activation="softmax")])
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"], **compiling)
    return model


def found(model: Sequential, history) -> Found:
    """All that a run left behind: weights, History, probes and the number of its epochs."""
    values = {key: np.asarray(value, np.float64) for key, value in (history.history | history.probes).items()}
    weights = {f"weight {i}": np.asarray(array) for i, array in enumerate(model.get_weights())}
    return values | weights | {"epochs": np.asarray(history.epoch, np.int64)}


def trained(model: Sequential, y=LABELS, **options) -> Found:
    asked = {"batch_size": 16, "epochs": 5, "verbose": 0, "seed": 7, "validation_split": 0.2}
    return found(model, model.fit(X, y, **(asked | options)))


def momentum_and_batch_normalization() -> Found:
    middle = layers.BatchNormalization(), layers.ReLU()
    return trained(classifier(optimizers.SGD(0.1, momentum=0.9, nesterov=True), *middle), population_statistics=True)


def rmsprop_and_dropout() -> Found:
    middle = layers.Activation("tanh"), layers.Dropout(0.3)
    return trained(classifier(optimizers.RMSprop(0.01, momentum=0.5, centered=True), *middle))


def adam_and_early_stopping() -> Found:
    stopping = callbacks.EarlyStopping("val_loss", patience=2, restore_best_weights=True)
    model = classifier(optimizers.Adam(0.2), layers.Activation("sigmoid"))
    return trained(model, epochs=40, callbacks=[stopping])


def adamw_and_plateau() -> Found:
    plateau = callbacks.ReduceLROnPlateau("val_loss", factor=0.5, patience=1)
    model = classifier(optimizers.AdamW(0.1, weight_decay=0.01), layers.GaussianNoise(0.1))
    return trained(model, epochs=12, callbacks=[plateau])


def adagrad_and_probes() -> Found:
    model = classifier(optimizers.Adagrad(0.1), layers.LayerNormalization(), layers.Activation("relu"))
    return trained(model, callbacks=[callbacks.Probe()])


def adadelta_and_penalties() -> Found:
    penalized = layers.Dense(
        8, activation="tanh", kernel_regularizer=regularizers.L1L2(1e-3, 1e-2), kernel_constraint="unit_norm"
    )
    return trained(classifier(optimizers.Adadelta(1.0), penalized))


def nadam_and_a_schedule_of_the_host() -> Found:
    model = classifier(optimizers.Nadam(0.02), layers.ELU())
    return trained(model, callbacks=[callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.8)])


def adamax_step_by_step() -> Found:
    """The host has its turn after each batch."""
    heard = []
    hearing = callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: heard.append(batch))
    return trained(classifier(optimizers.Adamax(0.02), layers.Dropout(0.2)), callbacks=[hearing])


def lion_and_a_schedule() -> Found:
    rate = schedules.CosineDecay(0.01, decay_steps=10)
    return trained(classifier(optimizers.Lion(rate), layers.PReLU()), sample_weight=np.linspace(0.5, 1.5, 50))


def lamb_and_moving_averages() -> Found:
    return trained(classifier(optimizers.Lamb(0.02, use_ema=True, ema_momentum=0.9)), steps_per_epoch=2)


def adafactor_for_values() -> Found:
    model = Sequential([Input((6,)), layers.Dense(8, activation="gelu"), layers.Dense(1)])
    model.compile(optimizers.Adafactor(0.05), losses.Huber(), metrics=["mae"])
    return trained(model, VALUES, validation_freq=2)


def muon_and_accumulation() -> Found:
    rule = optimizers.Muon(0.02, gradient_accumulation_steps=2, global_clipnorm=1.0)
    return trained(classifier(rule, layers.AlphaDropout(0.1)))


def schedule_free_and_words() -> Found:
    words = np.random.default_rng(3).integers(0, 9, (50, 4))
    model = Sequential(
        [Input((4,)), layers.Embedding(9, 5), layers.GlobalAveragePooling1D(), layers.Dense(3, activation="softmax")]
    )
    model.compile(optimizers.ScheduleFreeAdamW(0.05), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return found(model, model.fit(words, LABELS, epochs=4, batch_size=16, verbose=0, seed=5))


def a_checkpoint_gone_on_from() -> Found:
    """Three epochs, and from their checkpoint three more in another model."""
    with tempfile.TemporaryDirectory() as folder:
        for epochs in (3, 6):
            model = classifier("adam", layers.BatchNormalization(), layers.Dropout(0.2))
            result = trained(model, epochs=epochs, checkpoint=folder)
        return result


def runs_in_groups() -> Found:
    result = ravine.compare(
        {"slow": optimizers.SGD(0.05), "fast": optimizers.SGD(0.5)},
        X,
        LABELS,
        model=lambda: Sequential([layers.Dense(4, activation="relu"), layers.Dropout(0.1), layers.Dense(3, "softmax")]),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
        epochs=8,
        seeds=8,
        batch_size=16,
        callbacks=[callbacks.EarlyStopping("val_loss", patience=2)],
        verbose=0,
    )
    return {
        f"{run.contender} {run.seed} {key}": np.asarray(values, np.float64)
        for run in result.runs
        for key, values in run.history.items()
    }


PROGRAMS: dict[str, Callable[[], Found]] = {
    program.__name__: program
    for program in (
        momentum_and_batch_normalization,
        rmsprop_and_dropout,
        adam_and_early_stopping,
        adamw_and_plateau,
        adagrad_and_probes,
        adadelta_and_penalties,
        nadam_and_a_schedule_of_the_host,
        adamax_step_by_step,
        lion_and_a_schedule,
        lamb_and_moving_averages,
        adafactor_for_values,
        muon_and_accumulation,
        schedule_free_and_words,
        a_checkpoint_gone_on_from,
        runs_in_groups,
    )
}


def encoded(arrays: Found) -> Iterator[tuple[str, list]]:
    for key, array in arrays.items():
        yield key, [str(array.dtype), list(array.shape), base64.b64encode(array.tobytes()).decode()]


def decoded(record: dict[str, list]) -> Found:
    return {
        key: np.frombuffer(base64.b64decode(text), dtype).reshape(shape) for key, (dtype, shape, text) in record.items()
    }


def main() -> None:
    record = {name: dict(encoded(program())) for name, program in PROGRAMS.items()}
    path = RECORDS / f"{machine()}.json"
    path.write_text(json.dumps(record, indent=0) + "\n")
    print(path)


if __name__ == "__main__":
    main()
