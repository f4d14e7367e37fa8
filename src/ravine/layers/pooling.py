"""Layers that make one vector of a sequence of them."""

from __future__ import annotations

import jax

from ravine import checks, trees
from ravine.layers.base import Arrays, Layer, Shape

FORMATS = {"channels_last": 1, "channels_first": 2}
"""The axis of the steps, the batch being axis 0."""


@trees.tree(frozen=False)
class GlobalPooling1D(Layer):
    """Base of those that reduce the steps of ``[batch, steps, features]`` to ``[batch, features]``."""

    data_format: str | None = trees.static(default=None)
    keepdims: bool = trees.static(default=False)

    def check(self) -> None:
        """The format is known."""
        super().check()
        self._steps()
        checks.boolean("keepdims", self.keepdims)

    def _steps(self) -> int:
        return checks.look_up("data_format", "channels_last" if self.data_format is None else self.data_format, FORMATS)

    def check_input(self, input_shape: Shape) -> None:
        """A sample has steps and features."""
        if len(input_shape) != 2:
            raise checks.RavineValueError(
                f"{type(self).__name__} takes samples of shape (steps, features), but here they have shape "
                f"{input_shape}."
            )

    def output_shape(self, input_shape: Shape) -> Shape:
        """The features; with ``keepdims`` one step of them."""
        steps = self._steps() - 1
        return tuple(1 if i == steps else n for i, n in enumerate(input_shape) if i != steps or self.keepdims)

    def reduced(self, x: jax.Array, axis: int) -> jax.Array:
        """``x`` without ``axis``, or with 1 of it."""
        raise NotImplementedError

    def apply(
        self, params: Arrays, stats: Arrays, x: jax.Array, *, key: jax.Array | None, training: bool
    ) -> tuple[jax.Array, Arrays]:
        """The steps as one."""
        return self.reduced(x, self._steps()), stats


@trees.tree(frozen=False)
class GlobalAveragePooling1D(GlobalPooling1D):
    """The mean over the steps: ``[batch, steps, features]`` to ``[batch, features]``.

    Args:
        data_format: ``"channels_last"``, also None, or ``"channels_first"`` for ``[batch, features, steps]``.
        keepdims: whether the axis of the steps stays, with one of them.
    """

    def reduced(self, x: jax.Array, axis: int) -> jax.Array:
        """The mean."""
        return x.mean(axis=axis, keepdims=self.keepdims)


@trees.tree(frozen=False)
class GlobalMaxPooling1D(GlobalPooling1D):
    """The maximum over the steps: ``[batch, steps, features]`` to ``[batch, features]``.

    Args:
        data_format: as in :class:`GlobalAveragePooling1D`.
        keepdims: as in :class:`GlobalAveragePooling1D`.
    """

    def reduced(self, x: jax.Array, axis: int) -> jax.Array:
        """The maximum."""
        return x.max(axis=axis, keepdims=self.keepdims)
