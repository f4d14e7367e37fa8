"""Contenders that do not differ: how often a comparison claims that they do."""

import functools

import numpy as np
import pytest
from scipy import stats

import ravine
from ravine import Input, Sequential
from ravine.layers import Dense, Dropout

SEEDS = 10
NAMED_TWICE = 5


def network(noise):
    """The same network; ``noise`` says from which random numbers it drops, and nothing else."""
    return Sequential([Input((4,)), Dense(6, activation="relu"), Dropout(0.5, seed=noise), Dense(1)])


@pytest.fixture(scope="module", params=[50, pytest.param(200, marks=pytest.mark.slow)])
def studies(request):
    """Two contenders that differ in their noise alone; in the first studies a third is the first by another name."""
    found = []
    two = {"one": {"model": functools.partial(network, 1)}, "other": {"model": functools.partial(network, 2)}}
    three = {**two, "again": {"model": functools.partial(network, 1)}}
    for study in range(request.param):
        rng = np.random.default_rng(study)
        x = rng.normal(size=(40, 4)).astype(np.float32)
        y = x[:, :1] + 0.5 * rng.normal(size=(40, 1)).astype(np.float32)
        settings = {"optimizer": "sgd", "loss": "mse", "batch_size": 8, "epochs": 2, "verbose": 0}
        found.append(
            ravine.compare(three if study < NAMED_TWICE else two, x, y, seeds=SEEDS, seed=1000 * study, **settings)
        )
    return found


def test_a_difference_is_claimed_in_no_more_than_one_of_twenty(studies):
    claims = sum(result.contrasts(baseline="one")[0].claimed for result in studies)
    # More has a probability below 1 % at a true rate of 5 %.
    assert claims <= stats.binom.ppf(0.99, len(studies), 0.05)
    ahead = [
        np.mean([r.final["val_loss"] for r in result.runs_of("other")])
        > np.mean([r.final["val_loss"] for r in result.runs_of("one")])
        for result in studies
    ]
    assert 0.3 < np.mean(ahead) < 0.7  # neither has an advantage


def test_the_test_does_see_what_differs(studies):
    spread = [len({r.final["val_loss"] for r in result.runs}) for result in studies]
    assert min(spread) >= SEEDS  # the runs are not all alike


def test_the_same_contender_by_another_name_never_differs(studies):
    for result in studies[:NAMED_TWICE]:
        again = result.contrasts(baseline="one")[1]
        assert (again.mean_difference, again.low, again.high, again.p_value) == (0, 0, 0, 1)
