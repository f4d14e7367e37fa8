"""A curve with its band."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from ravine import checks
from ravine.plots import plot_band
from ravine.plots.bands import MARKERS, RESAMPLES, STYLES
from ravine.statistics import interval

RUNS = np.random.default_rng(0).normal(size=(6, 5)) + np.arange(5)


def test_the_line_is_the_mean_and_the_band_the_interval():
    axes = Figure().subplots()
    plot_band(axes, [10, 20, 30, 40, 50], RUNS, "a curve", 1)
    (line,), (band,) = axes.lines, axes.collections
    np.testing.assert_allclose(line.get_xydata(), np.stack([[10, 20, 30, 40, 50], RUNS.mean(axis=0)], axis=1))
    assert line.get_label() == "a curve"
    assert line.get_color() == STYLES[1]["color"]
    corners = band.get_paths()[0].vertices
    for x, column in zip((10, 20, 30, 40, 50), RUNS.T, strict=True):
        low, high = corners[corners[:, 0] == x][:, 1].min(), corners[corners[:, 0] == x][:, 1].max()
        assert (low, high) == pytest.approx(interval(column, RESAMPLES)[1:])


def test_one_seed_has_a_line_and_no_band():
    axes = Figure().subplots()
    plot_band(axes, range(5), RUNS[:1], "one")
    np.testing.assert_allclose(axes.lines[0].get_ydata(), RUNS[0])
    Figure().canvas.draw()


def test_without_colours_the_curves_still_differ():
    assert len({(str(s["linestyle"]), s["marker"]) for s in STYLES}) == len(STYLES)


@pytest.mark.parametrize("runs", [RUNS[0], RUNS[:, :4], RUNS[None]], ids=["flat", "short", "deep"])
def test_shapes_that_do_not_fit_are_refused(runs):
    with pytest.raises(checks.RavineValueError, match=r"runs has shape .*: expected one curve a seed of 5 points"):
        plot_band(Figure().subplots(), range(5), runs, "x")


@pytest.mark.parametrize("points", [1, 9, 10, 19, 80])
def test_a_curve_has_few_markers(points):
    axes = Figure().subplots()
    plot_band(axes, range(points), np.zeros((2, points)), "flat")
    assert 1 <= len(range(0, points, axes.lines[0].get_markevery())) <= MARKERS
