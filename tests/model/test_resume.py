"""A run that was cut off goes on exactly. tests/model/test_killed.py has runs that are killed."""

import errno
import os
import signal

import jax
import numpy as np
import optax
import pytest

import ravine
import ravine.files
from ravine import Input, Sequential, layers, optimizers
from ravine.callbacks import (
    BackupAndRestore,
    Callback,
    CSVLogger,
    EarlyStopping,
    LearningRateScheduler,
    ModelCheckpoint,
    Probe,
    ReduceLROnPlateau,
)
from ravine.checks import RavineTypeError, RavineValueError

RNG = np.random.default_rng(0)
X = RNG.normal(size=(22, 5)).astype(np.float32)
WORDS = RNG.integers(0, 9, (22, 5))
Y = (X[:, 0] > 0).astype(np.int64)


class Cut(Exception):
    """What ends a run in a test, as a kill would."""


class Cutting(Callback):
    """Ends the run after an epoch, before that is saved; knows which epochs it has seen."""

    def __init__(self, after=None, every_epoch=True):
        self.after, self.every_epoch, self.seen = after, every_epoch, []

    def on_epoch_end(self, epoch, logs=None):
        self.seen.append(epoch)
        if epoch == self.after:
            raise Cut


class Meddling(Callback):
    """Assigns numbers and weights in the middle of the run, and remembers something itself."""

    def on_train_begin(self, logs=None):
        self.loss = 0.0

    def state(self):
        return {"loss": self.loss}

    def restore(self, state):
        self.loss = state["loss"]

    def on_epoch_end(self, epoch, logs=None):
        self.loss += logs["loss"]
        self.model.optimizer.learning_rate *= 1 / (1 + self.loss)
        self.model.optimizer.momentum = 0.9 - 0.1 * epoch
        if epoch % 2 == 1:  # the last epoch before a checkpoint that is gone on from
            self.model.set_weights([0.5 * w for w in self.model.get_weights()])


class ByBatch(Callback):
    """Makes the run go step by step."""

    def on_train_batch_end(self, batch, logs=None):
        if batch == 1:
            self.model.optimizer.learning_rate *= 0.9


def network(kind):
    if kind == "words":
        first = [Input((5,), dtype="int32"), layers.Embedding(9, 3), layers.Flatten()]
    else:
        first = [Input((5,)), layers.Dense(4, activation="relu")]
    middle = [layers.BatchNormalization(), layers.Dropout(0.3)] if kind == "noisy" else []
    return Sequential([*first, *middle, layers.Dense(2, activation="softmax")])


def keeping_best(**settings):
    return EarlyStopping(**{"patience": 5, "restore_best_weights": True} | settings)


SGD = {"learning_rate": 0.3, "momentum": 0.9}
OF_OPTAX = optax.chain(  # random keys, half precision, numbers, states of nothing
    optax.clip(1.0),
    optax.add_noise(0.1, 0.5, jax.random.key(3)),
    optax.inject_hyperparams(optax.adam)(optax.linear_schedule(0.3, 0.1, 9), mu_dtype="bfloat16"),
)

CASES = {
    "noise, statistics, best weights": (
        "noisy",
        lambda: optimizers.SGD(**SGD),
        lambda: [keeping_best(monitor="val_loss")],
        {"validation_freq": [2, 3, 5], "validation_data": (X[15:], Y[15:])},
    ),
    "averages, accumulation, steps": (
        "plain",
        lambda: optimizers.SGD(0.3, use_ema=True, ema_overwrite_frequency=3, gradient_accumulation_steps=2),
        lambda: [ReduceLROnPlateau("loss", patience=0, min_delta=0.1), EarlyStopping("loss", patience=5)],
        {"steps_per_epoch": 2},
    ),
    "words, a schedule": (
        "words",
        lambda: optimizers.RMSprop(optimizers.schedules.ExponentialDecay(0.05, 3, 0.9), centered=True),
        lambda: [],
        {"class_weight": {0: 2.0}},
    ),
    "rates from the host": (
        "plain",
        lambda: optimizers.SGD(**SGD),
        lambda: [LearningRateScheduler(lambda epoch, rate: 0.9 * rate)],
        {},
    ),
    "momentum": ("plain", lambda: optimizers.SGD(**SGD), lambda: [], {}),
    "hooks that meddle": ("plain", lambda: optimizers.SGD(**SGD), lambda: [Meddling()], {}),
    "step by step": ("plain", lambda: optimizers.SGD(**SGD), lambda: [ByBatch()], {"steps_per_epoch": 2}),
    "population statistics, a probe": (
        "noisy",
        lambda: optimizers.Adam(0.05),
        lambda: [keeping_best(monitor="accuracy"), Probe(rows=8)],
        {"population_statistics": True},
    ),
    "optax": ("noisy", lambda: OF_OPTAX, lambda: [], {"shuffle": False}),
    "Schedule-Free": (
        "plain",
        lambda: optimizers.ScheduleFreeAdamW(0.05),
        lambda: [LearningRateScheduler(lambda epoch, rate: 0.9 * rate), keeping_best(monitor="loss")],
        {},
    ),
}
LONG = ("words, a schedule", "population statistics, a probe", "optax", "Schedule-Free")
CASES_OF_BOTH = [pytest.param(case, marks=pytest.mark.slow) if case in LONG else case for case in CASES]


