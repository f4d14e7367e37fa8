import numpy as np
import pytest

from ravine import checks
from ravine.compare import spaces
from ravine.compare.spaces import loguniform, uniform


def test_the_ends_and_the_middle():
    assert [uniform(2, 6).at(u) for u in (0, 0.5, 1)] == [2, 4, 6]
    np.testing.assert_allclose([loguniform(1e-4, 1).at(u) for u in (0, 0.5, 1)], [1e-4, 1e-2, 1])


def test_trials_fill_the_space_evenly():
    found = spaces.trials({"a": uniform(0, 1), "b": loguniform(1e-4, 1)}, 64, seed=0)
    for values in ([t["a"] for t in found], [1 + np.log10(t["b"]) / 4 for t in found]):
        assert set(np.histogram(values, 8, (0, 1))[0]) <= {6, 7, 8, 9, 10}
    assert found == spaces.trials({"a": uniform(0, 1), "b": loguniform(1e-4, 1)}, 64, seed=0)
    assert found != spaces.trials({"a": uniform(0, 1), "b": loguniform(1e-4, 1)}, 64, seed=1)


def test_contenders_with_as_many_hyperparameters_try_the_same_points():
    first, second = (spaces.trials({name: uniform(0, 1)}, 5, seed=3) for name in ("momentum", "rho"))
    assert [list(t.values()) for t in first] == [list(t.values()) for t in second]


def test_nothing_to_tune_is_one_trial():
    assert spaces.trials({}, 20, seed=0) == [{}]


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
        ((1e-4, 1), r"tune\['lr'\]=\(0.0001, 1\) is a tuple: expected a space such as loguniform"),
    ],
)
def test_spaces_that_cannot_work(space, message):
    with pytest.raises(checks.RavineError, match=message):
        spaces.check({"lr": space})
