"""The declaration of a model's input."""

from __future__ import annotations

from ravine import checks
from ravine.layers.base import Shape


class Input:
    """Says of which shape each sample is; first in a model, it lets the model be built before it sees data.

    Args:
        shape: of one sample, without the batch: ``(28, 28)``.
        name: shown nowhere yet, kept for files.
    """

    def __init__(self, shape: Shape, name: str | None = None) -> None:
        self.shape = check_shape("shape", shape)
        self.name = name

    def __repr__(self) -> str:
        return f"Input(shape={self.shape})"


def check_shape(argument: str, shape: object) -> Shape:
    """``shape`` as a tuple of positive integers, or an error that names ``argument``."""
    if not isinstance(shape, tuple | list):
        checks.reject_type(argument, shape, "a tuple of positive integers, the shape of one sample")
    return tuple(checks.integer(f"{argument}[{i}]", size, least=1) for i, size in enumerate(shape))
