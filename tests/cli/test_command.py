import warnings

import click
import pytest
from click.testing import CliRunner

from ravine import checks
from ravine.cli.command import Command


def command(work):
    return Command("work", callback=work, params=[click.Option(["--batch-size"], type=int)])


def invoke(work, *args):
    return CliRunner().invoke(command(work), args)


def test_an_error_about_an_argument_names_its_option():
    result = invoke(lambda batch_size: checks.integer("batch_size", batch_size, least=1), "--batch-size", "0")
    assert result.exit_code == 2
    assert result.stderr == "Error: --batch-size=0: expected an integer of at least 1.\n"


@pytest.mark.parametrize("message", ["units=0: too few.", "x: batch_size=0.", "batch_size is unknown."])
def test_other_errors_stay_as_they_are(message):
    assert command(None).in_options(message) == message


def test_an_error_that_is_no_ravine_error_keeps_its_traceback():
    def work(batch_size):
        raise ZeroDivisionError

    assert isinstance(invoke(work).exception, ZeroDivisionError)


def test_an_interrupt_is_one_line():
    def work(batch_size):
        raise KeyboardInterrupt

    result = invoke(work)
    assert (result.exit_code, result.stderr) == (130, "Error: Interrupted.\n")


@pytest.mark.filterwarnings("default")
def test_a_warning_is_one_line():
    result = invoke(lambda batch_size: warnings.warn("The loss became NaN.", RuntimeWarning, stacklevel=1))
    assert (result.exit_code, result.stderr) == (0, "Warning: The loss became NaN.\n")


@pytest.mark.parametrize("args", [["--batch-size", "x"], ["--batch"], ["extra"], ["--batch-size"]])
def test_misuse_is_one_line_that_ends_with_the_way_out(args):
    result = invoke(lambda batch_size: None, *args)
    assert result.exit_code == 2
    (line,) = result.stderr.splitlines()
    assert line.startswith("Error: ")
    assert line.endswith(" See 'work --help'.")
