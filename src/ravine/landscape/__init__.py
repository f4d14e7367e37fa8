"""Optimizers on objectives of two numbers: the same rules that train networks, where their paths can be seen."""

from ravine.landscape.descent import descend
from ravine.landscape.trajectory import Trajectory

__all__ = ["Trajectory", "descend"]
