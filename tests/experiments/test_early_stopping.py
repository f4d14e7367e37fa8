"""The weights that early stopping keeps have the lower test loss, also in a small run."""

import numpy as np
import pytest

from ravine.experiments import early_stopping
from ravine.experiments.early_stopping import KINDS


@pytest.fixture(scope="module")
def result():
    return early_stopping.measure(range(3), rows=300, epochs=80, units=128)


def test_the_test_loss_is_lower_and_epochs_are_saved(result):
    full, stopped = (np.array(result.loss[kind]) for kind in KINDS)
    assert np.all(stopped < full)
    assert np.all(np.array(result.epochs[KINDS[1]]) < result.epochs[KINDS[0]])


def test_what_was_kept_is_the_best_epoch_of_the_same_run(result):
    for losses, kept, epochs in zip(result.val_loss, result.kept_epoch, result.epochs[KINDS[1]], strict=True):
        assert kept == np.argmin(losses[:epochs]) + 1
        assert epochs == kept + 5  # the patience


def test_the_report_tells_both_differences(result, tmp_path):
    report = early_stopping.report(result)
    less = np.subtract(result.loss[KINDS[0]], result.loss[KINDS[1]]).mean()
    assert f"lower by {less:.3f}" in report.finding
    assert [row[0] for row in report.tables[0].rows] == [*KINDS, "difference, paired"]
    assert len(report.write("early-stopping", tmp_path)) == 3