class Run:
    """A model of a case, trained."""

    def __init__(self, case, folder=None, *, epochs=6, after=None, every_epoch=True, **changed):
        kind, optimizer, callbacks, options = CASES[case]
        self.model = changed.pop("model", None) or network(kind)
        metrics = ["accuracy"] if kind == "noisy" else None  # compiling is what takes these tests their time
        self.model.compile(
            changed.pop("optimizer", None) or optimizer(), "sparse_categorical_crossentropy", metrics=metrics
        )
        self.cutting = Cutting(after, every_epoch)
        self.callbacks = [*callbacks(), *changed.pop("callbacks", [])]
        x = WORDS if kind == "words" else X
        given = {"x": x, "y": Y, "batch_size": 8, "verbose": 0, "seed": 5} | options | changed
        given["callbacks"] = [*self.callbacks, self.cutting]
        self.history = None
        try:
            self.history = self.model.fit(epochs=epochs, checkpoint=folder, **given)
        except Cut:
            assert after is not None

    def assert_same(self, other):
        assert self.history == other.history
        for name in ("history", "probes"):  # in the same order too
            assert list(getattr(self.history, name)) == list(getattr(other.history, name))
        ours, theirs = (run.model.train_state() for run in (self, other))
        assert jax.tree.structure(ours) == jax.tree.structure(theirs)
        for a, b in zip(jax.tree.leaves(ours), jax.tree.leaves(theirs), strict=True):
            np.testing.assert_array_equal(bits(a), bits(b))
        for a, b in zip(self.model.get_weights(), other.model.get_weights(), strict=True):
            np.testing.assert_array_equal(bits(a), bits(b))
        if not hasattr(self.model.optimizer, "transformation"):
            assert self.model.optimizer == other.model.optimizer
        for a, b in zip(self.callbacks, other.callbacks, strict=True):
            plain = [{k: v for k, v in vars(c).items() if isinstance(v, int | float | None)} for c in (a, b)]
            assert plain[0] == plain[1]


def bits(array):
    array = jax.random.key_data(array) if jax.dtypes.issubdtype(array.dtype, jax.dtypes.prng_key) else array
    return np.asarray(array).reshape(-1).view(np.uint8)


def numbers(folder):
    return sorted(int(path.name[11:19]) for path in folder.glob("checkpoint-*.safetensors"))


PLAIN = "momentum"


@pytest.fixture(scope="module")
def undisturbed():
    """A run of a case that nothing disturbed, by its case and its epochs."""
    known = {}

    def get(case, epochs=6):
        key = case, epochs
        return known.get(key) or known.setdefault(key, Run(case, epochs=epochs))

    return get


@pytest.mark.parametrize("case", CASES_OF_BOTH)
def test_a_run_that_was_cut_off_ends_with_the_same_bits(undisturbed, case, tmp_path):
    Run(case, tmp_path, after=2)
    assert numbers(tmp_path) == [1, 2]
    Run(case, tmp_path, after=4)
    assert numbers(tmp_path) == [3, 4]
    resumed = Run(case, tmp_path)
    assert resumed.cutting.seen == [4, 5]
    resumed.assert_same(undisturbed(case))


@pytest.mark.parametrize("case", ["rates from the host", "averages, accumulation, steps"])
def test_legs_of_several_epochs_do_too(undisturbed, case, tmp_path, monkeypatch):
    monkeypatch.setattr(ravine.training.legs, "LEG_SECONDS", 1e9)
    Run(case, tmp_path, after=4, every_epoch=False)
    assert numbers(tmp_path) == [1, 2]
    Run(case, tmp_path, every_epoch=False).assert_same(undisturbed(case))
    assert numbers(tmp_path) == [4, 6]


