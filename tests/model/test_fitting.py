import functools
import gc
import os
import signal
import threading

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ravine import Input, Sequential, layers, losses, metrics
from ravine.callbacks import Callback, EarlyStopping, Probe
from ravine.checks import RavineTypeError, RavineValueError
from ravine.model import fitting, running
from ravine.optimizers import SGD
from ravine.training import legs


def same(first, second):
    return all(np.array_equal(a, b) for a, b in zip(first.get_weights(), second.get_weights(), strict=True))


@pytest.mark.parametrize(
    ("epochs", "initial_epoch", "expected"), [(3, 0, [0, 1, 2]), (5, 3, [3, 4]), (0, 0, []), (2, 5, [])]
)
def test_check_epochs(epochs, initial_epoch, expected):
    assert list(fitting.check_epochs(epochs, initial_epoch)) == expected


@pytest.mark.parametrize(
    ("freq", "expected"), [(1, [0, 1, 2, 3, 4, 5]), (2, [1, 3, 5]), (4, [3]), ([1, 6], [0, 5]), (range(2, 4), [1, 2])]
)
def test_validation_freq(freq, expected):
    validates = fitting.check_validation_freq(freq)
    assert [epoch for epoch in range(6) if validates(epoch)] == expected


@pytest.mark.parametrize(
    ("freq", "error"),
    [(0, RavineValueError), ([0, 1], RavineValueError), (1.5, RavineTypeError), ("all", RavineTypeError)],
)
def test_no_validation_freq(freq, error):
    with pytest.raises(error, match="validation_freq="):
        fitting.check_validation_freq(freq)


def task(tiny, model=None, **compiling):
    """What a run of a model would train."""
    model = model or tiny.model(**compiling)
    return model.compilation.task("fit", model.network, (20,), (3,))


@pytest.mark.parametrize(
    ("rows", "at_once"),
    [(1, 1), (100, 100), (2048, 2048), (2049, 683), (10_000, 2000), (60_000, 2000), (2 * 1031, 1031), (10_007, 2048)],
)
def test_evaluation_rows(tiny, rows, at_once):
    assert fitting.evaluation_rows(task(tiny), rows, 32) == at_once


def mean_of_all(y, outputs):
    return jnp.mean(outputs)


@pytest.mark.parametrize(
    "compiling",
    [
        {"loss": mean_of_all},
        {"metrics": [mean_of_all]},
        {"weighted_metrics": [mean_of_all]},
        {"loss": losses.SparseCategoricalCrossentropy(reduction="sum")},
        {"loss": losses.SparseCategoricalCrossentropy(reduction="mean_with_sample_weight")},
        {"loss": losses.SparseCategoricalCrossentropy(ignore_class=-1)},
        {"loss": losses.Circle()},
        {"metrics": [losses.Dice()]},
        {"metrics": [losses.Tversky(axis=0)]},
    ],
    ids=lambda compiling: "-".join(compiling),
)
def test_what_may_depend_on_the_batches_sees_those_that_were_asked_for(tiny, compiling):
    assert fitting.evaluation_rows(task(tiny, **compiling), 10_000, 32) == 32
    assert fitting.evaluation_rows(task(tiny, **compiling), 20, 32) == 20


@pytest.mark.parametrize(
    "compiling",
    [
        {"metrics": [losses.Dice(axis=1), "accuracy"]},
        {"metrics": [losses.SparseCategoricalCrossentropy(reduction="sum")]},
        {"metrics": [metrics.SparseCategoricalCrossentropy(ignore_class=0)]},
    ],
    ids=lambda compiling: "-".join(compiling),
)
def test_what_provably_does_not_sees_as_many_as_is_fast(tiny, compiling):
    assert fitting.evaluation_rows(task(tiny, **compiling), 10_000, 32) == 2000


def test_a_layer_of_ones_own_may_look_at_the_samples_together(tiny):
    model = Sequential([Input((6,)), layers.Lambda(lambda x: x - x.mean(axis=0)), layers.Dense(3)])
    model.compile("sgd", "mse")
    assert fitting.evaluation_rows(task(tiny, model), 10_000, 32) == 32


