"""The command line. What a command needs is imported once it runs, so that ``ravine --help`` is quick."""

import click

from ravine.cli.command import Group
from ravine.cli.compare import compare
from ravine.cli.descend import descend
from ravine.cli.experiment import experiment
from ravine.cli.mnist import mnist

__all__ = ["main"]


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="ravine", message="%(prog)s %(version)s")
def main() -> None:
    """Training techniques of neural networks: optimizers, regularization, early stopping."""


main.add_command(compare)
main.add_command(descend)
main.add_command(experiment)
main.add_command(mnist)