def test_a_finished_run_is_returned_at_once_and_goes_on_with_more_epochs(undisturbed, tmp_path, capsys):
    Run(PLAIN, tmp_path)
    again = Run(PLAIN, tmp_path, verbose=2)
    assert again.cutting.seen == []
    assert capsys.readouterr().out == f"Nothing left to train after epoch 6 from {tmp_path}\n"
    again.history.params["verbose"] = 0
    again.assert_same(undisturbed(PLAIN))
    longer = Run(PLAIN, tmp_path, epochs=8, verbose=2)
    assert longer.cutting.seen == [6, 7]
    assert capsys.readouterr().out.startswith(f"Going on after epoch 6 from {tmp_path}\nEpoch 7/8 - ")
    expected = undisturbed(PLAIN, 8)
    longer.history.params["verbose"] = 0
    longer.assert_same(expected)
    shorter = Run(PLAIN, tmp_path, epochs=2)
    assert shorter.history.history == expected.history.history


def test_a_run_that_was_stopped_stays_so_with_the_weights_that_it_kept(counter, tmp_path):
    def fit(epochs, **callback):
        model = counter.model([3, 1, 2, 2, 2, 2])
        stopping = EarlyStopping("val_scripted", patience=2, restore_best_weights=True, **callback)
        return model, stopping, counter.fit(model, epochs=epochs, callbacks=[stopping], checkpoint=tmp_path, seed=1)

    for epochs in (5, 5, 9):
        model, stopping, history = fit(epochs)
        assert history.epoch == [0, 1, 2, 3]
        assert model.get_weights()[0].item() == 2  # the weight counts the epochs
        assert (stopping.stopped_epoch, stopping.best_epoch, stopping.best) == (3, 1, 1)
        assert model.stop_training


