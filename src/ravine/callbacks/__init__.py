"""Callbacks, under Keras's names."""

from ravine.callbacks.base import Callback
from ravine.callbacks.early_stopping import EarlyStopping
from ravine.callbacks.probe import Probe

__all__ = ["Callback", "EarlyStopping", "Probe"]
