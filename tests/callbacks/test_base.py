import pytest

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
