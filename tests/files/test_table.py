import csv

import numpy as np

from ravine.files import save_csv
from ravine.training.history import History

RNG = np.random.default_rng(0)


def rows(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def run(*keys, validated=(0, 1, 2), probed=()):
    """The record of a run of three epochs with numbers of all lengths."""
    history = History()
    for epoch in range(3):
        seen = [key for key in keys if epoch in validated or not key.startswith("val_")]
        history.append(epoch, *({key: float(RNG.normal()) for key in names} for names in (seen, probed)))
    return history


KEYS = ["accuracy", "loss", "val_accuracy", "val_loss"]


def test_each_epoch_is_a_row_that_reads_back_exactly(tmp_path):
    history = run(*KEYS)
    save_csv(history, tmp_path / "a.csv")
    head, *table = rows(tmp_path / "a.csv")
    assert head == ["epoch", "loss", "accuracy", "val_loss", "val_accuracy"]
    assert [row[0] for row in table] == ["1", "2", "3"]
    for column, key in enumerate(head[1:], 1):
        assert [float(row[column]) for row in table] == history.history[key]


def test_what_fit_returns_is_such_a_record(tiny, tmp_path):
    _, history = tiny.fit()
    save_csv(history, tmp_path / "a.csv")
    assert rows(tmp_path / "a.csv")[0] == ["epoch", "loss", "accuracy"]


def test_an_epoch_without_validation_leaves_cells_empty(tmp_path):
    history = run(*KEYS, validated=[1])
    save_csv(history, tmp_path / "a.csv")
    _, *table = rows(tmp_path / "a.csv")
    assert [row[3:] for row in table] == [
        ["", ""],
        [str(history.history[key][0]) for key in ("val_loss", "val_accuracy")],
        ["", ""],
    ]


def test_what_probes_saw_stands_last(tmp_path):
    seen = ["dense/pre_activation_p50", "dense/gradient_norm", "dense/weight_norm"]
    history = run("accuracy", "loss", probed=seen)
    save_csv(history, tmp_path / "a.csv")
    head, *table = rows(tmp_path / "a.csv")
    assert head[3:] == seen
    assert [float(row[4]) for row in table] == history.probes["dense/gradient_norm"]
