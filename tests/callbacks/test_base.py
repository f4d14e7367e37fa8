import numpy as np
import pytest

import ravine
from ravine.callbacks import Callback, EarlyStopping
from ravine.callbacks import base as callbacks
from ravine.checks import RavineTypeError, RavineValueError
from ravine.training import legs


class Recorder(Callback):
    """Notes every call with its logs."""

    def __init__(self, every_epoch=True):
        self.every_epoch = every_epoch
        self.calls = []

    def on_train_begin(self, logs=None):
        self.calls.append(("train begins", self.params["epochs"]))

    def on_epoch_begin(self, epoch, logs=None):
        self.calls.append(("begins", epoch))

    def on_epoch_end(self, epoch, logs=None):
        self.calls.append(("ends", epoch, logs))

    def on_train_end(self, logs=None):
        self.calls.append(("train ends", logs))


@pytest.mark.parametrize("every_epoch", [True, False])
def test_every_hook_is_called_in_order_with_its_logs(tiny, monkeypatch, every_epoch):
    monkeypatch.setattr(legs, "LEG_SECONDS", 1e9)  # the last leg has three epochs
    recorder = Recorder(every_epoch)
    model, history = tiny.fit(epochs=7, initial_epoch=2, callbacks=[recorder])
    logs = [dict(zip(history.history, values, strict=True)) for values in zip(*history.history.values(), strict=True)]
    expected = [("train begins", 7)]
    for epoch, values in zip(range(2, 7), logs, strict=True):
        expected += [("begins", epoch), ("ends", epoch, values)]
    assert recorder.calls == [*expected, ("train ends", logs[-1])]
    assert recorder.model is model
    assert recorder.params == history.params == {"verbose": 0, "epochs": 7, "steps": 3}


def test_several_callbacks_are_called_in_their_order(tiny):
    order = []

    class Named(Callback):
        def __init__(self, name):
            self.name = name

        def on_epoch_end(self, epoch, logs=None):
            order.append(self.name)

    tiny.fit(epochs=2, callbacks=(Named("a"), Named("b")))
    assert order == ["a", "b", "a", "b"]


def test_a_callback_alone_needs_no_list(tiny):
    recorder = Recorder()
    tiny.fit(epochs=1, callbacks=recorder)
    assert len(recorder.calls) == 4


@pytest.mark.parametrize("nothing", [None, [], ()])
def test_no_callbacks(nothing):
    assert callbacks.check(nothing) == []


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([EarlyStopping], r"callbacks\[0\]=.*is a type: expected an object of a subclass.*Did you mean EarlyStopping"),
        ([Callback(), print], r"callbacks\[1\]=<built-in function print> is a builtin_function_or_method"),
        ([None], r"callbacks\[0\]=None"),
        ("early_stopping", "callbacks='early_stopping' is a str: expected a list of callbacks"),
        ({"a": Callback()}, "is a dict: expected a list of callbacks"),
        (3, "callbacks=3 is a int"),
        (0, "callbacks=0 is a int"),
    ],
)
def test_what_is_no_callback_is_refused(given, expected):
    with pytest.raises(RavineTypeError, match=expected):
        callbacks.check(given)


@pytest.mark.differs("hooks-are-known")
@pytest.mark.parametrize(
    ("hook", "nearest"),
    [
        ("on_epoch_ended", "on_epoch_end"),
        ("on_epochs_begin", "on_epoch_begin"),
        ("on_training_end", "on_train_end"),
        ("on_train_batch_ends", "on_train_batch_end"),
    ],
)
def test_a_misspelt_hook_is_refused(hook, nearest):
    misspelt = type("Mine", (Callback,), {hook: lambda self, epoch, logs=None: None})()
    expected = rf"callbacks\[0\]: Mine\.{hook} is no hook, so it would never be called\. Did you mean '{nearest}'\?"
    with pytest.raises(RavineValueError, match=expected):
        callbacks.check([misspelt])


def test_a_hook_of_a_base_class_and_other_methods_are_fine():
    class Mine(Callback):
        def once(self):
            pass

    class Ours(Mine):
        pass

    mine = Ours()
    assert callbacks.check([mine]) == [mine]


@pytest.mark.parametrize("base", ["EarlyStopping", "ReduceLROnPlateau", "TerminateOnNaN", "Probe", "CSVLogger"])
def test_a_subclass_whose_hook_acts_is_heard_after_each_epoch(tiny, tmp_path, base):
    class Stop(getattr(ravine.callbacks, base)):
        def on_epoch_end(self, epoch, logs=None):
            self.model.stop_training = epoch == 2

    made = {"EarlyStopping": ("loss",), "ReduceLROnPlateau": ("loss",), "CSVLogger": (tmp_path / "log.csv",)}
    _, history = tiny.fit(epochs=50, callbacks=[Stop(*made.get(base, ()))])
    assert len(history.epoch) == 3


def test_hooks_of_runs_in_a_group_are_called_for_each_run():
    import collections

    counts = collections.Counter()

    class Counting(ravine.callbacks.EarlyStopping):
        def on_epoch_begin(self, epoch, logs=None):
            counts["begin"] += 1

        def on_epoch_end(self, epoch, logs=None):
            counts["end"] += 1

    x = np.random.default_rng(0).normal(size=(64, 2))
    ravine.compare(
        {"a": "sgd", "b": "adam"},
        x,
        x[:, 0],
        model=lambda: ravine.Sequential([ravine.layers.Dense(1)]),
        loss="mse",
        epochs=3,
        seeds=4,
        verbose=0,
        callbacks=[Counting("loss", patience=100)],
    )
    assert counts == {"begin": 24, "end": 24}


def test_functions_of_hooks_may_take_the_logs_of_each(tiny):
    heard = []
    hooks = {name: lambda logs: heard.append(logs) for name in ("on_train_begin", "on_train_end")}
    tiny.fit(epochs=1, callbacks=[ravine.callbacks.LambdaCallback(**hooks)])
    assert len(heard) == 2


@pytest.mark.parametrize("make", [lambda c, d: c.ModelCheckpoint(d / "m.keras"), lambda c, d: c.CSVLogger(d / "l.csv")])
def test_runs_side_by_side_share_no_files(tmp_path, make):
    with pytest.raises(ravine.checks.RavineValueError, match="its runs would share the files of"):
        ravine.compare(
            {"a": "sgd", "b": "adam"},
            np.ones((30, 3)),
            np.ones(30),
            model=lambda: ravine.Sequential([ravine.layers.Dense(1)]),
            loss="mse",
            epochs=1,
            seeds=2,
            callbacks=[make(ravine.callbacks, tmp_path)],
        )
