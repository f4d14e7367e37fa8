"""Batch normalization learns in fewer steps, and moving averages need steps of their own."""

import numpy as np
import pytest

from ravine.experiments import batchnorm
from ravine.layers import Dense


@pytest.fixture(scope="module")
def result():
    return batchnorm.measure(range(3), steps=500, rows=4000)


def test_the_network_with_it_is_faster_in_every_seed(result):
    faster, slower = (result.steps_to(0.8, kind) for kind in ("with", "without"))
    assert np.all(np.isfinite(faster))
    assert np.all(faster < slower)


def test_the_pre_activations_stay_in_place_with_it(result):
    assert np.all(result.wander("with") < result.wander("without"))


def test_moving_averages_fall_short_in_the_first_steps(result):
    moving, population = (np.array(result.early[source]) for source in batchnorm.SOURCES)
    tenth = batchnorm.FEW_STEPS.index(10)
    assert np.all(moving[:, tenth] < population[:, tenth] - 0.1)
    assert np.all(abs(moving - population)[:, -1] < 0.05)


def test_a_goal_never_reached_counts_as_infinity():
    accuracy = {"without": [[0.1, 0.2, 0.3]], "with": [[0.1, 0.5, 0.4]]}
    result = batchnorm.Result([0], accuracy=accuracy)
    assert result.steps_to(0.5, "without") == [np.inf]
    assert result.steps_to(0.5, "with") == [2 * batchnorm.EVERY]


def test_both_networks_start_from_the_same_weights():
    weights = []
    for kind in batchnorm.KINDS:
        model = batchnorm.network(kind, 0.05, 0.5)
        model.fit(np.zeros((2, 784), np.float32), np.zeros(2), epochs=0, verbose=0, seed=3)
        weights.append([layer.kernel for layer in model.layers if isinstance(layer, Dense)])
    for first, second in zip(*weights, strict=True):
        np.testing.assert_array_equal(first, second)


def test_the_report_counts_wins_and_misses(result, tmp_path):
    report = batchnorm.report(result)
    assert "of 3 paired seeds" in report.finding
    without = report.tables[0].rows[0]
    assert without[2] == str(np.isinf(result.steps_to(0.95, "without")).sum())
    assert [row[0] for row in report.tables[1].rows] == ["1", "10", "100", "500"]
    report.write("batchnorm", tmp_path)
