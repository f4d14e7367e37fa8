import json

import pytest

from ravine.checks import RavineValueError
from ravine.files import strict_json


def test_what_is_valid_is_read():
    value = {"a": [1, -2.5, None, True, "ü"], "b": {"c": 140038439544336}}
    assert strict_json.parse_object("it", json.dumps(value).encode()) == value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"", "it is no valid JSON"),
        (b"{", "it is no valid JSON"),
        (b"\xff{}", "it is no valid JSON"),
        (b'{"a": 1, "a": 2}', "an object has one key twice"),
        (b'{"a": NaN}', "NaN stands where a number is expected"),
        (b'{"a": -Infinity}', "-Infinity stands where"),
        (b'{"a": 1e999}', "the number '1e999' is too large"),
        (b'{"a": ' + b"9" * 4000 + b"}", "the number .* is too large"),
        (b"[" * 100_000, "it is nested too deep|no valid JSON"),
        (b'{"a":' * 100_000, "it is nested too deep|no valid JSON"),
        (b"[" * 2000 + b"]" * 2000, r"nested too deep|it holds \["),
        (b" " * (strict_json.LARGEST + 1), "has 4194305 bytes: expected at most 4194304"),
        (b"[1]", r"it holds \[1\]: expected an object"),
        (b"null", "it holds None: expected an object"),
    ],
    ids=range(14),
)
def test_what_is_not_is_refused(text, expected):
    with pytest.raises(RavineValueError, match=expected):
        strict_json.parse_object("it", text)
