"""What all commands share: an error is one line that names the option and says what would work."""

from __future__ import annotations

import re
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from ravine import checks

INTERRUPTED = 130
"""The exit status that shells give a program that Ctrl-C ended."""


class Failure(click.ClickException):
    """Ends a command with one line and an exit status, 2 unless told otherwise."""

    def __init__(self, message: str, exit_code: int = 2) -> None:
        super().__init__(message)
        self.exit_code = exit_code  # type: ignore[misc]  # click declares it for the class, and reads the object's


class Command(click.Command):
    """A command that fails in one line, without a traceback, and warns in one line."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does, without the lines on usage before an error."""
        if not args:
            return super().parse_args(ctx, args)  # a group shows its help, which for click is an error too
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            raise _misuse(error, ctx) from None

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        with warnings.catch_warnings():
            warnings.showwarning = _show_warning
            try:
                return super().invoke(ctx)
            except click.UsageError as error:
                raise _misuse(error, ctx) from None
            except checks.RavineError as error:
                raise Failure(self.in_options(str(error))) from None
            except KeyboardInterrupt:
                raise Failure("Interrupted.", INTERRUPTED) from None

    def in_options(self, message: str) -> str:
        """``message`` about an argument as one about its option: ``batch_size=0`` becomes ``--batch-size=0``."""
        options = {parameter.name: parameter.opts[0] for parameter in self.params}
        return re.sub(r"^(\w+)(?==)", lambda match: options.get(match[0], match[0]), message)


class Group(Command, click.Group):
    """Commands under one name."""

    command_class = Command


@contextmanager
def writing_to(out: Path) -> Iterator[None]:
    """Tell of a folder that cannot be written to in one line that names it."""
    try:
        yield
    except OSError as error:
        # The whole path, however long: cut short it would not tell which folder is meant.
        reason = error.strerror or error
        raise checks.RavineValueError(
            f"out={str(out)!r}: expected a folder that can be written to ({reason})."
        ) from None


def make_folder(out: Path) -> None:
    """Make ``out`` where it is missing, and see that files can be written there, before any work is done."""
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=out):
        pass


def _misuse(error: click.UsageError, ctx: click.Context) -> Failure:
    message = error.format_message()
    stop = "" if message.endswith((".", "?")) else "."
    return Failure(f"{message}{stop} See '{(error.ctx or ctx).command_path} --help'.")


def _show_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    click.echo(f"Warning: {message}", err=True)
