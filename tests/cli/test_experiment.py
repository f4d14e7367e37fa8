"""``ravine experiment``: what it lists, runs, writes and refuses."""

import json

import pytest
from click.testing import CliRunner

from ravine import experiments
from ravine.cli import main
from ravine.experiments.report import Report
from ravine.tables import Table


def run(*arguments):
    return CliRunner().invoke(main, ["experiment", *map(str, arguments)])


@pytest.fixture
def tiny(monkeypatch):
    """An experiment that takes no time, in the place of the first."""
    module = experiments.load(experiments.NAMES[0])
    wide = "0.123 (0.100 to 0.200)"
    table = Table("A caption", ["seed", *(f"a long column {i}" for i in range(5))], [["first", *[wide] * 5]])
    monkeypatch.setattr(module, "measure", list)
    monkeypatch.setattr(module, "report", lambda seeds: Report(f"Seeds {seeds}.", [table], {}, {"seeds": seeds}))
    return experiments.NAMES[0]


def test_the_list_has_every_experiment_with_what_it_shows():
    result = run("--list")
    assert result.exit_code == 0
    words = " ".join(result.output.split())
    for name in experiments.NAMES:
        assert f"{name} {experiments.summary(name)}" in words


def test_every_experiment_has_its_parts():
    for name in experiments.NAMES:
        module = experiments.load(name)
        assert module.SEEDS >= 1
        assert callable(module.measure)
        assert callable(module.report)


def test_it_runs_and_writes(tiny, tmp_path):
    result = run(tiny, "--seeds", 3, "--out", tmp_path / "new")
    assert result.exit_code == 0, result.output
    assert f"{tiny}: Seeds [0, 1, 2]." in result.output
    assert "3 seeds" in result.output
    assert json.loads((tmp_path / "new" / f"{tiny}.json").read_text()) == {"seeds": [0, 1, 2]}
    assert (tmp_path / "new" / f"{tiny}.md").exists()


def test_a_finding_may_hold_brackets(tiny, tmp_path, monkeypatch):
    module = experiments.load(tiny)
    monkeypatch.setattr(module, "report", lambda _: Report("Of [seeds] and [0, 1].", []))
    assert f"{tiny}: Of [seeds] and [0, 1]." in run(tiny, "--out", tmp_path).output


@pytest.mark.parametrize(
    ("columns", "shown"),
    [(160, ["0.123 (0.100 to 0.200)"]), (120, ["0.123", "(0.100 to 0.200)"]), (80, ["0.123", "(0.100 to", "0.200)"])],
)
def test_a_wide_table_breaks_no_number_and_loses_none(tiny, tmp_path, monkeypatch, columns, shown):
    monkeypatch.setenv("COLUMNS", str(columns))
    lines = run(tiny, "--seeds", 1, "--out", tmp_path).output.split("1 seed,")[0].splitlines()
    assert max(map(len, lines)) <= columns
    for part in shown:
        assert any(line.split("first")[-1].split() == part.split() * 5 for line in lines)


def test_all_runs_all(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(experiments, "NAMES", (tiny,))
    assert run("--all", "--out", tmp_path).exit_code == 0
    assert (tmp_path / f"{tiny}.md").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["drpout"], "NAME='drpout' is unknown. Did you mean 'dropout'?"),
        ([], "NAME is missing: expected one of overfitting, "),
        (["dropout", "--all"], "NAME='dropout' and --all: expected one of the two."),
        (["dropout", "--seeds", "0"], "--seeds=0: expected an integer of at least 1"),
        (["dropout", "--seeds", "two"], "--seeds"),
    ],
    ids=str,
)
def test_what_cannot_work_is_one_line(arguments, message):
    result = run(*arguments)
    assert result.exit_code == 2
    assert message in result.output
    assert len(result.output.strip().splitlines()) == 1


def test_a_folder_that_is_a_file_is_told_before_any_work(tiny, tmp_path):
    (tmp_path / "file").write_text("x")
    result = run(tiny, "--out", tmp_path / "file")
    assert result.exit_code == 2
    assert "expected a folder that can be written to" in result.output
