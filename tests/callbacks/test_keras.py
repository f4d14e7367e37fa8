"""Callbacks beside those of Keras: the same runs, the same History, the same calls."""

import numpy as np
import pytest

import ravine

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")

RNG = np.random.default_rng(3)
X = RNG.normal(size=(20, 4)).astype(np.float32)
Y = (X @ [1.0, -2.0, 0.5, 0.0] > 0).astype(np.int64)
KERNELS = [RNG.normal(size=shape).astype(np.float32) for shape in ((4, 5), (5,), (5, 2), (2,))]


def trained(library, callbacks, **options):
    """A model of ``library`` after ``fit``, and its History; ``callbacks`` makes them from the library's module."""
    layers = library.layers
    model = library.Sequential([layers.Input((4,)), layers.Dense(5, "tanh"), layers.Dense(2, "softmax")])
    model.set_weights(KERNELS)
    optimizer = library.optimizers.SGD(options.pop("learning_rate", 0.1), momentum=0.9)
    model.compile(optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    given = {"batch_size": 8, "epochs": 8, "shuffle": False, "verbose": 0, "validation_data": (X[:7], 1 - Y[:7])}
    made = callbacks(library.callbacks)
    history = model.fit(X, Y, callbacks=made if isinstance(made, list) else [made], **(given | options))
    return model, history, made


def same(keras, callbacks, **options):
    """Train both, compare, and return Ravine's."""
    model, history, made = trained(ravine, callbacks, **options)
    expected, theirs, their_made = trained(keras, callbacks, **options)
    assert history.history.keys() == theirs.history.keys()
    for key, values in theirs.history.items():
        np.testing.assert_allclose(history.history[key], values, rtol=2e-5, err_msg=key)
    for ours, their in zip(model.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_allclose(ours, their, rtol=1e-4, atol=1e-6)
    rates = model.optimizer.learning_rate, float(expected.optimizer.learning_rate)
    assert rates[0] == pytest.approx(rates[1], rel=1e-6)
    return history, made, their_made


PLATEAUS = {
    "at once": {"patience": 0},
    "patience": {"patience": 2, "factor": 0.5},
    "cooldown": {"patience": 1, "cooldown": 2, "factor": 0.3},
    "a least rate": {"patience": 0, "min_lr": 0.04, "factor": 0.5},
    "another value": {"monitor": "accuracy", "patience": 1, "min_delta": 0.2},
    "a mode": {"monitor": "loss", "mode": "max", "patience": 1},
}


@pytest.mark.parametrize("case", PLATEAUS)
def test_reduce_lr_on_plateau(case, keras):
    history, ours, theirs = same(keras, lambda callbacks: callbacks.ReduceLROnPlateau(**PLATEAUS[case]))
    assert len(set(history.history["learning_rate"])) > 1
    assert (ours.wait, ours.cooldown_counter) == (theirs.wait, theirs.cooldown_counter)
    assert ours.best == pytest.approx(float(theirs.best))


def halved(epoch, rate):
    return rate / 2 if epoch % 3 == 2 else rate


SCHEDULES = {
    "of the epoch": lambda epoch: 0.5 / (1 + epoch),
    "of the rate": halved,
}


@pytest.mark.parametrize("case", SCHEDULES)
def test_learning_rate_scheduler(case, keras):
    history, _, _ = same(keras, lambda callbacks: callbacks.LearningRateScheduler(SCHEDULES[case]))
    assert len(set(history.history["learning_rate"])) > 2


def test_a_scheduler_and_a_plateau_together(keras):
    def both(callbacks):
        return [callbacks.LearningRateScheduler(halved), callbacks.ReduceLROnPlateau(patience=1, factor=0.7)]

    same(keras, both)


def test_with_early_stopping_and_validation_now_and_then(keras):
    def both(callbacks):
        return [callbacks.ReduceLROnPlateau(patience=1), callbacks.EarlyStopping(patience=3)]

    same(keras, both, epochs=12)


def noting(callbacks):
    """A callback of a library that notes every call, with the keys of its logs."""

    class Noting(callbacks.Callback):
        def __init__(self):
            super().__init__()
            self.calls = []

    def note(name, *numbers):
        def hook(self, *args, logs=None):
            *given, logs = (*args, logs) if len(args) == len(numbers) else args
            self.calls.append((name, *given, sorted(logs or {})))

        return hook

    for name in ravine.callbacks.base.HOOKS:
        numbers = (
            ()
            if name.endswith(("train_begin", "train_end", "test_begin", "test_end", "predict_begin", "predict_end"))
            else (0,)
        )
        if name not in ("on_batch_begin", "on_batch_end"):
            setattr(Noting, name, note(name, *numbers))
    return Noting()


def test_every_hook_is_called_when_keras_calls_it(keras):
    calls = {}
    for library in (ravine, keras):
        model, _, noted = trained(library, noting, epochs=2, validation_batch_size=4)
        model.evaluate(X, Y, batch_size=12, verbose=0, callbacks=[noted])
        model.predict(X, batch_size=12, verbose=0, callbacks=[noted])
        calls[library] = noted.calls
    assert calls[ravine] == calls[keras]


def test_numbers_assigned_between_epochs_and_batches_hold_at_once(keras):
    def assigning(hook):
        def made(callbacks):
            class Assigns(callbacks.Callback):
                pass

            def assign(self, index, logs=None):
                self.model.optimizer.learning_rate = 0.5 / (1 + index)

            setattr(Assigns, hook, assign)
            return Assigns()

        return made

    for hook in ("on_epoch_begin", "on_epoch_end", "on_train_batch_begin", "on_batch_end"):
        same(keras, assigning(hook), epochs=3)


def test_weights_given_in_a_hook_are_trained_on(keras):
    def made(callbacks):
        class Resets(callbacks.Callback):
            def on_epoch_end(self, epoch, logs=None):
                if epoch == 1:
                    self.model.set_weights(KERNELS)

        return Resets()

    same(keras, made, epochs=4)


def test_a_run_stopped_within_an_epoch_ends_it_there(keras):
    def made(callbacks):
        class Stops(callbacks.Callback):
            def on_train_batch_end(self, batch, logs=None):
                self.model.stop_training = self.params["epochs"] == 5 and batch == 1

        return Stops()

    history, _, _ = same(keras, made, epochs=5)
    assert history.epoch == [0]


def test_csv_logger(keras, tmp_path):
    for i, options in enumerate(({}, {"separator": ";"}, {}, {"append": True})):
        for library in (ravine, keras):
            name = tmp_path / f"{library.__name__}{min(i, 2)}"
            trained(library, lambda c, n=name, o=options: c.CSVLogger(str(n), **o), epochs=2, validation_freq=1)
    for i in range(3):
        ours, theirs = ((tmp_path / f"{name}{i}").read_text().splitlines() for name in ("ravine", "keras"))
        assert ours[0] == theirs[0]
        assert len(ours) == len(theirs)
        for our, their in zip(ours[1:], theirs[1:], strict=True):
            if "epoch" not in our:
                numbers = (np.array(line.replace(";", ",").split(","), float) for line in (our, their))
                np.testing.assert_allclose(*numbers, rtol=1e-5)


def test_terminate_on_nan(keras):
    for library in (ravine, keras):
        _, history, _ = trained(library, lambda callbacks: callbacks.TerminateOnNaN(), learning_rate=1e38)
        assert not np.isfinite(history.history["loss"][-1])
        assert len(history.epoch) < 8
