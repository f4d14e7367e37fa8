"""Studies from files: what TOML and Python files may hold, and what they may not."""

import numpy as np
import pytest

import ravine
from ravine import checks, layers, optimizers, regularizers
from ravine.callbacks import EarlyStopping
from ravine.studies import from_file

TOML = """
data = "data.npz"
epochs = 2
seeds = [3, 4]
loss = "sparse_categorical_crossentropy"
layers = [
    { class = "Dense", units = 5, kernel_regularizer = { class = "L2", l2 = 0.1 } },
    { class = "Dropout", rate = 0.2, name = "noise" },
    { class = "Dense", units = 2, activation = "softmax" },
]

[contenders]
stops = { optimizer = "adam", callbacks = [{ class = "EarlyStopping", patience = 3 }], "noise.rate" = 0.5 }
small = { layers = [{ class = "Dense", units = 2, activation = "softmax" }], optimizer = "sgd" }

[contenders.decays.optimizer]
class = "SGD"
learning_rate = { class = "ExponentialDecay", initial_learning_rate = 0.1, decay_steps = 5, decay_rate = 0.5 }

[tune]
small = {}
decays = {}

[tune.stops]
learning_rate = { loguniform = [1e-4, 1] }
"noise.rate" = [0.1, 0.2]
"early_stopping.patience" = { uniform = [1, 5] }
"""


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 4)).astype(np.float32)
    y = (x[:, 0] > 0).astype(np.int32)
    np.savez(tmp_path / "data.npz", x=x, y=y, x_test=x[:9], y_test=y[:9])
    np.savez(tmp_path / "pickled.npz", x=np.array([print], dtype=object), y=y)
    return tmp_path


def load(folder, text, name="study.toml"):
    (folder / name).write_text(text)
    return from_file.load(folder / name)


def test_toml_becomes_the_arguments(folder):
    found = load(folder, TOML)
    model = found["model"]()
    assert [type(layer) for layer in model.layers] == [layers.Dense, layers.Dropout, layers.Dense]
    assert model.layers[0].kernel_regularizer == regularizers.L2(0.1)
    assert found["model"]() is not model
    sides = found["contenders"]
    assert isinstance(sides["decays"]["optimizer"], optimizers.SGD)
    assert sides["decays"]["optimizer"].learning_rate.decay_rate == 0.5
    (stopping,) = sides["stops"]["callbacks"]
    assert isinstance(stopping, EarlyStopping)
    assert stopping.patience == 3
    assert sides["stops"]["noise.rate"] == 0.5
    assert len(sides["small"]["model"]().layers) == 1
    assert found["tune"]["stops"]["learning_rate"] == ravine.loguniform(1e-4, 1)
    assert found["tune"]["stops"]["noise.rate"] == [0.1, 0.2]
    assert found["x"].shape == (60, 4)
    assert found["test_data"][0].shape == (9, 4)


def test_what_it_holds_can_be_compared(folder):
    result = ravine.compare(**{**load(folder, TOML), "trials": 2, "verbose": 0})
    assert [run.seed for run in result.runs_of("small")] == [3, 4]
    assert not any(run.failure for run in result.runs)


def test_mnist_by_name(folder):
    found = load(folder, TOML.replace('"data.npz"', '"mnist"'))
    assert found["x"].shape == (60000, 28, 28)
    assert found["x"].max() == 1


PYTHON = """
import numpy as np
from ravine import Sequential, layers

def model():
    return Sequential([layers.Dense(2, activation="softmax")])

arguments = dict(
    contenders={"sgd": "sgd", "adam": "adam"}, x=np.eye(4), y=np.array([0, 1, 0, 1]), model=model, epochs=1,
    loss="sparse_categorical_crossentropy",
)
"""


@pytest.mark.parametrize("form", ["study = arguments", "def study():\n    return arguments"])
def test_a_program_says_its_study(folder, form):
    found = load(folder, PYTHON + form, "study.py")
    assert set(found["contenders"]) == {"sgd", "adam"}


