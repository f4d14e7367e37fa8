import os
import re

import numpy as np
import pytest
from click.testing import CliRunner

from ravine import objectives, optimizers
from ravine.cli import descend_run, main
from ravine.landscape import descend
from ravine.optimizers import SGD


def invoke(*args):
    return CliRunner().invoke(main, ["descend", *map(str, args)])


def test_the_lecture_without_options():
    result = invoke("--table")
    assert result.exit_code == 0, result.output
    lines = {line.split()[0]: line for line in result.stdout.splitlines() if line.strip()}
    for name, published in descend_run.PUBLISHED.items():
        points = re.findall(r"\((-?[\d.]+), (-?[\d.]+)\)", lines[name])
        assert points[0] == published
        for J, shown in zip(("lecture_plotted", "lecture_printed"), points[1:], strict=True):
            end = descend(J, descend_run.LECTURE_RULES[name], (-5, 4)).points[-1]
            np.testing.assert_allclose(np.array(shown, float), end, atol=0.6e-5)
    assert "The slides print J = x₁² + 2x₂² − x₁x₂" in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_it_writes_every_figure_of_the_lecture_with_both_functions(tmp_path):
    result = invoke("--out", tmp_path / "lecture")
    assert result.exit_code == 0, result.output
    written = sorted(os.listdir(tmp_path / "lecture"))
    for chapter, rules in {"momentum": ("sgd", "momentum", "nag"), "adaptive": ("sgd", "adagrad", "rmsprop")}.items():
        for J in ("lecture_plotted", "lecture_printed"):
            assert (tmp_path / "lecture" / f"{chapter}-{J}.png").read_bytes().startswith(b"\x89PNG")
            assert {f"{chapter}-{J}-{rule}.csv" for rule in rules} <= set(written)
    assert len(written) == 4 + 12
    assert sorted(re.findall(r"Wrote .*/(.*)", result.stdout)) == written


def test_what_is_asked_for_is_descended(tmp_path):
    args = ("--objective", "rosenbrock", "--optimizers", "nag,adam", "--lr", "0.0005,0.1", "--steps", 7, "--start=-1,1")
    result = invoke(*args, "--out", tmp_path, "--animate")
    assert result.exit_code == 0, result.output
    assert sorted(os.listdir(tmp_path)) == ["adam.csv", "descent.html", "descent.png", "nag.csv"]
    table = np.genfromtxt(tmp_path / "nag.csv", delimiter=",", names=True)
    expected = descend("rosenbrock", SGD(0.0005, momentum=0.9, nesterov=True), (-1, 1), 7)
    np.testing.assert_array_equal(table["x1"], expected.points[:, 0])
    assert "rosenbrock: J = (1 − x₁)² + 100(x₂ − x₁²)²" in result.stdout


def test_a_gif_where_it_is_asked_for(tmp_path):
    assert invoke("--steps", 3, "--optimizers", "sgd", "--out", tmp_path, "--animate", "gif").exit_code == 0
    assert (tmp_path / "descent.gif").read_bytes().startswith(b"GIF8")


def test_the_table_alone_writes_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert invoke("--table").exit_code == 0
    assert invoke("--table", "--objective", "saddle").exit_code == 0
    assert os.listdir(tmp_path) == []


def test_divergence_is_drawn_and_said(tmp_path):
    result = invoke("--optimizers", "sgd,adam", "--lr", "9,0.1", "--steps", 600, "--out", tmp_path)
    assert result.exit_code == 0, result.output
    assert re.search(r"sgd +9 +diverged at step \d+", result.stdout)
    assert result.stderr == ""
    assert (tmp_path / "descent.png").exists()


def test_noise_has_a_seed():
    first, again, other = (invoke("--objective", "noisy_ravine", "--seed", s, "--table").stdout for s in (1, 1, 2))
    assert first == again != other


@pytest.mark.parametrize("name", optimizers.TABLE)
def test_every_rule_descends(name):
    result = invoke("--optimizers", name, "--objective", "ravine", "--steps", 3, "--table")
    assert result.exit_code == 0, result.output
    assert "diverged" not in result.stdout


def test_help_names_every_objective_and_rule():
    words = set(re.split(r"[\s,;]+", invoke("--help").stdout))
    assert set(objectives.TABLE) | set(optimizers.TABLE) | set(descend_run.LECTURE_RULES) <= words


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--objective", "rosenbrok"], "--objective='rosenbrok' is unknown. Did you mean 'rosenbrock'?"),
        (["--optimizers", "sgd,adm"], "--optimizers='adm' is unknown. Did you mean 'adam'?"),
        (["--optimizers", "sgd,sgd"], "--optimizers='sgd,sgd': expected each rule once."),
        (["--lr", "-1"], "--lr=-1.0: expected a finite number of at least 0."),
        (["--lr", "nan"], "--lr=nan: expected a finite number"),
        (["--lr", "fast"], "--lr='fast': expected numbers with commas between"),
        (["--lr", "0.1,0.2"], "--lr='0.1,0.2': expected one number, or 6 for 6 rules."),
        (["--start", "1,2,3"], "--start='1,2,3': expected two numbers"),
        (["--start", "1,inf"], "--start=[1.0, inf]: expected a point of 2 finite numbers"),
        (["--steps", "0"], "--steps=0: expected an integer of at least 1."),
        (["--animate", "mp4"], "--animate='mp4' is unknown. Known names: gif, html."),
        (["--seed", "1"], "--seed=1: expected none, since lecture_plotted has no noise"),
        (["--objective", "noisy_ravine", "--seed", "-1"], "--seed=-1: expected an integer of at least 0."),
    ],
)
def test_what_cannot_work_is_told_in_one_line(args, message, tmp_path):
    result = invoke(*args, "--out", tmp_path / "never")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith(f"Error: {message}")
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "never").exists()


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    result = invoke("--out", tmp_path / "file")
    assert result.exit_code == 2
    assert result.stderr.startswith(f"Error: --out='{tmp_path / 'file'}': expected a folder that can be written to")
