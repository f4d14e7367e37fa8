"""While a model is trained, other threads may look at it and nothing but its run may change it."""

import threading

import numpy as np
import pytest

from ravine import layers, optimizers
from ravine.callbacks import Callback, EarlyStopping, LambdaCallback
from ravine.checks import RavineValueError


class Meanwhile(Callback):
    """Lets another thread act once, after an epoch, and waits for it."""

    every_epoch = True

    def __init__(self, act):
        self.act, self.found = act, []

    def on_epoch_end(self, epoch, logs=None):
        if epoch == 1:
            thread = threading.Thread(target=self._run)
            thread.start()
            thread.join()

    def _run(self):
        try:
            self.found.append(self.act(self.model))
        except Exception as error:
            self.found.append(error)


@pytest.mark.parametrize("by_step", [False, True])
def test_others_look_on_while_it_is_trained(tiny, by_step):
    model, errors, done = tiny.model(), [], threading.Event()
    tiny.fit(model, epochs=1)

    def look():
        while not done.is_set():
            try:
                assert model.predict(tiny.x, verbose=0).shape == (20, 3)
                model.evaluate(tiny.x, tiny.y, verbose=0)
                assert all(np.isfinite(weight).all() for weight in model.get_weights())
            except Exception as error:
                errors.append(error)
                return

    threads = [threading.Thread(target=look) for _ in range(2)]
    for thread in threads:
        thread.start()
    hooks = [LambdaCallback(on_train_batch_end=lambda batch, logs: None)] if by_step else []
    for _ in range(10):
        tiny.fit(model, epochs=20, callbacks=hooks)
    done.set()
    for thread in threads:
        thread.join()
    assert errors == []


@pytest.mark.parametrize(
    "act",
    [
        lambda model: model.fit(np.ones((8, 6)), np.zeros(8), verbose=0),
        lambda model: model.train_on_batch(np.ones((8, 6)), np.zeros(8)),
        lambda model: model.set_weights(model.get_weights()),
        lambda model: model.compile("sgd", "mse"),
        lambda model: model.pop(),
    ],
    ids=["fit", "train_on_batch", "set_weights", "compile", "pop"],
)
def test_another_thread_changes_nothing(tiny, act):
    before, _ = tiny.fit()
    meanwhile = Meanwhile(act)
    model, _ = tiny.fit(callbacks=[meanwhile])
    assert "the model is being trained" in str(meanwhile.found[0])
    assert isinstance(meanwhile.found[0], RavineValueError)
    for one, other in zip(before.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    "act",
    [
        lambda model: model.fit(np.ones((8, 6)), np.zeros(8), verbose=0),
        lambda model: model.add(layers.Dense(2)),
        lambda model: model.pop(),
        lambda model: model.train_on_batch(np.ones((8, 6)), np.zeros(8)),
    ],
    ids=["fit", "add", "pop", "train_on_batch"],
)
def test_a_hook_may_not_change_what_the_run_is_made_of(tiny, act):
    model = tiny.model()
    hook = LambdaCallback(on_epoch_end=lambda epoch, logs: act(model))
    with pytest.raises(RavineValueError, match="the model is being trained"):
        tiny.fit(model, callbacks=[hook])
    tiny.fit(model)  # and can be used after that


@pytest.mark.parametrize("by_step", [False, True])
def test_a_model_compiled_in_a_hook_is_so_for_the_next_fit(tiny, by_step):
    plain, _ = tiny.fit()
    model = tiny.model()
    hooks = {
        "on_epoch_end": lambda epoch, logs: epoch == 0 and model.compile("adam", "sparse_categorical_crossentropy")
    }
    if by_step:
        hooks["on_train_batch_end"] = lambda batch, logs: None
    tiny.fit(model, callbacks=[LambdaCallback(**hooks)])
    for one, other in zip(plain.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert isinstance(model.optimizer, optimizers.Adam)
    assert list(tiny.fit(model)[1].history) == ["loss"]


@pytest.mark.parametrize(("rate", "message"), [(-1.0, "learning_rate=-1.0"), ("fast", "learning_rate='fast'")])
def test_a_rate_assigned_in_a_hook_is_checked(tiny, rate, message):
    model = tiny.model()

    def assign(epoch, logs):
        model.optimizer.learning_rate = rate

    with pytest.raises((RavineValueError, TypeError), match=message):
        tiny.fit(model, callbacks=[LambdaCallback(on_epoch_end=assign)])


def test_what_a_hook_writes_reaches_later_hooks_history_and_early_stopping(tiny):
    seen = []

    class Own(Callback):
        def on_epoch_end(self, epoch, logs=None):
            logs["val_own"] = [3.0, 2.0, 1.0, 2.0, 3.0, 4.0][epoch]

    stopping = EarlyStopping("val_own", mode="min", patience=2, restore_best_weights=True)
    hearing = LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(logs["val_own"]))
    model, history = tiny.fit(epochs=6, callbacks=[Own(), stopping, hearing])
    assert history.history["val_own"] == seen == [3, 2, 1, 2, 3]
    assert (stopping.best, stopping.best_epoch, stopping.stopped_epoch) == (1, 2, 4)
    best, _ = tiny.fit(epochs=3)
    for one, other in zip(best.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_value_that_nobody_writes_is_warned_of(tiny):
    looking = LambdaCallback(on_epoch_end=lambda epoch, logs: None)
    with pytest.warns(UserWarning, match="EarlyStopping watches 'val_own', which this run does not have, and no"):
        tiny.fit(callbacks=[EarlyStopping("val_own", mode="min"), looking])


def test_updates_that_never_come_are_warned_of(tiny):
    model = tiny.model(optimizer=optimizers.SGD(0.1, gradient_accumulation_steps=100))
    with pytest.warns(UserWarning, match="the 9 batches of this run make no update"):
        tiny.fit(model)


def test_names_that_leave_nothing_out_of_decay_are_warned_of(tiny):
    model = tiny.model(optimizer=optimizers.SGD(0.1, weight_decay=0.1, undecayed=("bias", "gama")))
    with pytest.warns(UserWarning, match="undecayed='gama' is found in the path of no array, so all of them decay"):
        tiny.fit(model, epochs=1)
