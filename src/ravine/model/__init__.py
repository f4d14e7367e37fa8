"""The model: layers in a row, compiled, fitted, evaluated."""

from ravine.model.sequential import Sequential

__all__ = ["Sequential"]
