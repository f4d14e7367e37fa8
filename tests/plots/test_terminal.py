import math
import re

import pytest

from ravine.plots.terminal import LEAST_WIDTH, history_text
from ravine.training.history import History


def record(epochs, *, validates=lambda epoch: True):
    history = History()
    for epoch in range(epochs):
        logs = {"accuracy": 1 - 0.1 / (epoch + 1), "loss": 0.3 / (epoch + 1)}
        if validates(epoch):
            logs |= {"val_accuracy": 0.97 - 0.03 / (epoch + 1), "val_loss": 0.1 + 0.1 / (epoch + 1)}
        history.append(epoch, logs)
    return history


def lines(text):
    """The text as it stands on the screen."""
    return re.sub("\x1b\\[[0-9;]*m", "", text).split("\n")


def ticks(line):
    return [int(word) for word in line.split()]


@pytest.mark.parametrize("width", [LEAST_WIDTH, 78, 79, 80, 100, 300])
@pytest.mark.parametrize("epochs", [1, 2, 50])
def test_it_keeps_within_the_width(epochs, width):
    assert max(map(len, lines(history_text(record(epochs), width, epochs - 1)))) <= width


def test_panels_stand_side_by_side_where_there_is_room():
    wide, narrow = lines(history_text(record(5), 80)), lines(history_text(record(5), 60))
    assert wide[0].split() == ["accuracy", "loss"]
    assert narrow[0].split() == ["accuracy"]
    assert ["loss"] in [line.split() for line in narrow[1:]]


def test_a_terminal_too_narrow_to_read_gets_nothing():
    assert history_text(record(5), LEAST_WIDTH - 1) is None


def test_the_key_names_what_is_drawn():
    assert lines(history_text(record(5), 80, 3))[-1].split("   ") == [
        "⠒⠒ training",
        "▄▄ validation",
        "│ weights kept: epoch 4",
    ]
    assert lines(history_text(record(5, validates=lambda epoch: False), 80))[-1] == "⠒⠒ training"


@pytest.mark.parametrize(("epochs", "expected"), [(1, [1]), (3, [1, 2, 3]), (6, [1, 2, 3, 4, 5, 6])])
def test_epochs_are_whole_numbers_from_1(epochs, expected):
    # Above the key are the word "epoch" and the ticks, once a panel.
    assert ticks(lines(history_text(record(epochs), 80))[-3]) == expected * 2


def test_one_figure_leaves_nothing_to_the_next():
    first = history_text(record(30), 80, 3)
    history_text(record(2), 150)
    assert history_text(record(30), 80, 3) == first


def test_values_that_are_no_numbers_are_left_out():
    history = record(3)
    history.history["loss"] = [0.3, math.nan, math.inf]
    history.history["val_loss"] = [math.nan] * 3
    assert "nan" not in history_text(history, 80, 0)
