"""Training and validation part, also in a small run."""

import numpy as np
import pytest

from ravine.experiments import overfitting


@pytest.fixture(scope="module")
def result():
    return overfitting.measure(range(3), rows=300, epochs=150, units=128)


def test_the_validation_loss_turns_and_rises_while_the_training_loss_goes_to_zero(result):
    train, validation = result.runs("loss"), result.runs("val_loss")
    assert np.all(train[:, -1] < 0.05)
    assert 3 < result.turn < 100
    assert np.all(validation[:, -1] > validation.min(axis=1) + 0.02)
    assert np.all(validation[:, -1] > 5 * train[:, -1])


def test_the_report_tells_the_rise(result, tmp_path):
    report = overfitting.report(result)
    rise = (result.runs("val_loss")[:, -1] - result.runs("val_loss")[:, result.turn - 1]).mean()
    assert f"rises by {rise:.3f}" in report.finding
    assert [row[0] for row in report.tables[0].rows] == ["1", str(result.turn), "150"]
    names = {path.name for path in report.write("overfitting", tmp_path)}
    assert names == {"overfitting.png", "overfitting.md", "overfitting.json"}