BAD = {
    "no toml": ("epochs = ", "Invalid value"),
    "unknown argument": (TOML.replace("epochs", "epoch"), r"'epoch' is unknown. Did you mean 'epochs'\?"),
    "no contenders": ("data = 'data.npz'\nepochs = 1\n", "contenders"),
    "no data": (TOML.replace('data = "data.npz"', ""), "data=None: expected 'mnist' or the name of an .npz file"),
    "missing data": (TOML.replace("data.npz", "none.npz"), "data='.*none.npz'"),
    "pickled data": (TOML.replace("data.npz", "pickled.npz"), "data='.*pickled.npz'.*allow_pickle=False"),
    "unknown class": (
        TOML.replace('"Dropout"', '"Dropuot"'),
        r"layers\[1\]: class='Dropuot' is unknown. Did you mean 'Dropout'\?",
    ),
    "no class": (TOML.replace('class = "Dropout", ', ""), r"layers\[1\]=.*expected a table with the name of a class"),
    "no such field": (
        TOML.replace("rate = 0.2", "ratio = 0.2"),
        r"layers\[1\]: Dropout takes no 'ratio'. Did you mean 'rate'\?",
    ),
    "missing field": (TOML.replace("units = 5, ", ""), r"layers\[0\]: .*units"),
    "layers": (TOML.replace("layers = [\n", "layers = 3\nother = [\n"), r"layers=3"),
    "a function": (TOML.replace('class = "Dropout"', 'class = "get"'), "class='get' is unknown"),
    "space": (TOML.replace("[1e-4, 1]", "[1e-4]"), r"tune.stops.learning_rate=.*loguniform = \[low, high\]"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_work_is_said_with_its_place(folder, case):
    text, message = BAD[case]
    with pytest.raises(checks.RavineError, match=rf"(?s)study.toml: .*{message}|{message}"):
        load(folder, text)


def test_a_program_without_a_study_is_refused(folder):
    with pytest.raises(checks.RavineValueError, match=r"study.py: expected a dict called study"):
        load(folder, PYTHON, "study.py")


def test_a_path_needs_no_quotes(folder):
    plain = TOML.replace('"noise.rate" = 0.5', "noise.rate = 0.5").replace('"noise.rate" = [', "noise.rate = [")
    plain = plain.replace('"early_stopping.patience" =', "early_stopping.patience =")
    quoted, found = load(folder, TOML), load(folder, plain)
    assert found["tune"] == quoted["tune"]
    assert found["contenders"]["stops"]["noise.rate"] == 0.5


def test_losses_and_metrics_may_be_objects(folder):
    text = TOML.replace(
        '"sparse_categorical_crossentropy"', '{ class = "SparseCategoricalCrossentropy", from_logits = true }'
    )
    found = load(folder, text.replace("epochs = 2", 'epochs = 2\nmetrics = [{ class = "SparseCategoricalAccuracy" }]'))
    assert found["loss"].from_logits
    assert type(found["metrics"][0]).__name__ == "SparseCategoricalAccuracy"


def test_a_program_may_import_what_lies_beside_it(folder):
    (folder / "beside.py").write_text("EPOCHS = 7")
    found = load(folder, "from beside import EPOCHS\n" + PYTHON + "study = {**arguments, 'epochs': EPOCHS}", "study.py")
    assert found["epochs"] == 7


OUTSIDE = {
    "data": ('"data.npz"', '"../data.npz"'),
    "an absolute path": ('"data.npz"', '"/data.npz"'),
    "a checkpoint": ("epochs = 2", 'epochs = 2\ncallbacks = [{ class = "ModelCheckpoint", filepath = "../m.keras" }]'),
    "a table": ("epochs = 2", 'epochs = 2\ncallbacks = [{ class = "CSVLogger", filename = "a/../../log.csv" }]'),
}


@pytest.mark.parametrize("case", OUTSIDE)
def test_paths_that_lead_out_of_the_folder_are_refused(folder, case):
    text = TOML.replace(*OUTSIDE[case])
    with pytest.raises(checks.RavineValueError, match="expected a path within the study's folder; --allow-outside"):
        load(folder, text)


def test_paths_start_from_the_folder_and_may_lead_out_if_allowed(folder):
    text = TOML.replace("epochs = 2", 'epochs = 2\ncallbacks = [{ class = "CSVLogger", filename = "log.csv" }]')
    assert load(folder, text)["callbacks"][0].filename == folder / "log.csv"
    (folder / "inner").mkdir()
    (folder / "inner" / "study.toml").write_text(TOML.replace('"data.npz"', '"../data.npz"'))
    assert from_file.load(folder / "inner" / "study.toml", allow_outside=True)["x"].shape == (60, 4)


@pytest.mark.parametrize("text", ["a = " + "[" * 10**5, "a = 1" + "0" * 5000, 'a = "' + "x" * 2**22 + '"', "\ufeff= 1"])
def test_toml_that_is_none_is_named(folder, text):
    with pytest.raises(checks.RavineValueError, match=r"study\.toml: "):
        load(folder, text)


def test_a_number_beyond_all_bounds_is_refused(folder):
    with pytest.raises(checks.RavineValueError, match=r"study.toml: .*rate=1000.*: expected"):
        load(folder, TOML.replace("rate = 0.2", "rate = 1" + "0" * 400))
