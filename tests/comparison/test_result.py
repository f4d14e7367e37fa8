"""What a comparison's runs say, beside SciPy and counting by hand."""

import itertools
import json
import math
import random
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from ravine import checks
from ravine.comparison import Comparison, Contrast

NAN, INF = math.nan, math.inf


def drawn(*shifts, seeds=8, spread=0.01):
    """Values of contenders a, b, ... that differ from the first by ``shifts``, over the same seeds."""
    rng = np.random.default_rng(3)
    common = 0.9 + rng.normal(0, 0.02, seeds)
    return {
        name: [float(v) for v in common + shift + rng.normal(0, spread, seeds)]
        for name, shift in zip("abcdef", (0, *shifts), strict=False)
    }


def bootstrapped(differences):
    found = stats.bootstrap((differences,), np.mean, n_resamples=9999, method="BCa", rng=0).confidence_interval
    return found.low, found.high


def by_counting(differences):
    """The share of all sign flips whose mean is at least as far from 0."""
    signs = np.array(list(itertools.product((1, -1), repeat=len(differences))))
    means = np.abs((signs * differences).mean(axis=1))
    return (means >= abs(np.mean(differences)) - 1e-12).mean()


def corrected(p_values):
    """Holm's correction as its definition says it: the largest of the smaller ones, each times how many are left."""
    return [
        min(1, max(q * sum(r >= q for r in p_values) for q in p_values if q <= p)) if p == p else p for p in p_values
    ]


# Differences.


@pytest.mark.parametrize("seeds", [6, 8])
def test_comparisons_are_paired_differences_with_intervals_and_corrected_p_values(built, seeds):
    values = drawn(0.03, 0.006, -0.02, seeds=seeds)
    found = built(values).comparisons
    differences = [np.array(values[name]) - values["a"] for name in "bcd"]
    assert [(c.contender, c.baseline, c.metric, c.seeds) for c in found] == [
        (name, "a", "val_accuracy", seeds) for name in "bcd"
    ]
    np.testing.assert_allclose([c.mean_difference for c in found], [d.mean() for d in differences])
    np.testing.assert_allclose([(c.low, c.high) for c in found], [bootstrapped(d) for d in differences])
    p_values = [by_counting(d) for d in differences]
    assert len(set(p_values)) == 3
    np.testing.assert_allclose([c.p_value for c in found], corrected(p_values))


def test_of_two_contenders_the_p_value_is_not_corrected(built):
    values = drawn(0.005, seeds=7)
    (found,) = built(values).comparisons
    assert found.p_value == pytest.approx(by_counting(np.array(values["b"]) - values["a"]))
    assert 0.02 < found.p_value < 1


def test_values_are_paired_by_seed_and_not_by_their_order(built):
    values = drawn(0.02)
    result = built(values)
    shuffled = replace(result, runs=result.runs[:8] + result.runs[:7:-1])
    assert shuffled.comparisons[0].mean_difference == pytest.approx(result.comparisons[0].mean_difference)
    assert shuffled.comparisons[0].p_value == result.comparisons[0].p_value
    assert shuffled.comparisons[0].high - shuffled.comparisons[0].low == pytest.approx(
        result.comparisons[0].high - result.comparisons[0].low, rel=0.1
    )


@pytest.mark.parametrize("value", [None, {"val_accuracy": NAN}, {"val_accuracy": INF}, {"loss": NAN}, {}, ...], ids=str)
@pytest.mark.parametrize("of", ["a", "b"])
def test_a_seed_with_which_either_has_no_value_is_left_out(built, value, of):
    values = drawn(0.03, 0.02)
    without = built({name: its[:2] + its[3:] for name, its in values.items()}).comparisons
    values[of][2] = value
    first, second = built(values).comparisons
    pairs = {"a": (7, 7), "b": (7, 8)}[of]
    assert (first.seeds, second.seeds) == pairs
    for found, expected in zip((first, second), without, strict=True):
        if found.seeds == 7:
            assert replace(found, p_value=0, failed=0) == replace(expected, p_value=0)


def test_where_no_seed_has_both_there_is_no_difference_and_no_correction_for_it(built):
    values = drawn(0.01, 0.02)
    alone = built({name: values[name] for name in "ac"}).comparisons[0]
    first, second = built(values | {"b": [None] * 8}).comparisons
    assert first.seeds == 0
    assert np.isnan([first.mean_difference, first.low, first.high, first.p_value]).all()
    assert not first.claimed
    assert second == alone


