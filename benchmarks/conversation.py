"""A peer's process, kept alive between its turns."""

import json
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

PEERS = Path(__file__).parent / "peers"


class PeerError(Exception):
    """A peer that ended early, with the last lines of what it said."""


class Peer:
    """Starts a script of `peers/` and waits until it has warmed up; what it prints besides answers goes to `log`."""

    def __init__(
        self, python: Path, script: str, job: Mapping[str, Any], environ: Mapping[str, str], log: Path
    ) -> None:
        log.parent.mkdir(parents=True, exist_ok=True)
        self._log = log
        with log.open("w") as errors:
            self._process = subprocess.Popen(
                [python, PEERS / script, json.dumps(job)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=environ,
                text=True,
            )
        try:
            self.hello = self._answer()
        except BaseException:
            self.close()
            raise

    def ask(self, command: str, epochs: int) -> dict[str, Any]:
        """One turn: `run` or `each`."""
        assert self._process.stdin
        with suppress(BrokenPipeError):  # the missing answer tells why
            print(command, epochs, file=self._process.stdin, flush=True)
        return self._answer()

    def close(self) -> None:
        """End the process. It holds nothing worth waiting for."""
        self._process.kill()
        self._process.communicate()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout
        if line := self._process.stdout.readline():
            answer: dict[str, Any] = json.loads(line)
            return answer
        raise PeerError(last_lines(self._log))


def last_lines(log: Path, count: int = 5) -> str:
    """The end of a log, where a traceback says what went wrong."""
    return "\n".join(log.read_text(errors="replace").strip().splitlines()[-count:]) or "(it printed nothing)"
