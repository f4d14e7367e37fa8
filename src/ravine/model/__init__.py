"""The model: layers in a row, compiled, fitted, evaluated."""

from ravine.model.sequential import Sequential
from ravine.model.statistics import population_statistics

__all__ = ["Sequential", "population_statistics"]
