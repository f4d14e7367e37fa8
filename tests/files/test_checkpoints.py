"""A folder of checkpoints: the newest whole one counts, whatever happened to it. test_resume.py has the runs."""

import errno
import math
import os

import jax.numpy as jnp
import numpy as np
import pytest

from ravine import atomic
from ravine.checks import RavineTypeError, RavineValueError
from ravine.files import Checkpoints

ARRAYS = {
    "floats": np.linspace(0, 1, 7, dtype=np.float32).reshape(7, 1),
    "doubles": np.array([0.1, math.nan, -math.inf, -0.0]),
    "number": np.array(3, np.int32),
    "nothing": np.zeros((0, 3), np.float32),
    "choices": np.array([True, False]),
    "words": np.array([2**32 - 1], np.uint32),
    "halves": np.asarray(jnp.array([1.5, -2], jnp.bfloat16)),
}
NOTES = {"text": "ü\n", "exact": 0.1 + 0.2, "tiny": 5e-324, "infinite": -math.inf, "none": None, "whole": 2**63}


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "run"


def filled(folder, *numbers):
    """Checkpoints of these numbers, each of which is noted in it."""
    checkpoints = Checkpoints("checkpoint", folder)
    with checkpoints.held():
        for number in numbers:
            checkpoints.save(number, ARRAYS, {"number": number})
    return checkpoints


def newest(folder):
    return Checkpoints("checkpoint", folder).newest()


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_what_was_saved_reads_back_to_the_last_bit(folder):
    checkpoints = Checkpoints("checkpoint", folder)
    assert checkpoints.newest() is None
    with checkpoints.held():
        checkpoints.save(1, ARRAYS, {**NOTES, "no number": math.nan})
    arrays, notes = newest(folder)
    assert math.isnan(notes.pop("no number"))
    assert notes == NOTES
    assert arrays.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert (arrays[name].dtype, arrays[name].shape) == (array.dtype, array.shape)
        assert arrays[name].tobytes() == array.tobytes()


def test_the_newest_two_stay_and_other_files_are_left_alone(folder):
    folder.mkdir()
    mine = ["checkpoint-1.safetensors", "checkpoint-00000001.keras", "notes", ".ravine.tmp"]
    for name in mine:
        (folder / name).write_text("mine")
    filled(folder, 1, 2, 3, 100_000_000)
    assert newest(folder)[1] == {"number": 100_000_000}
    kept = ["checkpoint-00000003.safetensors", "checkpoint-100000000.safetensors"]
    assert names(folder) == sorted(mine + kept)
    Checkpoints("checkpoint", folder).remove()
    assert names(folder) == sorted(mine)


def halved(content):
    return content[: len(content) // 2]


DAMAGES = {
    "cut in half": halved,
    "empty": lambda content: b"",
    "one byte short": lambda content: content[:-1],
    "longer": lambda content: content + b"\0",
    "zeros": lambda content: bytes(len(content)),
    "another file": lambda content: b"PK\3\4 some archive",
    "another version": lambda content: content.replace(b"ravine checkpoint 1", b"ravine checkpoint 2"),
    "no checksum": lambda content: content.replace(b'"crc32"', b'"crc33"'),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_newest_falls_back_to_the_one_before_and_says_so(folder, damage):
    filled(folder, 4, 5)
    path = folder / "checkpoint-00000005.safetensors"
    path.write_bytes(DAMAGES[damage](path.read_bytes()))
    checkpoints = Checkpoints("checkpoint", folder)
    with pytest.warns(UserWarning, match=r"00005.safetensors is damaged \(.*\). Going on from the one before, .*00004"):
        assert checkpoints.newest()[1] == {"number": 4}
    with checkpoints.held():
        checkpoints.save(6, ARRAYS, {"number": 6})
    assert names(folder) == ["checkpoint-00000004.safetensors", "checkpoint-00000006.safetensors"]


def test_no_byte_can_change_unnoticed(folder):
    filled(folder, 4, 5)
    path = folder / "checkpoint-00000005.safetensors"
    content = path.read_bytes()
    for position in range(0, len(content), 7):
        changed = bytearray(content)
        changed[position] ^= 4
        path.write_bytes(changed)
        with pytest.warns(UserWarning, match="00005.safetensors is damaged"):
            assert newest(folder)[1] == {"number": 4}


def test_where_all_are_damaged_it_says_how_to_begin_anew(folder):
    filled(folder, 4, 5)
    for path in folder.iterdir():
        path.write_bytes(b"")
    with pytest.raises(RavineValueError, match=r"(?s)00005.* is damaged.*00004.* is damaged.*remove these.*begin anew"):
        newest(folder)
    assert len(names(folder)) == 2


def test_what_a_killed_write_left_is_removed_and_nothing_else(folder):
    filled(folder, 1)
    with atomic.replacing(folder / "checkpoint-00000002.safetensors") as file:
        (left,) = (path for path in folder.iterdir() if path.suffix == ".tmp")
        file.write(b"half")
    left.write_bytes(b"half")
    (folder / ".best.keras.0123456789abcdef.tmp").write_bytes(b"another's")
    (folder / "checkpoint-00000002.safetensors").unlink()
    with Checkpoints("checkpoint", folder).held():
        assert names(folder) == [".best.keras.0123456789abcdef.tmp", "checkpoint-00000001.safetensors"]


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_disk_that_takes_no_more_leaves_the_old_checkpoints_as_they_were(folder, monkeypatch, call):
    checkpoints = filled(folder, 1, 2)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, call, full)
    with checkpoints.held(), pytest.raises(OSError, match="No space left"):
        checkpoints.save(3, ARRAYS, {})
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.skipif(os.name == "nt", reason="Windows lets nobody open a folder")
def test_the_file_and_then_its_name_reach_the_disk(folder, monkeypatch):
    calls = []
    for name in ("fsync", "replace"):
        done = getattr(os, name)
        monkeypatch.setattr(os, name, lambda *args, done=done, name=name: (calls.append(name), done(*args))[1])
    filled(folder, 1)
    assert calls == ["fsync", "replace", "fsync"]


@pytest.mark.parametrize("below", ["", "run"])
def test_a_file_is_no_folder(tmp_path, below):
    (tmp_path / "file").write_text("mine")
    checkpoints = Checkpoints("backup_dir", tmp_path / "file" / below)
    with pytest.raises(RavineValueError, match=r"backup_dir='.*': expected a folder"), checkpoints.held():
        pytest.fail("the block must not run")


def test_a_folder_without_permission_is_refused_at_once(folder, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write everywhere
    with pytest.raises(RavineValueError, match="that can be written to"), Checkpoints("checkpoint", folder).held():
        pytest.fail("the block must not run")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such locks")
def test_two_runs_do_not_share_a_folder(folder):
    first, second = filled(folder), filled(folder)
    with first.held():
        with pytest.raises(RavineValueError, match="another run is writing to it"), second.held():
            pytest.fail("the block must not run")
        assert newest(folder) is None
    with second.held():
        pass


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")
def test_a_pipe_in_the_place_of_a_checkpoint_is_damaged(folder):
    filled(folder, 1)
    os.mkfifo(folder / "checkpoint-00000002.safetensors")
    with pytest.warns(UserWarning, match="is a pipe: expected a file.*Going on from the one before"):
        assert newest(folder)[1] == {"number": 1}


@pytest.mark.parametrize("path", ["", 3, b"run", "a\0b"])
def test_what_is_no_path_is_refused(tiny, path):
    with pytest.raises((RavineTypeError, RavineValueError), match=r"checkpoint=.*: expected a folder's path\."):
        tiny.fit(checkpoint=path)
