"""A comparison's tables, cell by cell."""

import math

import numpy as np
import pytest

from ravine.comparison import Run, tabulating

NAN, INF = math.nan, math.inf

VALUES = {"a": [0.5, 0.51, 0.52, 0.53, 0.54, 0.55], "b": [0.7, 0.72, 0.73, 0.74, 0.73, 0.76]}
HISTORY = [0.5, 0.5, 0.9]
TUNE = {name: {"learning_rate": {"loguniform": [1e-4, 1.0]}} for name in "ab"}


def cells(table):
    """The rows as dicts by column."""
    return [dict(zip(table.header, row, strict=True)) for row in table.rows]


def test_a_row_a_contender(built):
    result = built(VALUES)
    table = tabulating.contenders(result)
    assert table.header == ["", "val_accuracy, %", "difference from a, points", "p", "epochs", "failed"]
    assert table.caption == "Mean and 95 % interval over 6 seeds, paired; more is better"
    interval, difference = result.summaries[1].value, result.comparisons[0]
    first, second = cells(table)
    assert first[""] == "a"
    assert (first["difference from a, points"], first["p"]) == ("baseline", "")
    assert second == {
        "": "b",
        "val_accuracy, %": f"73.00 ({100 * interval.low:.2f} to {100 * interval.high:.2f})",
        "difference from a, points": f"+20.5 (+{100 * difference.low:.1f} to +{100 * difference.high:.1f})",
        "p": "0.031",
        "epochs": "5",
        "failed": "0 of 6",
    }


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ([0.123456], "0.1235"),
        ([1.23456], "1.235"),
        ([12.3456], "12.35"),
        ([123.456], "123.5"),
        ([123456.7], "123457"),
        ([0.00123456], "0.001235"),
        ([0.0], "0.000"),
        ([-0.123456], "-0.1235"),
        ([2.0, 2.0], "2.000 (2.000 to 2.000)"),
    ],
    ids=str,
)
def test_a_value_has_four_digits(built, values, shown):
    table = tabulating.contenders(built({"a": values}, "val_loss"))
    assert table.header[1] == "val_loss"
    assert table.caption.endswith("less is better")
    assert table.rows[0][1] == shown


@pytest.mark.parametrize(("seeds", "words"), [(1, "over 1 seed,"), (2, "over 2 seeds,")])
def test_seeds_are_counted(built, seeds, words):
    assert words in tabulating.contenders(built({"a": [0.5] * seeds})).caption


def test_what_is_missing_is_a_dash(built):
    result = built({"a": [0.5, 0.6], "b": [None, None], "c": [0.75, None]}, contenders=("a", "b", "c", "d"))
    a, b, c, d = (row[1:] for row in tabulating.contenders(result).rows)
    assert a[1:] == ["baseline", "", "5", "0 of 2"]
    assert b == ["–", "–", "–", "–", "2 of 2"]
    assert c == ["75.00", "+25.0", "–", "5", "1 of 2"]
    assert d == ["–", "–", "–", "–", "0 of 0"]


def test_epochs_are_means_of_runs_that_did_not_fail(built):
    result = built({"a": [0.5, 0.5, None]}, histories={"a": [[0.1] * 3, [0.1] * 4, [0.1]]})
    assert cells(tabulating.contenders(result))[0]["epochs"] == "3.5"


@pytest.mark.parametrize(
    ("histories", "reached", "epochs"),
    [
        ([[0.9], HISTORY, HISTORY], "3 of 3", "3"),
        ([[0.9], HISTORY, [0.5]], "2 of 3", "3"),
        ([[0.5], HISTORY, [0.5]], "1 of 3", "–"),
        ([[0.5], [0.5], [0.5]], "0 of 3", "–"),
    ],
)
def test_a_target_has_a_table_of_its_own(built, histories, reached, epochs):
    result = built({"a": [0.5] * 3}, histories={"a": histories}, target=("val_accuracy", 0.8, "max"))
    (row,) = cells(tabulating.times(result))
    assert (row["reached"], row["epochs"]) == (reached, epochs)
    assert tabulating.times(built({"a": [0.5] * 3})) is None


