"""EarlyStopping in real runs, each driven in two ways: compiled whole, and epoch by epoch.

The runs are staged: ``counter`` scripts the watched values, and its model's only weight is how many epochs it trained.
"""

import math
import os
import signal

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ravine import Input, Sequential, trees
from ravine.callbacks import Callback, EarlyStopping
from ravine.checks import RavineTypeError, RavineValueError
from ravine.layers import Dense, Layer
from ravine.optimizers import SGD
from ravine.training import legs

NAN = float("nan")


class EachEpoch(Callback):
    """Does nothing, but must be asked after every epoch."""


@pytest.fixture(params=["whole", "epoch by epoch"])
def driving(request, monkeypatch):
    """The callbacks that make ``fit`` drive a run in one of the two ways."""
    monkeypatch.setattr(legs, "LEG_SECONDS", 1e9)  # as many epochs to a leg as it can hold
    return [] if request.param == "whole" else [EachEpoch()]


@pytest.fixture
def staged(counter, driving):
    """Runs a script; returns what EarlyStopping says, how many epochs ran, and which epoch's weights the model has."""

    def run(script, better="min", monitor="val_scripted", callbacks=(), model=None, epochs=None, **options):
        stopper = EarlyStopping(monitor, restore_best_weights=True, **options)
        model = model or counter.model(script, better)
        history = counter.fit(model, callbacks=[*driving, stopper, *callbacks], epochs=epochs or len(script))
        stopper.epochs = len(history.epoch)
        stopper.weights = int(model.get_weights()[0][0, 0]) - 1
        stopper.fitted = model
        return stopper

    return run


def test_both_ways_are_what_they_say(counter, driving):
    ahead = []

    class Watch(Callback):
        every_epoch = False

        def on_epoch_begin(self, epoch, logs=None):
            ahead.append(int(self.model.get_weights()[0][0, 0]) - epoch)

    counter.fit(counter.model([0.0]), callbacks=[*driving, Watch(), EarlyStopping("val_scripted", patience=99)])
    # How many epochs the weights are ahead of the hooks; two legs of one epoch come before the long one.
    assert max(ahead) == (0 if driving else counter.EPOCHS - 3)


def test_it_stops_after_patience_and_restores_the_best(staged):
    stopper = staged([5, 4, 3, 4, 5, 2, 1], patience=2)
    assert stopper.epochs == 5
    assert (stopper.stopped_epoch, stopper.best_epoch, stopper.best, stopper.wait) == (4, 2, 3.0, 2)
    assert stopper.weights == 2
    assert stopper.fitted.stop_training


def test_a_run_that_is_not_stopped(staged):
    stopper = staged([5, 4, 3], patience=2)
    assert stopper.epochs == 3
    assert (stopper.stopped_epoch, stopper.best_epoch, stopper.best, stopper.wait) == (0, 2, 3.0, 0)
    assert not stopper.fitted.stop_training


# Epochs count from 0; those before start_from_epoch are ignored.
def test_epochs_before_start_from_epoch_are_ignored(staged):
    stopper = staged([0, 0, 5, 4, 5, 6], patience=2, start_from_epoch=2)
    assert (stopper.stopped_epoch, stopper.best_epoch, stopper.best) == (5, 3, 4.0)
    assert stopper.weights == 3


def test_a_run_that_ends_before_start_from_epoch_restores_nothing(staged):
    stopper = staged([1, 2, 3], start_from_epoch=3)
    assert (stopper.epochs, stopper.best, stopper.weights) == (3, None, 2)


# Improvement is strict: current + |δ| < best for min, current - |δ| > best for max.
@pytest.mark.parametrize(("better", "sign"), [("min", 1), ("max", -1)])
@pytest.mark.parametrize("min_delta", [0.5, -0.5])
def test_improvement_is_strict(staged, better, sign, min_delta):
    script = [sign * value for value in (3.0, 2.5, 2.25, 2.0)]
    stopper = staged(script, better, patience=2, min_delta=min_delta)
    assert (stopper.stopped_epoch, stopper.best_epoch) == (0, 2)  # 2.25 is the first that is better by more than 0.5
    assert staged([2.0, 2.0, 2.0, 1.0], patience=2).stopped_epoch == 2  # equal is no improvement