def test_one_pair_has_a_difference_and_no_interval(built):
    (found,) = built({"a": [0.5], "b": [0.75]}).comparisons
    assert (found.mean_difference, found.p_value, found.seeds) == (0.25, 1.0, 1)
    assert np.isnan([found.low, found.high]).all()


@pytest.mark.parametrize(
    ("p", "claimed"), [(0.049, True), (math.nextafter(0.05, 0), True), (0.05, False), (0.5, False), (NAN, False)]
)
def test_a_difference_is_claimed_below_five_percent(p, claimed):
    assert Contrast("b", "a", "loss", 0.5, 0.4, 0.6, p, 8).claimed is claimed


@pytest.mark.parametrize(
    ("shifts", "seeds"),
    [((0.2,), 5), ((0.2, 0.3), 6), ((0.2, 0.3, 0.4, 0.5), 7)],
    ids=["five-seeds", "two-others", "four-others"],
)
def test_there_is_no_claim_where_the_p_value_does_not_allow_it_whatever_the_interval(built, shifts, seeds):
    for found in built(drawn(*shifts, seeds=seeds)).comparisons:
        assert found.low > 0.1
        assert found.p_value > 0.05
        assert not found.claimed


def test_six_seeds_suffice_for_a_clear_difference(built):
    (found,) = built(drawn(0.2, seeds=6)).comparisons
    assert found.p_value == 2 / 2**6
    assert found.claimed


def test_equal_values_are_no_difference(built):
    (found,) = built({"a": [0.5 + 0.01 * i for i in range(8)], "b": [0.5 + 0.01 * i for i in range(8)]}).comparisons
    assert (found.mean_difference, found.low, found.high, found.p_value, found.claimed) == (0, 0, 0, 1, False)


def test_what_rounding_leaves_is_no_difference(built):
    (found,) = built({"a": [0.3] * 6, "b": [0.1 + 0.2] * 6}).comparisons
    assert (found.mean_difference, found.low, found.high) == (0, 0, 0)
    assert not found.claimed


# On another metric, with another baseline.


def test_contrasts_with_another_baseline(built):
    values = drawn(0.03, 0.006)
    result = built(values)
    found = result.contrasts(baseline="c")
    assert [(c.contender, c.baseline) for c in found] == [("a", "c"), ("b", "c")]
    np.testing.assert_allclose(
        [c.mean_difference for c in found], [np.mean(np.array(values[n]) - values["c"]) for n in "ab"]
    )
    assert found[0].mean_difference == pytest.approx(-result.comparisons[1].mean_difference)


def test_contrasts_on_another_metric(built):
    values = {name: [{"val_accuracy": v, "val_loss": 10 * v} for v in its] for name, its in drawn(0.03, 0.006).items()}
    result = built(values)
    assert result.contrasts() == result.comparisons
    assert result.contrasts("val_accuracy", "a") == result.comparisons
    for found, one in zip(result.contrasts(metric="val_loss"), result.comparisons, strict=True):
        assert found.metric == "val_loss"
        assert (found.mean_difference, found.p_value) == pytest.approx((10 * one.mean_difference, one.p_value))


def test_the_metrics_are_those_of_all_contenders(built):
    result = built(
        {"a": [{"val_accuracy": 1.0, "mae": 1.0, "test_loss": 2.0}] * 2, "b": [{"val_accuracy": 1.0, "mae": 2.0}] * 2}
    )
    assert result.keys == ["loss", "val_accuracy", "mae"]
    assert built({"a": [None], "b": [None]}).keys == ["val_accuracy"]
    assert built({"a": [{"val_accuracy": 1.0}, None], "b": [1.0, 2.0]}).keys == ["loss", "val_accuracy"]


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda r: r.contrasts("val_acuracy"), r"metric='val_acuracy' is unknown\. Did you mean 'val_accuracy'\?"),
        (lambda r: r.contrasts(baseline="plian"), r"baseline='plian' is unknown\. Did you mean 'plain'\?"),
        (lambda r: r.runs_of("momentun"), r"contender='momentun' is unknown\. Did you mean 'momentum'\?"),
        (lambda r: r.epochs_to_target("plane"), r"contender='plane' is unknown\. Did you mean 'plain'\?"),
        (lambda r: r.table("markdwon"), r"format='markdwon' is unknown\. Did you mean 'markdown'\?"),
        (lambda r: r.to_frame("panda"), r"backend='panda' is unknown\. Did you mean 'pandas'\?"),
        (lambda r: r.contrasts(3), r"metric=3 is a int"),
    ],
    ids=["metric", "baseline", "contender", "target", "format", "backend", "number"],
)
def test_unknown_names_give_the_nearest(built, ask, message):
    result = built({"plain": [0.5, 0.6], "momentum": [0.7, 0.8]}, target=("val_accuracy", 0.5, "max"))
    with pytest.raises(checks.RavineError, match=message):
        ask(result)


