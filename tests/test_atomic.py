import errno
import os
import stat
import subprocess
import sys

import pytest

from ravine.atomic import replacing
from ravine.checks import RavineValueError


def test_the_file_holds_what_was_written(tmp_path):
    with replacing(tmp_path / "a") as file:
        file.write(b"new")
    assert (tmp_path / "a").read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["a"]


def test_readers_see_the_old_file_until_the_new_one_is_whole(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"old")
    with replacing(path) as file:
        file.write(b"ne")
        file.flush()
        assert path.read_bytes() == b"old"
        file.write(b"w")
    assert path.read_bytes() == b"new"


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path, error):
    path = tmp_path / "a"
    path.write_bytes(b"old")

    def break_off():
        with replacing(path) as file:
            file.write(b"half")
            raise error

    with pytest.raises(error):
        break_off()
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a"]


def test_a_file_that_cannot_be_replaced_leaves_nothing_behind(tmp_path):
    (tmp_path / "a").mkdir()
    with pytest.raises(RavineValueError, match="a' is a folder: expected a file"), replacing(tmp_path / "a"):
        pytest.fail("the block must not run")
    assert os.listdir(tmp_path) == ["a"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such limits")
def test_a_full_disk_leaves_the_old_file_and_nothing_else(tmp_path):
    import resource

    path = tmp_path / "a"
    path.write_bytes(b"old")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**12, limits[1]))  # a write beyond it fails as on a full disk
    try:
        with pytest.raises(OSError, match="File too large"), replacing(path) as file:
            file.writelines([b"x" * 2**10, b"y" * 2**12])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a"]


def test_a_missing_folder_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError), replacing(tmp_path / "nowhere" / "a"):
        pytest.fail("the block must not run")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_it_has_the_permissions_of_any_new_file(tmp_path):
    (tmp_path / "plain").write_bytes(b"")
    with replacing(tmp_path / "a") as file:
        file.write(b"new")
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == stat.S_IMODE((tmp_path / "plain").stat().st_mode)


@pytest.mark.skipif(os.name == "nt", reason="Windows does not let everyone link")
def test_it_writes_through_a_symbolic_link(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    (tmp_path / "link").symlink_to(folder / "a")
    with replacing(tmp_path / "link") as file:
        file.write(b"new")
    assert (tmp_path / "link").is_symlink()
    assert (folder / "a").read_bytes() == b"new"


def left_behind(path):
    """What a save that was killed leaves."""
    code = "import os, sys; from ravine.atomic import replacing\nwith replacing(sys.argv[1]): os._exit(9)"
    subprocess.run([sys.executable, "-c", code, str(path)], check=False)
    return [name for name in os.listdir(path.parent) if name.endswith(".tmp")]


def test_what_a_killed_save_left_goes_with_the_next(tmp_path):
    path = tmp_path / "model.keras"
    assert len(left_behind(path)) == 1
    (tmp_path / ".other.keras.0123456789abcdef.tmp").touch()
    (tmp_path / ".model.keras.notes.tmp").touch()
    with replacing(path) as file:
        file.write(b"new")
    assert sorted(os.listdir(tmp_path)) == [
        ".model.keras.notes.tmp",
        ".other.keras.0123456789abcdef.tmp",
        "model.keras",
    ]


def test_a_save_in_progress_is_left_alone(tmp_path):
    path = tmp_path / "a"
    with replacing(path) as slow:
        slow.write(b"slow")
        with replacing(path) as quick:
            quick.write(b"quick")
        assert path.read_bytes() == b"quick"
    assert path.read_bytes() == b"slow"
    assert os.listdir(tmp_path) == ["a"]


def test_what_is_no_file_is_not_replaced(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path, kind in ((tmp_path / "pipe", "a pipe"), ("/dev/full", "a device"), (tmp_path, "a folder")):
        with pytest.raises(RavineValueError, match=f"is {kind}: expected a file"), replacing(path):
            pytest.fail("the block must not run")
    assert os.listdir(tmp_path) == ["pipe"]


def test_errors_name_the_file_that_was_to_be(tmp_path, monkeypatch):
    def full(handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with (
        pytest.raises(OSError, match=r"No space left on device: '.*model\.keras'"),
        replacing(tmp_path / "model.keras"),
    ):
        pass
    with pytest.raises(FileNotFoundError, match=r"'.*nowhere.a'$"), replacing(tmp_path / "nowhere" / "a"):
        pass
