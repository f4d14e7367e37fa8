import numpy as np
import pytest
from matplotlib.figure import Figure

from ravine import checks, objectives
from ravine.landscape import descend
from ravine.optimizers import SGD, Adagrad, Adam, RMSprop
from ravine.plots import plot_rates, plot_trajectories, plot_values, trajectory_figure
from ravine.plots.landscape import STYLES, view

NAG = SGD(0.01, momentum=0.9, nesterov=True)


@pytest.fixture(scope="module")
def walks():
    rules = {"sgd": SGD(0.01), "momentum": SGD(0.01, momentum=0.9), "nag": NAG}
    return {name: descend("lecture_plotted", rule) for name, rule in rules.items()}


@pytest.fixture(scope="module")
def astray():
    return {"sgd": descend("lecture_plotted", SGD(9.0), steps=400), "adam": descend("lecture_plotted", Adam(0.1))}


def axes():
    return Figure().subplots()


def by_label(ax):
    return {line.get_label(): line for line in ax.lines if not line.get_label().startswith("_")}


def test_the_points_are_drawn(walks):
    lines = by_label(plot_trajectories(walks, axes()))
    for name, walk in walks.items():
        np.testing.assert_array_equal(np.stack(lines[name].get_data(), 1), walk.points)
    assert {"start", "minimum"} <= lines.keys()
    np.testing.assert_array_equal(np.ravel(lines["start"].get_data()), [-5, 4])


def test_every_end_is_marked(walks):
    ax = plot_trajectories(walks, axes())
    ends = [line for line in ax.lines if line.get_markersize() == 11 and line.get_linestyle() == "None"]
    drawn = {tuple(np.ravel(line.get_data())) for line in ends}
    assert {tuple(walk.points[-1]) for walk in walks.values()} <= drawn


def test_paths_differ_without_colour(walks):
    assert len({str(style["linestyle"]) for style in STYLES}) == len(STYLES)
    assert len({style["marker"] for style in STYLES}) == len(STYLES)
    lines = by_label(plot_trajectories(walks, axes()))
    assert len({lines[name].get_marker() for name in walks}) == 3
    assert len({lines[name].get_color() for name in walks}) == 3


def test_look_ahead_points_of_a_rule_alone(walks):
    lines = by_label(plot_trajectories({"nag": walks["nag"]}, axes()))
    np.testing.assert_array_equal(np.stack(lines["look-ahead"].get_data(), 1), walks["nag"].look_ahead)
    assert "look-ahead" not in by_label(plot_trajectories(walks, axes()))
    assert "look-ahead" not in by_label(plot_trajectories({"sgd": walks["sgd"]}, axes()))


def test_values_are_drawn_on_a_log_axis(walks):
    ax = plot_values(walks, axes())
    assert ax.get_yscale() == "log"
    np.testing.assert_array_equal(by_label(ax)["momentum"].get_ydata(), walks["momentum"].values)
    assert ax.get_ylabel() == "$J$"


def test_values_below_zero_are_drawn_from_their_minimum():
    walk = descend("saddle", SGD(0.1))
    ax = plot_values({"sgd": walk}, axes())
    assert walk.values.min() < 0
    drawn = by_label(ax)["sgd"].get_ydata()
    np.testing.assert_allclose(drawn[:40], walk.values[:40] + 1, rtol=1e-9)
    assert "min" in ax.get_ylabel()


def test_rates_of_both_coordinates_are_drawn():
    walks = {"adagrad": descend("ravine", Adagrad(0.5)), "rmsprop": descend("ravine", RMSprop(0.1))}
    ax = plot_rates(walks, axes())
    first, second = ax.lines[:2]
    np.testing.assert_array_equal(first.get_ydata(), walks["adagrad"].rates[:, 0])
    np.testing.assert_array_equal(second.get_ydata(), walks["adagrad"].rates[:, 1])
    assert (first.get_linestyle(), second.get_linestyle()) == ("-", "--")
    assert first.get_color() == second.get_color()
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["adagrad", "rmsprop", "of $x_1$", "of $x_2$"]


