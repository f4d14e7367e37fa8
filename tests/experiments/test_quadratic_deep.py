"""The experiment's problem is DeepOBS's, and its figures are near the published ones."""

import numpy as np
import pytest

from ravine import optimizers
from ravine.experiments import quadratic_deep as experiment


def test_the_problem_is_that_of_deepobs():
    start = experiment.test_loss(experiment.build(optimizers.SGD(0.0)))
    assert start == pytest.approx(experiment.PUBLISHED_START, rel=1e-6)
    eigenvalues = np.linalg.eigvalsh(experiment.hessian())
    assert eigenvalues[-1] / eigenvalues[0] == pytest.approx(9621, abs=1)


def test_the_rotation_is_one():
    rotation = experiment.random_rotation(np.random.RandomState(1), 7)
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(7), atol=1e-12)
    assert abs(np.linalg.det(rotation)) == pytest.approx(1)


@pytest.mark.parametrize("index", [0, 1, 2])
def test_two_seeds_are_near_what_was_published(index):
    name = list(experiment.RULES)[index]
    mean, spread = experiment.PUBLISHED[name]
    losses = [experiment.run(experiment.RULES[name], seed, reshuffled=False) for seed in (0, 1)]
    assert abs(np.mean(losses) - mean) < 4 * spread
    assert losses[0] != losses[1]


def test_reshuffling_hurts_momentum():
    rule = experiment.RULES["momentum 0.99, η = 0.002512"]
    fixed, reshuffled = (
        np.mean([experiment.run(rule, seed, reshuffled=r) for seed in range(3)]) for r in (False, True)
    )
    assert reshuffled > fixed + 0.3


def test_the_report_stands_beside_the_published_figures(tmp_path):
    result = experiment.measure(range(2), epochs=3)
    report = experiment.report(result)
    assert report.finding.startswith(f"The initial test loss is {result.start:.5f} (published 353.44676)")
    assert [row[1] for row in report.tables[0].rows] == ["87.398 ± 0.169", "87.045 ± 0.025", "87.112 ± 0.024"]
    assert all(row[3] == "no" for row in report.tables[0].rows)
    report.write("quadratic-deep", tmp_path)
