"""Objectives of two numbers, on which an optimizer's path can be seen.

The gradient of each is JAX's own derivative. :func:`noisy` adds noise to it, as mini-batches do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp

from ravine import checks, settings, tracing, trees

Point = tuple[float, float]


@trees.tree
class Objective:
    """A function of a 2-vector, and where to look at it.

    Args:
        function: J, a JAX function from a vector ``[2]`` to one number.
        noise: the standard deviation of the Gaussian noise on each number of the gradient, at least 0;
            None for none, whose program draws no random numbers.
        name: what tables and figures call it.
        formula: J as a person reads it.
        domain: the part to draw, ``((least x₁, most x₁), (least x₂, most x₂))``.
        minima: the points of the least value, where they are known.
        start: where a path begins unless told otherwise.
    """

    function: Callable[[Any], Any] = trees.static()
    noise: float | None = None
    name: str = trees.label(default="J")
    formula: str = trees.label(default="")
    domain: tuple[Point, Point] = trees.label(default=((-5.0, 5.0), (-5.0, 5.0)))
    minima: tuple[Point, ...] = trees.label(default=())
    start: Point = trees.label(default=(-4.0, 4.0))

    def __call__(self, x: Any) -> jax.Array:
        """J(x), without noise, of a vector ``[2]``."""
        return jnp.asarray(self.function(jnp.asarray(x)))

    def gradient(self, x: Any) -> jax.Array:
        """∇J(x), without noise, ``[2]``."""
        # Forwards, a coordinate at a time: backwards, each x[0] in J would become an array of its own that XLA does not
        # fuse with what follows, and a walk of many runs takes twice as long.
        x = jnp.asarray(x)
        return jnp.stack([jax.jvp(self.__call__, (x,), (unit,))[1] for unit in jnp.eye(2, dtype=x.dtype)])

    def check(self) -> None:
        """Raise unless J gives one real number for a vector, and its domain and numbers can be drawn."""
        if not callable(self.function):
            checks.reject_type("objective", self.function, "a name or a function of a vector [2]")
        if self.noise is not None:
            checks.number("noise", self.noise, least=0)
        try:
            shape = settings.eval_shape(self.__call__, jax.ShapeDtypeStruct((2,), jnp.float32))
        except Exception as error:  # whatever a user's function raises
            raise checks.RavineTypeError(
                f"objective={checks.shown(self.function)}: expected a function of a vector [2] that JAX can trace; "
                f"it failed: {tracing.reason(error, self.function)}"
            ) from error
        if shape.shape != () or not jnp.issubdtype(shape.dtype, jnp.floating):
            raise checks.RavineValueError(
                f"objective={checks.shown(self.function)}: expected one real number for a vector [2], got shape "
                f"{shape.shape} of {shape.dtype}."
            )
        for axis, (least, most) in zip(("x1", "x2"), self.domain, strict=True):
            checks.number(f"domain of {axis}", most, above=checks.number(f"domain of {axis}", least))


def noisy(objective: str | Objective | Callable[[Any], Any], noise: float = 1.0) -> Objective:
    """``objective`` with Gaussian noise of this standard deviation on each number of its gradient."""
    objective = get(objective)
    objective = replace(objective, noise=noise, name=f"{objective.name} with noise")
    objective.check()
    return objective


def _lecture_plotted(x: Any) -> Any:
    return x[0] ** 2 + 4 * x[1] ** 2 - x[0] * x[1]


def _lecture_printed(x: Any) -> Any:
    return x[0] ** 2 + 2 * x[1] ** 2 - x[0] * x[1]


def _ravine(x: Any) -> Any:
    return 0.05 * x[0] ** 2 + 5 * x[1] ** 2


def _rosenbrock(x: Any) -> Any:
    return (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2


def _beale(x: Any) -> Any:
    return (
        (1.5 - x[0] + x[0] * x[1]) ** 2 + (2.25 - x[0] + x[0] * x[1] ** 2) ** 2 + (2.625 - x[0] + x[0] * x[1] ** 3) ** 2
    )


def _himmelblau(x: Any) -> Any:
    return (x[0] ** 2 + x[1] - 11) ** 2 + (x[0] + x[1] ** 2 - 7) ** 2


def _rastrigin(x: Any) -> Any:
    return 20 + jnp.sum(x**2 - 10 * jnp.cos(2 * jnp.pi * x))


def _saddle(x: Any) -> Any:
    return x[0] ** 2 - x[1] ** 2 + 0.25 * x[1] ** 4


def _plateau(x: Any) -> Any:
    return 1 - jnp.exp(-(x[0] ** 2 + x[1] ** 2) / 2)


OBJECTIVES = (
    Objective(
        _lecture_plotted,
        name="lecture_plotted",
        formula="x₁² + 4x₂² − x₁x₂",
        domain=((-6.0, 6.0), (-5.0, 5.0)),
        minima=((0.0, 0.0),),
        start=(-5.0, 4.0),
    ),
    Objective(
        _lecture_printed,
        name="lecture_printed",
        formula="x₁² + 2x₂² − x₁x₂",
        domain=((-6.0, 6.0), (-5.0, 5.0)),
        minima=((0.0, 0.0),),
        start=(-5.0, 4.0),
    ),
    # A narrow valley: a hundred times as steep across as along.
    Objective(
        _ravine,
        name="ravine",
        formula="x₁²/20 + 5x₂²",
        domain=((-10.0, 10.0), (-4.0, 4.0)),
        minima=((0.0, 0.0),),
        start=(-9.0, 2.0),
    ),
    Objective(
        _rosenbrock,
        name="rosenbrock",
        formula="(1 − x₁)² + 100(x₂ − x₁²)²",
        domain=((-2.0, 2.0), (-1.0, 3.0)),
        minima=((1.0, 1.0),),
        start=(-1.5, 2.0),
    ),
    Objective(
        _beale,
        name="beale",
        formula="(1.5 − x₁ + x₁x₂)² + (2.25 − x₁ + x₁x₂²)² + (2.625 − x₁ + x₁x₂³)²",
        domain=((-4.5, 4.5), (-4.5, 4.5)),
        minima=((3.0, 0.5),),
        start=(1.0, 1.5),
    ),
    Objective(
        _himmelblau,
        name="himmelblau",
        formula="(x₁² + x₂ − 11)² + (x₁ + x₂² − 7)²",
        domain=((-6.0, 6.0), (-6.0, 6.0)),
        minima=(
            (3.0, 2.0),
            (-2.805118086952745, 3.131312518250573),
            (-3.779310253377747, -3.283185991286170),
            (3.584428340330492, -1.848126526964404),
        ),
        start=(-0.5, -1.0),
    ),
    Objective(
        _rastrigin,
        name="rastrigin",
        formula="20 + Σ (xᵢ² − 10 cos 2πxᵢ)",
        domain=((-5.12, 5.12), (-5.12, 5.12)),
        minima=((0.0, 0.0),),
        start=(-3.4, 2.7),
    ),
    # The saddle point is at (0, 0). The start is almost on its ridge.
    Objective(
        _saddle,
        name="saddle",
        formula="x₁² − x₂² + x₂⁴/4",
        domain=((-2.5, 2.5), (-2.5, 2.5)),
        minima=((0.0, -(2**0.5)), (0.0, 2**0.5)),
        start=(-2.0, 0.01),
    ),
    # Far from the minimum the gradient is almost nothing.
    Objective(
        _plateau,
        name="plateau",
        formula="1 − exp(−(x₁² + x₂²)/2)",
        domain=((-4.0, 4.0), (-4.0, 4.0)),
        minima=((0.0, 0.0),),
        start=(-2.5, 1.5),
    ),
)

TABLE: dict[str, Objective] = {objective.name: objective for objective in OBJECTIVES}


def get(objective: str | Objective | Callable[[Any], Any]) -> Objective:
    """The objective for a name, an object or a JAX function of a 2-vector; ``"noisy_"`` before a name adds noise.

    The noise of a name has a standard deviation of 1; :func:`noisy` takes any.
    """
    if isinstance(objective, str):
        plain = objective.removeprefix("noisy_")
        found = checks.look_up("objective", plain, TABLE)
        return found if plain == objective else noisy(found)
    if not isinstance(objective, Objective):
        objective = Objective(objective, name=getattr(objective, "__name__", "J"))
    objective.check()
    return objective
