"""Data to learn from, ready as NumPy arrays."""

from typing import TYPE_CHECKING

from ravine import keras_names
from ravine.datasets import california_housing, fashion_mnist, idx, kmnist, mnist
from ravine.datasets.download import DownloadError
from ravine.datasets.toy import noisy_sine, spirals, two_moons

__all__ = [
    "DownloadError",
    "california_housing",
    "fashion_mnist",
    "idx",
    "kmnist",
    "mnist",
    "noisy_sine",
    "spirals",
    "two_moons",
]

if not TYPE_CHECKING:
    __getattr__ = keras_names.of_module(__name__, __all__)
