"""Callbacks, under Keras's names."""

from ravine.callbacks.base import Callback
from ravine.callbacks.early_stopping import EarlyStopping

__all__ = ["Callback", "EarlyStopping"]
