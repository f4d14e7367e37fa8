"""Files: models and what a run leaves behind, written whole or not at all."""

from ravine.files.checkpoints import Checkpoints
from ravine.files.model_file import load_model, load_weights, save_model, save_weights
from ravine.files.table import save_csv

__all__ = ["Checkpoints", "load_model", "load_weights", "save_csv", "save_model", "save_weights"]
