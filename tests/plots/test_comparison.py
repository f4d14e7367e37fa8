"""Figures of a comparison: what they show, and that nothing of it is clipped or hidden."""

import math

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from ravine.plots import comparison as plots
from ravine.plots.comparison import Difference, Trial
from ravine.statistics import interval

RNG = np.random.default_rng(0)


def curves(seeds=4, epochs=10):
    return {
        name: (1 - np.exp(-np.arange(1, epochs + 1) / k) + 0.01 * RNG.normal(size=(seeds, epochs))).tolist()
        for name, k in (("one", 2), ("other", 4))
    }


def labels(figure):
    return [text.get_text() for legend in figure.legends for text in legend.get_texts()]


def test_a_curve_is_the_mean_of_its_runs():
    given = curves()
    figure = plots.curves_figure(given, "val_accuracy", 10)
    (ax,) = figure.axes
    for line, runs in zip(ax.lines, given.values(), strict=False):
        np.testing.assert_allclose(line.get_ydata(), np.mean(runs, axis=0))
        np.testing.assert_array_equal(line.get_xdata(), np.arange(1, 11))
    assert labels(figure) == ["one", "other"]
    assert ax.get_ylabel() == "val_accuracy"


def test_a_run_that_stopped_early_goes_on_at_its_last_value():
    figure = plots.curves_figure({"one": [[1.0, 2.0], [1.0, 2.0, 3.0, 4.0]]}, "loss", 50)
    np.testing.assert_allclose(figure.axes[0].lines[0].get_ydata(), [1, 2, 2.5, 3])


def test_a_target_is_marked():
    figure = plots.curves_figure(curves(), "val_accuracy", 10, target=0.9)
    assert labels(figure)[-1] == "target"


def test_a_few_far_values_do_not_press_the_others_flat():
    runs = [[50.0, *np.linspace(1, 0.5, 60)]] * 3
    low, high = plots.curves_figure({"one": runs}, "loss", 61).axes[0].get_ylim()
    assert high < 3
    assert low < 0.5
    low, high = plots.curves_figure({"one": [[2.0, 1.0, 0.5]] * 3}, "loss", 3).axes[0].get_ylim()
    assert high > 2


def test_a_contender_without_a_result_is_left_out():
    assert labels(plots.curves_figure({"one": curves()["one"], "none": []}, "loss", 10)) == ["one"]
    plots.curves_figure({"none": []}, "loss", 10)


def test_differences_show_mean_interval_and_seeds_and_fill_what_is_claimed():
    seeds = np.array([0.1, 0.2, 0.3, 0.25])
    rows = [Difference("shown", interval(seeds), seeds, True), Difference("not", interval(-seeds), -seeds, False)]
    figure = plots.differences_figure(rows, "val_accuracy", "sgd", "max")
    (ax,) = figure.axes
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["shown", "not"]
    assert "better to the right" in ax.get_xlabel()
    dots = [line for line in ax.lines if line.get_marker() == "."]
    np.testing.assert_array_equal(dots[0].get_xdata(), seeds)
    means = [line for line in ax.lines if line.get_marker() == "o"]
    assert [line.get_xdata()[0] for line in means] == pytest.approx([seeds.mean(), -seeds.mean()])
    assert [line.get_markerfacecolor() == "white" for line in means] == [False, True]
    assert "left" in plots.differences_figure(rows, "loss", "sgd", "min").axes[0].get_xlabel()


def test_a_difference_of_nothing_leaves_its_row_empty():
    nothing = interval([1.0])._replace(mean=math.nan)
    figure = plots.differences_figure([Difference("none", nothing, np.array([]), False)], "loss", "sgd", "min")
    assert [tick.get_text() for tick in figure.axes[0].get_yticklabels()] == ["none"]


def test_trials_are_points_and_only_one_hyperparameter_has_a_line():
    trials = {"one": [Trial(0.1, 0.5, False), Trial(0.01, 0.7, True), Trial(1.0, math.nan, False)]}
    for alone in (True, False):
        ax = plots.sensitivity_figure(trials, "learning_rate", "val_accuracy", True, alone).axes[0]
        assert ax.get_xscale() == "log"
        line, crosses, ring = ax.lines
        np.testing.assert_array_equal(line.get_xdata(), [0.01, 0.1, 1.0])
        assert (line.get_linestyle() == "None") is not alone
        np.testing.assert_array_equal(crosses.get_xdata(), [1.0])
        np.testing.assert_array_equal(ring.get_xdata(), [0.01])


def test_the_share_of_runs_that_reached_a_target_grows_to_those_that_did():
    figure = plots.profile_figure({"one": [2.0, 5.0, math.inf, math.inf]}, 8, "loss ≤ 1")
    line = figure.axes[0].lines[0]
    at = dict(zip(line.get_xdata(), line.get_ydata(), strict=True))
    assert (at[1], at[2], at[4], at[5], at[8]) == (0, 0.25, 0.25, 0.5, 0.5)
    assert figure.axes[0].get_title() == "Time to loss ≤ 1"


@pytest.mark.parametrize("count", [2, 6])
def test_no_name_lies_on_another_or_leaves_the_page(count):
    names = [f"a contender called {i}" for i in range(count)]
    given = {name: curves()["one"] for name in names}
    seeds = np.array([0.1, 0.2, 0.3])
    drawn = [
        plots.curves_figure(given, "val_accuracy", 10, 0.5),
        plots.differences_figure([Difference(n, interval(seeds), seeds, True) for n in names], "loss", "sgd", "min"),
        plots.profile_figure({n: [1.0, 2.0] for n in names}, 8, "val_accuracy ≥ 0.97"),
    ]
    for figure in drawn:
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        renderer = canvas.get_renderer()
        shown = [t for legend in figure.legends for t in legend.get_texts()]
        (ax,) = figure.axes
        low, high = ax.get_ylim()
        shown += [tick for tick in ax.get_yticklabels() if low <= tick.get_position()[1] <= high]
        shown += [ax.xaxis.label, ax.title]
        boxes = [text.get_window_extent(renderer) for text in shown if text.get_text()]
        for box in boxes:
            assert box.x0 >= -1
            assert box.y0 >= -1
            assert box.x1 <= figure.bbox.width + 1
            assert box.y1 <= figure.bbox.height + 1
        for i, box in enumerate(boxes):
            assert not any(box.overlaps(other) for other in boxes[i + 1 :])
