from matplotlib.figure import Figure

from ravine.plots.vector import svg


def drawn():
    figure = Figure()
    figure.subplots().plot([1, 2], label="a")
    return figure


def test_the_same_figure_gives_the_same_bytes():
    assert svg(drawn()) == svg(drawn())
    assert b"<svg" in svg(drawn())
