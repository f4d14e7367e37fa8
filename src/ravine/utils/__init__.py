"""Small helpers under the names that Keras users know."""

from typing import TYPE_CHECKING

from ravine import keras_names
from ravine.seeds import set_random_seed
from ravine.utils.categorical import to_categorical
from ravine.utils.normalizing import normalize
from ravine.utils.py_dataset import PyDataset

__all__ = ["PyDataset", "normalize", "set_random_seed", "to_categorical"]

if not TYPE_CHECKING:
    __getattr__ = keras_names.of_module(__name__, __all__)
