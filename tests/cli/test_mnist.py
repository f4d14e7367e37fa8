import csv
import io
import json
import os
import signal
import subprocess
import sys

import numpy as np
import pytest
from click.testing import CliRunner

import ravine
from ravine import datasets, optimizers
from ravine.callbacks import EarlyStopping
from ravine.cli import main, mnist_run
from ravine.training.history import History

FILES = ["history.csv", "history.png", "model.keras"]


@pytest.fixture(scope="module")
def few():
    """A few of MNIST's images."""
    return tuple((x[:300], y[:300]) for x, y in datasets.mnist.load_data())


@pytest.fixture(autouse=True)
def only_few(few, monkeypatch):
    """Has the command train on them."""
    monkeypatch.setattr(datasets.mnist, "load_data", lambda: few)


@pytest.fixture
def never_trains(monkeypatch):
    monkeypatch.setattr(datasets.mnist, "load_data", lambda: pytest.fail("the data was loaded"))


def invoke(*args):
    return CliRunner().invoke(main, ["mnist", *map(str, args)])


def outcome(*args):
    result = invoke("--json", *args)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    """One epoch on all of MNIST in a process of its own."""
    folder = tmp_path_factory.mktemp("real")
    program = "from ravine.cli import main; main(prog_name='ravine')"
    command = [sys.executable, "-W", "error", "-c", program]
    options = ["mnist", "--epochs", "1", "--seed", "5", "--out", "out", "--json"]
    done = subprocess.run([*command, *options], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder, done


def test_one_epoch_of_all_of_mnist(real):
    _, done = real
    result = json.loads(done.stdout)
    assert result["train"]["images"] == 60_000
    assert result["test"]["images"] == 10_000
    assert 0.93 < result["test"]["accuracy"] < 0.97
    assert 0.93 < result["train"]["accuracy"] < 0.97
    assert result["settings"]["seed"] == 5
    assert result["history"]["epoch"] == [1]
    assert (result["epochs_run"], result["kept_epoch"], result["stopped_epoch"]) == (1, 1, None)
    assert 0 < result["seconds"]["fit"] < result["seconds"]["total"]
    assert {"ravine", "jax", "numpy", "python"} <= result["versions"].keys()


def test_the_files_are_written_and_named(real):
    folder, done = real
    assert sorted(os.listdir(folder / "out")) == FILES
    files = json.loads(done.stdout)["files"]
    assert sorted(folder / file for file in files.values()) == [folder / "out" / name for name in FILES]
    assert (folder / "out" / "history.png").read_bytes().startswith(b"\x89PNG")


def test_the_table_and_the_weights_are_those_of_the_run(real, monkeypatch):
    monkeypatch.undo()  # all of MNIST
    folder, done = real
    result = json.loads(done.stdout)
    with (folder / "out" / "history.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert list(row) == ["epoch", "loss", "accuracy", "val_loss", "val_accuracy"]
    assert {key: [float(value)] for key, value in row.items()} == result["history"]
    model = ravine.load_model(folder / "out" / "model.keras")
    _, (images, labels) = datasets.mnist.load_data()
    loss, accuracy = model.evaluate(images / 255.0, labels, verbose=0)
    assert loss == pytest.approx(result["test"]["loss"], rel=1e-5)
    assert accuracy == pytest.approx(result["test"]["accuracy"], abs=1e-6)


def test_progress_goes_to_standard_error_where_json_is_asked_for(real):
    _, done = real
    assert "Total params: 101,770" in done.stderr
    assert "Epoch 1/1" in done.stderr


def test_what_it_prints(tmp_path):
    result = invoke("--epochs", 2, "--seed", 3, "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert result.stderr == ""
    assert "dense (Dense)" in result.stdout
    assert "Epoch 2/2 - 8/8 - " in result.stdout
    text = result.stdout[result.stdout.index("Trained for") :]
    ending, train, test, seed, *files = text.splitlines()
    assert ending.startswith("Trained for 2 epochs without stopping early; kept the weights of epoch 2 (val_loss ")
    assert train.startswith("Train accuracy 0.")
    assert "on 300 images" in train
    assert test.startswith("Test accuracy  0.")
    assert seed.startswith("Seed 3, ")
    assert sorted(files) == [f"Wrote {tmp_path / 'out' / name}" for name in FILES]


def test_early_stopping_keeps_the_best_epoch(tmp_path):
    # With a learning rate of 0 no epoch improves on the first.
    still = ["--learning-rate", 0, "--epochs", 6, "--out", tmp_path]
    result = outcome(*still, "--patience", 3)
    assert (result["epochs_run"], result["stopped_epoch"], result["kept_epoch"]) == (4, 4, 1)
    for patience in (0, 1):
        assert outcome(*still, "--patience", patience)["stopped_epoch"] == 2
    assert outcome(*still, "--patience", 6)["stopped_epoch"] is None
    printed = invoke(*still, "--patience", 3).stdout
    assert "Stopped early after epoch 4 of 6; kept the weights of epoch 1 (val_loss " in printed


def test_a_seed_repeats_a_run_and_another_does_not(tmp_path):
    first, again = (outcome("--epochs", 1, "--seed", 7, "--out", tmp_path) for _ in range(2))
    assert again["history"] == first["history"]
    free = [outcome("--epochs", 1, "--out", tmp_path) for _ in range(2)]
    assert free[0]["settings"]["seed"] != free[1]["settings"]["seed"]
    repeated = outcome("--epochs", 1, "--seed", free[0]["settings"]["seed"], "--out", tmp_path)
    assert repeated["history"] == free[0]["history"]


def test_options_reach_the_model():
    model = mnist_run.Recipe(1, 10, 32, 7, "relu", "SGD", 0.3, 0.5, True, None).model()
    assert model.optimizer == optimizers.SGD(0.3, momentum=0.5, nesterov=True)
    _, hidden, last = model.layers
    assert (hidden.units, hidden.activation) == (7, "relu")
    assert (last.units, last.activation) == (10, "softmax")


def test_scaled_images_are_those_of_a_division_in_float64():
    images = np.arange(256, dtype=np.uint8).reshape(4, 8, 8)
    scaled = mnist_run._scaled(images)
    np.testing.assert_array_equal(scaled, (images / 255.0).astype(np.float32))
    assert scaled.dtype == np.float32
    assert scaled.ctypes.data % 64 == 0


@pytest.mark.parametrize(
    ("args", "line"),
    [
        (["--epochs", 0], "--epochs=0: expected an integer of at least 1."),
        (["--patience", -1], "--patience=-1: expected an integer of at least 0."),
        (["--batch-size", 0], "--batch-size=0: expected an integer of at least 1."),
        (["--hidden", 0], "--hidden=0: expected an integer of at least 1."),
        (["--activation", "sigmoyd"], "--activation='sigmoyd' is unknown. Did you mean 'sigmoid'?"),
        (["--optimizer", "sdg"], "--optimizer='sdg' is unknown. Did you mean 'sgd'?"),
        (["--learning-rate", "-1"], "--learning-rate=-1.0: expected a finite number of at least 0"),
        (["--learning-rate", "nan"], "--learning-rate=nan: expected a finite number of at least 0"),
        (["--momentum", 1], "--momentum=1.0: expected a finite number"),
        (["--seed", -1], "--seed=-1: expected an integer of at least 0"),
        (["--seed", 2**32], "--seed=4294967296: expected an integer below 2**32."),
        (["--epochs", "few"], "Invalid value for '--epochs': 'few' is not a valid integer. See 'main mnist --help'."),
        (["--epoch", 3], "No such option '--epoch'."),
    ],
)
@pytest.mark.usefixtures("never_trains")
def test_a_bad_option_is_told_in_one_line_and_leaves_nothing(tmp_path, args, line):
    result = invoke("--out", tmp_path / "out", *args)
    assert (result.exit_code, result.stdout) == (2, "")
    assert len(result.stderr.splitlines()) == 1
    assert result.stderr.startswith(f"Error: {line}")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("name", ["file", "file/below"])
@pytest.mark.usefixtures("never_trains")
def test_a_folder_that_cannot_be_written_is_told_before_training(tmp_path, name):
    (tmp_path / "file").write_text("")
    result = invoke("--out", tmp_path / name)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"Error: --out='{tmp_path / name}': expected a folder that can be written to (")
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
@pytest.mark.usefixtures("never_trains")
def test_a_folder_without_permission_is_told_before_training(tmp_path):
    tmp_path.chmod(0o500)
    assert "Permission denied" in invoke("--out", tmp_path).stderr


def test_a_file_that_cannot_be_replaced_is_told_in_one_line(tmp_path):
    (tmp_path / "history.png").mkdir()
    result = invoke("--epochs", 1, "--json", "--out", tmp_path)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.splitlines()[-1] == f"Error: path='{tmp_path}/history.png' is a folder: expected a file."
    assert sorted(os.listdir(tmp_path)) == FILES  # the other two are there


def test_ctrl_c_in_training_keeps_what_was_learnt(tmp_path, monkeypatch):
    class Impatient(EarlyStopping):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 0:
                signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(mnist_run, "EarlyStopping", Impatient)
    result = invoke("--epochs", 9, "--out", tmp_path)
    assert result.exit_code == 130
    assert "Interrupted after epoch 1 of 9; kept the weights of epoch 1 (val_loss " in result.stdout
    assert sorted(os.listdir(tmp_path)) == FILES
    result = invoke("--epochs", 9, "--out", tmp_path, "--json")
    assert result.exit_code == 130
    assert json.loads(result.stdout)["interrupted"] is True


def test_ctrl_c_before_training_is_one_line(tmp_path, monkeypatch):
    def interrupt():
        raise KeyboardInterrupt

    monkeypatch.setattr(datasets.mnist, "load_data", interrupt)
    result = invoke("--out", tmp_path)
    assert (result.exit_code, result.stdout, result.stderr) == (130, "", "Error: Interrupted.\n")


@pytest.mark.filterwarnings("default")
def test_a_loss_that_becomes_nan_is_told_once_and_is_null_in_json(tmp_path):
    result = invoke("--json", "--epochs", 3, "--learning-rate", 3e38, "--activation", "relu", "--out", tmp_path)
    assert result.exit_code == 0, result.output
    told = [line for line in result.stderr.splitlines() if line.startswith("Warning: ")]
    assert len(told) == 1
    assert told[0].startswith("Warning: The loss became NaN in epoch 1.")
    assert json.loads(result.stdout)["history"]["loss"] == [None, None, None]


class Terminal(io.TextIOWrapper):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("columns", "encoding", "as_json", "draws"),
    [
        (100, "utf-8", False, True),
        (100, "utf-8", True, False),
        (40, "utf-8", False, False),
        (100, "latin-1", False, False),
    ],
)
def test_curves_are_drawn_on_a_terminal_that_can_show_them(real, monkeypatch, columns, encoding, as_json, draws):
    _, done = real
    outcome = mnist_run.Outcome(**json.loads(done.stdout))
    history = History()
    history.append(0, {key: values[0] for key, values in outcome.history.items() if key != "epoch"})
    monkeypatch.setattr(mnist_run, "_train", lambda *_: (history, outcome))
    monkeypatch.setenv("COLUMNS", str(columns))
    screen = Terminal(io.BytesIO(), encoding)
    monkeypatch.setattr(sys, "stdout", screen)
    mnist_run.run(None, None, as_json=as_json, start=0)
    screen.flush()
    assert ("│ weights kept: epoch 1".encode() in screen.buffer.getvalue()) == draws


def test_what_is_no_terminal_gets_no_curves(tmp_path):
    assert "│ weights kept" not in invoke("--epochs", 1, "--out", tmp_path).stdout
