"""optax.adam without a scan: a compiled step, called from Python, on one array of all paths."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
from paths import STEPS, mean_value, starts
from protocol import Turn, job, serve

start = starts()
optimizer = optax.adam(job["learning_rate"], eps=1e-7)


@jax.jit
def step(x, state):
    gradient = jnp.stack([2 * x[:, 0] - x[:, 1], 8 * x[:, 1] - x[:, 0]], 1)
    updates, state = optimizer.update(gradient, state)
    return x + updates, state


def walk() -> np.ndarray:
    """The points of all steps as one array, as the others give them, gathered in the way that was found cheapest."""
    x = jnp.asarray(start)
    state, points = optimizer.init(x), np.empty((STEPS + 1, *start.shape), start.dtype)
    points[0] = start
    for i in range(STEPS):
        x, state = step(x, state)
        points[i + 1] = x
    return points


def train(count: int, each: bool) -> Turn:
    for _ in range(count):
        points = walk()
    return {"losses": [mean_value(points[-1])] * count, "val_losses": [], "each": None}


serve(train, "optax", "jax", "numpy")
