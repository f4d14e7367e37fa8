"""Tables of text in their three forms, and data frames."""

import sys

import pytest

from ravine import checks, tables
from ravine.tables import Table, fitted

SMALL = Table("Of |w|", ["", "a | b", "p"], [["x_1", "1.5 (1.0 to 2.0)", "0.5"], ["|w|", "[2]", ""]])

WIDE = Table(
    "Mean and 95 % interval over 10 seeds, paired; more is better",
    ["", "val_accuracy, %", "difference from baseline, points", "p", "epochs", "failed", "reached", "epochs to target"],
    [
        ["plain descent", "97.12 (96.80 to 97.31)", "baseline", "", "12", "0 of 10", "7 of 10", "9"],
        ["momentum [0.9]", "98.12 (97.80 to 98.31)", "+1.00 (+0.80 to +1.10)", "0.002", "8", "1 of 10", "9", "never"],
    ],
)


def test_markdown():
    assert SMALL.markdown().splitlines() == [
        "Of |w|",
        "",
        "|  | a \\| b | p |",
        "| --- | ---: | ---: |",
        "| x_1 | 1.5 (1.0 to 2.0) | 0.5 |",
        "| \\|w\\| | [2] |  |",
    ]


def test_latex():
    assert SMALL.latex().splitlines() == [
        r"\begin{table}",
        r"\centering",
        r"\caption{Of |w|}",
        r"\begin{tabular}{lrr}",
        r"\toprule",
        r" & a | b & p \\",
        r"\midrule",
        r"x\_1 & 1.5 (1.0 to 2.0) & 0.5 \\",
        r"|w| & [2] &  \\",
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table}",
    ]


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("50 %", r"50 \%"),
        ("a & b", r"a \& b"),
        ("$5 #1", r"\$5 \#1"),
        ("val_loss", r"val\_loss"),
        ("{x}", r"\{x\}"),
        ("~x^2", r"\textasciitilde{}x\textasciicircum{}2"),
        (r"\n", r"\textbackslash{}n"),
        (r"\{", r"\textbackslash{}\{"),
        ("−0.5", r"$-$0.5"),
        ("≥ 1, ≤ ∞", r"$\geq$ 1, $\leq$ $\infty$"),
    ],
)
def test_what_latex_reads_otherwise_is_escaped_in_caption_header_and_cells(text, escaped):
    lines = Table(text, ["", text], [[text, "1"]]).latex().splitlines()
    assert lines[2] == rf"\caption{{{escaped}}}"
    assert lines[5] == rf" & {escaped} \\"
    assert lines[7] == rf"{escaped} & 1 \\"


@pytest.mark.parametrize("width", [90, 100, 120, 200])
def test_plain_text_fits_its_width_and_loses_nothing(width):
    text = WIDE.plain(width)
    assert max(map(len, text.splitlines())) <= width
    assert all(line == line.rstrip() for line in text.splitlines())
    words = text.split()
    for word in " ".join([WIDE.caption, *WIDE.header, *(cell for row in WIDE.rows for cell in row)]).split():
        assert word in words


def test_plain_text_of_a_table_that_fits_has_a_line_a_row():
    caption, header, rule, *rows = [line for line in SMALL.plain().splitlines() if line]
    assert caption == "Of |w|"
    assert header.split() == ["a", "|", "b", "p"]
    assert set(rule.strip()) == {"─"}
    assert [row.split() for row in rows] == [["x_1", "1.5", "(1.0", "to", "2.0)", "0.5"], ["|w|", "[2]"]]


@pytest.mark.parametrize(
    ("width", "cell"),
    [(40, "1.5 (1.0 to 2.0)"), (25, "1.5 (1.0 to 2.0)"), (24, "1.5\n(1.0 to 2.0)"), (19, "1.5\n(1.0 to\n2.0)")],
)
def test_intervals_break_only_where_the_width_asks_for_it(width, cell):
    # The first column takes 3 + 3 columns, the second 16 + 3 whole and 12 + 3 broken before the interval.
    assert fitted([["", "mean"], ["a (", "1.5 (1.0 to 2.0)"]], width) == [["", "mean"], ["a (", cell]]


@pytest.mark.parametrize("form", tables.FORMATS)
def test_by_name(form):
    assert SMALL.text(form) == getattr(SMALL, form)()


def test_an_unknown_format_names_the_nearest():
    with pytest.raises(checks.RavineValueError, match=r"format='latx' is unknown\. Did you mean 'latex'\?"):
        SMALL.text("latx")


@pytest.mark.parametrize("form", tables.FORMATS)
def test_a_table_without_rows(form):
    assert "metric" in Table("Nothing", ["", "metric"], []).text(form)


def test_a_frame_of_pandas():
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    frame = tables.frame({"a": [1, 2], "b": ["x", "y"]}, "pandas")
    pandas.testing.assert_frame_equal(frame, pandas.DataFrame({"a": [1, 2], "b": ["x", "y"]}))


@pytest.mark.parametrize("backend", ["pandas", "polars", "pyarrow"])
def test_a_backend_that_is_not_installed_is_named(backend, monkeypatch):
    for name in [name for name in sys.modules if name.split(".")[0] == backend]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, backend, None)  # importing it now raises ModuleNotFoundError
    with pytest.raises(checks.RavineValueError, match=rf"^backend='{backend}': {backend} is not installed\.$"):
        tables.frame({"a": [1]}, backend)


def test_an_unknown_backend_names_the_nearest():
    with pytest.raises(checks.RavineValueError, match=r"backend='panda' is unknown\. Did you mean 'pandas'\?"):
        tables.frame({"a": [1]}, "panda")
