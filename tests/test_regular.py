import os
import socket

import pytest

from ravine import regular
from ravine.checks import RavineValueError


@pytest.fixture
def others(tmp_path, monkeypatch):
    """Paths of what is no file, by what errors call it."""
    monkeypatch.chdir(tmp_path)  # a socket's path may have a hundred characters
    os.mkfifo("pipe")
    (tmp_path / "folder").mkdir()
    with socket.socket(socket.AF_UNIX) as made:
        made.bind("socket")
        yield {"pipe": "a pipe", "folder": "a folder", "socket": "a socket", "/dev/zero": "a device"}


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")
def test_what_is_no_file_is_not_opened(others):
    for path, words in others.items():
        with pytest.raises(RavineValueError, match=f"source='{path}' is {words}: expected a file"):
            regular.opened("source", path)


def test_a_file_is_opened(tmp_path):
    (tmp_path / "a").write_bytes(b"whole")
    (tmp_path / "link").symlink_to("a")
    for name in ("a", "link"):
        with regular.opened("source", tmp_path / name) as file:
            assert file.read() == b"whole"


def test_a_missing_file_is_what_the_system_says(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        regular.opened("source", tmp_path / "nowhere")


def test_errors_of_writing_name_the_file():
    with pytest.raises(OSError, match=r"No space left on device: 'a\.csv'"), regular.naming("a.csv"):
        raise OSError(28, "No space left on device")
    with pytest.raises(OSError, match="'b'"), regular.naming("a"):
        raise OSError(2, "No such file", "b")
