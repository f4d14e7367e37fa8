"""docs/differences.md is the one list of where Ravine and Keras differ: the tests hold each row of it."""

import re
from collections import Counter
from pathlib import Path

TESTS = Path(__file__).parent
PAGE = TESTS.parent / "docs" / "differences.md"
NAMES = re.findall(r"^\| `([a-z0-9-]+)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)


def held():
    """The names that the tests hold."""
    sources = (path.read_text(encoding="utf-8") for path in TESTS.rglob("test_*.py") if path != Path(__file__))
    return {name for source in sources for name in re.findall(r"pytest\.mark\.differs\(\"([^\"]+)\"\)", source)}


def test_each_name_stands_once():
    assert [name for name, count in Counter(NAMES).items() if count > 1] == []


def test_each_row_is_held_by_a_test():
    assert set(NAMES) - held() == set()


def test_what_tests_hold_is_on_the_page():
    assert held() - set(NAMES) == set()


def test_each_row_says_what_keras_does_what_ravine_does_and_why():
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    assert len(rows) == len(NAMES)
    for row in rows:
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        assert len(cells) == 4, row
        assert all(cells), row
