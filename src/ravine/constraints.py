"""Constraints: where the weights are put back to after each update.

Their numbers are leaves. ``axis`` says along which axes a norm is taken: 0 for the weights that lead into each unit of
a ``Dense`` layer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp

from ravine import checks, keras_names, tracing, trees

EPSILON = 1e-7
"""Added to norms before a division, as in Keras."""

Axis = int | tuple[int, ...]


@trees.tree
class Constraint:
    """A map of an array to one of the same shape that satisfies the constraint."""

    def check(self, argument: str) -> None:
        """Raise where a setting cannot work; ``argument`` says whose it is."""

    def check_shape(self, argument: str, shape: tuple[int, ...]) -> None:
        """Raise where an array of ``shape`` cannot be constrained so."""

    def __call__(self, w: jax.Array) -> jax.Array:
        """The constrained array."""
        raise NotImplementedError


@trees.tree
class NonNeg(Constraint):
    """max(w, 0)."""

    def __call__(self, w: jax.Array) -> jax.Array:
        """max(w, 0)."""
        return jnp.maximum(w, 0)


@trees.tree
class NormConstraint(Constraint):
    """Base of the constraints on norms: w·(desired norm)/(norm + 10⁻⁷)."""

    @property
    def axes(self) -> tuple[int, ...]:
        """Along which axes a norm is taken."""
        axis = self.axis  # type: ignore[attr-defined]  # a field of each subclass, after its numbers
        return tuple(axis) if isinstance(axis, tuple | list) else (axis,)

    def desired(self, norm: jax.Array) -> Any:
        """What a norm is to become."""
        raise NotImplementedError

    def check(self, argument: str) -> None:
        """``axis`` is an integer or several."""
        if not self.axes or any(isinstance(axis, bool) or not isinstance(axis, int) for axis in self.axes):
            checks.reject_type(f"{argument}: axis", self.axes, "an integer or a tuple of integers")

    def check_shape(self, argument: str, shape: tuple[int, ...]) -> None:
        """The array has the axes."""
        if not all(-len(shape) <= axis < len(shape) for axis in self.axes):
            checks.reject(f"{argument}: axis", self.axes, f"axes of an array of shape {shape}")

    def __call__(self, w: jax.Array) -> jax.Array:
        """The array with its norms put right."""
        norm = jnp.sqrt(jnp.square(w).sum(axis=self.axes, keepdims=True))
        return w * (self.desired(norm) / (EPSILON + norm))


@trees.tree
class MaxNorm(NormConstraint):
    """Norms of at most ``max_value`` (Srebro et al. 2005; with dropout, Srivastava et al. 2014, section 5.1).

    Args:
        max_value: above 0.
        axis: along which axes a norm is taken.
    """

    max_value: float = 2.0
    axis: Axis = trees.static(default=0)

    def check(self, argument: str) -> None:
        """``max_value`` is above 0: weights of norm 0 could not leave it."""
        super().check(argument)
        checks.number(f"{argument}: max_value", self.max_value, above=0)

    def desired(self, norm: jax.Array) -> Any:
        """min(norm, max_value)."""
        return jnp.minimum(norm, self.max_value)


@trees.tree
class UnitNorm(NormConstraint):
    """Norms of 1.

    Args:
        axis: along which axes a norm is taken.
    """

    axis: Axis = trees.static(default=0)

    def desired(self, norm: jax.Array) -> Any:
        """1."""
        return 1.0


@trees.tree
class MinMaxNorm(NormConstraint):
    """Norms between two bounds: a norm becomes rate·clip(norm, min_value, max_value) + (1 − rate)·norm.

    Args:
        min_value: at least 0, at most ``max_value``.
        max_value: above 0.
        rate: in [0, 1]; below 1 the norms move towards the bounds step by step.
        axis: along which axes a norm is taken.
    """

    min_value: float = 0.0
    max_value: float = 1.0
    rate: float = 1.0
    axis: Axis = trees.static(default=0)

    def check(self, argument: str) -> None:
        """The bounds are in order, ``rate`` is in [0, 1]."""
        super().check(argument)
        most = checks.number(f"{argument}: max_value", self.max_value, above=0)
        checks.number(f"{argument}: min_value", self.min_value, least=0, most=most)
        checks.number(f"{argument}: rate", self.rate, least=0, most=1)

    def desired(self, norm: jax.Array) -> Any:
        """rate·clip(norm, min_value, max_value) + (1 − rate)·norm."""
        return self.rate * jnp.clip(norm, self.min_value, self.max_value) + (1 - self.rate) * norm


@trees.tree
class Function(Constraint):
    """A function of one array that a user wrote; the numbers in it belong to the compiled program."""

    function: Callable[[jax.Array], jax.Array] = trees.static()

    def check_shape(self, argument: str, shape: tuple[int, ...]) -> None:
        """The function keeps the shape."""
        found = tracing.shape_of(argument, self.function, jax.ShapeDtypeStruct(shape, jnp.float32))
        if getattr(found, "shape", None) != shape:
            checks.reject(argument, self.function, f"a function that keeps the shape {shape}, but this gives {found}")

    def __call__(self, w: jax.Array) -> jax.Array:
        """The function of ``w``."""
        return self.function(w)


# Keras's other names of the classes.
max_norm = MaxNorm
min_max_norm = MinMaxNorm
non_neg = NonNeg
unit_norm = UnitNorm

Named = str | Constraint | type[Constraint] | Callable[[jax.Array], jax.Array] | None

TABLE: dict[str, Callable[[], Constraint]] = {
    "max_norm": MaxNorm,
    "min_max_norm": MinMaxNorm,
    "non_neg": NonNeg,
    "unit_norm": UnitNorm,
}


def get(argument: str, constraint: Named) -> Constraint | None:
    """The constraint for a name, a class, a function, an object or None; errors name ``argument``."""
    if constraint is None:
        return None
    if isinstance(constraint, type) and issubclass(constraint, Constraint):
        constraint = constraint()
    if isinstance(constraint, Constraint):
        trees.check_form(argument, constraint, Constraint, "__call__", instead="A function of an array")
        return constraint
    if isinstance(constraint, str):
        own_names = {name.replace("_", ""): name for name in TABLE}  # Keras knows "MaxNorm" as well
        return checks.look_up(argument, own_names.get(constraint.lower(), constraint), TABLE)()
    if callable(constraint) and not isinstance(constraint, type):
        return Function(constraint)
    checks.reject_type(argument, constraint, "a name such as 'max_norm', an object such as MaxNorm(2), or None")


if not TYPE_CHECKING:
    __getattr__ = keras_names.of_module(__name__, globals())
