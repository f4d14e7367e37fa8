"""Callbacks that change the learning rate: compiled with the run, and no other program for other numbers."""

import numpy as np
import optax
import pytest

from ravine import Input, Sequential, layers, optimizers
from ravine.callbacks import Callback, EarlyStopping, LearningRateScheduler, ReduceLROnPlateau
from ravine.checks import RavineValueError
from ravine.model.fitting import Plan
from ravine.model.running import run_course, run_group
from ravine.training import legs
from ravine.training.data import Data


def test_other_numbers_compile_nothing(tiny, compilations):
    def fit(rate, **settings):
        model = tiny.model(optimizer=optimizers.SGD(rate))
        return tiny.fit(model, epochs=4, callbacks=[ReduceLROnPlateau("loss", **settings)])[1].history["learning_rate"]

    assert fit(0.1, patience=0, min_delta=10.0) == pytest.approx([0.1, 0.1, 0.01, 0.001])
    compilations.clear()
    assert fit(0.2, patience=1, min_delta=10.0, factor=0.5) == pytest.approx([0.2, 0.2, 0.1, 0.05])
    assert fit(0.3, patience=0, min_delta=10, cooldown=1, min_lr=0.05) == pytest.approx([0.3, 0.3, 0.05, 0.05])
    assert compilations == []


@pytest.mark.parametrize("every_epoch", [True, False])
def test_a_schedule_is_the_same_however_long_the_legs(tiny, monkeypatch, every_epoch):
    monkeypatch.setattr(legs, "LEG_SECONDS", 1e9)
    asked = []

    def schedule(epoch, rate):
        asked.append(epoch)
        return 0.5 if epoch == 0 else rate * 0.5

    others = [Callback()] if every_epoch else []
    model, history = tiny.fit(epochs=6, callbacks=[LearningRateScheduler(schedule), *others])
    assert history.history["learning_rate"] == [0.5**e for e in range(1, 7)]
    assert asked == list(range(6))
    assert model.optimizer.learning_rate == 0.5**6
    expected, _ = tiny.fit(epochs=6, callbacks=[LearningRateScheduler(lambda epoch: 0.5 ** (epoch + 1))])
    for ours, theirs in zip(model.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_rate_made_of_the_one_before_is_the_same_to_the_last_bit(tiny, monkeypatch):
    monkeypatch.setattr(legs, "LEG_SECONDS", 1e9)

    def weights(*others):
        model, _ = tiny.fit(epochs=40, callbacks=[LearningRateScheduler(lambda epoch, rate: 0.9 * rate), *others])
        return model.get_weights()

    for ours, theirs in zip(weights(), weights(Callback()), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_members_of_a_group_have_rates_of_their_own(tiny):
    data = Data(tiny.x, tiny.y.astype(np.int32))

    def course(i):
        model = tiny.model(optimizer=optimizers.SGD(0.1 * (i + 1)))
        callbacks = [ReduceLROnPlateau("val_loss", patience=i, min_delta=0.05), EarlyStopping(patience=4)]
        return model.course(Plan(batch_size=8, epochs=range(10)), data, data, callbacks, seed=i)

    group = run_group([course(i) for i in range(3)])
    for i, history in enumerate(group):
        alone = run_course(course(i))
        assert history.epoch == alone.epoch
        for key, values in alone.history.items():
            np.testing.assert_allclose(history.history[key], values, rtol=1e-5)
    assert len({tuple(h.history["learning_rate"]) for h in group}) == 3


def test_verbose_says_what_happens(tiny, capsys):
    callbacks = [ReduceLROnPlateau("loss", patience=0, min_delta=9, verbose=1)]
    tiny.fit(epochs=2, callbacks=callbacks)
    assert capsys.readouterr().out == "Epoch 2: ReduceLROnPlateau reducing learning rate to 0.05.\n"
    tiny.fit(epochs=1, callbacks=[LearningRateScheduler(lambda epoch: 0.25, verbose=1)])
    assert capsys.readouterr().out == "Epoch 1: LearningRateScheduler setting learning rate to 0.25.\n"


@pytest.mark.parametrize("callback", [ReduceLROnPlateau("loss"), LearningRateScheduler(lambda epoch: 0.1)])
@pytest.mark.parametrize(
    ("optimizer", "what"),
    [(optimizers.SGD(optimizers.schedules.ExponentialDecay(0.1, 5, 0.9)), "a schedule"), (optax.sgd(0.1), "none")],
)
def test_an_optimizer_without_a_rate_of_its_own_is_refused(tiny, callback, optimizer, what):
    with pytest.raises(
        RavineValueError, match=f"{type(callback).__name__} changes the learning rate, and .* has {what}"
    ):
        tiny.fit(tiny.model(optimizer=optimizer), callbacks=[callback])


@pytest.mark.parametrize("given", [-0.1, np.nan, "0.1", None])
def test_a_schedule_that_gives_no_rate_is_refused(tiny, given):
    with pytest.raises((RavineValueError, TypeError), match=r"schedule\(0\)"):
        tiny.fit(callbacks=[LearningRateScheduler(lambda epoch, rate: given)])


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"factor": 1.0}, "factor=1"),
        ({"patience": -1}, "patience=-1"),
        ({"min_lr": -1}, "min_lr"),
        ({"mode": "mx"}, "mode='mx'"),
    ],
)
def test_settings_that_cannot_work_are_refused(settings, named):
    with pytest.raises(RavineValueError, match=named):
        ReduceLROnPlateau(**settings)


def test_a_monitor_that_the_run_has_not_is_warned_of(tiny):
    with pytest.warns(UserWarning, match="ReduceLROnPlateau watches 'val_loss', which this run does not have"):
        _, history = tiny.fit(callbacks=[ReduceLROnPlateau()])
    assert history.history["learning_rate"] == [0.5] * 3


def test_a_model_of_one_layer_that_learns_nothing_keeps_its_rate():
    model = Sequential([Input((1,)), layers.Dense(1)])
    model.compile(optimizers.SGD(0.0), "mse")
    x = np.ones((4, 1), np.float32)
    history = model.fit(x, x, epochs=3, verbose=0, callbacks=[ReduceLROnPlateau("loss", patience=0)])
    assert history.history["learning_rate"] == [0.0] * 3
