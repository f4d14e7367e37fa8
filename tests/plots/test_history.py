import math
import subprocess
import sys

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest
from matplotlib.figure import Figure

from ravine.plots import history_figure, plot_metric
from ravine.training.history import History


def record(epochs, *, first=0, validates=lambda epoch: True):
    """A History of a run that went about as runs do."""
    history = History()
    for epoch in range(first, first + epochs):
        logs = {"accuracy": 1 - 0.1 / (epoch + 1), "loss": 0.3 / (epoch + 1)}
        if validates(epoch):
            logs |= {"val_accuracy": 0.97 - 0.03 / (epoch + 1), "val_loss": 0.1 + 0.1 / (epoch + 1)}
        history.append(epoch, logs)
    return history


@pytest.fixture
def ax():
    return Figure().subplots()


@pytest.fixture(autouse=True)
def no_open_figures():
    yield
    plt.close("all")


def drawn(axes):
    """What is drawn, by label: the epochs and the values."""
    return {line.get_label(): (list(line.get_xdata()), list(line.get_ydata())) for line in axes.get_lines()}


def test_training_stands_beside_validation_over_epochs_from_1(ax):
    history = record(4)
    assert plot_metric(history, "accuracy", ax) is ax
    assert drawn(ax) == {
        "training": ([1, 2, 3, 4], history.history["accuracy"]),
        "validation": ([1, 2, 3, 4], history.history["val_accuracy"]),
    }
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("epoch", "accuracy")
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["training", "validation"]


def test_a_dict_draws_the_same(ax):
    history = record(3)
    plot_metric(history.history, "loss", ax)
    assert drawn(ax) == drawn(plot_metric(history, "loss", Figure().subplots()))


def test_without_validation_there_is_one_curve(ax):
    plot_metric(record(3, validates=lambda epoch: False), "loss", ax)
    assert list(drawn(ax)) == ["training"]


@pytest.mark.parametrize(("frequency", "epochs"), [(2, [2, 4]), ([1, 4, 5], [1, 4, 5])])
def test_validation_stands_at_the_epochs_that_had_it(tiny, ax, frequency, epochs):
    _, history = tiny.fit(epochs=5, validation_split=0.25, validation_freq=frequency)
    plot_metric(history, "loss", ax)
    assert drawn(ax)["training"][0] == [1, 2, 3, 4, 5]
    assert drawn(ax)["validation"] == (epochs, history.history["val_loss"])


def test_a_dict_that_does_not_tell_these_epochs_is_refused(ax):
    history = record(5, validates=lambda epoch: epoch % 2)
    with pytest.raises(ValueError, match=r"'val_loss' has 2 values for 5 epochs.*give the History"):
        plot_metric(history.history, "loss", ax)


def test_a_run_that_went_on_keeps_its_epochs(ax):
    plot_metric(record(3, first=10), "loss", ax)
    assert drawn(ax)["training"][0] == [11, 12, 13]


def test_a_single_epoch_shows_as_one_marker_at_a_whole_number(ax):
    plot_metric(record(1), "loss", ax)
    ax.figure.draw_without_rendering()
    assert [line.get_marker() for line in ax.get_lines()] == ["o", "s"]
    low, high = ax.get_xlim()
    assert [tick for tick in ax.get_xticks() if low <= tick <= high] == [1]


@pytest.mark.parametrize("epochs", [2, 3, 7, 50, 200])
def test_epochs_on_the_axis_are_whole_numbers(ax, epochs):
    plot_metric(record(epochs), "loss", ax)
    ax.figure.draw_without_rendering()
    assert all(tick == round(tick) for tick in ax.get_xticks())


def test_without_axes_it_draws_on_those_that_pyplot_has():
    current = plt.gca()
    assert plot_metric(record(2), "loss") is current


def test_axes_of_ones_own_leave_pyplot_alone(ax):
    plot_metric(record(2), "loss", ax)
    assert plt.get_fignums() == []


def test_values_that_are_no_numbers_leave_a_gap(ax):
    history = record(3)
    history.history["loss"] = [math.nan] * 3
    plot_metric(history, "loss", ax)
    ax.figure.draw_without_rendering()


