"""The weights that early stopping keeps have the lower test loss, also in a small run."""

import numpy as np
import pytest

from ravine.experiments import early_stopping
from ravine.experiments.early_stopping import KINDS, PATIENCE


@pytest.fixture(scope="module")
def result():
    return early_stopping.measure(range(2), rows=300, epochs=60, units=64)


def test_the_test_loss_is_lower_and_epochs_are_saved(result):
    whole, stopped = (np.array(result.test_loss[kind]) for kind in KINDS)
    assert np.all(stopped < whole)
    assert np.all(result.epochs(KINDS[1]) < result.epochs(KINDS[0]))


def test_the_run_that_stops_is_the_beginning_of_the_other(result):
    for whole, stopped, kept in zip(*(result.val_loss[kind] for kind in KINDS), result.kept[KINDS[1]], strict=True):
        assert stopped == whole[: len(stopped)]
        assert kept == np.argmin(stopped) + 1
        assert len(stopped) == kept + PATIENCE
    assert result.kept[KINDS[0]] == [60] * 2


def test_the_report_tells_both_differences(result, tmp_path):
    report = early_stopping.report(result)
    loss, accuracy = (
        np.subtract(by_kind[KINDS[1]], by_kind[KINDS[0]]).mean() for by_kind in (result.test_loss, result.test_accuracy)
    )
    assert f"the test loss changes by {loss:.3f} (" in report.finding
    assert f"the test accuracy by {100 * accuracy:.2f} (" in report.finding
    assert report.tables[0].header == ["", *KINDS, "difference, paired"]
    assert {path.suffix for path in report.write("early-stopping", tmp_path)} == {".png", ".md", ".json"}
