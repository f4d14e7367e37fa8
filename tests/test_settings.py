"""JAX as the user set it elsewhere in a program: Ravine's numbers stay the same bits."""

import os
import subprocess
import sys

import jax
import numpy as np
import pytest

import ravine
from ravine import Sequential, layers, metrics, settings
from ravine.landscape import descend

random = np.random.default_rng(0)
X = random.normal(size=(24, 5))
Y = random.integers(0, 3, 24)


def compiled():
    model = Sequential(
        [
            layers.Input((5,)),
            layers.Dense(4, activation="relu", kernel_regularizer="l2", kernel_constraint="max_norm"),
            layers.BatchNormalization(),
            layers.Dropout(0.3),
            layers.Dense(3, activation="softmax"),
        ]
    )
    watched = ["accuracy", metrics.MeanIoU(3, sparse_y_pred=False)]
    model.compile("adam", "sparse_categorical_crossentropy", metrics=watched)
    return model


def everything(folder):
    """What the functions that compute give, as numbers."""
    model = compiled()
    yield model.fit(X, Y, epochs=2, batch_size=8, verbose=0, validation_split=0.25, seed=1).history
    yield model.evaluate(X, Y, verbose=0), model.predict(X, verbose=0).tolist()
    yield model.predict_on_batch(X[:3]).tolist(), model.train_on_batch(X[:8], Y[:8])
    yield descend("noisy_rosenbrock", "adam", steps=5).points.tolist()
    yield descend("ravine", ravine.optimizers.SGD(lambda step: 0.1 / (1 + step)), steps=5, dtype="float32").points
    model.save(folder / "model.keras")
    loaded = ravine.load_model(folder / "model.keras")
    yield loaded.fit(X, Y, batch_size=8, verbose=0, seed=2).history
    for epochs in (1, 2):
        again = compiled()
        yield again.fit(X, Y, epochs=epochs, batch_size=8, verbose=0, seed=3, checkpoint=folder / "run").history
    runs = ravine.compare({"a": "sgd", "b": "adam"}, X, Y, model=compiled, epochs=1, seeds=2, trials=1, verbose=0).runs
    yield [run.final if run.error is None else run.error for run in runs]


@pytest.fixture(scope="module")
def usual(tmp_path_factory):
    return repr(list(everything(tmp_path_factory.mktemp("usual"))))


@pytest.fixture
def set_to():
    before = {}

    def update(name, value):
        before.setdefault(name, getattr(jax.config, name, None))
        jax.config.update(name, value)

    yield update
    for name, value in before.items():
        jax.config.update(name, value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("jax_enable_x64", True),
        ("jax_numpy_dtype_promotion", "strict"),
        pytest.param("jax_numpy_rank_promotion", "raise", marks=pytest.mark.slow),
        pytest.param("jax_default_prng_impl", "rbg", marks=pytest.mark.slow),
        pytest.param("jax_default_matmul_precision", "highest", marks=pytest.mark.slow),
        pytest.param("jax_check_tracer_leaks", True, marks=pytest.mark.slow),
        pytest.param("jax_log_compiles", True, marks=pytest.mark.slow),
    ],
)
def test_a_setting_of_jax_changes_no_number(name, value, usual, set_to, tmp_path):
    set_to(name, value)
    assert repr(list(everything(tmp_path))) == usual


@pytest.mark.slow
def test_a_device_that_is_the_default_changes_no_number(usual, tmp_path):
    with jax.default_device(jax.devices()[0]):
        assert repr(list(everything(tmp_path))) == usual


def test_debugging_nans_is_told_not_to_hold(usual, set_to, tmp_path):
    set_to("jax_debug_nans", True)
    settings._tell_of_nans.cache_clear()
    with pytest.warns(UserWarning, match="TerminateOnNaN") as told:
        assert repr(list(everything(tmp_path))) == usual
    assert len(told) == 1
    assert told[0].filename == __file__


@pytest.mark.slow
def test_without_compilation_the_numbers_are_nearly_the_same(set_to, tmp_path):
    model = compiled()
    usual = model.fit(X, Y, epochs=2, batch_size=8, verbose=0, seed=1).history["loss"]
    set_to("jax_disable_jit", True)
    model = compiled()
    assert model.fit(X, Y, epochs=2, batch_size=8, verbose=0, seed=1).history["loss"] == pytest.approx(usual, rel=1e-5)


def test_hooks_see_the_setting_of_the_user(set_to):
    set_to("jax_enable_x64", True)
    seen = []
    hook = ravine.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(jax.numpy.ones(1).dtype))
    compiled().fit(X, Y, batch_size=8, verbose=0, callbacks=[hook])
    assert seen == [np.float64]


FORK = """
import multiprocessing, numpy as np, ravine, sys
from ravine import Sequential, layers

def train():
    model = Sequential([layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(np.ones((8, 2)), np.ones(8), verbose=0)

def told():
    try:
        train()
        print("trained", flush=True)
    except ravine.checks.RavineError as error:
        print(error, flush=True)

fork = multiprocessing.get_context("fork")
for used in (False, True):
    if used:
        train()
    child = fork.Process(target=told)
    child.start()
    child.join(60)
    if child.is_alive():
        child.kill()
        print("hangs")
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system forks no processes")
def test_a_process_forked_after_use_is_refused_instead_of_waiting_without_end():
    done = subprocess.run([sys.executable, "-c", FORK], capture_output=True, text=True, timeout=300, check=True)
    first, second = done.stdout.splitlines()
    assert first == "trained"
    assert "get_context('spawn')" in second
