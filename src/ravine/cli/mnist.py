"""``ravine mnist``: its options."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click

from ravine.cli.command import INTERRUPTED, Command

HELP = """
Train a network on MNIST, the handwritten digits, with early stopping.

The network has one hidden layer. Of the 60,000 training images 48,000 train it, and 12,000 validate each epoch.
In the end it has the weights of the epoch with the lowest val_loss.

\b
Written to DIR:
  history.png          accuracy and loss over the epochs
  history.csv          the numbers behind them
  model.keras          the model, which ravine.load_model and Keras 3 load

Ctrl-C ends the training after the epoch in progress; what it has learnt by then is kept.
"""

EPILOG = """
\b
Examples:
  ravine mnist
  ravine mnist --epochs 10 --activation relu --seed 7 --out relu
  ravine mnist --json > result.json
"""


@click.command(
    cls=Command,
    help=HELP,
    short_help="Train a network on MNIST.",
    epilog=EPILOG,
    context_settings={"show_default": True},
)
@click.option("--epochs", type=int, default=50, help="Epochs to train for, at most.")
@click.option(
    "--patience",
    type=int,
    default=10,
    help="Stop early once val_loss has not improved for this many epochs; 0 and 1 both stop at the first epoch that "
    "does not improve. As many as --epochs never stop early.",
)
@click.option("--batch-size", type=int, default=32, help="Images in a step.")
@click.option("--hidden", type=int, default=128, help="Units of the hidden layer.")
@click.option("--activation", default="sigmoid", help="Activation of the hidden layer, such as relu or tanh.")
@click.option("--optimizer", default="sgd", help="Update rule.")
@click.option("--learning-rate", type=float, default=0.1, help="Learning rate.")
@click.option("--momentum", type=float, default=0.9, help="Momentum, at least 0 and below 1.")
@click.option("--nesterov", is_flag=True, help="Use Nesterov's accelerated gradient.")
@click.option("--seed", type=int, help="Seed of everything random; the same seed repeats a run.  [default: a new one]")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    default=Path("ravine-mnist"),
    help="Folder to write to. It is made if missing; files of an earlier run are replaced.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object; all else goes to standard error.")
def mnist(out: Path, as_json: bool, **recipe: Any) -> None:
    """Train as the options say."""
    start = time.perf_counter()
    from ravine.cli import mnist_run

    if mnist_run.run(mnist_run.Recipe(**recipe), out, as_json=as_json, start=start):
        click.get_current_context().exit(INTERRUPTED)
