"""Schedules beside their formulas in NumPy float64, at every step and at the restarts that Keras's rounding misses."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ravine import checks, optimizers, trees
from ravine.optimizers import SGD, schedules


def restarts(step, first, t_mul, m_mul, alpha):
    """Walks from period to period, where the schedule computes the period's number."""
    begun, length, height = 0.0, float(first), 1.0
    while step >= begun + length:
        begun, length, height = begun + length, length * t_mul, height * m_mul
    part = (step - begun) / length
    return 0.1 * ((1 - alpha) * height * 0.5 * (1 + np.cos(np.pi * part)) + alpha)


@pytest.mark.parametrize("t_mul", [1.0, 1.5, 2.0, 3.0])
@pytest.mark.parametrize("first", [1, 7, 10])
def test_restarts_begin_on_their_step(first, t_mul):
    schedule = trees.as_leaves(schedules.CosineDecayRestarts(0.1, first, t_mul, m_mul=0.9, alpha=0.05))
    steps = np.arange(400)
    expected = [restarts(step, first, t_mul, 0.9, 0.05) for step in steps]
    # The values rise between two steps by up to 0.1, so a restart a step late would show.
    np.testing.assert_allclose(jax.jit(jax.vmap(schedule))(steps), expected, rtol=1e-3, atol=1e-5)


def warmed(t):
    left = 0.5 * (1 + np.cos(np.pi * np.clip((t - 10) / 30, 0, 1)))
    return np.where(t < 10, 0.01 + 0.09 * t / 10, 0.1 * (0.8 * left + 0.2))


@pytest.mark.parametrize(
    ("schedule", "formula"),
    [
        (schedules.ExponentialDecay(0.1, 10, 0.5), lambda t: 0.1 * 0.5 ** (t / 10)),
        (schedules.ExponentialDecay(0.1, 10, 0.5, staircase=True), lambda t: 0.1 * 0.5 ** (t // 10)),
        (schedules.ExponentialDecay(0.1, 10, 0.0), lambda t: np.where(t == 0, 0.1, 0.0)),
        (schedules.InverseTimeDecay(0.1, 10, 0.5, staircase=True), lambda t: 0.1 / (1 + 0.5 * (t // 10))),
        (
            schedules.PolynomialDecay(0.1, 20, 0.01, 2.0, cycle=True),
            lambda t: 0.09 * (1 - t / (20 * np.maximum(np.ceil(t / 20), 1))) ** 2 + 0.01,
        ),
        (schedules.CosineDecay(0.01, 30, 0.2, 0.1, 10), warmed),
        (schedules.CosineDecay(0.5, 30, 0.2, 0.1), lambda t: warmed(t + 10)),
        (schedules.PiecewiseConstantDecay([5], [0.2, 0.1]), lambda t: np.where(t <= 5, 0.2, 0.1)),
        (schedules.PiecewiseConstantDecay([], [0.2]), lambda t: np.full(len(t), 0.2)),
    ],
    ids=lambda value: repr(value) if isinstance(value, schedules.Schedule) else "",
)
def test_a_schedule_is_its_formula(schedule, formula):
    schedule.check()
    steps = np.arange(100)
    found = jax.jit(jax.vmap(trees.as_leaves(schedule)))(steps)
    np.testing.assert_allclose(found, formula(steps), rtol=1e-5, atol=1e-7)


GOOD = [
    schedules.ExponentialDecay(0.1, 10, 0.5),
    schedules.InverseTimeDecay(0.1, 10, 0.5),
    schedules.PolynomialDecay(0.1, 10),
    schedules.CosineDecay(0.1, 10, 0.0, 0.2, 5),
    schedules.CosineDecayRestarts(0.1, 10),
]


@pytest.mark.parametrize(
    ("schedule", "name"),
    [(s, f.name) for s in GOOD for f in dataclasses.fields(s)],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_no_number_may_be_nonsense(schedule, name):
    optimizers.get(SGD(schedule))
    for wrong in (float("nan"), float("inf"), -0.5, "0.1", [0.1]):
        with pytest.raises(checks.RavineError, match=f"^{name}="):
            optimizers.get(SGD(dataclasses.replace(schedule, **{name: wrong})))


@pytest.mark.parametrize(
    ("boundaries", "values", "message"),
    [
        ([5], [0.1, -0.1], r"values\[1\]=-0.1: expected a finite number of at least 0"),
        ([5], [0.1, float("nan")], r"values\[1\]=nan"),
        ([-1], [0.1, 0.2], r"boundaries\[0\]=-1"),
        (["5"], [0.1, 0.2], r"boundaries\[0\]='5' is a str"),
        ([5], 0.1, "values=0.1 is a float: expected a list of numbers"),
        ([5], [0.1, 0.2, 0.3], "expected 2 of them for 1 boundaries"),
    ],
)
def test_pieces_that_cannot_work_are_refused(boundaries, values, message):
    with pytest.raises(checks.RavineError, match=message):
        optimizers.get(SGD(schedules.PiecewiseConstantDecay(boundaries, values)))


def test_an_optimizer_with_a_schedule_may_begin_inside_a_compiled_function():
    # As is usual with optax: init within the function that is compiled, the optimizer from around it.
    rule = SGD(schedules.ExponentialDecay(0.1, 1, 0.5))

    @jax.jit
    def train(w):
        state = rule.init(w)
        for _ in range(2):
            updates, state = rule.update(jnp.ones_like(w), state, w)
            w = w + updates
        return w

    np.testing.assert_allclose(train(jnp.zeros(3)), -0.15, rtol=1e-6)
    with pytest.raises(checks.RavineValueError, match="it gives nan at step 0"):
        jax.jit(SGD(lambda step: jnp.nan).init)(jnp.zeros(3))


@pytest.mark.parametrize("steps", [2, np.float32(2)])
def test_the_steps_to_come_are_those_of_updates(steps):
    """Two batches an update: the schedule fails at update 2, the third, which ends with batch 6."""
    rule = SGD(lambda step: jnp.where(step < 2, 0.1, jnp.nan), gradient_accumulation_steps=steps)
    w = jnp.zeros(3)
    state = rule.init(w)
    rule.check_run(state, 5)
    with pytest.raises(checks.RavineValueError, match="it gives nan at step 2"):
        rule.check_run(state, 6)
    _, state = jax.jit(rule.update)(w, state, w)
    # One batch is waiting already.
    rule.check_run(state, 4)
    with pytest.raises(checks.RavineValueError, match="it gives nan at step 2"):
        rule.check_run(state, 5)


def test_a_late_failure_is_found_among_millions_of_steps():
    schedule = schedules.Function(lambda step: jnp.where(step < 3_000_000, 0.1, -1.0))
    schedule.check_steps(range(2_999_999))
    with pytest.raises(checks.RavineValueError, match="it gives -1 at step 3"):
        schedule.check_steps(range(3_000_100))
    schedule.check_steps(range(0))
