"""The verdict: what it says, and what it does not."""

import math

import pytest

from ravine.comparison import Contrast
from ravine.comparison.wording import contrast_in_words, shown, target_in_words, unit

NAN, INF = math.nan, math.inf


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        ("accuracy", (100, " points")),
        ("val_accuracy", (100, " points")),
        ("test_binary_accuracy", (100, " points")),
        ("val_loss", (1, "")),
        ("accuracy_loss", (1, "")),
    ],
)
def test_units(metric, expected):
    assert unit(metric) == expected


@pytest.mark.parametrize(
    ("values", "metric", "expected"),
    [
        ((0.0123, 0.004, -0.02), "val_accuracy", ["+1.23", "+0.40", "−2.00"]),
        ((0.123, 0.04, 0.2), "val_accuracy", ["+12.3", "+4.0", "+20.0"]),
        ((0.0123, 0.004, -0.02), "val_loss", ["+0.0123", "+0.0040", "−0.0200"]),
        ((1.5, 0.5, 2.5), "val_loss", ["+1.50", "+0.50", "+2.50"]),
        ((123.4, -5.0, 200.0), "val_loss", ["+123", "−5", "+200"]),
        ((12345.6, 1.0, 20000.0), "val_loss", ["+12346", "+1", "+20000"]),
        ((1234567.0, 1.0, 2e6), "val_loss", ["+1.23e+06", "+1.00e+00", "+2.00e+06"]),
        ((1.5e-7, 0.0, 3e-7), "val_loss", ["+1.50e−07", "+0.00e+00", "+3.00e−07"]),
        ((0.0, 0.0, 0.0), "val_loss", ["0", "0", "0"]),
        ((0.5, NAN, NAN), "val_loss", ["+0.500", "–", "–"]),
        ((0.0, NAN, NAN), "val_loss", ["0", "–", "–"]),
        ((NAN, NAN, NAN), "val_loss", ["–", "–", "–"]),
        ((1.0, INF, -INF), "val_loss", ["+1.00", "+inf", "−inf"]),
    ],
)
def test_differences_have_signs_and_as_many_places_as_the_largest_needs(values, metric, expected):
    assert shown(values, metric) == expected


@pytest.mark.parametrize(
    ("target", "words"),
    [(("val_accuracy", 0.97, "max"), "val_accuracy ≥ 0.97"), (("val_loss", 1e-5, "min"), "val_loss ≤ 1e-05")],
    ids=["max", "min"],
)
def test_a_target(target, words):
    assert target_in_words(target) == words


def contrast(mean, low, high, p, seeds=8, metric="val_accuracy"):
    return Contrast("b", "a", metric, mean, low, high, p, seeds)


@pytest.mark.parametrize(
    ("given", "direction", "words"),
    [
        (
            contrast(0.0123, 0.004, 0.02, 0.0312),
            "max",
            "b: better than a in val_accuracy, +1.23 points (95 % interval +0.40 to +2.00 points, corrected p = 0.031, "
            "8 paired seeds).",
        ),
        (
            contrast(-0.0123, -0.02, -0.004, 0.0312),
            "max",
            "b: worse than a in val_accuracy, −1.23 points (95 % interval −2.00 to −0.40 points, corrected p = 0.031, "
            "8 paired seeds).",
        ),
        (
            contrast(-0.0123, -0.02, -0.004, 0.0312, metric="val_loss"),
            "min",
            "b: better than a in val_loss, −0.0123 (95 % interval −0.0200 to −0.0040, corrected p = 0.031, 8 paired "
            "seeds).",
        ),
        (
            contrast(0.0123, 0.004, 0.02, 0.0312, metric="val_loss"),
            "min",
            "b: worse than a in val_loss, +0.0123 (95 % interval +0.0040 to +0.0200, corrected p = 0.031, 8 paired "
            "seeds).",
        ),
        (
            contrast(0.0123, 0.004, 0.02, 0.0625, 5),
            "max",
            "b: no difference from a in val_accuracy shown at 5 paired seeds (95 % interval +0.40 to +2.00 points, "
            "corrected p = 0.062).",
        ),
        (
            contrast(0.25, NAN, NAN, 1.0, 1),
            "max",
            "b: +25.0 points from a in val_accuracy; one seed shows nothing.",
        ),
        (
            contrast(NAN, NAN, NAN, NAN, 0),
            "max",
            "b: nothing to compare with a; no seed has a result of both.",
        ),
    ],
    ids=["better", "worse", "loss-better", "loss-worse", "none", "one-seed", "no-seed"],
)
def test_a_difference_in_words(given, direction, words):
    assert contrast_in_words(given, direction) == words


CLEAR = {"a": [0.5, 0.51, 0.52, 0.53, 0.54, 0.55], "b": [0.7, 0.72, 0.73, 0.74, 0.73, 0.76]}
LIMIT = "With fewer than 6 paired seeds no difference can be significant."


