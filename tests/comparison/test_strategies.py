"""What a search tries next, without training anything: the results are made up."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ravine import checks
from ravine.comparison import spaces, strategies
from ravine.comparison.records import TRIAL, Run
from ravine.comparison.spaces import Choice, loguniform, uniform
from ravine.comparison.strategies import check_method, halving, planned, ranked, rungs

NAN, INF = math.nan, math.inf
SPACE = {"learning_rate": loguniform(1e-4, 1), "momentum": uniform(0, 0.9)}
LISTS = {"learning_rate": Choice((0.1, 1.0)), "momentum": Choice((0.0, 0.5, 0.9))}


class Side:
    """A contender of which every number may be a fraction."""

    name = "model"

    def distinct(self, points):
        return list({tuple(point.items()): point for point in points}.values())


SIDE = Side()


def asked(count, limit=9):
    return [Run("model", TRIAL, i, 0, {"learning_rate": 0.1 * i}, limit) for i in range(count)]


def done(run, value):
    """The record of a run that arrived at ``value``; it failed where that is None."""
    if value is None:
        return replace(run, error="out of memory")
    return replace(run, epochs=run.limit, final={"loss": 0.5, "val_loss": value}, history={"loss": [0.5]}, seconds=1.0)


def carried_out(strategy, value_of):
    """The rounds that a strategy asks for, given what comes of each run."""
    rounds, wanted = [], next(strategy, None)
    while wanted:
        rounds.append(wanted)
        try:
            wanted = strategy.send([done(run, value_of(run)) for run in wanted])
        except StopIteration:
            break
    return rounds


@pytest.mark.parametrize(
    ("direction", "order"), [("min", [3, 1, 0, 4, 2, 5, 6]), ("max", [4, 0, 1, 3, 2, 5, 6])], ids=["min", "max"]
)
def test_ranked_has_the_best_first_and_failures_last_in_their_order(direction, order):
    values = [2.0, 1.0, None, -INF, INF, NAN, None]
    runs = [done(run, value) for run, value in zip(asked(7), values, strict=True)]
    assert [run.trial for run in ranked(runs, "val_loss", direction)] == order


def test_ranked_keeps_the_order_of_runs_that_are_alike():
    runs = [done(run, 1.0) for run in asked(5)]
    for direction in ("min", "max"):
        assert ranked(runs, "val_loss", direction) == runs


@pytest.mark.parametrize(
    ("trials", "epochs", "expected"),
    [
        (1, 1, [(1, 1)]),
        (1, 100, [(1, 100)]),
        (2, 100, [(2, 100)]),
        (100, 1, [(100, 1)]),
        (100, 2, [(100, 2)]),
        (3, 3, [(3, 1), (1, 3)]),
        (9, 9, [(9, 1), (3, 3), (1, 9)]),
        (9, 3, [(9, 1), (3, 3)]),
        (20, 10, [(20, 1), (6, 3), (2, 10)]),
        (27, 81, [(27, 3), (9, 9), (3, 27), (1, 81)]),
        (81, 30, [(81, 1), (27, 3), (9, 10), (3, 30)]),
    ],
)
def test_rungs(trials, epochs, expected):
    assert rungs(trials, epochs) == expected


@given(st.integers(1, 300), st.integers(1, 300))
def test_rungs_start_with_all_trials_and_end_with_all_epochs(trials, epochs):
    found = rungs(trials, epochs)
    counts, limits = zip(*found, strict=True)
    assert counts[0] == trials
    assert limits[-1] == epochs
    assert min(counts) >= 1
    assert min(limits) >= 1
    assert list(counts) == sorted(counts, reverse=True)
    assert list(limits) == sorted(limits)
    assert max(count * limit for count, limit in found) <= trials * epochs


@pytest.mark.parametrize("direction", ["min", "max"])
def test_halving_goes_on_with_the_best(direction):
    # By its value the best is the trial 5, whose value grows with the epochs faster than the others'.
    sign = 1 if direction == "min" else -1
    rounds = carried_out(halving(asked(9), 9, "val_loss", direction), lambda run: sign * abs(run.trial - 5) * run.limit)
    assert [[run.trial for run in runs] for runs in rounds] == [list(range(9)), [5, 4, 6], [5]]
    assert [{run.limit for run in runs} for runs in rounds] == [{1}, {3}, {9}]
    for runs in rounds:
        for run in runs:  # each begins anew
            assert run == replace(asked(9)[run.trial], limit=run.limit)


def test_halving_drops_failures():
    rounds = carried_out(halving(asked(9), 9, "val_loss", "min"), lambda run: run.trial if run.trial > 5 else None)
    assert [[run.trial for run in runs] for runs in rounds] == [list(range(9)), [6, 7, 8], [6]]


def test_halving_forgets_what_a_run_was_better_at_before():
    values = {(1, 2): 0.0, (3, 2): 9.0}
    rounds = carried_out(halving(asked(9), 9, "val_loss", "min"), lambda run: values.get((run.limit, run.trial), 1.0))
    assert rounds[1][0].trial == 2
    assert 2 not in [run.trial for run in rounds[2]]


@pytest.mark.parametrize(
    ("method", "tuned", "count"), [("random", SPACE, 7), ("grid", LISTS, 6)], ids=["random", "grid"]
)
def test_all_at_once(method, tuned, count):
    size, strategy = planned(method, tuned, 7, 4, 3, SIDE)
    (runs,) = carried_out(strategy(2, "val_loss", "min"), lambda run: 1.0)
    assert size == len(runs) == count
    assert [run.trial for run in runs] == list(range(count))
    assert {(run.contender, run.phase, run.seed, run.limit) for run in runs} == {("model", TRIAL, 3, 4)}
    points = spaces.grid("space", tuned) if method == "grid" else spaces.trials(tuned, 7, 3)
    assert [run.hyperparameters for run in runs] == points


def test_a_grid_is_every_combination_once():
    _, strategy = planned("grid", LISTS, 2, 4, 3, SIDE)
    (runs,) = carried_out(strategy(2, "val_loss", "min"), lambda run: 1.0)
    found = [(run.hyperparameters["learning_rate"], run.hyperparameters["momentum"]) for run in runs]
    assert sorted(found) == [(lr, momentum) for lr in (0.1, 1.0) for momentum in (0.0, 0.5, 0.9)]


def test_halving_tries_what_random_tries():
    size, strategy = planned("halving", SPACE, 9, 9, 3, SIDE)
    rounds = carried_out(strategy(2, "val_loss", "max"), lambda run: run.trial)
    assert size == sum(map(len, rounds)) == 9 + 3 + 1
    assert [run.hyperparameters for run in rounds[0]] == spaces.trials(SPACE, 9, 3)
    assert rounds[-1][0].hyperparameters == spaces.trials(SPACE, 9, 3)[8]
    assert rounds[-1][0].limit == 9


@pytest.mark.parametrize("method", strategies.METHODS)
def test_the_same_results_lead_to_the_same_runs(method):
    _, strategy = planned(method, LISTS, 9, 9, 3, SIDE)
    first, second = (carried_out(strategy(2, "val_loss", "min"), lambda run: run.trial % 4) for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    ("method", "message"),
    [
        ("halfing", r"method='halfing' is unknown\. Did you mean 'halving'\? Known names: grid, halving, random\."),
        ("", r"method='' is unknown\. Known names"),
        (3, r"method=3 is a int: expected one of random, grid, halving, or an Optuna sampler"),
        (None, r"method=None is a NoneType: expected one of"),
    ],
)
def test_an_unknown_method(method, message):
    with pytest.raises(checks.RavineError, match=message):
        check_method(method, LISTS)


def test_a_grid_needs_lists():
    assert check_method("grid", LISTS) == "grid"
    assert check_method("random", SPACE) == "random"
    with pytest.raises(checks.RavineValueError, match=r"space\['momentum'\]=.*expected a list of values"):
        check_method("grid", {**LISTS, "momentum": uniform(0, 1)})


def test_without_optuna_nothing_is_a_sampler(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "optuna.samplers", None)
    with pytest.raises(checks.RavineTypeError, match=r"or an Optuna sampler \(installed\)"):
        check_method(object(), SPACE)


# Optuna's samplers.


@pytest.fixture(scope="module")
def optuna():
    found = pytest.importorskip("optuna", reason="Optuna is not installed")
    found.logging.set_verbosity(found.logging.ERROR)
    return found


@pytest.fixture
def listener(optuna):
    """A sampler that draws by chance, and notes what it is told."""

    class Listener(optuna.samplers.RandomSampler):
        def __deepcopy__(self, memo):
            return self  # what each search has of its own is of no matter here

        def __init__(self):
            super().__init__(seed=0)
            self.heard = []

        def after_trial(self, study, trial, state, values):
            self.heard.append((study.direction.name, trial.number, state.name, values))

    return Listener()


def test_a_sampler_goes_by_its_name(listener):
    assert check_method(listener, SPACE) == "optuna Listener"
    with pytest.raises(checks.RavineTypeError, match="or an Optuna sampler"):
        check_method(type(listener), SPACE)


@pytest.mark.parametrize(("direction", "way"), [("min", "MINIMIZE"), ("max", "MAXIMIZE")])
def test_a_sampler_hears_of_each_round_before_the_next(listener, direction, way):
    size, strategy = planned(listener, SPACE, 7, 4, 3, SIDE)
    values, heard = [0.5, NAN, None, 0.25, INF, 1.0, 2.0], []

    def value_of(run):
        heard.append(len(listener.heard))
        return values[run.trial]

    rounds = carried_out(strategy(3, "val_loss", direction), value_of)
    assert size == sum(map(len, rounds)) == 7
    assert [[run.trial for run in runs] for runs in rounds] == [[0, 1, 2], [3, 4, 5], [6]]
    assert heard == [0, 0, 0, 3, 3, 3, 6]
    told = [("FAIL", None) if v is None or math.isnan(v) else ("COMPLETE", [v]) for v in values]
    assert listener.heard == [(way, i, state, value) for i, (state, value) in enumerate(told)]


def test_what_a_sampler_suggests_lies_in_the_space(listener):
    tuned = {**SPACE, "rate": Choice((0.1, 0.3))}
    _, strategy = planned(listener, tuned, 40, 4, 3, SIDE)
    (runs,) = carried_out(strategy(40, "val_loss", "min"), lambda run: 1.0)
    for path, space in tuned.items():
        low, high = space.ends()
        found = [run.hyperparameters[path] for run in runs]
        assert all(low <= value <= high for value in found)
        assert {type(value) for value in found} == {float}
        assert len(set(found)) == (2 if path == "rate" else 40)
    below = sum(run.hyperparameters["learning_rate"] < 1e-2 for run in runs)
    assert 10 <= below <= 30  # the middle of a logarithmic scale
    assert {(run.contender, run.phase, run.seed, run.limit) for run in runs} == {("model", TRIAL, 3, 4)}


def test_a_sampler_that_learns_finds_the_better_half(optuna):
    _, strategy = planned(optuna.samplers.TPESampler(seed=0), {"rate": uniform(0, 1)}, 40, 4, 3, SIDE)
    rounds = carried_out(strategy(1, "val_loss", "min"), lambda run: abs(run.hyperparameters["rate"] - 0.8))
    late = [runs[0].hyperparameters["rate"] for runs in rounds[20:]]
    assert sum(value > 0.5 for value in late) >= 17
