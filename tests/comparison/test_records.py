"""Records of runs, and their lines in a file."""

import json
import math
from dataclasses import asdict, replace

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ravine.comparison.codec import dumps, loads
from ravine.comparison.records import RUN, TRIAL, Run

NAN, INF = math.nan, math.inf

FLOATS = st.floats()
NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(
    lambda name: name not in ("NaN", "Infinity", "-Infinity")
)
RUNS = st.builds(
    Run,
    contender=NAMES,
    phase=st.sampled_from([TRIAL, RUN]),
    trial=st.integers(0, 99),
    seed=st.integers(0, 2**32 - 1),
    hyperparameters=st.dictionaries(NAMES, st.floats(allow_nan=False, allow_infinity=False), max_size=2),
    limit=st.integers(3, 10),
    epochs=st.just(3),
    steps_per_epoch=st.integers(0, 10),
    stopped_epoch=st.none() | st.integers(0, 2),
    kept_epoch=st.none(),
    history=st.dictionaries(NAMES, st.lists(FLOATS, max_size=3), max_size=2),
    final=st.dictionaries(NAMES, FLOATS, max_size=3),
    seconds=st.floats(0, 1e6),
    error=st.none() | NAMES,
)

MADE = Run("a", RUN, 2, 7, {"learning_rate": 0.1, "momentum": 0.9}, limit=5)


SPECIAL = replace(
    MADE, epochs=5, history={"loss": [NAN, INF, -INF, -0.0, 5e-324]}, final={"loss": INF}, best={"loss": NAN}
)


@example(SPECIAL)
@given(RUNS)
def test_a_run_survives_its_line_exactly(run):
    line = run.line()
    back = Run.from_dict(loads(line))
    assert repr(back) == repr(run)  # which tells 0.0 from -0.0, and finds NaN equal to itself
    assert back.key == run.key
    assert Run.from_dict(loads(line.encode())).line() == line


@example(SPECIAL)
@given(RUNS)
def test_a_line_is_one_line_of_strict_json(run):
    line = run.line()
    assert "\n" not in line
    assert "\r" not in line
    assert line.isascii()
    json.loads(line, parse_constant=pytest.fail)  # NaN and Infinity are no JSON


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (NAN, '"NaN"'),
        (INF, '"Infinity"'),
        (-INF, '"-Infinity"'),
        (np.float64(0.1), "0.1"),
        (np.float64("nan"), '"NaN"'),
        ([1, (2.5, None)], "[1, [2.5, null]]"),
        ({"a": {"b": [INF]}}, '{"a": {"b": ["Infinity"]}}'),
        (0.1 + 0.2, "0.30000000000000004"),
        (-0.0, "-0.0"),
        (1, "1"),
        (True, "true"),
        ("nan", '"nan"'),
    ],
)
def test_values_as_text(value, text):
    assert dumps(value) == text
    back = loads(text)
    assert dumps(back) == text


def test_what_a_line_lacks_and_what_it_has_too_many():
    given = asdict(MADE)
    assert Run.from_dict({**given, "later": 1}) == MADE
    for name in given:
        with pytest.raises(KeyError, match=name):
            Run.from_dict({key: value for key, value in given.items() if key != name})


@pytest.mark.parametrize(
    "other",
    [
        {"contender": "b"},
        {"phase": TRIAL},
        {"trial": 3},
        {"seed": 8},
        {"limit": 6},
        {"hyperparameters": {"learning_rate": 0.1}},
        {"hyperparameters": {"learning_rate": 0.1, "momentum": 0.8}},
        {"hyperparameters": {"learning_rate": 0.1, "rho": 0.9}},
    ],
    ids="-".join,
)
def test_each_part_of_the_key_tells_runs_apart(other):
    assert replace(MADE, **other).key != MADE.key


@pytest.mark.parametrize(
    "same",
    [
        {"hyperparameters": {"momentum": 0.9, "learning_rate": 0.1}},
        {"epochs": 4},
        {"final": {"loss": 1.0}},
        {"history": {"loss": [1.0]}},
        {"seconds": 2.0},
        {"error": "out of memory"},
    ],
    ids="-".join,
)
def test_the_key_is_the_same_whatever_came_of_the_run(same):
    run = replace(MADE, **same)
    assert run.key == MADE.key
    assert hash(run.key) == hash(MADE.key)


@pytest.mark.parametrize(
    ("result", "failure"),
    [
        ({"final": {"loss": 0.5}}, None),
        ({"final": {"loss": 0.0}}, None),
        ({"final": {"loss": 0.5, "val_loss": NAN}}, None),
        ({"final": {"loss": NAN}}, "the loss became nan"),
        ({"final": {"loss": INF}}, "the loss became inf"),
        ({"final": {"loss": -INF}}, "the loss became -inf"),
        ({"final": {"accuracy": 1.0}}, "the loss became nan"),
        ({}, "the loss became nan"),
        ({"error": "out of memory"}, "out of memory"),
        ({"error": "out of memory", "final": {"loss": 0.5}}, "out of memory"),
        ({"error": "", "final": {"loss": 0.5}}, ""),
    ],
    ids=str,
)
def test_why_a_run_has_no_result(result, failure):
    assert replace(MADE, **result).failure == failure


@pytest.mark.parametrize(
    ("run", "value"),
    [
        (replace(MADE, final={"loss": 0.5, "accuracy": 0.75}), 0.75),
        (replace(MADE, final={"loss": 0.5, "accuracy": INF}), INF),
        (replace(MADE, final={"loss": 0.5}), NAN),
        (replace(MADE, final={"loss": NAN, "accuracy": 0.75}), NAN),
        (replace(MADE, final={"loss": 0.5, "accuracy": 0.75}, error="out of memory"), NAN),
    ],
    ids=["there", "infinite", "missing", "diverged", "error"],
)
def test_a_final_value(run, value):
    assert run.value("accuracy") == pytest.approx(value, nan_ok=True)


@pytest.mark.parametrize(
    ("values", "direction", "epochs"),
    [
        ([0.5, 0.7, 0.9, 0.6], "max", 2),
        ([0.9, 0.7, 0.5], "max", 1),
        ([0.5, 0.6, 0.69], "max", INF),
        ([0.9, 0.8, 0.7, 0.6], "min", 3),
        ([0.6, 0.9], "min", 1),
        ([0.9, 0.8, 0.71], "min", INF),
        ([NAN, 0.5, 0.9], "max", 3),
        ([NAN, 0.9, 0.5], "min", 3),
        ([NAN, NAN], "min", INF),
        ([-INF, INF], "max", 2),
        ([INF, -INF], "min", 2),
        ([], "min", INF),
    ],
)
def test_epochs_to_a_target(values, direction, epochs):
    run = replace(MADE, history={"loss": [0.0] * len(values), "watched": values})
    found = run.epochs_to("watched", 0.7, direction)
    assert found == epochs
    assert isinstance(found, float)
    assert run.epochs_to("unknown", 0.7, direction) == INF
