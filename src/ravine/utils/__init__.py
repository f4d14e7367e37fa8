"""Small helpers under the names that Keras users know."""

from ravine.seeds import set_random_seed
from ravine.utils.categorical import to_categorical
from ravine.utils.normalizing import normalize
from ravine.utils.py_dataset import PyDataset

__all__ = ["PyDataset", "normalize", "set_random_seed", "to_categorical"]