@pytest.mark.differs("history-order")
def test_history_is_floats_loss_first_and_validation_only_where_it_was(tiny):
    _, history = tiny.fit(epochs=4, validation_split=0.25, validation_freq=[2, 3])
    assert list(history.history) == ["loss", "accuracy", "val_loss", "val_accuracy"]
    assert {key: len(values) for key, values in history.history.items()} == {
        "accuracy": 4,
        "loss": 4,
        "val_accuracy": 2,
        "val_loss": 2,
    }
    assert {type(value) for values in history.history.values() for value in values} == {float}
    assert history.epoch == [0, 1, 2, 3]
    assert history.params == {"verbose": 0, "epochs": 4, "steps": 2}
    assert history.seed == 1


def test_no_epochs_train_nothing(tiny):
    model = tiny.model()
    before = model.get_weights()
    _, history = tiny.fit(model, epochs=0)
    assert (history.epoch, history.history) == ([], {})
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


def test_a_model_goes_on_where_it_was(tiny):
    whole, _ = tiny.fit(epochs=4)
    model, _ = tiny.fit(epochs=2)
    _, rest = tiny.fit(model, epochs=4, initial_epoch=2)
    assert same(whole, model)  # momentum is remembered, and each epoch draws its order from its number
    assert rest.epoch == [2, 3]


def test_compiling_anew_forgets_momentum(tiny):
    model, _ = tiny.fit(epochs=2)
    model.compile(SGD(0.5, momentum=0.9), loss="sparse_categorical_crossentropy")
    assert model.train_state().optimizer.step == 0


class Stop(Callback):
    def __init__(self, hook, epoch=None):
        self.hook, self.epoch = hook, epoch

    def _stop(self, hook, epoch):
        if (hook, epoch) == (self.hook, self.epoch):
            self.model.stop_training = True

    def on_train_begin(self, logs=None):
        self._stop("train", None)

    def on_epoch_begin(self, epoch, logs=None):
        self._stop("begin", epoch)

    def on_epoch_end(self, epoch, logs=None):
        self._stop("end", epoch)


@pytest.mark.parametrize(("stop", "epochs"), [(Stop("train"), 1), (Stop("begin", 2), 3), (Stop("end", 1), 2)])
def test_stop_training(tiny, stop, epochs):
    # As in Keras, the epoch in progress is finished.
    model, history = tiny.fit(epochs=6, callbacks=[stop])
    assert len(history.epoch) == epochs
    _, history = tiny.fit(model, epochs=1)
    assert len(history.epoch) == 1


@pytest.mark.parametrize("length_of_legs", [1e-9, 1e9])
def test_nan_is_reported_once_with_its_epoch(tiny, monkeypatch, length_of_legs):
    monkeypatch.setattr(legs, "LEG_SECONDS", length_of_legs)
    model = tiny.model(optimizer=SGD(3e37, momentum=0.99))
    with pytest.warns(RuntimeWarning, match="The loss became NaN in epoch") as caught:
        _, history = tiny.fit(model, epochs=30)
    first = np.isnan(history.history["loss"]).argmax()
    assert 2 < first < 28
    assert f"in epoch {first + 1}." in str(caught[0].message)
    assert len(caught) == 1
    assert os.path.basename(caught[0].filename) == "conftest.py"  # the line that called fit


def interrupt():
    os.kill(os.getpid(), signal.SIGINT)


class Press(Callback):
    """Presses Ctrl-C at the end of an epoch, as often as told."""

    every_epoch = False

    def __init__(self, epoch, times=1):
        self.epoch, self.times = epoch, times

    def on_epoch_end(self, epoch, logs=None):
        if epoch == self.epoch:
            for _ in range(self.times):
                interrupt()


