"""Models and their files under the names of ``keras.models``."""

from ravine.files import load_model, save_model
from ravine.model import Sequential

__all__ = ["Sequential", "load_model", "save_model"]