# Summaries.


def test_a_summary_is_of_the_runs_that_did_not_fail(built):
    values = drawn(0.03)
    histories = {"a": [[0.1] * n for n in (5, 5, 3, 2, 5, 5, 5, 4)], "b": [[0.1] * 5] * 8}
    a, b = built(
        values | {"b": [None, *values["b"][1:]]}, histories=histories, chosen={"b": {"momentum": 0.9}}
    ).summaries
    assert (a.contender, a.runs, a.failed, a.stopped, a.hyperparameters) == ("a", 8, 0, 3, {})
    assert a.value.mean == pytest.approx(np.mean(values["a"]))
    assert (a.value.low, a.value.high) == pytest.approx(bootstrapped(values["a"]))
    assert a.epochs == 34 / 8
    assert a.seconds == 2 + 3.5
    assert (b.contender, b.runs, b.failed, b.hyperparameters) == ("b", 8, 1, {"momentum": 0.9})
    assert b.value.mean == pytest.approx(np.mean(values["b"][1:]))
    assert b.value.low == pytest.approx(bootstrapped(values["b"][1:])[0])


def test_a_contender_whose_runs_all_failed(built):
    summary = built({"a": [0.5, 0.6], "b": [None, None]}).summaries[1]
    assert (summary.runs, summary.failed) == (2, 2)
    assert np.isnan([*summary.value, summary.epochs]).all()
    assert summary.seconds == 2.5


def test_a_value_that_is_no_number_is_left_out_of_the_mean_as_of_the_differences(built):
    values = drawn(0.03)
    values["b"][0] = {"val_accuracy": NAN}
    result = built(values)
    assert result.comparisons[0].seeds == 7
    assert result.summaries[1].value.mean == pytest.approx(np.mean(values["b"][1:]))


# The target.

REACHED = ("val_accuracy", 0.8, "max")
BY = {  # the epoch after which a history reaches 0.8
    1: [0.8, 0.5, 0.5],
    2: [0.5, 0.9, 0.9],
    3: [0.5, 0.79, 0.8],
    INF: [0.5, 0.6, 0.7],
}


def reaching(*epochs):
    return [BY[epoch] for epoch in epochs]