@pytest.fixture
def handler():
    """Ctrl-C's handler, which must be there again afterwards."""
    before = signal.getsignal(signal.SIGINT)
    yield before
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.usefixtures("handler")
@pytest.mark.parametrize("every_epoch", [True, False])
def test_ctrl_c_ends_the_run_at_a_finished_epoch(tiny, capsys, every_epoch):
    callbacks = [Press(3), *([Callback()] if every_epoch else [])]
    model, history = tiny.fit(epochs=100_000, callbacks=callbacks)
    done = len(history.epoch)
    assert 4 <= done < 100_000
    assert not every_epoch or done == 4
    assert capsys.readouterr().out == f"Interrupted: training ended after epoch {done}.\n"
    expected, full = tiny.fit(epochs=done)
    assert same(model, expected)
    assert history.history == full.history


@pytest.mark.usefixtures("handler")
def test_ctrl_c_while_the_program_computes(tiny):
    timer = threading.Timer(0.3, interrupt)

    class Start(Callback):
        every_epoch = False

        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 0:
                timer.start()

    model, history = tiny.fit(epochs=10_000_000, callbacks=[Start()])
    assert history.epoch == list(range(len(history.epoch)))
    assert model.train_state().optimizer.step == 3 * len(history.epoch)
    assert len(tiny.fit(model, epochs=1)[1].epoch) == 1


@pytest.mark.usefixtures("handler")
def test_a_second_ctrl_c_raises_and_the_model_is_whole(tiny):
    model = tiny.model()
    with pytest.raises(KeyboardInterrupt):
        tiny.fit(model, epochs=100_000, callbacks=[Callback(), Press(2, times=2)])
    expected, _ = tiny.fit(epochs=3)
    assert same(model, expected)
    tiny.fit(model, epochs=1)


@pytest.mark.usefixtures("handler")
def test_a_second_ctrl_c_within_a_leg_leaves_its_result(tiny, monkeypatch):
    model = tiny.model()
    wait = legs.wait_for
    waits = []

    def impatient(result):
        waits.append(1)
        if len(waits) == 3:
            interrupt()
            interrupt()
        wait(result)

    monkeypatch.setattr(legs, "wait_for", impatient)
    with pytest.raises(KeyboardInterrupt):
        tiny.fit(model, epochs=100, callbacks=[Callback()])
    expected, _ = tiny.fit(epochs=3)
    assert same(model, expected)


@pytest.mark.usefixtures("handler")
def test_a_callback_that_fails_leaves_a_whole_model(tiny):
    class Fail(Callback):
        def on_epoch_end(self, epoch, logs=None):
            raise ZeroDivisionError

    model = tiny.model()
    with pytest.raises(ZeroDivisionError):
        tiny.fit(model, callbacks=[Fail()])
    expected, _ = tiny.fit(epochs=1)
    assert same(model, expected)


def test_a_run_in_another_thread(tiny):
    results = []
    thread = threading.Thread(target=lambda: results.append(tiny.fit()[0]))
    thread.start()
    thread.join()
    assert same(results[0], tiny.fit()[0])


def test_other_numbers_compile_nothing(tiny, monkeypatch, compilations):
    traces = []
    train_leg = running.train_leg

    @functools.wraps(train_leg)
    def counted(*args):
        traces.append(args)
        return train_leg(*args)

    monkeypatch.setattr(running, "train_leg", counted)

    def fit(learning_rate, momentum, epochs, patience, min_delta, baseline, start):
        stopper = EarlyStopping(
            patience=patience,
            min_delta=min_delta,
            baseline=baseline,
            start_from_epoch=start,
            restore_best_weights=True,
        )
        model = tiny.model(optimizer=SGD(learning_rate, momentum))
        return tiny.fit(model, epochs=epochs, validation_split=0.25, callbacks=[stopper])[1]

    first = fit(0.5, 0.9, 5, 2, 0, None, 0)
    assert len(traces) == 1
    compilations.clear()
    others = [
        fit(0, 0, 3, 0, 0, None, 0),
        fit(1, 0, 4, 3, 1, 2, 1),
        fit(0.1, 0.5, 7, 9, 0.01, 0.5, 2),
        fit(np.float64(0.2), 0.99, 1, 2, 0, None, 3),
        fit(np.float32(0.3), np.float32(0.1), 12, 12, 0.0, 0, 0),
        fit(1e-3, 0.7, 2, 1, 0.5, -1.5, 0),
        fit(np.array(0.4), 0.8, 20, 30, 0, None, 0),
    ]
    assert len(traces) == 1
    assert compilations == []
    assert len({tuple(history.history["loss"]) for history in (first, *others)}) == 8


