"""The file of runs: what is there once it has reached the disk, whatever happens then."""

import json
import math
import os
import random
import subprocess
import sys
import threading
from dataclasses import asdict, replace

import pytest

from ravine import checks
from ravine.comparison.codec import dumps
from ravine.comparison.records import Run
from ravine.comparison.store import Store

STUDY = {"contenders": {"a": {"optimizer": {"class": "SGD", "momentum": 0.9}}}, "sizes": [1, 2], "epochs": 5}
RUNS = [
    Run(
        *("a", "trial", 0, 9, {"learning_rate": 0.1}, 5, 2, 2, None, 1),
        history={"loss": [1.5, math.nan]},
        final={"loss": math.nan},
        best={"loss": 1.5},
    ),
    Run(
        *("a", "run", 0, 0, {"learning_rate": 0.1}, 5, 3, 2, 2, 1),
        history={"loss": [1.5, 0.5, 1.0], "val_loss": [math.inf] * 3},
        final={"loss": 0.5, "val_loss": math.inf, "test_loss": 2.0},
        best={"loss": 0.5, "val_loss": math.inf},
    ),
    Run("ä “b”", "run", 1, 0, {}, 5, final={"loss": math.inf}),
]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "runs.jsonl"


def written(path, runs=RUNS, study=STUDY):
    """The bytes of a file that holds ``runs``."""
    with Store(path, study) as store:
        for run in runs:
            store.add(run)
    return path.read_bytes()


def held(path, study=STUDY):
    """What a file holds of RUNS, as text, which finds NaN equal to itself."""
    with Store(path, study) as store:
        return [repr(store[run.key]) for run in RUNS if run.key in store]


def test_a_new_file_has_a_line_that_tells_the_study_and_one_a_run(path):
    lines = written(path).decode().split("\n")
    assert json.loads(lines[0])["study"] == STUDY
    assert lines[1:] == [*(run.line() for run in RUNS), ""]


def test_a_run_is_on_the_disk_once_it_was_added(path):
    with Store(path, STUDY) as store:
        for count, run in enumerate(RUNS, 1):
            store.add(run)
            assert len(store) == count
            assert path.read_bytes().endswith(run.line().encode() + b"\n")
            assert path.read_bytes().count(b"\n") == 1 + count


def test_a_file_that_is_opened_again_holds_what_was_written(path):
    before = written(path, RUNS[:2])
    with Store(str(path), STUDY) as store:  # a path as text, too
        assert len(store) == 2
        assert [run.key in store for run in RUNS] == [True, True, False]
        assert [repr(store[run.key]) for run in RUNS[:2]] == list(map(repr, RUNS[:2]))
        assert path.read_bytes() == before
        store.add(RUNS[2])
    assert path.read_bytes().startswith(before)
    assert held(path) == list(map(repr, RUNS))


def test_a_last_line_that_was_cut_off_anywhere_is_dropped_and_written_anew(path):
    whole = written(path)
    last = len(RUNS[-1].line().encode()) + 1
    assert whole[-last:] == RUNS[-1].line().encode() + b"\n"
    for length in range(len(whole) - last, len(whole)):
        path.write_bytes(whole[:length])
        with Store(path, STUDY) as store:
            assert [run.key in store for run in RUNS] == [True, True, False]
            assert path.read_bytes() == whole[:-last]
            store.add(RUNS[-1])
        assert path.read_bytes() == whole


def test_a_first_line_that_was_cut_off_anywhere_is_written_anew(path):
    whole = written(path, [])
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with Store(path, STUDY) as store:
            assert len(store) == 0
            assert path.read_bytes() == whole


@pytest.mark.parametrize(
    "content",
    [
        b"hello\n",
        b"hello",
        b"\n",
        b"first,second\n1,2",
        b"\x89PNG\r\n\x1a\n",
        b"\x89PNG\r\n\x1a\n\x00\x00",
        b'{"format": "ravine comparison 1"}\n',
        b'{"format": "ravine runs 2",\n "study": {}}',
        b'{"format": "ravine runs 0", "study": {}}\n',
        b'["ravine runs 1"]\n',
        b"null\n",
        b'{"format": "ravine runs 1", "study": {"epo',  # of another study, and nothing of it
    ],
)
def test_a_file_of_something_else_is_refused_and_left_as_it_is(path, content):
    path.write_bytes(content)
    with pytest.raises(
        checks.RavineValueError, match=r"out='.*runs\.jsonl': expected a file of runs that ravine wrote"
    ):
        Store(path, STUDY)
    assert path.read_bytes() == content


def test_a_first_line_without_a_study_is_refused(path):
    path.write_bytes(b'{"format": "ravine runs 1"}\n')
    with pytest.raises(checks.RavineValueError, match="expected a file of runs that ravine wrote"):
        Store(path, STUDY)


