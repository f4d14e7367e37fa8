"""``ravine compare``: what it lists, runs, writes and refuses."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from ravine import studies
from ravine.cli import main
from ravine.comparison import Comparison

STUDY = """
data = "data.npz"
epochs = 3
batch_size = 16
loss = "sparse_categorical_crossentropy"
metrics = ["accuracy"]
layers = [{ class = "Dense", units = 5, activation = "relu" }, { class = "Dense", units = 2, activation = "softmax" }]

[contenders]
sgd = { optimizer = { class = "SGD", momentum = 0.9 } }
adam = { optimizer = "adam" }

[tune]
learning_rate = { loguniform = [1e-3, 1] }
"""


def run(*arguments):
    return CliRunner().invoke(main, ["compare", *map(str, arguments)])


@pytest.fixture
def study(tmp_path):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 4)).astype(np.float32)
    np.savez(tmp_path / "data.npz", x=x, y=(x[:, 0] > 0).astype(np.int32))
    (tmp_path / "study.toml").write_text(STUDY)
    return tmp_path / "study.toml"


def test_the_list_has_every_study_with_what_it_asks():
    result = run("--list")
    assert result.exit_code == 0
    words = " ".join(result.output.split())
    for name in studies.NAMES:
        assert f"{name} {studies.summary(name)}" in words


def test_it_runs_prints_and_writes(study, tmp_path):
    out = tmp_path / "out"
    result = run(study, "--seeds", 3, "--trials", 2, "--out", out)
    assert result.exit_code == 0, result.output
    assert {path.name for path in out.iterdir()} == {"report.html", "result.json", "table.md", "runs.jsonl"}
    assert "4 trials and 6 runs" in result.output
    assert "With fewer than 6 paired seeds no difference can be significant" in " ".join(result.output.split())
    made = Comparison.from_json(out / "result.json")
    assert (len(made.runs), len(made.trials), made.protocol.epochs) == (6, 4, 3)
    assert made.verdict in (out / "table.md").read_text()
    assert "<h1>Comparison: study</h1>" in (out / "report.html").read_text()
    assert str(out / "report.html") in result.output


def test_called_again_it_goes_on(study, tmp_path, monkeypatch):
    out = tmp_path / "out"
    options = (study, "--trials", 2, "--out", out, "--seeds")
    assert run(*options, 2).exit_code == 0
    before = (out / "runs.jsonl").read_text()
    assert run(*options, 3).exit_code == 0
    after = (out / "runs.jsonl").read_text()
    assert after.startswith(before)
    assert len(after.splitlines()) == len(before.splitlines()) + 2
    result = run(*options, 3, "--epochs", 4)
    assert result.exit_code == 2
    assert "another study: its epochs is 3, not 4" in result.output


def test_a_budget_leaves_a_report_of_what_is_done(study, tmp_path):
    result = run(study, "--budget", 1e-9, "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert "Partial: 0 of 20 runs are done." in result.output
    assert (tmp_path / "out" / "report.html").exists()


def test_ctrl_c_leaves_a_report_of_what_is_done(study, tmp_path, monkeypatch):
    from ravine.comparison import execution

    monkeypatch.setattr(execution.population, "run_population", lambda bundles, lanes: True)
    result = run(study, "--out", tmp_path / "out")
    assert result.exit_code == 130
    assert json.loads((tmp_path / "out" / "result.json").read_text())["runs"] == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "STUDY is missing: expected one of optimizers, regularizers, batchnorm; or a file."),
        (("optimisers",), "STUDY='optimisers' is unknown. Did you mean 'optimizers'?"),
        (("none.toml",), "STUDY='none.toml': expected a file that is there"),
        (("notes.txt",), "STUDY='notes.txt': expected a file that ends with .toml or .py"),
    ],
)
def test_what_is_no_study_is_one_line(arguments, message, tmp_path):
    result = run(*arguments, *(("--out", tmp_path) if arguments else ()))
    assert result.exit_code == 2
    assert message in result.output
    assert len(result.output.strip().splitlines()) == 1


def test_options_are_checked_by_their_names(study, tmp_path):
    result = run(study, "--seeds", 0, "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert "--seeds=0: expected an integer of at least 1" in result.output
