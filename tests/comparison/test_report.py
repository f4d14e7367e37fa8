"""The report: one file that needs no other, with everything in it and nothing of it taken for markup."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from ravine.comparison import Comparison, Protocol, Run

RNG = np.random.default_rng(0)
NAMES = ("plain <b>", "other & more")


def run(name, seed, phase="run", trial=0, values=None, error=None):
    curve = list(0.5 + 0.4 * np.arange(1, 4) / 3 + 0.02 * RNG.random(3))
    history = {"loss": [1.0, 0.5, 0.4], "val_accuracy": curve, "val_loss": [1.0, 0.6, 0.5], "accuracy": curve}
    final = {key: values[-1] for key, values in history.items()}
    made = Run(
        name, phase, trial, seed, values or {"learning_rate": 0.1}, 3, 3, 10, None, 2, history, {}, final, final, 0.5
    )
    return replace(made, error=error, final={} if error else final)


def result(**changes):
    protocol = Protocol(
        contenders=NAMES,
        baseline=NAMES[0],
        metric="val_accuracy",
        direction="max",
        selection="val_accuracy",
        target=("val_accuracy", 0.8, "max"),
        seeds=tuple(range(6)),
        epochs=3,
        trials=2,
        tune={name: {"learning_rate": {"loguniform": [0.01, 1.0]}} for name in NAMES},
        study={"contenders": {name: {"loss": "<script>"} for name in NAMES}},
    )
    trials = [run(n, 99, "trial", i, {"learning_rate": 0.1 * (i + 1)}) for n in NAMES for i in range(2)]
    runs = [run(n, s) for n in NAMES for s in range(6)]
    made = Comparison(replace(protocol, **changes), tuple(runs), tuple(trials), {"ravine": "0"})
    return made


class Page(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.opened, self.tags, self.images, self.text = [], [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag == "img":
            self.images.append(dict(attrs))
        if tag not in ("meta", "img"):
            self.opened.append(tag)

    def handle_endtag(self, tag):
        assert self.opened.pop() == tag

    def handle_data(self, data):
        self.text += data


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    result().to_html(path, "A <title>")
    return path.read_text(encoding="utf-8")


def test_every_tag_is_closed_and_no_name_is_markup(written):
    page = Page(written)
    assert page.opened == []
    assert "b" not in page.tags
    assert "script" not in page.tags
    assert "A <title>" in page.text
    assert "plain <b>" in page.text
    assert "other & more" in page.text


def test_it_holds_verdict_tables_figures_runs_and_versions(written):
    page = Page(written)
    made = result()
    assert "95 % interval" in page.text
    assert page.tags.count("table") == 4  # the contenders, times to the target, what was chosen, the runs
    assert len(page.images) == 5  # two curves, differences, time to the target, sensitivity
    assert all(image["alt"] for image in page.images)
    assert page.tags.count("tr") == 3 * (1 + 2) + (1 + 12)
    assert '"ravine": "0"' in page.text
    assert made.protocol.metric in page.text


def test_it_needs_no_other_file(written):
    assert not re.search(r"""(src|href)=["'](?!data:)""", written)
    assert "url(" not in written.split("</style>")[0]


def test_the_same_result_gives_the_same_file(tmp_path):
    made = Comparison.from_json(result().to_json())
    for name in ("a", "b"):
        made.to_html(tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_nothing_tuned_and_no_target_is_a_report_too(tmp_path):
    made = result(target=None, tune={}, trials=0, metric="val_loss", direction="min", selection="val_loss")
    replace(made, trials=()).to_html(tmp_path / "report.html")
    page = Page((tmp_path / "report.html").read_text(encoding="utf-8"))
    assert len(page.images) == 2
    assert "not tuned" in page.text


def test_runs_that_all_failed_leave_a_report_that_says_so(tmp_path):
    failed = [run(n, s, error="RuntimeError: out of paper") for n in NAMES for s in range(6)]
    replace(result(), runs=tuple(failed)).to_html(tmp_path / "report.html")
    page = Page((tmp_path / "report.html").read_text(encoding="utf-8"))
    assert "6 of 6 runs failed" in page.text
    assert "out of paper" in page.text
    assert page.images == []


def test_no_runs_at_all(tmp_path):
    replace(result(), runs=(), trials=()).to_html(tmp_path / "report.html")
    assert "Partial: 0 of 12 runs are done." in (tmp_path / "report.html").read_text(encoding="utf-8")
