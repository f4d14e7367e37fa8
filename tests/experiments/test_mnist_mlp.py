"""Keras's example, smaller, learns; its report stands beside the published figure."""

import numpy as np
import pytest

from ravine.experiments import mnist_mlp


@pytest.fixture(scope="module")
def result():
    return mnist_mlp.measure(range(2), rows=10000, epochs=4, units=128)


def test_a_small_run_is_well_on_its_way(result):
    assert np.array(result.accuracy).shape == np.array(result.loss).shape == (2, 4)
    assert np.all(np.array(result.accuracy)[:, -1] > 92)


def test_the_full_network_is_that_of_the_example():
    assert mnist_mlp.network(512).count_params() == 669_706


def test_the_report_gives_the_last_epoch(result, tmp_path):
    report = mnist_mlp.report(result)
    assert f"{np.array(result.accuracy)[:, -1].mean():.2f} %" in report.finding
    assert report.tables[0].rows[0][-1] == "98.40"
    report.write("mnist-mlp", tmp_path)
