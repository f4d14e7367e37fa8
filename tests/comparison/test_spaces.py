import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ravine import checks
from ravine.comparison import spaces
from ravine.comparison.spaces import Choice, loguniform, uniform

BELOW_ONE = math.nextafter(1, 0)


def test_the_ends_and_the_middle():
    assert [uniform(2, 6).at(u) for u in (0, 0.5, 1)] == [2, 4, 6]
    np.testing.assert_allclose([loguniform(1e-4, 1).at(u) for u in (0, 0.5, 1)], [1e-4, 1e-2, 1])


def test_each_value_of_a_choice_has_an_equal_share():
    space = Choice((8, 2, 4))
    assert [space.at(u) for u in (0, 0.33, 0.34, 0.66, 0.67, BELOW_ONE)] == [8, 8, 2, 2, 4, 4]


@pytest.mark.parametrize("count", [2, 3, 7, 49])
def test_a_choice_has_a_value_up_to_the_last_number_below_one(count):
    assert Choice(tuple(range(count))).at(BELOW_ONE) == count - 1


@pytest.mark.parametrize(
    ("space", "ends"),
    [
        (uniform(2, 6), (2, math.nextafter(6, 0))),
        (uniform(-1, 0), (-1, math.nextafter(0, -1))),
        (loguniform(1e-4, 1), (1e-4, BELOW_ONE)),
        (Choice((0.3, 0.1, 0.2)), (0.1, 0.3)),
    ],
)
def test_ends_are_the_smallest_and_the_largest_value(space, ends):
    assert space.ends() == ends


@given(st.floats(0, 1, exclude_max=True), st.sampled_from([uniform(-3, 5), loguniform(1e-6, 10), Choice((4, 1, 2))]))
def test_values_lie_between_the_ends(u, space):
    low, high = space.ends()
    # Logarithms round, so a value may miss an end by that much.
    assert low - 1e-12 * abs(low) <= space.at(u) <= high + 1e-12 * abs(high)


@pytest.mark.parametrize(
    ("space", "described"),
    [
        (uniform(0, 1), {"uniform": [0.0, 1.0]}),
        (loguniform(1e-4, 1), {"loguniform": [1e-4, 1.0]}),
        (Choice((np.float32(0.5), 1)), {"choice": [0.5, 1.0]}),
    ],
)
def test_described_as_json_takes_it(space, described):
    assert space.described() == described
    assert json.loads(json.dumps(space.described())) == described


def test_trials_fill_the_space_evenly():
    found = spaces.trials({"a": uniform(0, 1), "b": loguniform(1e-4, 1)}, 64, seed=0)
    for values in ([t["a"] for t in found], [1 + np.log10(t["b"]) / 4 for t in found]):
        assert set(np.histogram(values, 8, (0, 1))[0]) <= {6, 7, 8, 9, 10}
    assert found == spaces.trials({"a": uniform(0, 1), "b": loguniform(1e-4, 1)}, 64, seed=0)
    assert found != spaces.trials({"a": uniform(0, 1), "b": loguniform(1e-4, 1)}, 64, seed=1)


def test_trials_take_the_values_of_a_list_about_as_often():
    found = [t["a"] for t in spaces.trials({"a": Choice((1, 2, 4))}, 30, seed=0)]
    assert {value: found.count(value) for value in found} == pytest.approx({1: 10, 2: 10, 4: 10}, abs=2)


def test_contenders_with_as_many_hyperparameters_try_the_same_points():
    first, second = (spaces.trials({name: uniform(0, 1)}, 5, seed=3) for name in ("momentum", "rho"))
    assert [list(t.values()) for t in first] == [list(t.values()) for t in second]


def test_fewer_trials_are_the_first_of_more():
    space = {"a": uniform(0, 1), "b": uniform(0, 1)}
    assert spaces.trials(space, 5, seed=3) == spaces.trials(space, 9, seed=3)[:5]


def test_nothing_to_tune_is_one_trial():
    assert spaces.trials({}, 20, seed=0) == [{}]


def test_a_grid_is_every_combination():
    found = spaces.grid("space", {"a": Choice((1, 2)), "b": Choice((3, 4, 5))})
    assert [(t["a"], t["b"]) for t in found] == [(1, 3), (1, 4), (1, 5), (2, 3), (2, 4), (2, 5)]


@pytest.mark.parametrize("space", [uniform(0, 1), loguniform(0.1, 1)])
def test_a_grid_needs_lists(space):
    with pytest.raises(checks.RavineValueError, match=r"space\['b'\]=.*expected a list of values, since a grid takes"):
        spaces.grid("space", {"a": Choice((1, 2)), "b": space})


@pytest.mark.parametrize("given", [[0.1, 0.3], (0.1, 0.3), Choice((0.1, 0.3))])
def test_a_list_of_values_is_a_choice(given):
    assert spaces.check("tune", {"rate": given}) == {"rate": Choice((0.1, 0.3))}


def test_checked_spaces_keep_names_and_order():
    given = {"b": uniform(0, 1), "a": loguniform(1, 2)}
    found = spaces.check("tune", given)
    assert found == given
    assert list(found) == ["b", "a"]


@pytest.mark.parametrize(
    ("space", "message"),
    [
        (uniform(1, 1), r"tune\['lr'\]: high=1: expected a finite number above 1"),
        (uniform(2, 1), r"tune\['lr'\]: high=1"),
        (uniform(0, float("inf")), r"tune\['lr'\]: high=inf"),
        (uniform(float("nan"), 1), r"tune\['lr'\]: low=nan"),
        (loguniform(0, 1), r"tune\['lr'\]: low=0: expected a finite number above 0"),
        (loguniform(-1, 1), r"tune\['lr'\]: low=-1"),
        (loguniform(1e-3, 1e-3), r"tune\['lr'\]: high=0.001"),
        (uniform("0", 1), r"tune\['lr'\]: low='0' is a str"),
        ([], r"tune\['lr'\]=\[\]: expected two values or more"),
        ([0.1], r"tune\['lr'\]=\[0.1\]: expected two values or more"),
        ((0.1, 0.2, 0.1), r"tune\['lr'\]=\[0.1, 0.2, 0.1\]: expected each value once"),
        ([1, 1.0], r"tune\['lr'\]=\[1, 1.0\]: expected each value once"),
        ([0.1, "0.2"], r"tune\['lr'\]\[1\]='0.2' is a str: expected a finite number"),
        ([0.1, None], r"tune\['lr'\]\[1\]=None is a NoneType"),
        ([0.1, [0.2]], r"tune\['lr'\]\[1\]=\[0.2\] is a list"),
        ([0.1, True], r"tune\['lr'\]\[1\]=True is a bool"),
        ([float("nan"), 1], r"tune\['lr'\]\[0\]=nan: expected a finite number"),
        (0.1, r"tune\['lr'\]=0.1 is a float: expected a space such as loguniform\(1e-4, 1\), or a list"),
        ("ab", r"tune\['lr'\]='ab' is a str: expected a space"),
        (uniform, r"tune\['lr'\]=.* is a function: expected a space"),
        ({0.1, 0.2}, r"tune\['lr'\]=.* is a set: expected a space"),
    ],
)
def test_spaces_that_cannot_work(space, message):
    with pytest.raises(checks.RavineError, match=message):
        spaces.check("tune", {"lr": space})


@pytest.mark.parametrize("given", [None, [uniform(0, 1)], uniform(0, 1)])
def test_spaces_come_by_name(given):
    with pytest.raises(checks.RavineTypeError, match=r"space=.*expected a dict such as \{'learning_rate': loguniform"):
        spaces.check("space", given)
