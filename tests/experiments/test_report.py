"""Reports as files."""

import json

import pytest
from matplotlib.figure import Figure

from ravine.experiments.report import Report, tracked
from ravine.tables import Table

TABLE = Table("What was measured", ["kind", "loss"], [["with", "0.1 (0.0 to 0.2)"], ["without", "0.3"]])


def test_a_table_as_markdown():
    assert TABLE.markdown() == (
        "What was measured\n\n| kind | loss |\n| --- | ---: |\n| with | 0.1 (0.0 to 0.2) |\n| without | 0.3 |"
    )


def test_what_is_written(tmp_path):
    report = Report("It fell.", [TABLE], {"": Figure(), "detail": Figure()}, {"loss": {0.5: [0.1]}})
    written = report.write("fall", tmp_path)
    assert [path.name for path in written] == ["fall.png", "fall-detail.png", "fall.md", "fall.json"]
    assert written[2].read_text("utf-8") == f"It fell.\n\n{TABLE.markdown()}\n"
    assert json.loads(written[3].read_text("utf-8")) == {"loss": {"0.5": [0.1]}}
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in written[:2])
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(path.name for path in written)


def test_seeds_come_one_by_one(capsys):
    assert list(tracked(range(3), "seeds")) == [0, 1, 2]
    assert capsys.readouterr().out == ""  # the bar, where there is one, is on standard error


def test_bars_in_cells_do_not_end_them():
    assert Table("c", ["|w|", "n"], [["a|b", "1"]]).markdown().splitlines()[2:] == [
        r"| \|w\| | n |",
        "| --- | ---: |",
        r"| a\|b | 1 |",
    ]


def test_numbers_that_json_has_no_names_for_are_null(tmp_path):
    numbers = {"loss": [1.0, float("nan"), (float("inf"),)], "seeds": [0]}
    (_, path) = Report("It diverged.", [], {}, numbers).write("nan", tmp_path)
    assert json.loads(path.read_text("utf-8")) == {"loss": [1.0, None, [None]], "seeds": [0]}


def test_a_figure_that_cannot_be_drawn_leaves_the_old_files(tmp_path):
    class Broken(Figure):
        def savefig(self, *_, **__):
            raise RuntimeError("no")

    old = Report("Old.", [TABLE]).write("fall", tmp_path)
    with pytest.raises(RuntimeError):
        Report("New.", [TABLE], {"": Broken()}).write("fall", tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted(old)
    assert old[0].read_text("utf-8").startswith("Old.")
