"""The ready studies, small: each runs, and asks what it says."""

import numpy as np
import pytest

import ravine
from ravine import studies

QUICK = "batchnorm"


@pytest.mark.parametrize("name", [n if n == QUICK else pytest.param(n, marks=pytest.mark.slow) for n in studies.NAMES])
def test_each_runs(name):
    study = studies.load(name)
    rows = slice(0, 120)
    small = {"x": study["x"][rows], "y": study["y"][rows], "test_data": [part[rows] for part in study["test_data"]]}
    result = ravine.compare(**{**study, **small, "epochs": 1, "trials": 1, "seeds": 1, "verbose": 0})
    assert result.complete
    assert not any(run.failure for run in result.runs)
    assert result.protocol.metric == "test_accuracy"
    assert result.protocol.selection == "val_accuracy"
    assert np.ptp([run.final["test_loss"] for run in result.runs]) > 0


@pytest.mark.parametrize("name", studies.NAMES)
def test_every_contender_has_the_same_number_of_trials(name):
    study = studies.load(name)
    tune = study["tune"]
    assert set(tune) == {"learning_rate"} or set(tune) == set(study["contenders"])
    assert study["x"].max() <= 1
    assert studies.summary(name).endswith("?") or "each" in studies.summary(name)