def test_other_numbers_of_layers_compile_nothing(tiny, compilations):
    from ravine import Input, Sequential, constraints, layers, regularizers

    def fit(value):
        model = Sequential(
            [
                Input((6,)),
                layers.GaussianNoise(value),
                layers.Dense(
                    4,
                    activation="relu",
                    kernel_regularizer=regularizers.L1L2(value, value / 2),
                    bias_regularizer=regularizers.L2(value),
                    activity_regularizer=regularizers.L1(value),
                    kernel_constraint=constraints.MaxNorm(value + 0.5),
                    bias_constraint=constraints.MinMaxNorm(value, value + 1, value),
                ),
                layers.BatchNormalization(
                    momentum=value, epsilon=value + 0.01, gamma_regularizer=regularizers.L2(value)
                ),
                layers.Dropout(value),
                layers.LayerNormalization(epsilon=value + 0.01),
                layers.GaussianDropout(value),
                layers.ActivityRegularization(value, value),
                layers.AlphaDropout(value),
                layers.ReLU(value + 1, negative_slope=value, threshold=value),
                layers.LeakyReLU(value),
                layers.ELU(value + 1),
                layers.PReLU(alpha_regularizer=regularizers.L2(value)),
                layers.Rescaling(value + 1, offset=value),
                layers.Normalization(mean=value, variance=value + 1),
                layers.Dense(3, activation="softmax", kernel_regularizer=regularizers.OrthogonalRegularizer(value)),
            ]
        )
        model.compile(SGD(0.1), "sparse_categorical_crossentropy")
        probe = Probe("dense", percentiles=[100 * value])
        options = {"validation_split": 0.2, "population_statistics": True, "callbacks": [probe]}
        history = tiny.fit(model, **options)[1]
        model.evaluate(tiny.x, tiny.y, verbose=0)
        return history

    first = fit(0.25)
    compilations.clear()
    others = [fit(value) for value in (0, 0.5, np.float64(0.1), np.float32(0.9))]
    assert compilations == []
    assert len({tuple(history.history["loss"]) for history in (first, *others)}) == 5


def test_runs_leave_nothing_behind(tiny):
    def arrays():
        gc.collect()
        return len(jax.live_arrays())

    tiny.fit(validation_split=0.25)
    before = arrays()
    for _ in range(3):
        tiny.fit(validation_split=0.25)
    assert arrays() <= before


@pytest.mark.differs("epochs-go-on-in-the-data")
def test_an_epoch_of_given_steps_goes_on_where_the_last_one_ended(tiny):
    """Twenty rows in batches of 8 are 3 steps: with 2 an epoch, three epochs are two passes."""
    whole, _ = tiny.fit(epochs=2, shuffle=False)
    parts, history = tiny.fit(epochs=3, shuffle=False, steps_per_epoch=2)
    assert len(history.epoch) == 3
    assert same(whole, parts)


@pytest.mark.differs("averages-in-validation")
def test_validation_sees_the_averages_that_fit_leaves_behind(tiny):
    model = tiny.model(optimizer=SGD(0.5, use_ema=True, ema_momentum=0.9))
    _, history = tiny.fit(model, validation_data=(tiny.x, tiny.y))
    assert history.history["val_loss"][-1] == pytest.approx(model.evaluate(tiny.x, tiny.y, verbose=0)[0], rel=1e-5)


@pytest.mark.differs("rate-is-a-number")
def test_the_learning_rate_is_a_number_that_is_assigned(tiny):
    model = tiny.model()
    model.optimizer.learning_rate = 0.25
    assert type(model.optimizer.learning_rate) is float
    assert not hasattr(model.optimizer.learning_rate, "assign")
