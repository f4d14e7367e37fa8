"""optax's transformations as optimizers of a model."""

from __future__ import annotations

import functools
from typing import Any

import jax
import jax.numpy as jnp

from ravine import checks, settings, tracing, trees
from ravine.optimizers.transformation import Transformation


@trees.tree(frozen=False)
class FromOptax(Transformation):
    """An optax transformation for ``compile``.

    Its numbers are inside its functions, so another learning rate is another program; with ``optax.inject_hyperparams``
    they are part of its state.

    Args:
        transformation: an ``optax.GradientTransformation``, or anything with its ``init`` and ``update``.
    """

    transformation: Any = trees.static()

    def __setattr__(self, name: str, value: Any) -> None:
        if name != "transformation":
            raise AttributeError(
                f"{name}={checks.shown(value)}: the numbers of an optax transformation are inside its functions, so "
                "none can be assigned; compile the model with another transformation."
            )
        object.__setattr__(self, name, value)

    def check(self) -> None:
        """Raise where it needs more than gradients and parameters, as line searches do."""
        _check(self.transformation)

    def init(self, params: Any) -> Any:
        """The transformation's own state."""
        return self.transformation.init(params)

    def update(self, grads: Any, state: Any, params: Any = None) -> tuple[Any, Any]:
        """The transformation's own updates."""
        return self.transformation.update(grads, state, params)


@functools.cache
def _check(transformation: Any) -> None:
    """Raise unless ``transformation`` turns gradients and parameters into updates like the parameters."""
    params = {"w": jax.ShapeDtypeStruct((2, 2), jnp.float32)}
    try:
        moves = settings.eval_shape(lambda p: transformation.update(p, transformation.init(p), p)[0], params)
    except Exception as error:  # whatever the transformation raises
        raise checks.RavineTypeError(
            f"optimizer={checks.shown(transformation)}: expected an optax transformation that works on gradients and "
            f"parameters alone; it failed: {tracing.reason(error)}"
        ) from error
    if jax.tree.map(jnp.shape, moves) != {"w": (2, 2)}:
        checks.reject("optimizer", transformation, "an optax transformation whose updates are like the parameters")
