import numpy as np
import pytest

from ravine import checks
from ravine.files import save_csv
from ravine.landscape import descend
from ravine.optimizers import SGD, Adam, Nadam

NAG = SGD(0.01, momentum=0.9, nesterov=True)


@pytest.fixture(scope="module")
def single():
    return descend("ravine", NAG, steps=3)


@pytest.fixture(scope="module")
def many():
    return descend("ravine", Adam([0.1, 0.2]), steps=3)


def test_to_numpy(single, many):
    arrays = single.to_numpy()
    assert set(arrays) == {"points", "look_ahead", "gradients", "values", "rates", "slot_0"}
    assert arrays["points"].shape == arrays["look_ahead"].shape == (4, 2)
    assert set(many.to_numpy()) == {"points", "gradients", "values", "rates", "slot_0", "slot_1"}
    assert many.to_numpy()["slot_1"].shape == (2, 4, 2)


def test_a_row_a_step(single, many):
    columns = single.columns()
    assert list(columns["step"]) == [0, 1, 2, 3]
    np.testing.assert_array_equal(np.stack([columns["x1"], columns["x2"]], 1), single.points)
    np.testing.assert_array_equal(columns["value"], single.values)
    assert np.isnan(columns["gradient_1"][0])
    np.testing.assert_array_equal(columns["gradient_1"][1:], single.gradients[:, 0])
    columns = many.columns()
    assert list(columns["run"]) == [0] * 4 + [1] * 4
    np.testing.assert_array_equal(columns["x2"], many.points[:, :, 1].ravel())
    np.testing.assert_array_equal(columns["slot_1_2"], many.slots[1][:, :, 1].ravel())
    assert {len(column) for column in columns.values()} == {8}
    assert "slot_2" in descend("ravine", Nadam(0.1), steps=2).columns()


def test_to_frame(many):
    pandas = pytest.importorskip("pandas", reason="pandas, which makes this test's frame, is not installed")
    frame = many.to_frame()
    assert isinstance(frame, pandas.DataFrame)
    assert list(frame) == list(many.columns())
    np.testing.assert_array_equal(frame["x1"], many.points[:, :, 0].ravel())
    with pytest.raises(checks.RavineValueError, match=r"backend='panda' is unknown. Did you mean 'pandas'\?"):
        many.to_frame("panda")


def test_a_frame_of_what_is_not_installed(many, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(checks.RavineValueError, match="backend='polars': polars is not installed"):
        many.to_frame("polars")


def test_csv_reads_back_exactly(single, tmp_path):
    save_csv(single, tmp_path / "nag.csv")
    read = np.genfromtxt(tmp_path / "nag.csv", delimiter=",", names=True)
    for name, column in single.columns().items():
        np.testing.assert_array_equal(read[name], column)
    assert "nan" not in (tmp_path / "nag.csv").read_text()


def test_one_of_many(single, many):
    assert many[1].runs is None
    np.testing.assert_array_equal(many[1].points, many.points[1])
    np.testing.assert_array_equal(many[-1].rates, many.rates[1])
    assert len(list(many)) == 2
    with pytest.raises(IndexError, match=r"trajectory\[2\]: there are 2 runs"):
        many[2]
    with pytest.raises(checks.RavineTypeError, match="this trajectory is a single run"):
        single[0]
