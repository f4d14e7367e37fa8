"""What training asks of an optimizer: optax's protocol, and which weights to use the model with."""

from __future__ import annotations

from typing import Any

from ravine import trees


@trees.tree(frozen=False)
class Transformation:
    """A gradient transformation: ``init(params)`` and ``update(grads, state, params) -> (updates, state)``.

    ``params + updates`` are the new parameters. This is optax's protocol, so whatever trains with optax trains with it.
    """

    def check_params(self, params: Any) -> None:
        """Warn if a setting names arrays that are none of ``params``."""

    def check(self) -> None:
        """Raise where a hyperparameter cannot work."""

    def check_run(self, state: Any, batches: int) -> None:
        """Raise where a hyperparameter cannot work in one of the next ``batches`` updates from ``state``.

        ``state`` is None before the first.
        """

    def init(self, params: Any) -> Any:
        """The state before the first update of a tree of arrays."""
        raise NotImplementedError

    def update(self, grads: Any, state: Any, params: Any = None) -> tuple[Any, Any]:
        """The updates to add to ``params``, and the state after them."""
        raise NotImplementedError

    def evaluation_params(self, params: Any, state: Any) -> Any:
        """The weights to use the model with, given those that are trained: for most rules the same."""
        return params

    def training_params(self, params: Any, state: Any) -> Any:
        """The weights to train from, given those that the model is used with: for most rules the same."""
        return params
