"""Models and their files under the names of ``keras.models``."""

from typing import TYPE_CHECKING

from ravine import keras_names
from ravine.files import load_model, save_model
from ravine.model import Sequential

__all__ = ["Sequential", "load_model", "save_model"]

if not TYPE_CHECKING:
    __getattr__ = keras_names.of_module(__name__, __all__)
