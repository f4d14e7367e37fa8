"""JSON for results: what is written reads back, and nothing else is read."""

import json
import math

import pytest

from ravine import checks
from ravine.comparison import codec

PARTS = {"values": [0.1, math.inf, -math.inf, 1e-300], "name": "a", "inner": {"none": None}}


def test_what_is_written_reads_back_from_file_and_text(tmp_path):
    text = codec.written("form 1", PARTS, tmp_path / "result.json")
    for source in (text, tmp_path / "result.json", str(tmp_path / "result.json")):
        assert codec.read("form 1", "to_json", source, dict) == PARTS
    assert json.loads(text)["values"][1] == "Infinity"  # any reader of JSON takes it


def test_nan_reads_back():
    assert math.isnan(codec.loads(codec.dumps({"a": math.nan}))["a"])


@pytest.mark.parametrize("source", ["{}", "{", '{"format": "form 2"}', '{"format": "form 1"}'], ids=str)
def test_anything_else_is_refused(source):
    with pytest.raises(checks.RavineValueError, match="expected JSON that to_json wrote"):
        codec.read("form 1", "to_json", source, lambda given: given["values"])


def test_a_file_that_is_not_there_is_named():
    with pytest.raises(checks.RavineValueError, match=r"source='/nowhere/x\.json': No such file"):
        codec.read("form 1", "to_json", "/nowhere/x.json", dict)
