"""Many runs at a time: each is the run that it would be by itself, and none disturbs another."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
from dataclasses import replace

import numpy as np
import pytest

from ravine import Input, Sequential, checks, optimizers
from ravine.callbacks import Callback, EarlyStopping, Probe
from ravine.layers import Dense, Dropout
from ravine.model.fitting import Plan
from ravine.model.population import Bundle, layout, run_bytes, run_population
from ravine.model.running import run_course
from ravine.training import data as training_data
from ravine.training import placement

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 6)).astype(np.float32)
Y = (X[:, 0] + X[:, 1] ** 2 > 0.5).astype(np.int32)
DATA, VALIDATION = training_data.as_data(X[:40], Y[:40]), training_data.as_data(X[40:], Y[40:])
EPOCHS = 30


def course(seed, callbacks=(), epochs=EPOCHS):
    model = Sequential([Input((6,)), Dense(8, activation="relu"), Dropout(0.1), Dense(2, activation="softmax")])
    model.compile(optimizers.Adam(0.01 * (seed + 1)), "sparse_categorical_crossentropy", metrics=["accuracy"])
    stopping = EarlyStopping("val_loss", patience=2 + seed % 3, restore_best_weights=True)
    plan = Plan(batch_size=16, epochs=range(epochs))
    return model.course(plan, DATA, VALIDATION, [stopping, *callbacks], seed)


def made(jobs, group, lanes=2, sizes=None):
    """Run ``jobs`` in bundles of ``group``; returns the outcomes in the jobs' order, and whether it was cut short."""
    found = {}

    def done(first):
        return lambda index, outcome: found.__setitem__(first + index, outcome)

    step = sizes or group
    bundles = [Bundle(jobs[i : i + step], group, done(i)) for i in range(0, len(jobs), step)]
    cut = run_population(bundles, lanes)
    return [found.get(i) for i in range(len(jobs))], cut


@pytest.fixture(scope="module")
def alone():
    courses = [course(seed) for seed in range(6)]
    for each in courses:
        run_course(each)
    return courses


@pytest.mark.parametrize("group", [1, 4])
def test_each_run_is_the_run_that_it_would_be_by_itself(alone, group):
    outcomes, cut = made([lambda seed=seed: course(seed) for seed in range(6)], group)
    assert not cut
    assert len({len(o.course.history.epoch) for o in outcomes}) > 1  # each stops by itself
    for outcome, solo in zip(outcomes, alone, strict=True):
        assert outcome.error is None
        assert outcome.seconds > 0
        assert outcome.course.history.epoch == solo.history.epoch
        for key, values in solo.history.history.items():
            tolerance = {"rtol": 1e-4, "atol": 1e-5} if group > 1 else {"rtol": 0}
            np.testing.assert_allclose(outcome.course.history.history[key], values, **tolerance)
        for ours, theirs in zip(outcome.course.model.get_weights(), solo.model.get_weights(), strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-5)


def test_what_comes_of_a_run_does_not_depend_on_its_companions():
    several, _ = made([lambda seed=seed: course(seed) for seed in (1, 2, 3)], 4)
    others, _ = made([lambda seed=seed: course(seed) for seed in (5, 2)], 4)
    for ours, theirs in ((several[1], others[1]),):
        assert ours.course.history.history == theirs.course.history.history
        for a, b in zip(ours.course.model.get_weights(), theirs.course.model.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)


class Fails(Callback):
    def on_epoch_end(self, epoch, logs=None):
        if epoch == 2:
            raise ZeroDivisionError("of no use")


def test_a_run_that_fails_is_told_of_and_the_others_finish():
    jobs = [lambda: course(0), lambda: course(1, [Fails()]), lambda: 1 / 0, lambda: course(2)]
    outcomes, _ = made(jobs, 1)
    assert [o.error for o in outcomes] == [
        None,
        "ZeroDivisionError: of no use",
        "ZeroDivisionError: division by zero",
        None,
    ]
    assert outcomes[1].course is None


def test_a_group_with_one_that_fails_goes_one_by_one():
    outcomes, _ = made([lambda: course(0), lambda: 1 / 0, lambda: course(2)], 4)
    assert [o.error is None for o in outcomes] == [True, False, True]


def test_warnings_are_left_out_since_every_run_would_repeat_them():
    def diverges():  # with warnings as errors, one of NaN would make it fail
        run = course(0, epochs=3)
        run.request = replace(run.request, task=replace(run.request.task, loss_weight=float("nan")))
        return run

    outcomes, _ = made([diverges], 1)
    assert np.isnan(outcomes[0].course.history.history["loss"]).all()


def test_an_error_in_what_hears_of_outcomes_ends_it():
    def done(index, outcome):
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="the disk is full"):
        run_population([Bundle([lambda: course(0, epochs=1)], 1, done)], 2)


