"""Files: what a run leaves behind, written whole or not at all."""

from ravine.files.table import save_csv
from ravine.files.weights import save_npz

__all__ = ["save_csv", "save_npz"]
