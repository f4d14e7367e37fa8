"""Files of models and weights under the names of ``keras.saving``."""

from ravine.files import load_model, load_weights, save_model, save_weights

__all__ = ["load_model", "load_weights", "save_model", "save_weights"]
