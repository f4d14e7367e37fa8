"""The arrays that training changes."""

from __future__ import annotations

from ravine import trees
from ravine.layers.network import Network, Variables
from ravine.optimizers.base import Optimizer, OptimizerState


@trees.tree
class TrainState:
    """A model's parameters and statistics, a dictionary for each layer, and what its optimizer remembers."""

    params: Variables
    stats: Variables
    optimizer: OptimizerState


def fresh_state(network: Network, optimizer: Optimizer, variables: tuple[Variables, Variables]) -> TrainState:
    """The state before the first step from given parameters and statistics."""
    params, stats = variables
    return TrainState(params, stats, optimizer.init(params))
