import io
import struct
import zipfile

import pytest

from ravine.checks import RavineValueError
from ravine.files.archive import Archive, write_archive


def archive(*members, compression=zipfile.ZIP_STORED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as made:
        for name, content in members:
            made.writestr(name, content)
    return file.getvalue()


def test_members_are_read_back():
    file = io.BytesIO()
    write_archive(file, {"a": b"1", "b": b"22"})
    found = Archive(file)
    assert (found.read("a", 9), found.read("b", 2)) == (b"1", b"22")
    assert "a" in found
    assert "c" not in found
    assert found.size("b") == 2


@pytest.mark.parametrize("name", ["../a", "/a", "b/../../a", "C:a", "..\\a", "a\\b"])
def test_names_that_lead_out_of_the_folder_are_refused(name):
    with pytest.raises(RavineValueError, match="whose name leads out of a folder"):
        Archive(io.BytesIO(archive(("a", b""), (name, b""))))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_is_there_twice_is_refused():
    with pytest.raises(RavineValueError, match="the archive has two members 'a'"):
        Archive(io.BytesIO(archive(("a", b"1"), ("a", b"2"))))


def test_a_missing_member():
    with pytest.raises(RavineValueError, match="the archive has no member 'b'"):
        Archive(io.BytesIO(archive(("a", b"")))).read("b", 9)


def test_a_member_that_is_larger_than_it_may_be():
    with pytest.raises(RavineValueError, match="its member a declares 9 bytes: expected at most 8"):
        Archive(io.BytesIO(archive(("a", b"123456789")))).read("a", 8)


def test_a_bomb_is_refused_before_it_unfolds():
    bomb = archive(("a", bytes(10**7)), compression=zipfile.ZIP_DEFLATED)
    assert len(bomb) < 10**5
    with pytest.raises(RavineValueError, match="its member a is compressed"):
        Archive(io.BytesIO(bomb)).read("a", 10**8)


def test_a_size_that_is_declared_and_not_there():
    broken = bytearray(archive(("a", b"123456789")))
    entry = broken.index(b"PK\1\2")
    struct.pack_into("<II", broken, entry + 20, 2**31, 2**31)  # both sizes
    with pytest.raises(RavineValueError, match="its member a declares 2147483648 bytes"):
        Archive(io.BytesIO(broken)).read("a", 10**6)
    with pytest.raises(RavineValueError, match="its member a is broken"):
        Archive(io.BytesIO(broken)).read("a", 2**32)


def test_an_encrypted_member():
    broken = bytearray(archive(("a", b"123456789")))
    broken[broken.index(b"PK\1\2") + 8] |= 1
    with pytest.raises(RavineValueError, match="its member a is encrypted"):
        Archive(io.BytesIO(broken)).read("a", 99)


def test_every_flipped_bit_of_a_member_is_found():
    whole = archive(("a", b"123456789"))
    at = whole.index(b"123456789")
    for i in range(9 * 8):
        broken = bytearray(whole)
        broken[at + i // 8] ^= 1 << i % 8
        with pytest.raises(RavineValueError, match="its member a is broken: Bad CRC-32"):
            Archive(io.BytesIO(broken)).read("a", 99)


def test_every_truncation_is_found():
    whole = archive(("a", b"123456789"))
    for length in range(len(whole)):
        with pytest.raises(RavineValueError, match="no zip archive, or a part of one"):
            Archive(io.BytesIO(whole[:length]))
