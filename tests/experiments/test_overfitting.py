"""Training and validation part, also in a small run."""

import numpy as np
import pytest

from ravine.experiments import overfitting


@pytest.fixture(scope="module")
def result():
    return overfitting.measure(range(2), rows=300, epochs=60, units=64)


def test_the_validation_loss_turns_and_rises_while_the_training_loss_goes_to_zero(result):
    train, validation = result.curves("loss"), result.curves("val_loss")
    assert np.all(train[:, -1] < 0.02)
    assert 3 < result.turn() < 40
    assert np.all(validation[:, -1] > result.at_turn("val_loss") + 0.02)
    assert result.rise().excludes(0)
    assert result.rise().mean > 0


def test_the_turn_is_where_the_mean_validation_loss_is_lowest(result):
    mean = np.mean(result.history["val_loss"], axis=0)
    assert mean[result.turn() - 1] == mean.min()
    expected = [run[result.turn() - 1] for run in result.history["accuracy"]]
    np.testing.assert_array_equal(result.at_turn("accuracy"), expected)


def test_the_report_tells_the_rise(result, tmp_path):
    report = overfitting.report(result)
    mean = np.mean(result.history["val_loss"], axis=0)
    assert f"after 60 higher by {mean[-1] - mean.min():.3f} (" in report.finding
    names = [row[0] for row in report.tables[0].rows]
    assert names == ["training loss", "validation loss", "training accuracy, %", "validation accuracy, %"]
    assert {path.suffix for path in report.write("overfitting", tmp_path)} == {".png", ".md", ".json"}


def test_one_seed_is_reported_without_an_interval(result):
    alone = overfitting.Result([0], {key: runs[:1] for key, runs in result.history.items()})
    assert "nan" not in overfitting.report(alone).finding
