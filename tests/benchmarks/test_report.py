"""The report's tables and verdicts."""

from pathlib import Path
from typing import Any

import pytest
from benchmarks.report import BEGIN, END, accuracy, markdown, table, write
from benchmarks.workloads import LECTURE, POPULATION_TINY, TRAJECTORIES


def peer(seconds: list[float], loss: float = 0.055, **more: Any) -> dict[str, Any]:
    return {"seconds": seconds, "losses": [0.3, 0.14, 0.09, 0.07, loss], "val_losses": [], "settings": {}} | more


def results(**peers: dict[str, Any]) -> dict[str, Any]:
    return {
        "date": "2030-01-02",
        "machine": {"processor": "A Processor", "cores": 2, "system": "Linux 6", "python": "3.12.0"},
        "rounds": 2,
        "quick": False,
        "workloads": {"lecture": {"title": LECTURE.title, "job": LECTURE.job(), "peers": peers}},
    }


def line(text: str, beginning: str) -> str:
    return next(line for line in text.splitlines() if line.startswith(beginning))


def test_table() -> None:
    assert table(["a", "b"], [["1", "2"]]) == "| a | b |\n| --- | ---: |\n| 1 | 2 |"


def test_conditions() -> None:
    text = markdown(results(ravine=peer([0.3, 0.3], versions={"jax": "9.9"})))
    assert "2030-01-02: A Processor, 2 core(s), Linux 6, Python 3.12.0, jax 9.9. 2 rounds." in text


def test_a_quick_run_says_so() -> None:
    assert "not to quote" in markdown(results(ravine=peer([0.3, 0.3])) | {"quick": True})


def test_ratios_and_goals() -> None:
    text = markdown(
        results(
            ravine=peer([0.25, 0.5]),
            torch=peer([0.75, 1.5], settings={"threads": 1}),
            **{"keras-tf": peer([0.5, 1.0])},
        )
    )
    assert line(text, "| Ravine |") == "| Ravine | 0.375 (0.250–0.500) |  |  | 0.0550 |"
    torch = line(text, "| PyTorch")
    assert "(threads 1)" in torch
    assert "| 3.00 (3.00–3.00) | ≥ 2.20 met |" in torch
    assert "≥ 6.00 **missed**" in line(text, "| Keras-TensorFlow")


def test_without_ravine_there_are_times_only() -> None:
    text = markdown(results(torch=peer([0.5, 0.5])))
    assert line(text, "| PyTorch").endswith("| 0.500 (0.500–0.500) |  |  | 0.0550 |")


def test_a_peer_that_failed() -> None:
    text = markdown(results(ravine=peer([0.3, 0.3]), torch={"failed": "ImportError"}))
    assert "did not run" in line(text, "| PyTorch")


def test_the_floor() -> None:
    text = markdown(results(ravine=peer([0.3, 0.3]), **{"sgemm-1": peer([0.2, 0.2]) | {"losses": []}}))
    assert "Ravine takes 1.50 (1.50–1.50) times the matrix products alone (floor), one core; goal ≤ 1.60 met." in text


def test_steadiness() -> None:
    text = markdown(results(ravine=peer([0.3, 0.3], steady=[0.2, 0.2, 0.2, 0.4])))
    assert "the slowest of 4 epochs took 2.00 times the median of 0.200 s; goal ≤ 1.50 **missed**." in text


def test_a_wrong_loss_is_marked() -> None:
    text = markdown(
        results(ravine=peer([0.3, 0.3]), torch=peer([0.1, 0.1], loss=2.3), **{"keras-jax": peer([0.3, 0.3], loss=0.06)})
    )
    assert "2.30 **differs**" in line(text, "| PyTorch")
    assert text.count("**differs**") == 1


