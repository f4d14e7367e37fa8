"""Small helpers under the names that Keras users know."""

from ravine.seeds import set_random_seed

__all__ = ["set_random_seed"]
