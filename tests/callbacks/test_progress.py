import io
import re
import sys
from types import SimpleNamespace

import pytest

from ravine.callbacks import Callback, progress
from ravine.callbacks.progress import Progress
from ravine.checks import RavineValueError


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (85e-6, "85us"),
        (0.0012, "1.2ms"),
        (0.034, "34ms"),
        (0.27, "0.27s"),
        (45, "45s"),
        (185, "3:05"),
        (3599.6, "1:00:00"),
        (3723, "1:02:03"),
    ],
)
def test_duration(seconds, text):
    assert progress.duration(seconds) == text


def test_figures():
    logs = {"accuracy": 0.97123, "loss": 0.00012345, "mae": 0.0, "val_loss": float("nan")}
    assert progress.figures(logs) == "accuracy: 0.9712 - loss: 1.2345e-04 - mae: 0.0000 - val_loss: nan"


@pytest.mark.parametrize(
    ("verbose", "on_screen", "result"),
    [
        ("auto", True, 1),
        ("auto", False, 2),
        (1, True, 1),
        (1, False, 2),
        (2, True, 2),
        (0, True, 0),
        (0, False, 0),
        (True, True, 1),
        (False, True, 0),
    ],
)
def test_a_bar_needs_a_screen(monkeypatch, verbose, on_screen, result):
    monkeypatch.setattr(progress, "on_screen", lambda: on_screen)
    assert progress.check_verbose(verbose) == result


@pytest.mark.parametrize("verbose", [3, -1, "2", "always", None, 1.0, [1]])
def test_no_verbosity(verbose):
    with pytest.raises(RavineValueError, match=r"verbose=.*expected 'auto', 0, 1 or 2"):
        progress.check_verbose(verbose)


def test_a_notebook_is_a_screen(monkeypatch):
    class ZMQInteractiveShell:
        pass

    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert not progress.on_screen()
    shells = type(sys)("IPython")
    shells.get_ipython = ZMQInteractiveShell
    monkeypatch.setitem(sys.modules, "IPython", shells)
    assert progress.on_screen()
    shells.get_ipython = lambda: None
    assert not progress.on_screen()


NUMBER = r"\d+\.\d{4}"
TIMES = r"\d\S* \d\S*/step"


def test_a_line_an_epoch(tiny, capsys):
    tiny.fit(epochs=3, initial_epoch=1, verbose=2, validation_split=0.25)
    lines = capsys.readouterr().out.splitlines()
    values = " - ".join(f"{key}: {NUMBER}" for key in ("loss", "accuracy", "val_loss", "val_accuracy"))
    assert len(lines) == 2
    for number, line in zip((2, 3), lines, strict=True):
        assert re.fullmatch(rf"Epoch {number}/3 - 2/2 - {TIMES} - {values}", line)


def test_silence(tiny, capsys):
    tiny.fit(verbose=0)
    assert capsys.readouterr() == ("", "")


@pytest.fixture
def screen(monkeypatch):
    monkeypatch.setattr(progress, "on_screen", lambda: True)


@pytest.mark.usefixtures("screen")
def test_a_bar_keeps_the_lines_of_a_short_run(tiny, capsys):
    tiny.fit(epochs=3, verbose=1)
    out = capsys.readouterr().out
    assert [f"Epoch {n}/3 - 3/3 - " in out for n in (1, 2, 3)] == [True] * 3
    assert "100%" in out


@pytest.mark.usefixtures("screen")
def test_a_bar_alone_shows_a_long_run(tiny, capsys):
    tiny.fit(epochs=progress.LINES_UP_TO + 1, verbose=1)
    out = capsys.readouterr().out
    assert "Epoch 101/101" in out
    assert "loss: " in out
    assert "/step" not in out


@pytest.mark.usefixtures("screen")
def test_the_bar_is_taken_down_after_an_error(tiny, monkeypatch):
    class Fail(Callback):
        def on_epoch_end(self, epoch, logs=None):
            raise ZeroDivisionError

    bars = []
    begin = Progress.on_train_begin

    def watched(self, logs=None):
        begin(self, logs)
        bars.append(self.bar)

    monkeypatch.setattr(Progress, "on_train_begin", watched)
    with pytest.raises(ZeroDivisionError):
        tiny.fit(verbose=1, callbacks=[Fail()])
    assert bars[0].live.is_started is False


class Handle:
    """What a notebook shows in one area."""

    def __init__(self, data):
        self.texts = [data["text/plain"]]

    def update(self, data, raw):
        assert raw
        self.texts.append(data["text/plain"])


def test_a_notebook_shows_one_area_that_is_written_anew(tiny, monkeypatch, capsys):
    shown = []

    def display(data, raw, display_id):
        shown.append(Handle(data))
        return shown[-1]

    monkeypatch.setitem(sys.modules, "IPython.display", SimpleNamespace(display=display))
    monkeypatch.setattr(progress, "in_notebook", lambda: True)
    tiny.fit(epochs=30, verbose=1, validation_split=0.25)
    assert capsys.readouterr().out == ""
    (area,) = shown
    *_, last = area.texts
    lines = last.splitlines()
    assert lines[0] == f"... {30 - progress.Area.LINES} epochs above"
    assert sum(line.startswith("Epoch ") for line in lines) == progress.Area.LINES
    assert "Epoch 30/30" in last
    assert max(map(len, lines)) <= 80
