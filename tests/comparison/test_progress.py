"""What a comparison shows while it works."""

import io

import pytest
from rich.console import Console

from ravine.comparison import Run
from ravine.comparison.progress import Progress


def run(trial=None, **changes):
    phase = "run" if trial is None else "trial"
    given = {"epochs": 9, "final": {"loss": 0.1, "val_loss": 0.25}, "seconds": 2.5, **changes}
    return Run("adam", phase, trial or 0, 7, {"learning_rate": 0.00125}, 9, **given)


@pytest.mark.parametrize(
    ("done", "line"),
    [
        (run(), "1/4 adam, seed 7, learning_rate 0.00125: val_loss 0.2500 - 2s"),
        (run(trial=2), "1/4 adam, trial 3, learning_rate 0.00125: val_loss 0.2500 - 2s"),
        (run(stopped_epoch=8), "1/4 adam, seed 7, learning_rate 0.00125: val_loss 0.2500, stopped after epoch 9 - 2s"),
        (run(error="ValueError: no"), "1/4 adam, seed 7, learning_rate 0.00125: failed (ValueError: no) - 2s"),
    ],
    ids=["run", "trial", "stopped", "failed"],
)
def test_a_line_a_run(capsys, done, line):
    with Progress(2, 4, "val_loss") as progress:
        progress.start(0)
        progress.took(done)
    assert capsys.readouterr().out == line + "\n"


def test_silence(capsys):
    with Progress(0, 4, "val_loss") as progress:
        progress.start(0)
        progress.took(run())
    assert capsys.readouterr() == ("", "")


def test_a_bar_counts_what_was_done_before_and_says_how_long_it_will_take(monkeypatch):
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=100, color_system=None)
    monkeypatch.setattr("rich.console.Console", lambda **options: console)
    with Progress(1, 4, "val_loss") as progress:
        progress.start(2)
        progress.took(run())
        progress._bar.refresh()
        shown = screen.getvalue()
    assert "Run 3/4" in shown
    assert "left" in shown
    assert "adam: val_loss 0.2500" in shown
    assert progress._bar.finished is False


def test_more_runs_in_the_file_than_are_asked_for():
    progress = Progress(0, 4, "val_loss")
    progress.start(9)
    assert progress.done == 4
