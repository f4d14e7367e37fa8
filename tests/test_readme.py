"""The README's commands are what `.ci/run` runs, and its program is one that works."""

import ast
import re
import shlex
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
# What CI may give options: to train for fewer epochs, and to test on both cores.
WITH_OPTIONS = (["ravine", "mnist"], ["pytest"])


def blocks(language: str) -> list[str]:
    """The fenced blocks of the README in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE | re.DOTALL)


def program() -> str:
    (text,) = blocks("python")
    return text


def readme_steps() -> list[list[str]]:
    """Each command of the README's `sh` block, cut at `&&`, as argument lists."""
    (text,) = blocks("sh")
    return [shlex.split(step) for line in text.splitlines() for step in line.split("&&")]


def ci_steps() -> list[list[str]]:
    """Each line of `.ci/run` as an argument list, comments and empty lines left out."""
    lines = (shlex.split(line, comments=True) for line in (ROOT / ".ci" / "run").read_text("utf-8").splitlines())
    return [line for line in lines if line]


def is_run_by(step: list[str], line: list[str]) -> bool:
    if step not in WITH_OPTIONS:
        return line == step
    rest = line[len(step) :]
    return line[: len(step)] == step and (not rest or rest[0].startswith("-"))


def test_the_readme_has_its_two_commands():
    (text,) = blocks("sh")
    assert text.splitlines() == ["pip install . && ravine mnist", "pip install '.[test]' && pytest"]


def test_ci_runs_the_readme_steps_in_order():
    lines = iter(ci_steps())
    for step in readme_steps():
        assert any(is_run_by(step, line) for line in lines), f".ci/run lacks, or runs too early: {shlex.join(step)}"


def test_ci_stops_at_the_first_failure():
    assert ci_steps()[0] == ["set", "-euo", "pipefail"]
    # On the left of && or || `set -e` overlooks a failure.
    assert not [line for line in ci_steps() if {"&&", "||"} & set(line)]


def test_every_file_the_readme_links_to_exists():
    links = re.findall(r"\]\((?!https?:)([^)#]+)", (ROOT / "README.md").read_text("utf-8"))
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_imports_of_the_program_work():
    imports = [node for node in ast.parse(program()).body if isinstance(node, ast.Import | ast.ImportFrom)]
    exec(compile(ast.Module(imports, type_ignores=[]), "README.md", "exec"), {})


@pytest.mark.slow
def test_the_program_runs():
    short, count = re.subn(r"epochs=50", "epochs=1", program())
    assert count == 2
    names: dict = {}
    exec(compile(short, "README.md", "exec"), names)
    assert set(names["hist"].history) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    assert names["test_acc"] > 0.9
