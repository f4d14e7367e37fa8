import subprocess
import sys

import pytest
from click.testing import CliRunner

import ravine
from ravine.cli import main


def invoke(*args):
    return CliRunner().invoke(main, args)


@pytest.mark.parametrize(
    "args", [["--help"], ["-h"], ["--version"], ["mnist", "--help"], ["mnist", "-h"], ["descend", "-h"]]
)
def test_help_and_version_import_neither_jax_nor_matplotlib(args):
    program = f"""
import sys
from ravine.cli import main
try:
    main({args})
except SystemExit as end:
    assert end.code == 0, end.code
slow = {{"jax", "numpy", "matplotlib", "rich"}} & set(sys.modules)
assert not slow, slow
"""
    subprocess.run([sys.executable, "-c", program], check=True, stdout=subprocess.DEVNULL)


def test_help_lists_the_commands():
    for args in (["--help"], []):
        assert "Train a network on MNIST." in invoke(*args).output


def test_version():
    assert invoke("--version").stdout == f"{main.name} {ravine.__version__}\n"


@pytest.mark.parametrize(
    ("args", "line"),
    [
        (["mnits"], "Error: No such command 'mnits'. Did you mean 'mnist'? See 'main --help'.\n"),
        (["--sed"], "Error: No such option '--sed'. See 'main --help'.\n"),
    ],
)
def test_misuse_is_told_in_one_line(args, line):
    result = invoke(*args)
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", line)
