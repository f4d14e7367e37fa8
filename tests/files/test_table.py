import csv

from ravine.files import save_csv


def rows(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def test_each_epoch_is_a_row_that_reads_back_exactly(tiny, tmp_path):
    _, history = tiny.fit(validation_split=0.25)
    save_csv(history, tmp_path / "a.csv")
    head, *table = rows(tmp_path / "a.csv")
    assert head == ["epoch", "loss", "accuracy", "val_loss", "val_accuracy"]
    assert [row[0] for row in table] == ["1", "2", "3"]
    for column, key in enumerate(head[1:], 1):
        assert [float(row[column]) for row in table] == history.history[key]


def test_without_validation_there_are_no_such_columns(tiny, tmp_path):
    _, history = tiny.fit()
    save_csv(history, tmp_path / "a.csv")
    assert rows(tmp_path / "a.csv")[0] == ["epoch", "loss", "accuracy"]


def test_an_epoch_without_validation_leaves_cells_empty(tiny, tmp_path):
    _, history = tiny.fit(validation_split=0.25, validation_freq=2)
    save_csv(history, tmp_path / "a.csv")
    _, *table = rows(tmp_path / "a.csv")
    assert [row[3:] for row in table] == [
        ["", ""],
        [str(history.history[key][0]) for key in ("val_loss", "val_accuracy")],
        ["", ""],
    ]


def test_what_probes_saw_stands_last(tiny, tmp_path):
    from ravine.callbacks import Probe

    _, history = tiny.fit(callbacks=[Probe("dense", percentiles=[50])])
    save_csv(history, tmp_path / "a.csv")
    head, *table = rows(tmp_path / "a.csv")
    assert head[3:] == ["dense/pre_activation_p50", "dense/gradient_norm", "dense/weight_norm"]
    assert [float(row[4]) for row in table] == history.probes["dense/gradient_norm"]
