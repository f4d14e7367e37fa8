"""Training and validation part, also in a small run."""

import numpy as np
import pytest

from ravine.experiments import overfitting


@pytest.fixture(scope="module")
def result():
    return overfitting.measure(range(3), rows=300, epochs=80)


def test_the_validation_loss_turns_and_rises_while_the_training_loss_goes_to_zero(result):
    train, validation = result.curves("loss"), result.curves("val_loss")
    assert np.all(train[:, -1] < 0.02)
    assert np.all((result.lowest() > 3) & (result.lowest() < 40))
    assert np.all(validation[:, -1] > result.at_lowest("val_loss") + 0.02)
    assert result.rise().excludes(0)
    assert result.rise().mean > 0


def test_the_values_at_the_lowest_are_those_of_that_epoch(result):
    np.testing.assert_array_equal(result.at_lowest("val_loss"), result.curves("val_loss").min(axis=1))
    expected = [run[epoch] for run, epoch in zip(result.history["accuracy"], result.lowest(), strict=True)]
    np.testing.assert_array_equal(result.at_lowest("accuracy"), expected)


def test_the_report_tells_the_rise(result, tmp_path):
    report = overfitting.report(result)
    rise = (result.curves("val_loss")[:, -1] - result.curves("val_loss").min(axis=1)).mean()
    assert f"after 80 higher by {rise:.3f} (" in report.finding
    names = [row[0] for row in report.tables[0].rows]
    assert names == ["training loss", "validation loss", "training accuracy, %", "validation accuracy, %"]
    assert {path.suffix for path in report.write("overfitting", tmp_path)} == {".png", ".md", ".json"}


def test_one_seed_is_reported_without_an_interval(result):
    alone = overfitting.Result([0], {key: runs[:1] for key, runs in result.history.items()})
    assert "nan" not in overfitting.report(alone).finding