def test_ctrl_c_cuts_the_runs_in_progress_and_begins_no_other():
    begun, found = [], []

    class Waits(Callback):
        def on_epoch_end(self, epoch, logs=None):
            if not begun:
                begun.append(epoch)
                os.kill(os.getpid(), signal.SIGINT)
                threading.Event().wait(0.3)  # the handler runs on the main thread

    bundles = (Bundle([lambda: course(0, [Waits()])], 1, lambda i, o: found.append(o)) for _ in range(3))
    assert run_population(bundles, 1)
    assert found == []
    assert len(list(bundles)) == 2


def test_more_runs_of_a_structure_compile_nothing(compilations):
    for group in (1, 4):
        made([lambda seed=seed: course(seed, epochs=2) for seed in range(4)], group)
        compilations.clear()
        made([lambda seed=seed: course(seed, epochs=2) for seed in range(10, 29)], group)
        assert compilations == []


def test_a_program_that_two_threads_need_is_compiled_once(compilations):
    def other():  # a structure that no other test has
        model = Sequential([Input((6,)), Dense(11, activation="relu"), Dense(2, activation="softmax")])
        model.compile("sgd", "sparse_categorical_crossentropy")
        return model.course(Plan(batch_size=16, epochs=range(2)), DATA, None, [], 0)

    made([other] * 4, 1)
    assert len(compilations) == len(set(compilations))
    assert any("train_leg" in name for name in compilations)


def test_the_layout_follows_size_data_and_callbacks(monkeypatch):
    monkeypatch.setattr(placement, "cores", lambda: 5)
    groups, singles = placement.Layout(5, placement.TINY_GROUP, placement.TINY_GROUP), placement.Layout(5)
    assert layout(course(0), shared=False) == groups
    assert layout(course(0, [Probe("dense")]), shared=True) == groups
    assert layout(course(0, [Fails()]), shared=True) == singles
    monkeypatch.setattr(placement, "CACHED_BYTES", 10)
    assert layout(course(0), shared=True) == singles
    monkeypatch.undo()
    monkeypatch.setattr(placement, "TINY_STEP", 10)
    assert layout(course(0), shared=True).group == 1


def test_the_memory_of_a_run_grows_with_its_weights_and_its_batch():
    def bytes_of(units, batch):
        model = Sequential([Input((6,)), Dense(units), Dense(2, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy")
        return run_bytes(model.course(Plan(batch_size=batch), DATA, None, [], 0))

    assert bytes_of(8, 16) > 4 * 3 * (6 * 8 + 8 + 8 * 2 + 2)  # weights and Adam's two slots at the least
    assert bytes_of(800, 16) > 10 * bytes_of(8, 16)
    assert bytes_of(8, 32) > bytes_of(8, 16)


DEVICES = """
    import numpy as np, jax
    assert len(jax.devices()) == 2
    from ravine import Input, Sequential
    from ravine.callbacks import EarlyStopping
    from ravine.layers import Dense
    from ravine.model.running import run_course, run_group
    from ravine.model.fitting import Plan
    from ravine.model.population import layout
    from ravine.training import data as training_data

    rng = np.random.default_rng(0)
    x = rng.normal(size=(600, 500)).astype(np.float32)
    y = (x[:, 0] > 0).astype(np.int32)
    train, validation = training_data.as_data(x[:500], y[:500]), training_data.as_data(x[500:], y[500:])

    def course(seed):
        model = Sequential([Input((500,)), Dense(4, activation="relu"), Dense(2, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy")
        plan = Plan(batch_size=50, epochs=range(4))
        return model.course(plan, train, validation, [EarlyStopping(patience=0)], seed)

    solo, group = [course(s) for s in range(3)], [course(s) for s in range(3)]
    for each in solo:
        run_course(each)
    run_group(group, 4)
    for a, b in zip(solo, group):
        for key, values in a.history.history.items():
            np.testing.assert_allclose(b.history.history[key], values, rtol=1e-4, atol=1e-5)
    placed = layout(course(0), shared=True)
    assert placed.lanes == 1 and placed.size(3) == 4, placed
    print("shared", len({len(c.history.epoch) for c in group}))
"""


def test_a_group_is_spread_over_several_devices():
    environment = {**os.environ, "XLA_FLAGS": "--xla_force_host_platform_device_count=2", "JAX_PLATFORMS": "cpu"}
    script = textwrap.dedent(DEVICES)
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "shared" in done.stdout


def warn_elsewhere():
    thread = threading.Thread(target=checks.warn, args=("of another thread",))
    thread.start()
    thread.join()


def test_silence_is_of_one_thread():
    with checks.silence():
        checks.warn("not heard")
        with pytest.warns(UserWarning, match="of another thread"):
            warn_elsewhere()
    with pytest.warns(UserWarning, match="heard"):
        checks.warn("heard")
