"""Learning-rate schedules, under Keras's names: small functions of the step whose numbers are leaves.

A schedule is called with the number of finished updates, counted from 0, and gives the learning rate η of the next.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np

from ravine import checks, keras_names, settings, tracing, trees


@trees.tree
class Schedule:
    """Base of all schedules: a function ``step -> learning rate`` of whole arrays of steps or of one."""

    def __call__(self, step: Any) -> Any:
        """The learning rate after ``step`` finished updates."""
        raise NotImplementedError

    def check(self) -> None:
        """Raise where a number of the schedule cannot work."""

    def check_steps(self, steps: range) -> None:
        """Raise where the schedule gives no learning rate, a finite number of at least 0, at one of ``steps``."""
        if not steps:
            return
        # A million points of a longer run are all that is looked at.
        shown = np.unique(np.linspace(steps[0], steps[-1], min(len(steps), 10**6)).astype(np.int32))
        try:
            with jax.ensure_compile_time_eval():  # an optimizer's init may be inside a function that is being traced
                rates = np.asarray(_rates(trees.as_leaves(self), shown))
        except Exception as error:  # whatever a user's function raises
            raise checks.RavineTypeError(
                f"learning_rate={checks.shown(self)}: expected a function of the step that JAX can trace; it failed: "
                f"{tracing.reason(error, getattr(self, 'function', None))}"
            ) from error
        if rates.shape != shown.shape:
            raise checks.RavineValueError(
                f"learning_rate={checks.shown(self)}: expected one number for a step, got shape {rates.shape[1:]}."
            )
        wrong = ~(np.isfinite(rates) & (rates >= 0))
        if wrong.any():
            i = int(wrong.argmax())
            raise checks.RavineValueError(
                f"learning_rate={checks.shown(self)}: it gives {float(rates[i]):g} at step {shown[i]}; expected a "
                "finite number of at least 0."
            )


@settings.ordinary
@jax.jit
def _rates(schedule: Schedule, steps: jax.Array) -> jax.Array:
    """The learning rates of many steps."""
    return jax.vmap(schedule)(steps)


@trees.tree
class Function(Schedule):
    """Any function of the step as a schedule; another function is another program."""

    function: Callable[[Any], Any] = trees.static()

    def __call__(self, step: Any) -> Any:
        """What the function gives."""
        return jnp.asarray(self.function(step))


@trees.tree
class ExponentialDecay(Schedule):
    """η = η₀·r^(t / T).

    Args:
        initial_learning_rate: η₀, at least 0.
        decay_steps: T, above 0.
        decay_rate: r, at least 0.
        staircase: whether t / T is rounded down, so that η falls once every T steps.
    """

    initial_learning_rate: float
    decay_steps: float
    decay_rate: float
    staircase: bool = trees.static(default=False)

    def __call__(self, step: Any) -> Any:
        """η after ``step`` updates."""
        return self.initial_learning_rate * self.decay_rate ** _periods(step, self.decay_steps, self.staircase)

    def check(self) -> None:
        """η₀ and r at least 0, T above 0."""
        _check(self, "initial_learning_rate", "decay_rate", positive="decay_steps")
        checks.boolean("staircase", self.staircase)


@trees.tree
class InverseTimeDecay(Schedule):
    """η = η₀ / (1 + r·t / T).

    Args:
        initial_learning_rate: η₀, at least 0.
        decay_steps: T, above 0.
        decay_rate: r, at least 0.
        staircase: whether t / T is rounded down.
    """

    initial_learning_rate: float
    decay_steps: float
    decay_rate: float
    staircase: bool = trees.static(default=False)

    def __call__(self, step: Any) -> Any:
        """η after ``step`` updates."""
        return self.initial_learning_rate / (1 + self.decay_rate * _periods(step, self.decay_steps, self.staircase))

    def check(self) -> None:
        """η₀ and r at least 0, T above 0."""
        _check(self, "initial_learning_rate", "decay_rate", positive="decay_steps")
        checks.boolean("staircase", self.staircase)


@trees.tree
class PolynomialDecay(Schedule):
    """η = (η₀ - η₁)·(1 - t / T)^p + η₁, and η₁ from step T on.

    Args:
        initial_learning_rate: η₀, at least 0.
        decay_steps: T, above 0.
        end_learning_rate: η₁, at least 0.
        power: p, at least 0.
        cycle: whether T grows to the next of its multiples instead, so that η rises again at each.
    """

    initial_learning_rate: float
    decay_steps: float
    end_learning_rate: float = 0.0001
    power: float = 1.0
    cycle: bool = trees.static(default=False)

    def __call__(self, step: Any) -> Any:
        """η after ``step`` updates."""
        walked = _periods(step, self.decay_steps)
        # Where p is 0 and nothing is left, 0**0 is 1, as in Keras.
        left = 1 - (walked / jnp.maximum(jnp.ceil(walked), 1) if self.cycle else jnp.minimum(walked, 1))
        return (self.initial_learning_rate - self.end_learning_rate) * left**self.power + self.end_learning_rate

    def check(self) -> None:
        """η₀, η₁ and p at least 0, T above 0."""
        _check(self, "initial_learning_rate", "end_learning_rate", "power", positive="decay_steps")
        checks.boolean("cycle", self.cycle)


@trees.tree
class CosineDecay(Schedule):
    """η falls from η₀ along half a cosine: η = η₀·((1 - α)·½(1 + cos(π·t / T)) + α), and η₀·α from step T on.

    With ``warmup_target`` η first rises in a line from η₀ to that target in ``warmup_steps`` steps, then falls from it.
    Source: Loshchilov & Hutter 2017, equation 5; warm-up: Goyal et al. 2017.

    Args:
        initial_learning_rate: η₀, at least 0.
        decay_steps: T, above 0, without the warm-up.
        alpha: α, the part of the highest η that is left in the end, at least 0.
        warmup_target: where the warm-up ends, at least 0; None for none.
        warmup_steps: how long it takes, at least 0.
    """

    initial_learning_rate: float
    decay_steps: float
    alpha: float = 0.0
    warmup_target: float | None = None
    warmup_steps: float = 0

    def __call__(self, step: Any) -> Any:
        """η after ``step`` updates."""
        if self.warmup_target is None:
            return self.initial_learning_rate * self._left(step)
        warmed = jnp.asarray(step) / jnp.maximum(self.warmup_steps, 1)
        rising = self.initial_learning_rate + (self.warmup_target - self.initial_learning_rate) * warmed
        falling = self.warmup_target * self._left(step - self.warmup_steps)
        return jnp.where(step < self.warmup_steps, rising, falling)

    def _left(self, step: Any) -> Any:
        return (1 - self.alpha) * _half_cosine(jnp.clip(_periods(step, self.decay_steps), 0, 1)) + self.alpha

    def check(self) -> None:
        """η₀, α and the warm-up's numbers at least 0, T above 0."""
        _check(self, "initial_learning_rate", "alpha", "warmup_steps", positive="decay_steps")
        if self.warmup_target is not None:
            checks.number("warmup_target", self.warmup_target, least=0)
        elif self.warmup_steps:
            checks.reject("warmup_target", None, "a learning rate, since warmup_steps are given")


