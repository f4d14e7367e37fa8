"""Data to learn from, ready as NumPy arrays."""

from ravine.datasets import mnist

__all__ = ["mnist"]
