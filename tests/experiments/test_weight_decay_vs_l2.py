"""L2 is weight decay with plain SGD and with no other rule, also in a small run."""

import numpy as np
import pytest

from ravine.experiments import weight_decay_vs_l2 as experiment


@pytest.fixture(scope="module")
def result():
    return experiment.measure(range(2), rows=500, epochs=10, factors=(1, 1000))


def ends(result, rule, factor=1):
    return np.array(result.distance[rule][factor])[:, -1]


def test_plain_sgd_ends_at_the_same_weights(result):
    assert np.all(ends(result, "SGD") < 1e-6)
    np.testing.assert_allclose(result.l2_norm["SGD"], result.decay_norm["SGD"], rtol=1e-6)


@pytest.mark.parametrize("rule", list(experiment.RULES)[1:])
def test_other_rules_do_not(result, rule):
    assert np.all(ends(result, rule) > 0.05)
    assert np.all(np.array(result.l2_norm[rule])[:, -1] < 0.95 * np.array(result.decay_norm[rule])[:, -1])


@pytest.mark.parametrize("rule", ["RMSprop", "Adam"])
def test_nor_do_adaptive_rules_with_a_much_larger_decay(result, rule):
    assert np.all(ends(result, rule, 1000) > 0.05)


def test_the_report_tells_the_distances(result, tmp_path):
    report = experiment.report(result)
    assert f"with Adam {ends(result, 'Adam').mean():.2f}" in report.finding
    distances, norms = report.tables
    assert distances.header == ["", "2·l2", "1000 · 2·l2"]
    assert [row[0] for row in distances.rows] == [row[0] for row in norms.rows] == list(experiment.RULES)
    assert {path.suffix for path in report.write("weight-decay-vs-l2", tmp_path)} == {".png", ".md", ".json"}
