"""L1 leaves at least five times as many weights near zero as L2, also in a small run."""

import numpy as np
import pytest

from ravine.experiments import l1_sparsity


@pytest.fixture(scope="module")
def result():
    return l1_sparsity.measure(range(2), rows=2000, epochs=30, units=32)


def test_l1_has_many_more_weights_near_zero_than_l2(result):
    shares = {name: np.array(values) for name, values in result.share.items()}
    assert np.all(shares["L1"] >= 5 * shares["L2"])
    assert np.all(shares["L1"] > 0.2)
    # Nor are the pixels that are always dark the reason.
    assert np.all(np.array(result.lit_share["L1"]) >= 5 * np.array(result.lit_share["L2"]))
    # At about the same accuracy.
    accuracies = [np.mean(result.accuracy[name]) for name in ("none", "L2", "L1")]
    assert max(accuracies) - min(accuracies) < 0.02


def test_every_weight_is_counted(result):
    for counts in result.counts.values():
        assert sum(counts) == 2 * 784 * 32


def test_the_report_tells_the_shares(result, tmp_path):
    report = l1_sparsity.report(result)
    assert f"With L1 {100 * np.mean(result.share['L1']):.1f} %" in report.finding
    assert [row[0] for row in report.tables[0].rows] == ["none", "L2", "L1"]
    assert len(report.write("l1-sparsity", tmp_path)) == 3