def test_what_a_callback_ended_is_finished_and_what_ctrl_c_ended_is_not(undisturbed, tmp_path):
    class Ends(Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 1:
                self.model.stop_training = True

    class Presses(Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 1:
                signal.raise_signal(signal.SIGINT)

    for seen in ([0, 1], []):
        assert Run(PLAIN, tmp_path / "ended", callbacks=[Ends()]).cutting.seen == seen
    pressed = Run(PLAIN, callbacks=[Presses(), BackupAndRestore(tmp_path / "pressed")])
    assert pressed.cutting.seen == [0, 1]
    resumed = Run(PLAIN, tmp_path / "pressed")
    assert resumed.cutting.seen == [2, 3, 4, 5]
    resumed.assert_same(undisturbed(PLAIN))


def test_the_seed_and_the_epoch_are_those_of_the_checkpoint(undisturbed, tmp_path):
    Run(PLAIN, tmp_path, after=3)
    resumed = Run(PLAIN, tmp_path, seed=None, initial_epoch=1)
    assert resumed.cutting.seen == [3, 4, 5]
    resumed.assert_same(undisturbed(PLAIN))


def test_what_is_drawn_after_a_resumed_run_is_what_is_drawn_after_the_undisturbed_one(tmp_path):
    def next_after(folder, after=None):
        ravine.utils.set_random_seed(3)
        run = Run(PLAIN, folder, after=after, seed=None)
        return run.history and (run.history.seed, ravine.seeds.next_seed())

    next_after(tmp_path, after=2)
    assert next_after(tmp_path) == next_after(None)


def test_numbers_given_anew_hold_from_there_on(tmp_path):
    """But those that hooks or callbacks have changed meanwhile go on from where they were."""
    Run("hooks that meddle", tmp_path / "hooks", after=2)
    given = optimizers.SGD(SGD["learning_rate"], momentum=0.5)
    resumed = Run("hooks that meddle", tmp_path / "hooks", epochs=2, optimizer=given)
    assert resumed.model.optimizer.momentum == 0.5
    assert resumed.model.optimizer.learning_rate < 0.3
    Run("rates from the host", tmp_path / "rates", after=3)
    resumed = Run("rates from the host", tmp_path / "rates", optimizer=optimizers.SGD(7.0, momentum=0.9))
    assert resumed.history.history["learning_rate"][3] == pytest.approx(0.3 * 0.9**4)


OTHERS = {
    "layers": ({"model": network("noisy")}, r"its layers is"),
    "units": (
        {"model": Sequential([Input((5,)), layers.Dense(3, activation="relu"), layers.Dense(2, "softmax")])},
        r"its layers\[0\]\.units is 4, not 3",
    ),
    "an optimizer": ({"optimizer": optimizers.Adam()}, "its optimizer.class is 'SGD', not 'Adam'"),
    "a choice": ({"optimizer": optimizers.SGD(**SGD, nesterov=True)}, "its optimizer.nesterov is False, not True"),
    "a batch size": ({"batch_size": 5}, "its batch_size is 8, not 5"),
    "an order": ({"shuffle": False}, "its shuffle is True, not False"),
    "steps": ({"steps_per_epoch": 2}, "its steps_per_epoch is 0, not 2"),
    "rows": ({"x": X[:20], "y": Y[:20]}, r"its x is 'float32 \(22, 5\) .*', not 'float32 \(20, 5\) .*'"),
    "contents": ({"y": 1 - Y}, r"its y is 'int32 \(22,\) with checksum .*', not 'int32 \(22,\) with checksum"),
    "validation": ({"validation_split": 0.2}, "its values is .*val_loss"),
    "rules": ({"callbacks": [keeping_best(monitor="loss")]}, r"its callbacks is \[\], not"),
    "a rate that changes": ({"callbacks": [ReduceLROnPlateau("loss")]}, "its values is .*learning_rate"),
    "a seed": ({"seed": 6}, "its seed is 5, not 6"),
    "two things": ({"seed": 6, "batch_size": 5}, "its batch_size is 8, not 5; its seed is 5, not 6"),
}


@pytest.fixture(scope="module")
def one(tmp_path_factory):
    folder = tmp_path_factory.mktemp("one")
    Run(PLAIN, folder, epochs=1)
    return folder


@pytest.mark.parametrize("other", OTHERS)
def test_the_checkpoint_of_another_run_changes_nothing(one, other):
    changed, expected = OTHERS[other]
    changed = {"model": network("plain"), **changed}
    before = {path.name: path.read_bytes() for path in one.iterdir()}
    with pytest.raises(RavineValueError, match=rf"(?s)checkpoint='.*' holds another run: .*{expected}.*begin anew"):
        Run(PLAIN, one, **changed)
    assert {path.name: path.read_bytes() for path in one.iterdir()} == before
    assert not changed["model"].has_weights


def test_a_disk_that_fills_up_loses_nothing(undisturbed, tmp_path, monkeypatch):
    class Fills(Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 3:
                monkeypatch.setattr(os, "fsync", full)

    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    model = network("plain")
    with pytest.raises(OSError, match="No space left") as caught:
        Run(PLAIN, tmp_path, model=model, callbacks=[Fills()])
    assert "The checkpoint after epoch 4 could not be written" in caught.value.__notes__[0]
    for ours, theirs in zip(model.get_weights(), undisturbed(PLAIN, 4).model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    monkeypatch.undo()
    assert numbers(tmp_path) == [2, 3]
    Run(PLAIN, tmp_path).assert_same(undisturbed(PLAIN))


def test_a_damaged_newest_falls_back_and_ends_with_the_same_bits(undisturbed, tmp_path):
    Run(PLAIN, tmp_path, after=4)
    (tmp_path / "checkpoint-00000004.safetensors").write_bytes(b"half")
    with pytest.warns(UserWarning, match="Going on from the one before"):
        resumed = Run(PLAIN, tmp_path)
    assert resumed.cutting.seen == [3, 4, 5]
    resumed.assert_same(undisturbed(PLAIN))


def test_files_of_callbacks_are_gone_on_with(tmp_path):
    def run(name, after=None):
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        made = [
            CSVLogger(folder / "log.csv"),
            ModelCheckpoint(folder / "{epoch}.safetensors", "loss", 0, True, True, "max"),
            ModelCheckpoint(folder / "{epoch}-{batch}.weights.h5", save_freq=5, save_weights_only=True),
        ]
        return Run(PLAIN, folder / "run", after=after, callbacks=made)

    run("cut", after=3)
    with (tmp_path / "cut" / "log.csv").open("a") as file:
        file.write("3,half a li")
    run("cut").assert_same(run("whole"))
    files = [sorted(path.name for path in (tmp_path / name).iterdir()) for name in ("cut", "whole")]
    assert files[0] == files[1]
    assert {name[-3:] for name in files[0]} >= {"ors", ".h5", "csv"}
    assert (tmp_path / "cut" / "log.csv").read_text() == (tmp_path / "whole" / "log.csv").read_text()


def test_a_table_that_lost_lines_says_so(tmp_path):
    path = tmp_path / "log.csv"
    Run(PLAIN, tmp_path / "run", after=2, callbacks=[CSVLogger(path)])
    path.unlink()
    with pytest.warns(UserWarning, match=r"log.csv has 0 bytes and had .* lines of former epochs are missing"):
        Run(PLAIN, tmp_path / "run", callbacks=[CSVLogger(path)])
    assert [line.split(",")[0] for line in path.read_text().splitlines()] == ["epoch", "2", "3", "4", "5"]


def test_a_callback_remembers_only_what_a_file_can_hold(tmp_path):
    class Remembers(Callback):
        def state(self):
            return {"array": np.ones(3)}

    with pytest.raises(RavineTypeError, match=r"Remembers.state\(\)=.*expected numbers and strings by name"):
        Run(PLAIN, tmp_path, callbacks=[Remembers()])


def test_backup_and_restore_does_the_same_and_removes_its_own_files(undisturbed, tmp_path):
    (tmp_path / "notes").write_text("mine")
    Run(PLAIN, after=2, callbacks=[BackupAndRestore(tmp_path)])
    assert numbers(tmp_path) == [1, 2]
    resumed = Run(PLAIN, callbacks=[BackupAndRestore(tmp_path)])
    assert resumed.cutting.seen == [2, 3, 4, 5]
    assert resumed.history == undisturbed(PLAIN).history
    assert [path.name for path in tmp_path.iterdir()] == ["notes"]
    Run(PLAIN, epochs=2, callbacks=[BackupAndRestore(tmp_path, "epoch", True, delete_checkpoint=False)])
    assert numbers(tmp_path) == [1, 2]


def test_folders_that_cannot_work_are_refused(tmp_path):
    with pytest.raises(RavineTypeError, match="checkpoint=3 is a int: expected a folder"):
        Run(PLAIN, 3)
    with pytest.raises(RavineValueError, match="expected one folder of checkpoints"):
        Run(PLAIN, tmp_path, callbacks=[BackupAndRestore(tmp_path)])
    with pytest.raises(RavineTypeError, match="backup_dir=None"):
        BackupAndRestore(None)
    with pytest.raises(RavineValueError, match="save_freq=100: expected 'epoch', since"):
        BackupAndRestore(tmp_path, save_freq=100)
    with pytest.raises(RavineValueError, match="would share the files of BackupAndRestore"):
        ravine.compare(
            {"a": {}},
            X,
            Y,
            epochs=1,
            model=lambda: network("plain"),
            loss="sparse_categorical_crossentropy",
            callbacks=[BackupAndRestore(tmp_path)],
        )


def fresh():
    model = network("numbers")
    model.compile(optimizers.SGD(0.1, momentum=0.9), "sparse_categorical_crossentropy")
    return model


def batches():
    """Passes over the rows, in batches of 8."""
    return ((X[i : i + 8], Y[i : i + 8]) for i in range(0, len(X), 8))


def test_batches_of_a_function_go_on_too(tmp_path):
    def run(after=None):
        model = fresh()
        cutting = [] if after is None else [Cutting(after)]
        options = {"epochs": 5, "seed": 1, "verbose": 0, "callbacks": cutting}
        return model, model.fit(batches, checkpoint=None if after is None else tmp_path / "run", **options)

    expected, straight = run()
    with pytest.raises(Cut):
        run(after=2)
    model, history = run(after=9)
    assert history.history == straight.history
    for ours, theirs in zip(model.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_checkpoint_without_its_notes_is_refused(tmp_path):
    ravine.files.Checkpoints("checkpoint", tmp_path).save(1, {"run/epoch": np.array(1)}, {"seed": 1, "run": {}})
    with pytest.raises(RavineValueError, match="its newest checkpoint lacks callbacks, epochs, history"):
        fresh().fit(X, Y, verbose=0, checkpoint=tmp_path)


def test_a_generator_cannot_be_gone_on_with(tmp_path):
    with pytest.raises(RavineValueError, match="checkpoint: x gives its batches one after another"):
        fresh().fit(batches(), steps_per_epoch=1, verbose=0, checkpoint=tmp_path)
