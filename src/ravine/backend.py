"""What programs for Keras ask of its backend."""

from typing import TYPE_CHECKING

from ravine import keras_names
from ravine.training import programs

__all__ = ["clear_session"]


def clear_session(free_memory: bool = True) -> None:
    """Let the compiled programs go that no model holds; nothing else is kept between models.

    Args:
        free_memory: accepted for Keras's sake.
    """
    programs.forget()


if not TYPE_CHECKING:
    __getattr__ = keras_names.of_module(__name__, __all__)
