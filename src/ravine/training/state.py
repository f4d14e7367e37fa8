"""The arrays that training changes."""

from __future__ import annotations

from typing import Any

from ravine import trees
from ravine.layers.network import Variables


@trees.tree
class TrainState:
    """A model's parameters and statistics, a dictionary for each layer, and what its optimizer remembers."""

    params: Variables
    stats: Variables
    optimizer: Any