# wait += 1 first.
@pytest.mark.parametrize(("patience", "stopped"), [(0, 1), (1, 1), (2, 2), (3, 3)])
def test_the_wait_counts_before_it_is_compared(staged, patience, stopped):
    assert staged([1, 2, 2, 2, 2], patience=patience).stopped_epoch == stopped


# An improving epoch updates best, resets wait only if baseline is None or beaten too, and never stops.
def test_an_improving_epoch_resets_the_wait(staged):
    stopper = staged([5, 6, 4, 5, 3, 4, 2], patience=2)
    assert (stopper.stopped_epoch, stopper.wait) == (0, 0)


def test_improvements_that_do_not_beat_the_baseline_do_not_reset_the_wait(staged):
    stopper = staged([5, 4, 3, 3, 1], patience=3, baseline=2)
    assert (stopper.stopped_epoch, stopper.best_epoch, stopper.best) == (3, 2, 3.0)
    assert stopper.weights == 2


def test_an_improving_epoch_never_stops(staged):
    stopper = staged([9, 8, 7, 6, 5], patience=1, baseline=2)
    assert (stopper.epochs, stopper.stopped_epoch, stopper.wait) == (5, 0, 5)


def test_beating_the_baseline_resets_the_wait(staged):
    stopper = staged([5, 4, 1.5, 3, 3, 3], patience=3, baseline=2)
    assert (stopper.stopped_epoch, stopper.best_epoch) == (5, 2)


# A non-improving epoch stops if wait >= patience and epoch > 0.
def test_the_first_epoch_never_stops(staged):
    stopper = staged([NAN, NAN, 1], patience=0)
    assert (stopper.epochs, stopper.stopped_epoch) == (2, 1)


# restore_best_weights restores at the end of training whatever ended it.
def test_restored_where_the_epochs_run_out(staged):
    stopper = staged([5, 1, 2, 3], patience=9)
    assert (stopper.epochs, stopper.weights) == (4, 1)


