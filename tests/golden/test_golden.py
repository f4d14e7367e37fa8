"""Runs come out as they were recorded: bit for bit on a machine that has a record, nearly so on another."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

spec = importlib.util.spec_from_file_location("golden_programs", Path(__file__).with_name("programs.py"))
golden = importlib.util.module_from_spec(spec)
spec.loader.exec_module(golden)

OWN = golden.RECORDS / f"{golden.machine()}.json"
RECORD = json.loads((OWN if OWN.exists() else min(golden.RECORDS.iterdir())).read_text())


def test_every_rule_is_on_record():
    from ravine import optimizers

    text = Path(golden.__file__).read_text()
    named = {"Adam": '"adam"'}
    assert all(f"{rule.__name__}(" in text or named.get(rule.__name__) in text for rule in optimizers.RULES)


def test_the_record_has_all_programs():
    assert list(RECORD) == list(golden.PROGRAMS)


@pytest.mark.parametrize("name", golden.PROGRAMS)
def test_the_run_is_as_recorded(name):
    before, now = golden.decoded(RECORD[name]), golden.PROGRAMS[name]()
    assert now.keys() == before.keys()
    for key, values in now.items():
        if OWN.exists():
            assert values.tobytes() == before[key].tobytes(), key
        else:  # another processor sums in another order
            np.testing.assert_allclose(values, before[key], rtol=2e-3, atol=2e-4, err_msg=key)