@pytest.mark.parametrize(
    ("metric", "message"),
    [
        ("acuracy", "metric='acuracy' is unknown. Did you mean 'accuracy'?"),
        ("val_loss", "metric='val_loss' is unknown. Did you mean 'loss'?"),
    ],
)
def test_an_unknown_metric_names_the_nearest_and_draws_nothing(metric, message):
    with pytest.raises(ValueError, match=message.replace("?", r"\?")):
        plot_metric(record(2), metric)
    assert plt.get_fignums() == []


@pytest.mark.parametrize("history", [History(), {}])
def test_a_history_of_no_epochs_is_refused(history):
    with pytest.raises(ValueError, match="history is empty"):
        plot_metric(history, "loss")


def test_what_is_no_history_is_refused():
    with pytest.raises(TypeError, match=r"history=\[1, 2\] is a list: expected what fit returned"):
        plot_metric([1, 2], "loss")


def test_the_figure_shows_every_metric_and_marks_the_kept_epoch():
    figure = history_figure(record(8), kept_epoch=5, stopped_epoch=7)
    assert [axes.get_ylabel() for axes in figure.axes] == ["accuracy", "loss"]
    for axes in figure.axes:
        *_, mark = axes.get_lines()
        assert list(mark.get_xdata()) == [6, 6]
        assert [text.get_text() for text in axes.texts] == ["weights kept: epoch 6"]
    assert figure.get_suptitle() == "Stopped early after epoch 8"


def test_what_did_not_happen_is_not_shown():
    figure = history_figure(record(3))
    assert figure.get_suptitle() == ""
    for axes in figure.axes:
        assert len(axes.get_lines()) == 2
        assert not axes.texts


def test_a_kept_epoch_that_never_was_is_refused():
    with pytest.raises(ValueError, match="kept_epoch=3: expected one of the run's epochs, 0 to 2"):
        history_figure(record(3), kept_epoch=3)


@pytest.mark.parametrize(("epochs", "kept"), [(1, 0), (2, 0), (2, 1), (10, 0), (23, 12), (50, 49), (200, 3)])
def test_nothing_is_clipped_and_no_words_overlap(epochs, kept):
    figure = history_figure(record(epochs), kept, epochs - 1)
    figure.draw_without_rendering()
    (legend,) = figure.legends
    labels = [axis.label for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)]
    words = [figure._suptitle, legend, *labels, *(text for axes in figure.axes for text in axes.texts)]
    boxes = [word.get_window_extent() for word in words]
    panels = [axes.get_window_extent() for axes in figure.axes]
    for i, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in [*boxes[i + 1 :], *panels])
    whole = figure.bbox
    for box in boxes + [axes.get_tightbbox() for axes in figure.axes]:
        assert whole.x0 <= box.x0 < box.x1 <= whole.x1
        assert whole.y0 <= box.y0 < box.y1 <= whole.y1


def test_without_colours_the_curves_still_differ():
    for axes in history_figure(record(3)).axes:
        training, validation = axes.get_lines()
        assert training.get_marker() != validation.get_marker()
        assert training.is_dashed() != validation.is_dashed()
        assert training.get_color() != validation.get_color()


def test_settings_and_pyplot_stay_as_they_were():
    before = dict(mpl.rcParams)
    history_figure(record(3), 1, 2).draw_without_rendering()
    assert dict(mpl.rcParams) == before
    assert plt.get_fignums() == []


def test_matplotlib_loads_with_plots_only_and_pyplot_not_even_then():
    program = """
import sys
from ravine import Sequential, callbacks, datasets, layers
assert "matplotlib" not in sys.modules
import ravine
ravine.plots.history_figure
assert "matplotlib.figure" in sys.modules
assert "matplotlib.pyplot" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_second_metric_has_axes_of_its_own():
    import matplotlib.pyplot as plt

    plt.close("all")
    first, second = plot_metric(record(3), "loss"), plot_metric(record(3), "accuracy")
    assert first is not second
    assert plot_metric(record(3), "loss", first) is first
    plt.close("all")
