"""The data of the programs beside this file: few rows, so that each program takes a second or two."""

import csv
import functools
from pathlib import Path

import numpy as np

from ravine.datasets import mnist

SPECIES = ("setosa", "versicolor", "virginica")


def load_digits(train=2000, test=1000):
    """The first handwritten digits of MNIST, as Keras's ``load_data`` gives all of them."""
    (x_train, y_train), (x_test, y_test) = _all_digits()
    return (x_train[:train], y_train[:train]), (x_test[:test], y_test[:test])


@functools.cache
def _all_digits():
    return mnist.load_data()


def load_iris():
    """Four measurements in cm of 150 flowers and the species of each as 0, 1 or 2 (R. A. Fisher 1936, table I)."""
    with (Path(__file__).parent / "iris.csv").open(newline="") as file:
        rows = list(csv.reader(file))[1:]
    measured = np.array([row[:4] for row in rows], "float32")
    return measured, np.array([SPECIES.index(row[4]) for row in rows])
