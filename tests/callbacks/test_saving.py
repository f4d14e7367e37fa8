"""Callbacks that write files."""

import csv
import os

import numpy as np
import pytest

import ravine
from ravine import checks
from ravine.callbacks import CSVLogger, LambdaCallback, ModelCheckpoint, TerminateOnNaN
from ravine.checks import RavineTypeError, RavineValueError


def test_each_epoch_has_a_file_that_loads(tiny, tmp_path):
    model, history = tiny.fit(callbacks=[ModelCheckpoint(tmp_path / "made" / "{epoch:02d}-{loss:.3f}.keras")])
    names = [f"{epoch:02d}-{loss:.3f}.keras" for epoch, loss in enumerate(history.history["loss"], 1)]
    assert sorted(path.name for path in (tmp_path / "made").iterdir()) == names
    loaded = ravine.load_model(tmp_path / "made" / names[-1])
    np.testing.assert_array_equal(loaded.predict(tiny.x), model.predict(tiny.x))


@pytest.mark.parametrize(("mode", "script", "best"), [("min", [3, 1, 2, 1], 2), ("max", [1, 3, np.nan, 2], 2)])
def test_only_the_best_is_kept(counter, tmp_path, mode, script, best):
    keeper = ModelCheckpoint(
        tmp_path / "best.weights.h5", "val_scripted", save_best_only=True, save_weights_only=True, mode=mode
    )
    model = counter.model(script, better=mode)
    counter.fit(model, epochs=4, callbacks=[keeper])
    assert keeper.best == script[best - 1]
    model.load_weights(tmp_path / "best.weights.h5")
    assert model.get_weights()[0].item() == best  # the weight counts the epochs


def test_a_value_to_be_beaten(counter, tmp_path):
    keeper = ModelCheckpoint(
        tmp_path / "m.safetensors",
        "val_scripted",
        save_best_only=True,
        initial_value_threshold=1,
        save_weights_only=True,
    )
    counter.fit(counter.model([3, 2, 1]), epochs=3, callbacks=[keeper])
    assert not list(tmp_path.iterdir())


def test_every_so_many_batches(tiny, tmp_path, capsys):
    keeper = ModelCheckpoint(tmp_path / "{epoch}-{batch}.weights.h5", save_freq=4, save_weights_only=True, verbose=1)
    tiny.fit(epochs=4, callbacks=[keeper])  # three batches each
    assert sorted(path.name for path in tmp_path.iterdir()) == ["2-1.weights.h5", "3-2.weights.h5", "4-3.weights.h5"]
    assert "Epoch 2: saved" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"filepath": "m.h5"}, r"filepath='m\.h5'"),
        ({"filepath": "m.keras", "save_weights_only": True}, r"\.weights\.h5 or \.safetensors"),
        ({"filepath": "m.keras", "save_freq": "batch"}, "save_freq='batch'"),
        ({"filepath": 3}, "filepath=3"),
        ({"filepath": "m.keras", "mode": "least"}, "mode='least'"),
    ],
)
def test_settings_that_cannot_work_are_refused(settings, expected):
    with pytest.raises((RavineValueError, RavineTypeError), match=expected):
        ModelCheckpoint(**settings)


def test_a_name_with_a_place_for_what_the_run_has_not_is_refused_before_it_trains(tiny, tmp_path):
    with pytest.raises(
        RavineValueError, match=r"a place for what this run does not have.*It has: accuracy, epoch, loss"
    ):
        tiny.fit(callbacks=[ModelCheckpoint(tmp_path / "{val_loss}.keras")])
    assert not list(tmp_path.iterdir())


def test_a_table_of_a_run_with_validation_now_and_then(tiny, tmp_path):
    path = tmp_path / "log.csv"
    _, history = tiny.fit(epochs=4, validation_split=0.25, validation_freq=2, callbacks=[CSVLogger(path)])
    rows = list(csv.DictReader(path.read_text().splitlines()))
    assert [row["epoch"] for row in rows] == ["0", "1", "2", "3"]
    assert [float(row["loss"]) for row in rows] == history.history["loss"]
    assert [row["val_loss"] for row in rows] == [
        "NA",
        str(history.history["val_loss"][0]),
        "NA",
        str(history.history["val_loss"][1]),
    ]


def test_a_table_of_other_columns_is_not_gone_on_with(tiny, tmp_path):
    path = tmp_path / "log.csv"
    tiny.fit(callbacks=[CSVLogger(path)])
    before = path.read_text()
    with pytest.raises(RavineValueError, match="expected the same, or append=False"):
        tiny.fit(validation_split=0.25, callbacks=[CSVLogger(path, append=True)])
    assert path.read_text() == before


def test_functions_as_a_callback(tiny):
    heard = []
    tiny.fit(
        epochs=2, callbacks=[LambdaCallback(on_epoch_end=lambda epoch, logs: heard.append(epoch), on_train_end=None)]
    )
    assert heard == [0, 1]
    with pytest.raises(RavineTypeError, match="no hook 'on_epoch_stop'"):
        LambdaCallback(on_epoch_stop=print)
    with pytest.raises(RavineTypeError, match="on_epoch_end=3"):
        LambdaCallback(on_epoch_end=3)


@pytest.mark.differs("terminating-on-nan")
def test_a_lost_run_ends_or_raises(tiny, capsys):
    model = tiny.model(optimizer=ravine.optimizers.SGD(1e38))
    _, history = tiny.fit(model, epochs=9, callbacks=[TerminateOnNaN()])
    assert len(history.epoch) < 9
    assert "invalid loss, terminating training" in capsys.readouterr().out
    with pytest.raises(RuntimeError, match="The loss is NaN or infinite in epoch"):
        tiny.fit(
            tiny.model(optimizer=ravine.optimizers.SGD(1e38)), epochs=9, callbacks=[TerminateOnNaN(raise_error=True)]
        )


def test_a_run_that_goes_step_by_step_says_so(tiny, capsys):
    tiny.fit(epochs=1, verbose=2, callbacks=[LambdaCallback(on_train_batch_end=lambda batch, logs: None)])
    assert capsys.readouterr().out.startswith("LambdaCallback: acts within epochs, so this run goes step by step")


def test_step_by_step_is_the_compiled_run(tiny):
    hears = LambdaCallback(on_train_batch_end=lambda batch, logs: None)
    options = {"epochs": 4, "validation_split": 0.25, "steps_per_epoch": 2}
    (model, history), (expected, compiled) = (tiny.fit(callbacks=c, **options) for c in ([hears], []))
    for key, values in compiled.history.items():
        np.testing.assert_allclose(history.history[key], values, rtol=1e-6)
    for ours, theirs in zip(model.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("name", ["", 3, None, "a\0b"])
def test_what_is_no_path_is_refused(name):
    with pytest.raises(checks.RavineError, match=r"filename=.*: expected the path of a file\."):
        CSVLogger(name)


def test_tables_are_files(tiny, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path, "/dev/full"):
        for append in (False, True):
            with pytest.raises(checks.RavineValueError, match="expected a file"):
                tiny.fit(callbacks=[CSVLogger(path, append=append)])


@pytest.mark.differs("csv-columns")
@pytest.mark.parametrize("content", [b"\xff\xfe", b"a\0b\n", b"x" * 2**21])
def test_a_file_that_is_no_table_is_not_gone_on_with(tiny, tmp_path, content):
    (tmp_path / "log.csv").write_bytes(content)
    with pytest.raises(checks.RavineValueError, match="has the columns"):
        tiny.fit(callbacks=[CSVLogger(tmp_path / "log.csv", append=True)])
    assert (tmp_path / "log.csv").read_bytes() == content
