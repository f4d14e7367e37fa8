import hashlib
import os
import socket

import pytest

from ravine.checks import RavineError
from ravine.datasets import california_housing, download, fashion_mnist, kmnist
from ravine.datasets.download import DownloadError, Published, fetched

DATA = bytes(range(256)) * 400
PUBLISHED = Published(len(DATA), hashlib.sha256(DATA).hexdigest())


def fetch(*urls):
    return fetched("numbers.bin", urls, PUBLISHED, "numbers")


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_file_is_downloaded_once_and_kept(server, cache, capsys):
    server.answers["/a"] = DATA
    path = fetch(server.url("/a"))
    assert path == cache / "numbers" / "numbers.bin"
    assert path.read_bytes() == DATA
    assert files(cache) == ["numbers/numbers.bin".replace("/", os.sep)]
    assert capsys.readouterr() == ("", f"Downloading {server.url('/a')} (0.1 MB)\n")
    assert fetch(server.url("/a")) == path
    assert server.asked == ["/a"]
    assert capsys.readouterr() == ("", "")


def test_a_file_put_there_by_hand_is_taken(cache):
    (cache / "numbers").mkdir(parents=True)
    (cache / "numbers" / "numbers.bin").write_bytes(DATA)
    assert fetch() == cache / "numbers" / "numbers.bin"


@pytest.mark.parametrize(
    "damaged", [b"", DATA[:-1], DATA + b"\0", b"\1" + DATA[1:]], ids=["empty", "short", "long", "bit"]
)
def test_a_damaged_file_is_downloaded_anew(server, cache, damaged):
    server.answers["/a"] = DATA
    fetch(server.url("/a")).write_bytes(damaged)
    assert fetch(server.url("/a")).read_bytes() == DATA
    assert server.asked == ["/a", "/a"]


def breaks_off(handler):
    handler.start(len(DATA))
    handler.wfile.write(DATA[:1000])


def breaks_off_in_a_chunk(handler):
    handler.protocol_version = "HTTP/1.1"
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.send_header("Connection", "close")
    handler.end_headers()
    handler.wfile.write(b"1000\r\nabc")


def never_ends(handler):
    handler.start()
    try:
        while not handler.server.over.is_set():
            handler.wfile.write(DATA)
    except OSError:  # the client has had enough
        pass


def is_silent(handler):
    handler.server.over.wait()


FAILURES = {
    "not found": (None, "404"),
    "another file": (DATA[::-1], "SHA-256 differs"),
    "shorter": (DATA[:-1], r"102399 of 102400 bytes"),
    "longer by a byte": (DATA + b"\0", "more than 102400 bytes"),
    "never ends": (never_ends, "more than 102400 bytes"),
    "breaks off": (breaks_off, "1000 of 102400 bytes"),
    "breaks off in a chunk": (breaks_off_in_a_chunk, "IncompleteRead"),
    "silent": (is_silent, "timed out"),
    "no HTTP": (lambda handler: handler.wfile.write(b"what?\r\n"), "what"),
}


@pytest.mark.parametrize(("answer", "reason"), FAILURES.values(), ids=FAILURES)
def test_a_mirror_that_fails_is_passed_over_and_its_reason_told(server, cache, monkeypatch, answer, reason):
    monkeypatch.setattr(download, "TIMEOUT", 0.2)
    server.answers["/bad"] = answer
    with pytest.raises(DownloadError, match=f"{server.url('/bad')}: .*{reason}"):
        fetch(server.url("/bad"))
    assert files(cache) == []
    server.answers["/good"] = DATA
    assert fetch(server.url("/bad"), server.url("/good")).read_bytes() == DATA


def test_the_first_mirror_that_has_it_is_the_last_asked(server, cache):
    server.answers |= {"/a": DATA, "/b": DATA}
    fetch(server.url("/a"), server.url("/b"))
    assert server.asked == ["/a"]


def test_redirects_are_followed(server, cache):
    def elsewhere(handler):
        handler.send_response(302)
        handler.send_header("Location", "/a")
        handler.end_headers()

    server.answers |= {"/old": elsewhere, "/a": DATA}
    assert fetch(server.url("/old")).read_bytes() == DATA


def test_the_error_names_all_that_was_tried_and_the_place_for_the_file(server, cache):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        refused = f"http://127.0.0.1:{unused.getsockname()[1]}/a"
        with pytest.raises(DownloadError) as raised:
            fetch(refused, server.url("/a"))
    assert isinstance(raised.value, RavineError)
    first, *tried, last = str(raised.value).split("\n")
    assert first == "numbers.bin could not be downloaded:"
    assert [line.split(": ")[0].strip() for line in tried] == [refused, server.url("/a")]
    assert all(line.split(": ", 1)[1] for line in tried)
    assert last.endswith(f"put it at {cache / 'numbers' / 'numbers.bin'}")
    assert str(PUBLISHED.size) in last
    assert PUBLISHED.sha256 in last


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError])
def test_an_interrupted_download_leaves_nothing(cache, monkeypatch, error):
    def interrupted(url, most):
        raise error

    monkeypatch.setattr(download, "_received", interrupted)
    with pytest.raises(error):
        fetch("https://anywhere.invalid/a")
    assert files(cache) == []


def test_a_failed_download_leaves_the_damaged_file(server, cache):
    server.answers["/a"] = DATA
    fetch(server.url("/a")).write_bytes(b"damaged")
    with pytest.raises(DownloadError):
        fetch(server.url("/none"))
    assert files(cache) == [os.path.join("numbers", "numbers.bin")]


def test_a_folder_that_cannot_be_written_is_an_error(server, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("RAVINE_CACHE", str(tmp_path / "file"))
    with pytest.raises(DownloadError, match=r"numbers\.bin cannot be written .*RAVINE_CACHE"):
        fetch(server.url("/a"))
    assert server.asked == []


@pytest.mark.parametrize("value", [None, "", "off", "OFF"])
def test_data_sets_are_kept_in_the_users_cache_folder(monkeypatch, tmp_path, value):
    monkeypatch.delenv("RAVINE_CACHE", raising=False)
    if value is not None:
        monkeypatch.setenv("RAVINE_CACHE", value)
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda *args, **options: str(tmp_path))
    assert download.kept() == tmp_path / "datasets"


def test_a_home_folder_is_understood(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("RAVINE_CACHE", "~/kept")
    assert download.kept() == tmp_path / "kept" / "datasets"


def test_everything_published_has_https_and_whole_checksums():
    published = [*fashion_mnist.FILES.values(), *kmnist.FILES.values(), california_housing.FILE]
    urls = (*fashion_mnist.MIRRORS, *kmnist.MIRRORS, *california_housing.URLS)
    assert len({file.sha256 for file in published}) == len(published) == 9
    assert all(len(bytes.fromhex(file.sha256)) == 32 for file in published)
    assert all(url.startswith("https://") for url in urls)
    assert all(url.endswith("/") for url in (*fashion_mnist.MIRRORS, *kmnist.MIRRORS))