@pytest.mark.parametrize(
    ("study", "difference"),
    [
        ({**STUDY, "epochs": 6}, "its epochs is 5, not 6"),
        ({**STUDY, "seed": 1}, "its seed is None, not 1"),
        ({"contenders": STUDY["contenders"], "sizes": [1, 2]}, "its epochs is 5, not None"),
        ({**STUDY, "sizes": [1, 3]}, r"its sizes\[1\] is 2, not 3"),
        ({**STUDY, "sizes": [1]}, r"its sizes is \[1, 2\], not \[1\]"),
        ({**STUDY, "sizes": {"a": 1}}, r"its sizes is \[1, 2\], not {'a': 1}"),
        (
            {**STUDY, "contenders": {"a": {"optimizer": {"class": "SGD", "momentum": 0.5}}}},
            r"its contenders\.a\.optimizer\.momentum is 0\.9, not 0\.5",
        ),
        ({**STUDY, "contenders": {"b": STUDY["contenders"]["a"]}}, r"its contenders\.a is {.*}, not None"),
    ],
    ids=lambda given: given if isinstance(given, str) else "",
)
def test_a_file_of_another_study_is_refused_and_what_differs_is_named(path, study, difference):
    before = written(path)
    with pytest.raises(checks.RavineValueError, match=rf"holds the runs of another study: {difference}\. Expected"):
        Store(path, study)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "study",
    [{"sizes": (1, (2, 3))}, {"low": math.nan, "high": math.inf, "none": None}, {"none": None}, {}],
    ids=["tuples", "numbers", "none", "empty"],
)
def test_a_study_is_the_same_when_its_file_is_opened_again(path, study):
    written(path, RUNS[:1], study)
    assert held(path, study) == [repr(RUNS[0])]


@pytest.mark.parametrize(
    "damage",
    [
        lambda line: line[:-5],
        lambda line: line[5:],
        lambda line: b"",
        lambda line: b"[]",
        lambda line: b"1",
        lambda line: b'"run"',
        lambda line: b"{}",
        lambda line: line.replace(b'"seed"', b'"sed"'),
        lambda line: b"\xff" + line,
        lambda line: line + line,
    ],
    ids=["end", "start", "empty", "list", "number", "text", "object", "field", "bytes", "twice"],
)
@pytest.mark.parametrize("number", [2, 3])
def test_a_damaged_line_is_named_and_the_file_left_as_it_is(path, number, damage):
    lines = written(path).split(b"\n")
    lines[number - 1] = damage(lines[number - 1])
    path.write_bytes(b"\n".join(lines))
    with pytest.raises(checks.RavineValueError, match=rf"out='.*': line {number} is damaged \(.+\); expected a run\."):
        Store(path, STUDY)
    assert path.read_bytes() == b"\n".join(lines)


def test_a_file_that_could_not_be_read_is_free_again(path):
    before = written(path)
    with pytest.raises(checks.RavineValueError):
        Store(path, {**STUDY, "epochs": 6})
    assert held(path) == list(map(repr, RUNS))
    assert path.read_bytes() == before


@pytest.fixture
def locks():
    return pytest.importorskip("fcntl", reason="this system has no locks of files")


IN_USE = "another process is writing to it"


def test_a_file_that_is_in_use_is_refused(path, locks):
    with Store(path, STUDY) as store:
        store.add(RUNS[0])
        with pytest.raises(checks.RavineValueError, match=IN_USE):
            Store(path, STUDY)
        store.add(RUNS[1])  # whose file it still is
    assert held(path) == list(map(repr, RUNS[:2]))


def test_a_file_that_another_handle_has_locked_is_refused_unread(path, locks):
    before = written(path)[:-3]  # what its owner is in the middle of writing
    path.write_bytes(before)
    with path.open("rb") as file:
        locks.flock(file, locks.LOCK_EX)
        with pytest.raises(checks.RavineValueError, match=IN_USE):
            Store(path, STUDY)
        assert path.read_bytes() == before
    assert held(path) == list(map(repr, RUNS[:2]))


def test_a_file_that_another_process_uses_is_refused_until_it_is_gone(path, locks):
    written(path)
    holding = (
        "import fcntl, sys; f = open(sys.argv[1]); fcntl.flock(f, fcntl.LOCK_EX); print(flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", holding, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        with pytest.raises(checks.RavineValueError, match=IN_USE):
            Store(path, STUDY)
        process.kill()
    assert held(path) == list(map(repr, RUNS))


@pytest.mark.parametrize(
    ("name", "reason"),
    [("missing/runs.jsonl", "No such file"), ("file/runs.jsonl", "Not a directory")],
)
def test_a_path_that_cannot_be_written_to(tmp_path, name, reason):
    (tmp_path / "file").touch()
    with pytest.raises(
        checks.RavineValueError, match=rf"out='.*': expected a file that can be written to \(.*{reason}"
    ):
        Store(tmp_path / name, STUDY)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="this user may write everywhere")
