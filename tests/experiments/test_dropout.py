"""Dropout narrows the gap between training and validation, also in a small run."""

import numpy as np
import pytest

from ravine.experiments import dropout


@pytest.fixture(scope="module")
def result():
    return dropout.measure(range(2), rows=500, epochs=25, units=128)


def test_the_gap_is_smaller_in_every_seed(result):
    gaps = {rate: result.gaps(rate)[:, -1] for rate in dropout.RATES}
    assert np.all(gaps[0.5] < gaps[0.2])
    assert np.all(gaps[0.2] < gaps[0.0])


def test_without_dropout_the_network_learns_by_heart(result):
    assert np.mean(result.gaps(0.0)[:, -1]) > 0.1
    assert np.all(np.array(result.train_loss[0.0])[:, -1] < np.array(result.train_loss[0.5])[:, -1])


def test_the_report_tells_the_difference(result, tmp_path):
    report = dropout.report(result)
    gaps = {rate: result.gaps(rate)[:, -1].mean() for rate in dropout.RATES}
    assert f"smaller by {gaps[0.0] - gaps[0.5]:.3f}" in report.finding
    assert [row[0] for row in report.tables[0].rows] == ["0", "0.2", "0.5"]
    assert {path.name for path in report.write("dropout", tmp_path)} == {"dropout.png", "dropout.md", "dropout.json"}
