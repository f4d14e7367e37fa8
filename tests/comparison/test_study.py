"""A study before it starts: its seeds, its trials, its spaces. test_comparing.py carries studies out."""

import numpy as np
import pytest

from ravine import Input, Sequential, checks, loguniform
from ravine.comparison import contenders
from ravine.comparison.execution import check_trainer
from ravine.comparison.study import Study, check_seeds, check_tune
from ravine.layers import Dense

X, Y = np.arange(40, dtype=np.float32).reshape(20, 2), np.arange(20) % 2


def model():
    return Sequential([Input((2,)), Dense(1, activation="sigmoid")])


SIDES = contenders.checked({"a": "sgd", "b": "adam"}, {"model": model, "loss": "mse", "metrics": ["mae"]})
SPACE = {"learning_rate": loguniform(1e-3, 1)}


def study(seeds=(0, 1), seed=0, test=None, tune=SPACE, trials=4):
    return Study(SIDES, check_trainer(X, Y, None, 0.2, test), 3, check_tune(tune, SIDES), trials, list(seeds), seed)


def test_seeds_of_one_study_are_none_of_the_next():
    first, second = check_seeds(10, 0), check_seeds(10, 1)
    assert first == list(range(10))
    assert not set(first) & set(second)
    assert check_seeds([5, 3], 0) == [5, 3]
    with pytest.raises(checks.RavineError):
        check_seeds([5, 5], 0)


def test_the_trials_have_a_seed_that_no_run_has():
    drawn = study().tuning_seed
    assert study(seeds=[0, drawn]).tuning_seed not in (0, drawn)
    assert study(seed=1).tuning_seed != drawn


def test_contenders_with_as_many_spaces_try_the_same_points():
    made = study()
    first, second = ([run.hyperparameters for run in made.trials_of(side)] for side in SIDES)
    assert first == second
    assert len(first) == 4
    assert made.size == 2 * 4 + 2 * 2


def test_what_is_compared_is_the_first_metric_on_data_that_chose_nothing():
    assert study().protocol(None, None, None).metric == "val_mae"
    tested = study(test=(X, Y)).protocol(None, "b", {"val_loss": 0.1})
    assert (tested.metric, tested.selection, tested.direction) == ("test_mae", "val_mae", "min")
    assert (tested.baseline, tested.target) == ("b", ("val_loss", 0.1, "min"))
    assert study(tune=None).protocol(None, None, None).trials == 0


def test_more_seeds_or_another_target_are_the_same_study():
    first = study().protocol(None, None, None).study
    assert study(seeds=range(9)).protocol("loss", "b", {"loss": 1.0}).study == first
    assert study(seed=1).protocol(None, None, None).study != first
    assert study(trials=5).protocol(None, None, None).study != first