@trees.tree
class CosineDecayRestarts(Schedule):
    """Half cosines one after the other: warm restarts, SGDR.

    Period i is T·qⁱ steps long and starts from η₀·mⁱ: η = η₀·((1 - α)·mⁱ·½(1 + cos(π·τ)) + α), with τ the part of the
    period that is over. Source: Loshchilov & Hutter 2017.

    Args:
        initial_learning_rate: η₀, at least 0.
        first_decay_steps: T, above 0.
        t_mul: q, how much longer each period is than the last, at least 1.
        m_mul: m, how much higher each period starts, at least 0.
        alpha: α, the part of η₀ that no period goes below, at least 0.
    """

    initial_learning_rate: float
    first_decay_steps: float
    t_mul: float = 2.0
    m_mul: float = 1.0
    alpha: float = 0.0

    def __call__(self, step: Any) -> Any:
        """η after ``step`` updates."""
        walked, q = _periods(step, self.first_decay_steps), jnp.asarray(self.t_mul)
        grows = q > 1
        ratio = jnp.where(grows, q, 2.0)  # where periods do not grow, any ratio keeps the unused branch finite
        # The geometric sum (qⁱ - 1) / (q - 1) says when period i begins. A restart that falls on a step must not be
        # missed by rounding, hence the small addition.
        i = jnp.floor(jnp.where(grows, jnp.log1p(walked * (ratio - 1)) / jnp.log(ratio), walked) + 1e-5)
        begun = jnp.where(grows, (ratio**i - 1) / (ratio - 1), i)
        part = (walked - begun) / jnp.where(grows, ratio**i, 1.0)
        return self.initial_learning_rate * (
            (1 - self.alpha) * self.m_mul**i * _half_cosine(jnp.clip(part, 0, 1)) + self.alpha
        )

    def check(self) -> None:
        """η₀, m and α at least 0, T above 0, q at least 1."""
        _check(self, "initial_learning_rate", "m_mul", "alpha", positive="first_decay_steps")
        checks.number("t_mul", self.t_mul, least=1)


@trees.tree
class PiecewiseConstantDecay(Schedule):
    """η is ``values[i]`` for steps up to and with ``boundaries[i]``, and the last value after them.

    Args:
        boundaries: steps, rising.
        values: learning rates, one more than boundaries.
    """

    boundaries: tuple[float, ...]
    values: tuple[float, ...]

    def __call__(self, step: Any) -> Any:
        """η after ``step`` updates."""
        passed = sum((jnp.asarray(step > b, jnp.int32) for b in self.boundaries), jnp.zeros((), jnp.int32))
        return jnp.stack([jnp.asarray(v) for v in self.values])[passed]

    def check(self) -> None:
        """Rising boundaries, and one more value, each at least 0."""
        for name in ("boundaries", "values"):
            if not isinstance(getattr(self, name), list | tuple):
                checks.reject_type(name, getattr(self, name), "a list of numbers")
        for i, b in enumerate(self.boundaries):
            checks.number(f"boundaries[{i}]", b, least=0 if i == 0 else self.boundaries[i - 1])
        for i, v in enumerate(self.values):
            checks.number(f"values[{i}]", v, least=0)
        if len(self.values) != len(self.boundaries) + 1:
            checks.reject(
                "values", self.values, f"{len(self.boundaries) + 1} of them for {len(self.boundaries)} boundaries"
            )


def _periods(step: Any, length: Any, whole: bool = False) -> Any:
    """How many periods of ``length`` steps are over."""
    over = jnp.asarray(step) / length
    return jnp.floor(over) if whole else over


def _half_cosine(part: Any) -> Any:
    """From 1 at 0 to 0 at 1, along half a cosine."""
    return 0.5 * (1 + jnp.cos(math.pi * part))


def _check(schedule: Schedule, *names: str, positive: str) -> None:
    for name in names:
        checks.number(name, getattr(schedule, name), least=0)
    checks.number(positive, getattr(schedule, positive), above=0)


__all__ = [
    "CosineDecay",
    "CosineDecayRestarts",
    "ExponentialDecay",
    "Function",
    "InverseTimeDecay",
    "PiecewiseConstantDecay",
    "PolynomialDecay",
    "Schedule",
]

if not TYPE_CHECKING:
    __getattr__ = keras_names.of_module(__name__, __all__)
