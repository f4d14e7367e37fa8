"""Files of models and weights under the names of ``keras.saving``."""

from typing import TYPE_CHECKING

from ravine import keras_names
from ravine.files import load_model, load_weights, save_model, save_weights

__all__ = ["load_model", "load_weights", "save_model", "save_weights"]

if not TYPE_CHECKING:
    __getattr__ = keras_names.of_module(__name__, __all__)
