"""Files that are downloaded once, checked, and kept."""

from __future__ import annotations

import hashlib
import http.client
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ravine.atomic import replacing
from ravine.checks import RavineError, one_line

TIMEOUT = 30.0
"""Seconds that a server may stay silent."""


class DownloadError(RavineError):
    """A file that is not here could not be had."""


@dataclass(frozen=True)
class Published:
    """What a publisher's file must be: its size in bytes, and the SHA-256 of its content in hexadecimal digits."""

    size: int
    sha256: str

    def fault(self, data: bytes) -> str | None:
        """What is wrong with ``data``, or None."""
        if len(data) != self.size:
            # A server is not read on past the size, so what it would have sent in all is not known.
            sent = f"more than {self.size} bytes" if len(data) > self.size else f"{len(data)} of {self.size} bytes"
            return f"it sent {sent}"
        return None if hashlib.sha256(data).hexdigest() == self.sha256 else "another file: its SHA-256 differs"


def fetched(name: str, urls: Sequence[str], published: Published, folder: str) -> Path:
    """Where the file ``name`` is, in ``folder`` of the data sets that are kept; downloaded first where it is missing.

    A file that is there but damaged is downloaded anew. The URLs are tried in order. Nothing is kept but a file whose
    size and checksum are right, and an interrupted download leaves nothing behind.

    Raises:
        DownloadError: no URL gave the file, or it cannot be written.
    """
    path = kept() / folder / name
    if path.is_file() and path.stat().st_size == published.size and published.fault(path.read_bytes()) is None:
        return path
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as file:  # before the download, which would be in vain where nothing can be written
            file.write(_downloaded(path, urls, published))
    except OSError as error:
        raise DownloadError(
            f"{path} cannot be written ({one_line(error)}). The environment variable RAVINE_CACHE names another folder."
        ) from error
    return path


def kept() -> Path:
    """The folder of the data sets: ``datasets`` in the user's cache folder, or in the one that RAVINE_CACHE names.

    ``RAVINE_CACHE=off`` is about what can be computed anew, and leaves the data sets where they are.
    """
    named = os.environ.get("RAVINE_CACHE", "")
    if named and named.lower() != "off":
        return Path(named).expanduser() / "datasets"
    import platformdirs

    return Path(platformdirs.user_cache_dir("ravine", appauthor=False)) / "datasets"


def _downloaded(path: Path, urls: Sequence[str], published: Published) -> bytes:
    failures = []
    for url in urls:
        print(f"Downloading {url} ({published.size / 1e6:.1f} MB)", file=sys.stderr, flush=True)
        try:
            data = _received(url, published.size + 1)
        except (OSError, http.client.HTTPException) as error:
            failures.append(f"  {url}: {one_line(error) or type(error).__name__}")
            continue
        if (fault := published.fault(data)) is None:
            return data
        failures.append(f"  {url}: {fault}")
    raise DownloadError(
        f"{path.name} could not be downloaded:\n"
        + "\n".join(failures)
        + f"\nWhere you have the file ({published.size} bytes, SHA-256 {published.sha256}), put it at {path}"
    )


def _received(url: str, most: int) -> bytes:
    """The first ``most`` bytes of what ``url`` gives, or all where it gives less."""
    from urllib.request import Request, urlopen

    # Some servers turn away the name that urllib gives itself.
    with urlopen(Request(url, headers={"User-Agent": "ravine"}), timeout=TIMEOUT) as response:
        return response.read(most)
