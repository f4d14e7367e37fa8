"""Without γ and β a sigmoid acts nearly as a straight line, and training suffers."""

import numpy as np
import pytest

from ravine.experiments import batchnorm_scale_shift as experiment

WITHOUT, WITH = experiment.KINDS


@pytest.fixture(scope="module")
def result():
    return experiment.measure(range(3), rows=4000, epochs=10, units=32)


def test_a_straight_line_has_an_r2_of_one():
    z = np.linspace(-1e-3, 1e-3, 50)[:, None]
    assert experiment.straightness(z) == pytest.approx(1)
    assert experiment.straightness(1e5 * z) < 0.9


def test_without_them_the_inputs_stay_where_the_sigmoid_is_straight(result):
    assert np.all(np.array(result.outside[WITHOUT]) < 0.08)
    assert np.all(np.array(result.line[WITHOUT]) > 0.95)


def test_with_them_the_units_act_less_straight_in_every_seed(result):
    assert np.all(np.array(result.outside[WITH]) > 2 * np.array(result.outside[WITHOUT]))
    assert np.all(np.array(result.line[WITH]) < np.array(result.line[WITHOUT]))


def test_with_them_training_goes_further_in_every_seed(result):
    assert np.all(np.array(result.train_loss[WITH])[:, -1] < np.array(result.train_loss[WITHOUT])[:, -1])


def test_the_report_has_a_row_a_measure(result, tmp_path):
    report = experiment.report(result)
    assert len(report.tables[0].rows) == 5
    assert "training loss is lower by" in report.finding
    report.write("batchnorm-scale-shift", tmp_path)
