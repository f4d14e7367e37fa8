import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ravine import checks, optimizers, trees
from ravine.optimizers import SGD


def bowl(x):
    """The lecture's tilted bowl, as plotted."""
    return x[0] ** 2 + 4 * x[1] ** 2 - x[0] * x[1]


START = (-5.0, 4.0)


@jax.jit
def trajectory(rule, start):
    """A hundred and one points and velocities of a descent of the bowl."""

    def step(carry, _):
        x, state = carry
        update, state = rule.update(jax.grad(bowl)(x), state, x)
        return (x + update, state), (x, state.slots[0][0])

    (x, _), (points, velocities) = jax.lax.scan(step, (start, rule.init(start)), length=100)
    return jnp.concatenate([points, x[None]]), velocities


def descend(rule, start=START):
    return trajectory(trees.as_leaves(rule), jnp.float32(start))


def reference(learning_rate, momentum, nesterov, start=START):
    """The formula of the docstring in float64."""
    w, v = np.array(start), np.zeros(2)
    points = [w]
    for _ in range(100):
        g = np.array([2 * w[0] - w[1], 8 * w[1] - w[0]])
        v = momentum * v - learning_rate * g
        w = w + (momentum * v - learning_rate * g if nesterov else v)
        points.append(w)
    return np.array(points)


@given(st.floats(0, 0.1), st.floats(0, 0.95), st.booleans())
def test_the_formula(learning_rate, momentum, nesterov):
    points, _ = descend(SGD(learning_rate, momentum, nesterov))
    np.testing.assert_allclose(points, reference(learning_rate, momentum, nesterov), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    ("momentum", "nesterov", "published"),
    [(0.0, False, (-0.66352, -0.10671)), (0.9, False, (-0.01991, -0.02301)), (0.9, True, (-0.00853, -0.00172))],
)
def test_the_published_figures(momentum, nesterov, published):
    points, _ = descend(SGD(0.01, momentum, nesterov))
    np.testing.assert_allclose(points[-1], published, atol=1.5e-5)


def test_nesterov_is_the_textbook_algorithm_seen_from_the_look_ahead_point():
    learning_rate, momentum = 0.01, 0.9
    w, v = np.array(START), np.zeros(2)
    points, velocities = map(np.asarray, descend(SGD(learning_rate, momentum, nesterov=True)))
    for look_ahead, velocity in zip(points[1:], velocities, strict=True):
        ahead = w + momentum * v
        v = momentum * v - learning_rate * np.array([2 * ahead[0] - ahead[1], 8 * ahead[1] - ahead[0]])
        w = w + v
        np.testing.assert_allclose(velocity, v, atol=1e-5)
        np.testing.assert_allclose(look_ahead - momentum * velocity, w, atol=1e-5)


@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_optax_agrees_while_the_learning_rate_is_constant(momentum, nesterov):
    # optax keeps the learning rate outside the velocity.
    points, _ = descend(SGD(0.02, momentum, nesterov))
    rule = optax.sgd(0.02, momentum, nesterov)
    x = jnp.float32(START)
    state = rule.init(x)
    for point in points[:10]:
        np.testing.assert_allclose(point, x, rtol=1e-5)
        update, state = rule.update(jax.grad(bowl)(x), state)
        x = optax.apply_updates(x, update)


def test_the_learning_rate_is_inside_the_velocity():
    w, g = jnp.zeros(1), jnp.ones(1)
    _, state = SGD(1.0, momentum=0.5).update(g, SGD(1.0).init(w), w)
    update, _ = SGD(0.0, momentum=0.5).update(g, state, w)
    assert update == -0.5  # with η outside it would be 0


@pytest.mark.parametrize(
    ("rule", "error", "expected"),
    [
        (SGD(momentum=1.0), checks.RavineValueError, "momentum=1.0: expected a finite number of at least 0 below 1"),
        (SGD(momentum=-0.1), checks.RavineValueError, "momentum=-0.1"),
        (SGD(momentum="0.9"), checks.RavineTypeError, "momentum='0.9' is a str"),
        (SGD(nesterov=1), checks.RavineTypeError, "nesterov=1 is a int: expected True or False"),
    ],
)
def test_wrong_settings_are_refused(rule, error, expected):
    with pytest.raises(error, match=expected):
        optimizers.get(rule)