def first(seeds):
    return {name: its[:seeds] for name, its in CLEAR.items()}


@pytest.mark.parametrize(("seeds", "said"), [(1, True), (2, True), (5, True), (6, False)])
def test_too_few_seeds_are_said_to_show_nothing(built, seeds, said):
    words = built(first(seeds)).verdict
    assert (LIMIT in words.splitlines()) is said
    assert ("better than" in words) is not said


def test_pairs_count_and_not_seeds(built):
    words = built(CLEAR | {"b": [None, *CLEAR["b"][1:]]}).verdict
    assert LIMIT in words
    assert "no difference from a in val_accuracy shown at 5 paired seeds" in words


def test_nothing_is_said_of_too_few_seeds_where_one_contender_is_alone(built):
    assert built({"a": [0.5]}).verdict == ""


def test_nothing_is_claimed_without_a_significant_p_value_where_the_interval_excludes_zero(built):
    # With two others six seeds do not suffice: 2 · 2 / 2**6 = 0.0625.
    result = built(CLEAR | {"c": [v + 0.2 for v in CLEAR["b"]]})
    assert all(found.low > 0 for found in result.comparisons)
    assert not {"better", "worse"} & set(result.verdict.split())
    assert result.verdict.count("no difference from a in val_accuracy shown at 6 paired seeds") == 2
    assert result.verdict.count("corrected p = 0.062") == 2


def test_too_few_seeds_for_so_many_contenders_are_said_to_show_nothing(built):
    assert "no difference can be significant" in built(CLEAR | {"c": [v + 0.2 for v in CLEAR["b"]]}).verdict


def test_a_part_of_a_result_is_said_to_be_one(built):
    assert built(CLEAR | {"b": [*CLEAR["b"][:5], ...]}).verdict.splitlines()[0] == "Partial: 11 of 12 runs are done."
    assert "Partial" not in built(CLEAR | {"b": [*CLEAR["b"][:5], None]}).verdict


def test_failures_are_said_of_whom_they_concern(built):
    lines = built(CLEAR | {"c": [*CLEAR["b"][:4], None, {"loss": INF}]}).verdict.splitlines()
    assert [line for line in lines if "failed" in line] == [
        "c: 2 of 6 runs failed; means and differences are of the others, which may flatter it."
    ]
    assert not [line for line in built(CLEAR).verdict.splitlines() if "failed" in line]


def test_runs_that_are_left_out_for_their_value_are_mentioned(built):
    words = built(CLEAR | {"b": [{"val_accuracy": NAN}, *CLEAR["b"][1:]]}).verdict
    assert "1 of 6 runs" in words


HISTORIES = {1: [0.9] * 5, 4: [0.5, 0.5, 0.5, 0.9, 0.9], INF: [0.5] * 5}


@pytest.mark.parametrize(
    ("epochs", "words"),
    [
        ((4, 4, 1), "b: val_accuracy ≥ 0.8 was reached in 3 of 3 runs; half of the runs had it after 4 epochs."),
        ((1, 1, 4), "b: val_accuracy ≥ 0.8 was reached in 3 of 3 runs; half of the runs had it after 1 epoch."),
        ((INF, 1, 4), "b: val_accuracy ≥ 0.8 was reached in 2 of 3 runs; half of the runs had it after 4 epochs."),
        ((INF, INF, 4), "b: val_accuracy ≥ 0.8 was reached in 1 of 3 runs."),
        ((INF, INF, INF), "b: val_accuracy ≥ 0.8 was never reached."),
    ],
)
def test_whether_the_target_was_reached(built, epochs, words):
    result = built(
        {"a": [0.5] * 3, "b": [0.6] * 3},
        histories={"a": [HISTORIES[1]] * 3, "b": [HISTORIES[epoch] for epoch in epochs]},
        target=("val_accuracy", 0.8, "max"),
    )
    assert result.verdict.splitlines()[-1] == words
    assert result.verdict.splitlines()[-2].startswith("a: val_accuracy ≥ 0.8 was reached in 3 of 3 runs")


def test_a_target_of_a_contender_without_runs_was_not_reached(built):
    result = built({"a": [0.5]}, contenders=("a", "b"), target=("val_loss", 0.8, "min"), histories={"a": [[0.9]]})
    assert result.verdict.splitlines()[-2:] == [
        "a: val_loss ≤ 0.8 was never reached.",
        "b: val_loss ≤ 0.8 was never reached.",
    ]


def test_the_verdict_has_a_line_a_contender_in_the_order_that_they_were_given(built):
    lines = built(CLEAR | {"z": CLEAR["b"], "c": CLEAR["b"]}).verdict.splitlines()
    assert [line.split(":")[0] for line in lines if ":" in line] == ["b", "z", "c"]