@pytest.mark.parametrize(
    ("epochs", "reached", "median"),
    [
        ((3, 1, 2), 3, 2),
        ((3, 1), 2, 3),
        ((INF, 1, 1, 3), 3, 3),
        ((INF, 1, 2), 2, 2),
        ((INF, INF, 1), 1, INF),
        ((INF, 1), 1, INF),
        ((1, INF, INF, 1), 2, INF),
        ((INF, INF), 0, INF),
    ],
)
def test_the_target(built, epochs, reached, median):
    count = len(epochs)
    result = built(
        {"a": [0.5] * count, "b": [0.6] * count},
        histories={"a": reaching(*[1] * count), "b": reaching(*epochs)},
        target=REACHED,
    )
    assert result.epochs_to_target("b") == list(epochs)
    other, summary = result.summaries
    assert (other.reached, other.to_target) == (count, 1)
    assert (summary.reached, summary.to_target, summary.steps_to_target) == (reached, median, 10 * median)
    seconds = sorted(e * (2 + seed) / 3 if e < INF else INF for seed, e in enumerate(epochs))
    assert summary.seconds_to_target == pytest.approx(seconds[count // 2])


def test_a_target_for_a_loss_is_reached_from_above(built):
    result = built(
        {"a": [0.5, 0.5], "b": [0.5, 0.5]},
        "val_loss",
        histories={"a": [[0.9, 0.7], [0.9, 0.8]], "b": [[0.7, 0.9], [0.9, 0.9]]},
        target=("val_loss", 0.75, "min"),
    )
    assert [result.epochs_to_target(name) for name in "ab"] == [[2, INF], [1, INF]]


def test_without_a_target(built):
    result = built({"a": [0.5], "b": [0.6]})
    assert result.epochs_to_target("a") == []
    summary = result.summaries[0]
    assert (summary.reached, summary.to_target, summary.steps_to_target, summary.seconds_to_target) == (None,) * 4


# Part of a result.


def test_a_result_is_complete_with_a_run_of_every_seed(built):
    assert built({"a": [0.5, 0.6], "b": [0.5, None]}).complete
    assert not built({"a": [0.5, 0.6], "b": [0.5, ...]}).complete
    assert not built({"a": [0.5, 0.6]}, contenders=("a", "b")).complete


def test_a_contender_without_runs_yet(built):
    result = built({"a": [0.5, 0.6]}, contenders=("a", "b"), target=REACHED, histories={"a": reaching(1, 2)})
    assert result.runs_of("b") == []
    assert result.comparisons[0].seeds == 0
    summary = result.summaries[1]
    assert (summary.runs, summary.failed, summary.reached, summary.to_target) == (0, 0, None, None)
    assert np.isnan([*summary.value, summary.epochs, summary.seconds]).all()
    assert "b" in str(result)


def test_nothing_is_done_yet(built):
    result = replace(built({"a": [0.5, 0.6], "b": [0.5, 0.6]}), runs=())
    assert not result.complete
    assert result.verdict.startswith("Partial: 0 of 4 runs are done.")
    assert str(result)
    assert Comparison.from_json(result.to_json()) == result


def test_runs_of_a_contender_are_in_the_order_of_seeds(built):
    result = built(drawn(0.03))
    assert [(run.contender, run.seed) for run in result.runs_of("b")] == [("b", seed) for seed in range(8)]


# What is shown.


def test_as_text(built, trial):
    plain = built(drawn(0.03))
    assert str(plain) == f"{plain.table()}\n\n{plain.verdict}"
    assert len(plain.tables) == 1
    trials = [trial(name, 0, 0.5, {"momentum": 0.9}) for name in "ab"]
    tuned = built(drawn(0.03), trials=trials, tune={name: {"momentum": {"uniform": [0.0, 1.0]}} for name in "ab"})
    assert len(tuned.tables) == 2
    assert str(tuned) == "\n\n".join([*(table.plain() for table in tuned.tables), tuned.verdict])


@pytest.mark.parametrize(
    ("form", "part"),
    [("plain", "─"), ("markdown", "| a | "), ("latex", r"\toprule")],
    ids=lambda form: form.strip("\\"),
)
def test_tables_of_every_format(built, form, part):
    assert part in built(drawn(0.03)).table(form)


def test_a_table_for_a_terminal(built):
    from rich.table import Table

    shown = built(drawn(0.03)).table("rich")
    assert isinstance(shown, Table)
    assert shown.row_count == 2


def test_an_infinite_value_can_be_shown(built):
    assert str(built({"a": [0.5, 0.6], "b": [0.5, INF]}, "val_loss"))


# Files.


def full(built, trial):
    """A result with all that one can have."""
    values = drawn(0.03, 0.006)
    values["b"][2], values["c"][3] = None, {"loss": NAN, "val_accuracy": INF}
    values["c"][4] = ...
    trials = [trial(name, i, [None, 0.5][i], {"momentum": 0.1 + i}) for name in "abc" for i in range(2)]
    return built(
        values,
        histories={name: [[0.1, NAN, 0.9]] * 8 for name in "abc"},
        trials=trials,
        target=REACHED,
        tune={name: {"momentum": {"uniform": [0.0, 1.0]}} for name in "abc"},
        study={"epochs": 5, "sizes": [1, 2.5, None]},
        chosen={name: {"momentum": 0.1} for name in "abc"},
    )


def test_a_result_survives_its_json(built, trial, tmp_path):
    result = full(built, trial)
    text = result.to_json(tmp_path / "result.json")
    assert (tmp_path / "result.json").read_text() == text == result.to_json()
    for source in (text, "\n " + text, tmp_path / "result.json", str(tmp_path / "result.json")):
        back = Comparison.from_json(source)
        assert back == result
        assert repr(back) == repr(result)
        assert back.to_json() == text
    assert str(back) == str(result)
    assert repr(back.comparisons) == repr(result.comparisons)


def test_without_a_target_it_survives_too(built):
    result = built(drawn(0.03))
    assert Comparison.from_json(result.to_json()) == result


def test_json_is_strict_and_says_what_was_found(built, trial):
    result = full(built, trial)
    given = json.loads(result.to_json(), parse_constant=pytest.fail)
    assert given["format"] == "ravine comparison 1"
    assert [c["contender"] for c in given["comparisons"]] == ["b", "c"]
    assert given["comparisons"][0]["p_value"] == result.comparisons[0].p_value
    assert given["summaries"][0]["value"] == {
        "mean": result.summaries[0].value.mean,
        "low": result.summaries[0].value.low,
        "high": result.summaries[0].value.high,
    }
    assert len(given["runs"]) == len(result.runs) == 23
    assert given["runs"][0]["history"]["val_accuracy"] == [0.1, "NaN", 0.9]


def test_a_file_that_could_not_be_written_leaves_the_old_one(built, tmp_path, monkeypatch):
    path = tmp_path / "result.json"
    path.write_text("old")
    monkeypatch.setattr("os.fsync", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        built(drawn(0.03)).to_json(path)
    assert [one.name for one in tmp_path.iterdir()] == ["result.json"]
    assert path.read_text() == "old"


EXPECTED = r"source=.*: expected JSON that Comparison\.to_json wrote\."


@pytest.mark.parametrize(
    "rubbish",
    [
        "{",
        "{}",
        '{"format": "ravine runs 1", "study": {}}',
        '{"format": "ravine comparison 2", "protocol": {}, "runs": [], "trials": [], "versions": {}}',
        '{"format": "ravine comparison 1", "protocol": {}, "runs": [], "trials": [], "versions": {}}',
        '{"format": "ravine comparison 1"}',
        {"format": "ravine comparison 1"},
        None,
        3,
        b"{}",
    ],
)
def test_what_is_no_result_is_refused(rubbish):
    with pytest.raises((checks.RavineValueError, checks.RavineTypeError), match=EXPECTED):
        Comparison.from_json(rubbish)


@pytest.mark.parametrize(
    "change",
    [
        lambda given: given.update(format="ravine comparison 2"),
        lambda given: given.pop("format"),
        lambda given: given.pop("protocol"),
        lambda given: given.pop("runs"),
        lambda given: given.pop("trials"),
        lambda given: given.pop("versions"),
        lambda given: given["protocol"].pop("seeds"),
        lambda given: given["runs"][0].pop("seed"),
        lambda given: given.update(runs=[3]),
        lambda given: given.update(runs=None),
        lambda given: given.update(protocol=3),
    ],
    ids=["later", "format", "protocol", "runs", "trials", "versions", "seeds", "seed", "number", "none", "three"],
)
def test_a_result_that_lacks_a_part_is_refused(built, change):
    given = json.loads(built(drawn(0.03)).to_json())
    del given["crc32"]  # without which a file is read as it is
    change(given)
    with pytest.raises(checks.RavineValueError, match=EXPECTED):
        Comparison.from_json(json.dumps(given))


@pytest.mark.parametrize("content", [b"", b"hello", b"\xff\xfe\x00", b"[1, 2]", b"null", b'"text"', b"{}"])
def test_a_file_of_something_else_is_refused(tmp_path, content):
    path = tmp_path / "result.json"
    path.write_bytes(content)
    with pytest.raises(checks.RavineValueError, match=EXPECTED):
        Comparison.from_json(path)


@pytest.mark.parametrize(("name", "reason"), [("missing.json", "No such file"), ("", "is a folder")])
def test_a_file_that_cannot_be_read_is_named(tmp_path, name, reason):
    with pytest.raises(checks.RavineValueError, match=rf"source='.*'.*{reason}"):
        Comparison.from_json(tmp_path / name)


@pytest.mark.parametrize("count", [100, pytest.param(1000, marks=pytest.mark.slow)])
def test_a_flipped_bit_is_refused_or_changes_nothing(built, tmp_path, count):
    result, path, draw, refused = built(drawn(0.03)), tmp_path / "result.json", random.Random(0), 0
    whole = result.to_json().encode()
    for _ in range(count):
        content = bytearray(whole)
        content[draw.randrange(len(whole))] ^= 1 << draw.randrange(8)
        path.write_bytes(content)
        try:
            assert Comparison.from_json(path) == result
        except checks.RavineValueError:
            refused += 1
    assert refused > count / 2


@pytest.mark.parametrize("text", ["[" * 10**5, '{"format": "ravine comparison 1", "runs": ' + "[" * 10**5])
def test_what_is_nested_too_deep_is_refused(tmp_path, text):
    (tmp_path / "deep.json").write_text(text)
    with pytest.raises(checks.RavineValueError, match=EXPECTED):
        Comparison.from_json(tmp_path / "deep.json")


def test_a_huge_file_of_something_else_is_refused_at_once(tmp_path):
    with (tmp_path / "huge.json").open("wb") as file:
        file.truncate(2**40)
    with pytest.raises(checks.RavineValueError, match=f"{EXPECTED} It cannot be read: it is of another format"):
        Comparison.from_json(tmp_path / "huge.json")


def test_objects_are_short_at_the_end_of_a_cell(tiny):
    model, history = tiny.fit()
    assert len(repr(history)) < 120
    assert len(repr(model)) < 80
