"""Regularizers: penalties on an array, added to the loss that training minimises.

Their coefficients are leaves: another λ is another input of the same compiled program.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp

from ravine import checks, keras_names, tracing, trees


@trees.tree
class Regularizer:
    """A penalty, from one array to one number."""

    def check(self, argument: str) -> None:
        """Raise where a coefficient cannot work; ``argument`` says whose it is."""

    def check_shape(self, argument: str, shape: tuple[int, ...]) -> None:
        """Raise where an array of ``shape`` has no such penalty."""

    def __call__(self, w: jax.Array) -> jax.Array:
        """The penalty of ``w``, a scalar."""
        raise NotImplementedError


@trees.tree
class L1L2(Regularizer):
    """l1·Σ|w| + l2·Σw².

    Args:
        l1: the factor of the absolute values, at least 0.
        l2: the factor of the squares, at least 0.
    """

    l1: float = 0.0
    l2: float = 0.0

    def check(self, argument: str) -> None:
        """Both factors are at least 0."""
        checks.number(f"{argument}: l1", self.l1, least=0)
        checks.number(f"{argument}: l2", self.l2, least=0)

    def __call__(self, w: jax.Array) -> jax.Array:
        """l1·Σ|w| + l2·Σw²."""
        return self.l1 * jnp.abs(w).sum() + self.l2 * jnp.square(w).sum()


@trees.tree
class L1(Regularizer):
    """l1·Σ|w|: pulls every weight towards zero with the same force, so that many end there (Tibshirani 1996).

    Args:
        l1: the factor λ, at least 0.
    """

    l1: float = 0.01

    def check(self, argument: str) -> None:
        """The factor is at least 0."""
        checks.number(f"{argument}: l1", self.l1, least=0)

    def __call__(self, w: jax.Array) -> jax.Array:
        """l1·Σ|w|."""
        return self.l1 * jnp.abs(w).sum()


@trees.tree
class L2(Regularizer):
    """l2·Σw², as in Keras and the lecture without a factor ½: its gradient is 2·l2·w.

    With plain SGD it is weight decay of λ = 2·η·l2 in (1 − λ)·w; with adaptive rules it is not
    (Loshchilov & Hutter 2019).

    Args:
        l2: the factor λ, at least 0.
    """

    l2: float = 0.01

    def check(self, argument: str) -> None:
        """The factor is at least 0."""
        checks.number(f"{argument}: l2", self.l2, least=0)

    def __call__(self, w: jax.Array) -> jax.Array:
        """l2·Σw²."""
        return self.l2 * jnp.square(w).sum()


MODES = ("rows", "columns")
EPSILON = 1e-7


@trees.tree
class OrthogonalRegularizer(Regularizer):
    """factor·mean |cos(wᵢ, wⱼ)| over all pairs i < j of a matrix's rows or columns.

    Source: Keras's regularizer of this name, after Brock et al. 2016, equation 1.

    Args:
        factor: at least 0.
        mode: ``"rows"`` or ``"columns"``: which vectors are pushed towards right angles.
    """

    factor: float = 0.01
    mode: str = trees.static(default="rows")

    def check(self, argument: str) -> None:
        """The factor is at least 0, the mode known."""
        checks.number(f"{argument}: factor", self.factor, least=0)
        checks.look_up(f"{argument}: mode", self.mode, dict.fromkeys(MODES))

    def check_shape(self, argument: str, shape: tuple[int, ...]) -> None:
        """The array is a matrix of at least two such vectors."""
        if len(shape) != 2 or shape[MODES.index(self.mode)] < 2:
            raise checks.RavineValueError(
                f"{argument}: OrthogonalRegularizer compares the {self.mode} of a matrix, two or more, but the array "
                f"has shape {shape}."
            )

    def __call__(self, w: jax.Array) -> jax.Array:
        """factor·Σ_{i≠j} |cos(wᵢ, wⱼ)| / (n·(n − 1))."""
        vectors = w if self.mode == "rows" else w.T
        # As in Keras, a vector shorter than EPSILON counts for less than its direction.
        square = jnp.square(vectors).sum(axis=1, keepdims=True)
        vectors = vectors * jax.lax.rsqrt(jnp.maximum(square, EPSILON**2))
        count = len(vectors)
        cosines = jnp.abs(vectors @ vectors.T) * (1 - jnp.eye(count, dtype=w.dtype))
        return self.factor * cosines.sum() / (count * (count - 1))


@trees.tree
class Function(Regularizer):
    """A function of one array that a user wrote; the numbers in it belong to the compiled program."""

    function: Callable[[jax.Array], Any] = trees.static()

    def check_shape(self, argument: str, shape: tuple[int, ...]) -> None:
        """The function gives one number."""
        found = tracing.shape_of(argument, self.function, jax.ShapeDtypeStruct(shape, jnp.float32))
        if getattr(found, "shape", None) != ():
            checks.reject(argument, self.function, f"a function of an array to one number, but this gives {found}")

    def __call__(self, w: jax.Array) -> jax.Array:
        """The function of ``w``."""
        return self.function(w)


# Keras's other names of the classes.
l1 = L1
l1_l2 = L1L2
l2 = L2
orthogonal_regularizer = OrthogonalRegularizer

Named = str | Regularizer | type[Regularizer] | Callable[[jax.Array], Any] | None

# An L1L2 without factors does nothing, so the name stands for those of L1 and L2 alone.
TABLE: dict[str, Callable[[], Regularizer]] = {
    "l1": L1,
    "l2": L2,
    "l1_l2": lambda: L1L2(0.01, 0.01),
    "orthogonal_regularizer": OrthogonalRegularizer,
}
ALIASES = {"l1l2": "l1_l2", "orthogonal": "orthogonal_regularizer", "orthogonalregularizer": "orthogonal_regularizer"}


def get(argument: str, regularizer: Named) -> Regularizer | None:
    """The regularizer for a name, a class, a function, an object or None; errors name ``argument``."""
    if regularizer is None:
        return None
    if isinstance(regularizer, type) and issubclass(regularizer, Regularizer):
        regularizer = regularizer()
    if isinstance(regularizer, Regularizer):
        trees.check_form(argument, regularizer, Regularizer, "__call__", instead="A function of an array")
        return regularizer
    if isinstance(regularizer, str):
        name = regularizer.lower()
        return checks.look_up(argument, ALIASES.get(name, name), TABLE)()
    if callable(regularizer) and not isinstance(regularizer, type):
        return Function(regularizer)
    checks.reject_type(argument, regularizer, "a name such as 'l2', an object such as regularizers.L2(0.01), or None")


if not TYPE_CHECKING:
    __getattr__ = keras_names.of_module(__name__, globals())