def test_restored_where_another_callback_ends_the_run(staged):
    class Stop(Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.stop_training = epoch == 3

    stopper = staged([5, 1, 2, 3, 0, 0], patience=9, callbacks=[Stop()])
    assert (stopper.epochs, stopper.weights, stopper.best_epoch) == (4, 1, 1)


def test_restored_where_ctrl_c_ends_the_run(staged, capsys):
    class Press(Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 3:
                os.kill(os.getpid(), signal.SIGINT)

    stopper = staged([5, 1, 2, 3, 0, 0], patience=9, callbacks=[Press()])
    assert (stopper.epochs, stopper.weights, stopper.best_epoch) == (4, 1, 1)
    assert "Interrupted: training ended after epoch 4." in capsys.readouterr().out


def test_nothing_is_restored_unasked(counter, driving):
    stopper = EarlyStopping("val_scripted", patience=2)
    model = counter.model([1, 2, 3, 4])
    counter.fit(model, callbacks=[*driving, stopper], epochs=4)
    assert (stopper.stopped_epoch, stopper.best_epoch) == (2, 0)
    assert model.get_weights()[0] == 3


def test_moving_statistics_are_restored_too_and_the_optimizer_is_not(counter, driving):
    @trees.tree
    class CountBatches(Layer):
        variable_names = ("batches",)

        def init(self, key, input_shape):
            return {}, {"batches": jnp.zeros(())}

        def apply(self, params, stats, x, *, key, training):
            return x, {"batches": stats["batches"] + 1} if training else stats

    model = Sequential([Input((1,)), CountBatches(), Dense(1, use_bias=False, kernel_initializer="zeros")])
    metric = counter.metrics["min"](np.array([5, 1, 2, 3, 4], np.float32), name="scripted")
    model.compile(SGD(1.0), loss=counter.climb, metrics=[metric])
    stopper = EarlyStopping("val_scripted", patience=2, restore_best_weights=True)
    counter.fit(model, callbacks=[*driving, stopper], epochs=5)
    assert stopper.stopped_epoch == 3
    assert [w.item() for w in model.get_weights()] == [2, 2]
    assert model.train_state().optimizer.step == 4


# State resets at each fit.
def test_state_resets_at_each_fit(counter, driving):
    stopper = EarlyStopping("val_scripted", patience=1, restore_best_weights=True)
    for script in ([1, 2, 3], [9, 8, 9, 9]):
        model = counter.model(script)
        counter.fit(model, callbacks=[*driving, stopper], epochs=len(script))
    assert (stopper.stopped_epoch, stopper.best_epoch, stopper.best) == (2, 1, 8.0)
    counter.fit(counter.model([5]), callbacks=[*driving, stopper], epochs=1)
    assert (stopper.stopped_epoch, stopper.best_epoch, stopper.best, stopper.wait) == (0, 0, 5.0, 0)
    counter.fit(counter.model([1]), callbacks=[*driving, stopper], epochs=0)
    assert stopper.best is None


# auto: a loss means min; else the metric's direction.
@pytest.mark.parametrize(("better", "kept"), [("min", 1), ("max", 2)])
def test_auto_takes_the_direction_of_the_metric(staged, better, kept):
    assert staged([5, 1, 9], better, patience=5).weights == kept


def test_auto_minimises_a_loss(staged):
    # This model's loss falls for ever, so that its last epoch is the best.
    assert staged([0, 0, 0], monitor="val_loss", patience=5).weights == 2
    assert staged([0, 0, 0], monitor="loss", patience=5).weights == 2


@pytest.mark.parametrize(("mode", "kept"), [("min", 1), ("max", 2)])
def test_a_mode_wins_over_the_metric(staged, mode, kept):
    assert staged([5, 1, 9], "max" if mode == "min" else "min", mode=mode, patience=5).weights == kept


# An unknown or custom metric raises ValueError.
def test_auto_cannot_tell_the_direction_of_an_unknown_value(counter, driving):
    model = counter.model([1.0])
    stopper = EarlyStopping("val_scriptd")
    expected = "monitor='val_scriptd'.*mode='auto' cannot tell.*Did you mean 'val_scripted'"
    with pytest.raises(RavineValueError, match=expected):
        counter.fit(model, callbacks=[*driving, stopper])
    assert model.get_weights()[0] == 0


# A missing monitor: a warning, the epoch is skipped.
@pytest.mark.parametrize("options", [{"monitor": "val_loss"}, {"monitor": "nothing", "mode": "min"}])
def test_a_missing_monitor_warns_and_never_stops(counter, driving, options):
    model = counter.model([1.0])
    stopper = EarlyStopping(patience=0, restore_best_weights=True, **options)
    with pytest.warns(UserWarning, match=f"EarlyStopping watches '{options['monitor']}', which this run") as caught:
        history = counter.fit(model, callbacks=[*driving, stopper], validation_data=None, epochs=4)
    assert len(caught) == 1
    assert os.path.basename(caught[0].filename) == "conftest.py"  # the line that called fit
    assert len(history.epoch) == 4
    assert model.get_weights()[0] == 4
    assert stopper.best is None


def test_an_epoch_without_validation_is_skipped(counter, driving):
    stopper = EarlyStopping("val_scripted", patience=2, restore_best_weights=True)
    model = counter.model([0, 5, 0, 6, 0, 7, 0, 8])
    history = counter.fit(model, callbacks=[*driving, stopper], validation_freq=2, epochs=8)
    assert history.history["val_scripted"] == [5, 6, 7]
    assert (stopper.stopped_epoch, stopper.best_epoch) == (5, 1)
    assert model.get_weights()[0] == 2


# NaN is worse than any number.
def test_nan_is_worse_than_any_number(staged):
    stopper = staged([NAN, NAN, 7, NAN, 8, 9], patience=3)
    assert (stopper.stopped_epoch, stopper.best_epoch, stopper.best) == (5, 2, 7.0)
    stopper = staged([NAN, NAN, NAN, 1], "max", patience=2)
    assert (stopper.stopped_epoch, stopper.best, stopper.weights) == (
        1,
        None,
        0,
    )  # the first is kept for want of better


scripts = st.lists(st.sampled_from([0.0, 0.5, 1.0, 1.5, NAN]), min_size=1, max_size=12)


@given(
    script=scripts,
    better=st.sampled_from(["min", "max"]),
    patience=st.integers(0, 4),
    min_delta=st.sampled_from([0.0, 0.5]),
    baseline=st.sampled_from([None, 0.5, 1.0]),
    start_from_epoch=st.integers(0, 3),
)
def test_both_ways_end_at_the_same_epoch_with_the_same_weights(counter, script, better, **options):
    results = []
    for driving in ([], [EachEpoch()]):
        stopper = EarlyStopping("val_scripted", restore_best_weights=True, **options)
        model = counter.model(script, better)
        history = counter.fit(model, callbacks=[*driving, stopper], epochs=len(script))
        best = None if stopper.best is None else float(stopper.best)
        state = (stopper.stopped_epoch, stopper.best_epoch, best, stopper.wait)
        results.append((history.epoch, str(history.history), float(model.get_weights()[0][0, 0]), state))
    assert results[0] == results[1]


def slow(tiny):
    return tiny.model(optimizer=SGD(0.05, momentum=0.5))


def test_both_ways_give_the_same_bits(tiny):
    results = []
    for driving in ([], [EachEpoch()]):
        stopper = EarlyStopping(patience=3, restore_best_weights=True)
        model, history = tiny.fit(slow(tiny), epochs=60, validation_split=0.25, callbacks=[*driving, stopper])
        assert 3 < stopper.stopped_epoch < 59
        weights = [w.tobytes() for w in model.get_weights()]
        results.append((stopper.stopped_epoch, stopper.best_epoch, weights, history.history))
    assert results[0] == results[1]


def test_the_restored_weights_are_those_of_the_best_epoch(tiny):
    stopper = EarlyStopping(patience=3, restore_best_weights=True)
    model, history = tiny.fit(slow(tiny), epochs=60, validation_split=0.25, callbacks=[stopper])
    shorter, _ = tiny.fit(slow(tiny), epochs=stopper.best_epoch + 1, validation_split=0.25)
    for ours, theirs in zip(model.get_weights(), shorter.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert min(history.history["val_loss"]) == history.history["val_loss"][stopper.best_epoch] == stopper.best


def test_two_stoppers_keep_apart(counter, driving):
    patient, hasty = (EarlyStopping("val_scripted", patience=p) for p in (5, 2))
    counter.fit(counter.model([5, 4, 6, 7, 8]), callbacks=[patient, *driving, hasty], epochs=5)
    assert (patient.stopped_epoch, patient.wait, patient.best_epoch) == (0, 2, 1)
    assert (hasty.stopped_epoch, hasty.wait, hasty.best_epoch) == (3, 2, 1)


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ([1, 2, 3], "Epoch 2: early stopping\nRestoring model weights from the end of the best epoch: 1.\n"),
        ([3, 2], "Restoring model weights from the end of the best epoch: 2.\n"),
    ],
)
def test_what_it_says(staged, capsys, script, expected):
    staged(script, verbose=1)
    assert capsys.readouterr().out == expected
    staged(script, verbose=0)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("options", "error", "expected"),
    [
        ({"monitor": None}, RavineTypeError, "monitor=None is a NoneType: expected the key of a value"),
        ({"min_delta": "0"}, RavineTypeError, "min_delta='0' is a str"),
        ({"min_delta": math.inf}, RavineValueError, "min_delta=inf: expected a finite number"),
        ({"patience": -1}, RavineValueError, "patience=-1: expected an integer of at least 0"),
        ({"patience": 2.5}, RavineTypeError, "patience=2.5 is a float"),
        ({"mode": "mini"}, RavineValueError, r"mode='mini' is unknown. Did you mean 'min'\?"),
        ({"mode": None}, RavineTypeError, "mode=None is a NoneType: expected one of the names auto, max, min"),
        ({"baseline": NAN}, RavineValueError, "baseline=nan: expected a finite number"),
        ({"restore_best_weights": "yes"}, RavineTypeError, "restore_best_weights='yes'"),
        ({"start_from_epoch": -1}, RavineValueError, "start_from_epoch=-1"),
        ({"verbose": "auto"}, RavineTypeError, "verbose='auto'"),
    ],
)
def test_wrong_settings_are_refused(options, error, expected):
    with pytest.raises(error, match=expected):
        EarlyStopping(**options)