def test_what_was_chosen(built, trial):
    chosen = {"a": {"learning_rate": 0.012345}, "b": {"learning_rate": 1.0, "momentum": 0.9}}
    trials = [trial(name, i, [0.5, None, 0.6][i], chosen[name]) for name in "ab" for i in range(3)]
    tune = {"a": TUNE["a"], "b": {"learning_rate": TUNE["b"]["learning_rate"], "momentum": {"uniform": [0.0, 1.0]}}}
    table = tabulating.chosen(built(VALUES, chosen=chosen, trials=trials[:-1], tune=tune))
    assert table.header == ["", "learning_rate", "momentum", "trials", "failed"]
    assert table.rows == [["a", "0.0123", "–", "3", "1"], ["b", "1", "0.9", "2", "1"]]
    assert table.caption == "Chosen by val_accuracy, of 5 trials each"


def test_where_nothing_was_tuned_nothing_was_chosen(built):
    assert tabulating.chosen(built(VALUES)) is None
    assert tabulating.chosen(built(VALUES, tune={"a": {}, "b": {}})) is None


def test_the_columns_of_the_frame_are_the_same_numbers_unrounded(built):
    result = built(VALUES, histories={name: [HISTORY] * 6 for name in "ab"}, target=("val_accuracy", 0.8, "max"))
    columns = tabulating.columns(result)
    a, b = result.summaries
    (difference,) = result.comparisons
    expected = {
        "contender": ["a", "b"],
        "metric": ["val_accuracy"] * 2,
        "mean": [a.value.mean, b.value.mean],
        "low": [a.value.low, b.value.low],
        "high": [a.value.high, b.value.high],
        "baseline": ["a", "a"],
        "mean_difference": [NAN, difference.mean_difference],
        "difference_low": [NAN, difference.low],
        "difference_high": [NAN, difference.high],
        "p_value": [NAN, difference.p_value],
        "runs": [6, 6],
        "failed": [0, 0],
        "epochs": [3.0, 3.0],
        "reached": [6, 6],
        "epochs_to_target": [3.0, 3.0],
    }
    assert repr(columns) == repr(expected)
    without = tabulating.columns(built(VALUES))
    assert np.isnan([without["reached"], without["epochs_to_target"]]).all()


def test_the_frame_of_contenders(built):
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    result = built(VALUES)
    frame = result.table("frame")
    pandas.testing.assert_frame_equal(frame, pandas.DataFrame(tabulating.columns(result)))
    assert frame.loc[1, "p_value"] == 2 / 2**6


RUNS = (
    Run("a", "run", 0, 0, {"learning_rate": 0.1}, 5, 5, 10, None, 4, final={"loss": 0.5, "val_loss": 0.6}, seconds=1.5),
    Run("a", "run", 0, 1, {"learning_rate": 0.1}, 5, 3, 10, 2, 0, final={"loss": NAN, "val_loss": INF}, seconds=2.5),
    Run("b", "run", 0, 0, {"momentum": 0.9}, 5, error="RuntimeError: out of memory"),
)


def test_a_row_a_run():
    assert repr(tabulating.run_columns(RUNS)) == repr(
        {
            "contender": ["a", "a", "b"],
            "seed": [0, 1, 0],
            "epochs": [5, 3, 0],
            "stopped_epoch": [NAN, 2.0, NAN],
            "kept_epoch": [4.0, 0.0, NAN],
            "learning_rate": [0.1, 0.1, NAN],
            "momentum": [NAN, NAN, 0.9],
            "loss": [0.5, NAN, NAN],
            "val_loss": [0.6, INF, NAN],
            "seconds": [1.5, 2.5, 0.0],
            "failure": ["", "the loss became nan", "RuntimeError: out of memory"],
        }
    )


def test_the_frame_of_runs(built):
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    result = built(VALUES, chosen={"b": {"momentum": 0.9}})
    frame = result.to_frame()
    pandas.testing.assert_frame_equal(frame, pandas.DataFrame(tabulating.run_columns(result.runs)))
    assert len(frame) == 12
    assert frame.groupby("contender")["val_accuracy"].mean().to_dict() == pytest.approx({"a": 0.525, "b": 0.73})
    assert {"seed", "momentum", "loss", "seconds", "failure"} <= set(frame.columns)


def test_without_runs_there_are_no_rows():
    columns = tabulating.run_columns([])
    assert set(columns) == {"contender", "seed", "epochs", "stopped_epoch", "kept_epoch", "seconds", "failure"}
    assert not any(columns.values())