def test_divergence_is_drawn_and_said(astray, tmp_path):
    ax = plot_trajectories(astray, axes())
    step = astray["sgd"].diverged
    drawn = by_label(ax)[f"sgd: diverged at step {step}"]
    assert np.isfinite(np.stack(drawn.get_data())[:, :3]).all()
    np.testing.assert_array_equal(ax.get_xlim(), (-6, 6))  # the domain: nothing is pressed flat
    values = plot_values(astray, axes())
    assert f"sgd: diverged at step {step}" in by_label(values)
    assert values.get_ylim()[1] < 1e6
    trajectory_figure(astray, "astray").savefig(tmp_path / "astray.png")


def test_a_path_that_leaves_the_picture_is_said():
    walk = descend("plateau", SGD(30.0), steps=20)
    assert walk.diverged == -1
    lines = by_label(plot_trajectories({"sgd": walk}, axes()))
    outside = (np.abs(walk.points) > 4 * 1.5 * 1.04).any(1)
    assert outside.any()
    assert any(label.startswith("sgd: left the picture at step") for label in lines)


def test_a_path_just_outside_makes_the_picture_larger():
    walk = descend("lecture_plotted", SGD(0.0), (-7.0, 1.0), steps=2)
    ax = plot_trajectories({"sgd": walk}, axes())
    assert ax.get_xlim()[0] < -7
    assert "sgd" in by_label(ax)


@pytest.mark.parametrize("count", [1, *(pytest.param(count, marks=pytest.mark.slow) for count in (3, 6)), 8])
@pytest.mark.parametrize(
    "name", ["a", pytest.param("adam", marks=pytest.mark.slow), "momentum and a half: diverged at step 10"]
)
def test_the_legend_fits_the_figure(walks, count, name):
    figure = trajectory_figure({f"{name}{i}": walks["sgd"] for i in range(count)})
    figure.draw_without_rendering()
    (legend,) = figure.legends
    box = legend.get_window_extent()
    assert figure.bbox.x0 <= box.x0 < box.x1 <= figure.bbox.x1
    assert len(legend.get_texts()) == count + 2


def infinite(x):
    import jax.numpy as jnp

    return jnp.log(x[0] - 3) + 1 / x[1]


@pytest.mark.parametrize("J", [lambda x: 0.0 * x[0], infinite, lambda x: -x[0]], ids=["flat", "infinite", "no minimum"])
def test_strange_objectives_are_drawn(J, tmp_path):
    trajectory_figure({"sgd": descend(J, SGD(0.1), steps=5)}).savefig(tmp_path / "strange.png")


def test_every_objective_makes_a_figure(tmp_path):
    for objective in objectives.OBJECTIVES:
        figure = trajectory_figure({"adam": descend(objective, Adam(0.1), steps=5)}, objective.name)
        assert len(figure.axes) == 3
    figure.savefig(tmp_path / "figure.png")


def test_what_cannot_be_drawn_is_refused(walks):
    single = walks["sgd"]
    many = descend("ravine", SGD([0.1, 0.2]), steps=2)
    other = descend("ravine", SGD(0.1), steps=2)
    with pytest.raises(checks.RavineValueError, match=r"trajectories\['a'\] has 2 runs.*trajectory\[0\]"):
        plot_trajectories({"a": many}, axes())
    with pytest.raises(checks.RavineValueError, match="down the same objective"):
        plot_values({"a": single, "b": other}, axes())
    with pytest.raises(checks.RavineValueError, match="expected 1 to 8"):
        trajectory_figure({})
    with pytest.raises(checks.RavineValueError, match="expected 1 to 8"):
        plot_rates({str(i): single for i in range(9)}, axes())
    with pytest.raises(checks.RavineTypeError, match="a dict of names and trajectories"):
        plot_trajectories([single], axes())


def test_rules_of_one_rate_have_no_panel_of_rates():
    plain = {"SGD": descend("lecture_plotted", SGD(0.01), steps=20)}
    assert len(trajectory_figure(plain).axes) == 2
    adaptive = plain | {"Adam": descend("lecture_plotted", Adam(0.1), steps=20)}
    assert len(trajectory_figure(adaptive).axes) == 3


def test_no_rule_has_the_cross_of_what_failed():
    assert not {style["marker"] for style in STYLES} & set("xX+P")


def test_a_start_at_the_edge_is_shown_whole():
    walk = descend("lecture_plotted", SGD(0.01), steps=5, start=(6, 4))
    shown = view({"SGD": walk}, walk.objective)
    assert (shown[:, 1] > walk.points[0]).all()
