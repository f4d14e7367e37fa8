import re

import pytest

from ravine import Input, Sequential
from ravine.layers import Dense, Flatten
from ravine.model.summary import size

LAYERS = (Flatten, lambda: Dense(128, activation="sigmoid"), lambda: Dense(10, activation="softmax", name="digits"))


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0.00 B"), (255, "1020.00 B"), (101_770, "397.54 KB"), (2**20, "4.00 MB"), (2**40, "4096.00 GB")],
)
def test_size(count, text):
    assert size(count) == text


def lines_of(model, **options):
    lines = []
    model.summary(print_fn=lines.append, **options)
    return "\n".join(lines).splitlines()


def cells(line):
    return [cell.strip() for cell in re.split("[┃│]", line.strip("┃│"))]


def test_the_lectures_network():
    model = Sequential([Input((28, 28)), *(layer() for layer in LAYERS)])
    lines = lines_of(model)
    assert lines[0].strip() == 'Model: "sequential"'
    rows = [cells(line) for line in lines if line[0] in "┃│"]
    assert rows == [
        ["Layer (type)", "Output Shape", "Param #"],
        ["flatten (Flatten)", "(None, 784)", "0"],
        ["dense (Dense)", "(None, 128)", "100,480"],
        ["digits (Dense)", "(None, 10)", "1,290"],
    ]
    assert [line.strip() for line in lines[-3:]] == [
        "Total params: 101,770 (397.54 KB)",
        "Trainable params: 101,770 (397.54 KB)",
        "Non-trainable params: 0 (0.00 B)",
    ]


def test_before_the_shape_is_known():
    lines = lines_of(Sequential([layer() for layer in LAYERS], name="mine"))
    assert 'Model: "mine"' in lines[0]
    assert [cells(line)[1:] for line in lines if line.startswith("│")] == [["?", "0 (unbuilt)"]] * 3


def test_the_width():
    assert max(map(len, lines_of(Sequential([layer() for layer in LAYERS]), line_length=100))) <= 100


def test_it_prints_where_nothing_else_is_asked(capsys):
    model = Sequential([Input((28, 28)), *(layer() for layer in LAYERS)])
    model.summary()
    assert "Total params: 101,770" in capsys.readouterr().out


def test_a_file_gets_no_colours(monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b" not in "\n".join(lines_of(Sequential([Dense(2)])))


def test_a_summary_draws_no_weights():
    model = Sequential([Input((3,)), Dense(2)])
    lines_of(model)
    assert model._variables == ((), ())


@pytest.mark.parametrize("length", [30, 40, 60])
def test_no_column_is_left_out_of_a_narrow_summary(tiny, length):
    lines = []
    tiny.model().summary(line_length=length, print_fn=lines.append)
    text = "\n".join(lines)
    assert all(word in text for word in ("Layer", "Output", "Shape", "Param"))
    assert max(len(line) for line in text.splitlines()) <= max(length, 34)
