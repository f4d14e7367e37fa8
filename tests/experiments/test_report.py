"""Reports as files."""

import json

import numpy as np
from matplotlib.figure import Figure

from ravine.experiments.report import Report, Table, tracked

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


def test_rows_of_mnist_are_drawn_by_the_seed_and_do_not_overlap():
    from ravine.experiments.data import digits

    data = digits(3, 50, 40)
    assert [part[0].shape for part in data] == [(50, 784), (40, 784), (10_000, 784)]
    assert data.train[0].dtype == np.float32
    assert 0 <= data.train[0].min() < data.train[0].max() <= 1
    np.testing.assert_array_equal(data.train[0], digits(3, 50, 40).train[0])
    assert not np.array_equal(data.train[1], digits(4, 50, 40).train[1])
    both = np.concatenate([data.train[0], data.validation[0]])
    assert len(np.unique(both, axis=0)) == 90