def test_a_file_that_may_not_be_written_to(path):
    written(path)
    path.chmod(0o400)
    with pytest.raises(checks.RavineValueError, match=r"expected a file that can be written to \(Permission denied"):
        Store(path, STUDY)


def test_without_a_path_runs_are_kept_in_memory_alone(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with Store(None, STUDY) as store:
        for run in RUNS:
            store.add(run)
        assert len(store) == len(RUNS)
        assert store[RUNS[0].key] is RUNS[0]
        assert Run("a", "run", 0, 1, {}).key not in store
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_is_there_twice_counts_once_and_the_later_one_holds(path):
    again = Run(
        *(getattr(RUNS[1], name) for name in ("contender", "phase", "trial", "seed", "hyperparameters", "limit"))
    )
    written(path, [RUNS[1], again])
    with Store(path, STUDY) as store:
        assert len(store) == 1
        assert store[again.key] == again


def test_several_threads_write_whole_lines(path):
    runs = [Run("a", "run", 0, seed, {}, 5, history={"loss": [0.1] * 50}) for seed in range(24)]
    with Store(path, STUDY) as store:
        threads = [threading.Thread(target=lambda part=runs[i::4]: [store.add(run) for run in part]) for i in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(path.read_text().split("\n")[1:-1]) == sorted(run.line() for run in runs)


def test_a_run_that_an_error_ended_is_made_again(path):
    failed = Run("a", "run", 0, 9, {}, 5, error="MemoryError: no memory")
    with Store(path, STUDY) as store:
        store.add(failed)
        assert failed.key in store
    with Store(path, STUDY) as store:
        assert failed.key not in store
        store.add(replace(failed, error=None, epochs=5))
    with Store(path, STUDY) as store:
        assert store[failed.key].epochs == 5


CONTRADICTIONS = {
    "more epochs than its limit": ({"epochs": 9}, "it has 9 epochs of at most 5"),
    "an epoch that is none of its": ({"kept_epoch": 3}, "its kept_epoch is none of its 3 epochs"),
    "more values than epochs": ({"history": {"loss": [1.0] * 4}}, "history has 4 values of loss in 3 epochs"),
    "a final value of another epoch": (
        {"final": {"loss": 1.5}},
        "its final loss is not that of the epoch that it kept",
    ),
    "a best value of no epoch": ({"best": {"loss": 0.25}}, "its best loss is none of its epochs'"),
    "a text for a number": ({"final": {"loss": "low"}}, "its final are no numbers by name"),
    "a number for a list": ({"history": {"loss": 1.0}}, "its history is no lists of numbers by name"),
    "a fraction of an epoch": ({"epochs": 2.5}, "its epochs is no count"),
    "a negative time": ({"seconds": -1.0}, "its seconds are no length of time"),
    "an unknown phase": ({"phase": "walk"}, "its phase is unknown"),
}


@pytest.mark.parametrize("case", CONTRADICTIONS)
def test_a_line_that_contradicts_itself_is_refused(path, case):
    change, expected = CONTRADICTIONS[case]
    written(path, [replace(RUNS[1], **change)])  # with a checksum that fits
    with pytest.raises(checks.RavineValueError, match=rf"line 2 is damaged \({expected}\)"):
        Store(path, STUDY)


def test_lines_without_a_checksum_are_of_an_older_version(path):
    written(path, [])
    with path.open("a") as file:
        file.writelines(dumps(asdict(run)) + "\n" for run in RUNS)
    assert held(path) == list(map(repr, RUNS))


def test_a_huge_file_of_something_else_is_refused_at_once(path):
    with path.open("wb") as file:
        file.truncate(2**40)
    with pytest.raises(checks.RavineValueError, match="expected a file of runs that ravine wrote"):
        Store(path, STUDY)


def flips(whole, count, seed=0):
    """``whole`` with one bit flipped, ``count`` times."""
    draw = random.Random(seed)
    for _ in range(count):
        found = bytearray(whole)
        found[draw.randrange(len(found))] ^= 1 << draw.randrange(8)
        yield bytes(found)


@pytest.mark.parametrize("count", [100, pytest.param(2000, marks=pytest.mark.slow)])
def test_a_flipped_bit_is_refused_or_changes_no_run(path, count):
    whole, right = written(path), list(map(repr, RUNS))
    for content in flips(whole, count):
        path.write_bytes(content)
        try:
            found = held(path)
        except checks.RavineValueError:
            continue
        assert all(run in right for run in found)
