"""The lecture's run: what is trained, and how it stands beside the published run."""

import numpy as np
import pytest

from ravine.experiments import lecture_mnist


@pytest.fixture(scope="module")
def result():
    return lecture_mnist.measure(range(2), epochs=2)


def test_two_epochs_are_where_ten_seeds_were(result):
    loss, val_loss = (np.array(result.losses[key]) for key in ("loss", "val_loss"))
    np.testing.assert_allclose(loss, [[0.308, 0.136]] * 2, atol=0.012)
    np.testing.assert_allclose(val_loss, [[0.168, 0.125]] * 2, atol=0.03)


def test_every_published_figure_has_its_row(result):
    final, early = lecture_mnist.report(result).tables
    assert [row[0] for row in final.rows] == list(lecture_mnist.PUBLISHED)
    assert [row[0] for row in early.rows] == ["1, loss", "2, loss", "1, val_loss", "2, val_loss"]
    assert [row[-1] for row in early.rows] == ["0.31360", "0.14780", "0.19870", "0.14400"]


def test_a_row_tells_mean_deviation_and_range():
    loss = {"loss": [[0.3], [0.5]], "val_loss": [[0.2], [0.2]]}
    final = {name: [0.5, 0.7] for name in lecture_mnist.PUBLISHED}
    report = lecture_mnist.report(lecture_mnist.Result([0, 1], final, loss))
    assert report.tables[0].rows[0] == ["train accuracy", "0.60000", "0.14142", "0.50000 – 0.70000", "0.99572"]


def test_the_report_is_written(result, tmp_path):
    assert len(lecture_mnist.report(result).write("lecture-mnist", tmp_path)) == 3