def test_a_descent_is_no_epoch() -> None:
    walk = {"seconds": [0.01, 0.01], "losses": [0.003] * 10, "val_losses": [], "settings": {}}
    measured = {"title": TRAJECTORIES.title, "job": TRAJECTORIES.job(), "peers": {"ravine": walk}}
    text = markdown(results() | {"workloads": {"trajectories": measured}})
    assert line(text, "|  | ") == "|  | milliseconds per descent | of Ravine's | goal | mean final value |"
    assert line(text, "| Ravine |") == "| Ravine | 10.0 (10.0–10.0) |  |  | 0.00300 |"


def test_a_population() -> None:
    def runs(seconds: list[float], first: list[float], **more: Any) -> dict[str, Any]:
        losses = {"losses": [0.37] * 4, "val_losses": [0.42] * 4}
        return {"seconds": seconds, "first": first, "trained": [64 * 128.0] * 4, "settings": {}} | losses | more

    peers = {
        "ravine": runs([0.001, 0.002], [0.002, 0.004]),
        "ravine-runs": {"failed": "ImportError"},
        "keras-jax-runs": runs([0.01, 0.02], [0.03, 0.06], settings={"runs": 3}),
    }
    measured = {"title": POPULATION_TINY.title, "job": POPULATION_TINY.job(), "peers": peers}
    text = markdown(results() | {"workloads": {"population-tiny": measured}})
    assert "| milliseconds per epoch of a run | of Ravine's | goal | mean final loss | in a new process |" in text
    ended = "0.370, validation 0.420, 128 epochs a run"
    assert line(text, "| Ravine |") == f"| Ravine | 1.50 (1.00–2.00) |  |  | {ended} | 3.00 (2.00–4.00) |  |"
    assert line(text, "| Ravine, one").endswith("| did not run |  |  |  |  |  |")
    keras = line(text, "| Keras-JAX")
    assert "(runs 3) | 15.0 (10.0–20.0) | 10.0 (10.0–10.0) |" in keras
    assert keras.endswith("| 45.0 (30.0–60.0) | 15.0 (15.0–15.0) |")
    assert "Keras compiles every new model anew" in text


def test_starts_and_imports() -> None:
    def program(title: str, first: list[float]) -> dict[str, Any]:
        same = {"second": [1.0, 1.0], "megabytes": [500.0, 500.0], "printed": "test accuracy 0.95"}
        return {"title": title, "first": first, **same}

    starts = {"ravine": program("Ravine", [3.0, 3.0]), "keras-jax": program("Keras", [2.0, 2.0])}
    imports = {"jax": [1.0, 1.0], "ravine": [1.05, 1.05]}
    text = markdown(results(ravine=peer([0.3, 0.3])) | {"starts": starts, "imports": imports})
    assert "Ravine 1.50 of it, ≤ 1.30 **missed**" in line(text, "| Keras")
    assert "Ravine 1.00 of it, ≤ 1.00 met" in line(text, "| Keras")
    assert line(text, "| `import jax`").endswith("| 1.00 (1.00–1.00) |  |  |")
    assert line(text, "| `import ravine`").endswith("| 1.05 (1.05–1.05) | ≤ 1.10 met |")


@pytest.mark.parametrize(
    ("printed", "found"),
    [('{"test_accuracy": 0.9512}', "0.9512"), ("train accuracy 0.96\nTest accuracy: 0.95", "0.9500"), ("none", "")],
)
def test_accuracy(printed: str, found: str) -> None:
    assert accuracy(printed) == found


def test_write_keeps_what_stands_around_the_results(tmp_path: Path) -> None:
    page = tmp_path / "docs" / "benchmarks.md"
    write(page, "first")
    page.write_text(page.read_text() + "\nA note.\n")
    write(page, "second")
    text = page.read_text()
    assert f"{BEGIN}\nsecond\n{END}\n\nA note." in text
    assert "first" not in text.split(BEGIN)[1]


def test_write_refuses_a_page_without_the_marks(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("mine")
    with pytest.raises(ValueError, match="has no place"):
        write(page, "text")
    assert page.read_text() == "mine"
