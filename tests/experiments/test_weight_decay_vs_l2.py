"""L2 is weight decay with SGD and with no adaptive rule, also in a small run."""

import numpy as np
import pytest

from ravine.experiments import weight_decay_vs_l2 as experiment


@pytest.fixture(scope="module")
def result():
    return experiment.measure(range(2), rows=500, epochs=4, units=16)


def test_sgd_ends_at_the_same_weights_and_adaptive_rules_do_not(result):
    ends = {rule: np.array(result.distance[rule])[:, -1] for rule in experiment.RULES}
    assert np.all(ends["SGD"] < 1e-5)
    for rule in ("Adam", "RMSprop"):
        assert np.all(ends[rule] > 0.05)
        by_penalty, by_decay = (np.array(result.norm[rule][kind]) for kind in experiment.KINDS)
        assert np.all(by_penalty < by_decay)
    assert result.accuracy["SGD"]["L2"] == result.accuracy["SGD"]["weight decay"]


def test_the_report_tells_the_distances(result, tmp_path):
    report = experiment.report(result)
    assert f"with Adam they end {np.array(result.distance['Adam'])[:, -1].mean():.2f} apart" in report.finding
    assert [row[0] for row in report.tables[0].rows] == ["SGD", "SGD", "Adam", "Adam", "RMSprop", "RMSprop"]
    assert len(report.write("weight-decay-vs-l2", tmp_path)) == 3
