from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ravine import losses, metrics, trees
from ravine.checks import RavineValueError
from ravine.layers import Dense
from ravine.layers.network import Network
from ravine.optimizers import SGD
from ravine.training.data import Data
from ravine.training.state import TrainState
from ravine.training.step import Sums, Task, read, test_step, train_step

test_step.__test__ = False

RNG = np.random.default_rng(0)
X, Y, W = RNG.normal(size=(5, 3)), RNG.normal(size=5), RNG.uniform(size=5)
KERNEL, BIAS = RNG.normal(size=(3, 1)), np.array([0.5])
MAE = metrics.MeanLoss(losses.MeanAbsoluteError())
TASK = Task(Network((Dense(1),)), SGD(0.1, momentum=0.9), losses.MeanSquaredError(), metrics=(MAE,))
WEIGHTED = replace(TASK, weighted_metrics=(MAE,), loss_weight=2.0)


def as_batch(weights=None, rows=slice(None)):
    return jax.tree.map(jnp.float32, Data(X[rows], Y[rows], None if weights is None else weights[rows]))


def start(task):
    params = ({"kernel": jnp.float32(KERNEL), "bias": jnp.float32(BIAS)},)
    return TrainState(params, ({},), task.optimizer.init(params)), Sums.zero(task)


@pytest.mark.parametrize(("task", "weights"), [(TASK, None), (TASK, W), (WEIGHTED, W), (WEIGHTED, None)])
def test_a_step_in_numpy(task, weights):
    state, sums = jax.jit(train_step)(trees.as_leaves(task), *start(task), as_batch(weights), None)
    w = np.ones(5) if weights is None else weights
    error = X @ KERNEL[:, 0] + BIAS - Y
    # Divided by the number of samples, not by the sum of their weights.
    loss = task.loss_weight * (w * error**2).sum() / 5
    gradient = task.loss_weight * 2 / 5 * (w * error)
    np.testing.assert_allclose(state.params[0]["kernel"][:, 0], KERNEL[:, 0] - 0.1 * X.T @ gradient, rtol=1e-5)
    np.testing.assert_allclose(state.params[0]["bias"], BIAS - 0.1 * gradient.sum(), rtol=1e-5)
    assert state.optimizer.step == 1
    expected = [loss, abs(error).mean()]
    if task.weighted_metrics:
        expected.append((w * abs(error)).sum() / w.sum())
    np.testing.assert_allclose(read(task, sums), expected, rtol=1e-5)


def test_sums_are_taken_before_the_update_and_weigh_batches_by_their_rows():
    step = jax.jit(train_step)
    task = trees.as_leaves(replace(TASK, optimizer=SGD(0.0)))
    state, sums = start(task)
    for rows in (slice(0, 3), slice(3, 5)):
        state, sums = step(task, state, sums, as_batch(rows=rows), None)
    error = X @ KERNEL[:, 0] + BIAS - Y
    np.testing.assert_allclose(read(task, sums), [(error**2).mean(), abs(error).mean()], rtol=1e-5)


def test_a_test_step_sums_the_same_and_changes_nothing():
    task = trees.as_leaves(WEIGHTED)
    state, sums = start(task)
    tested = jax.jit(test_step)(task, (state.params, state.stats), sums, as_batch(W))
    _, trained = jax.jit(train_step)(task, state, sums, as_batch(W), None)
    np.testing.assert_allclose(read(task, tested), read(task, trained), rtol=1e-6)


def test_bytes_are_numbers():
    task = trees.as_leaves(TASK)
    images = jnp.uint8(RNG.integers(0, 255, (5, 3)))
    targets = as_batch().y
    state, sums = start(task)
    values = [
        read(task, jax.jit(test_step)(task, (state.params, state.stats), sums, Data(x, targets)))
        for x in (images, images.astype(jnp.float32))
    ]
    np.testing.assert_array_equal(*values)


def test_targets_are_checked_against_the_loss_and_every_metric():
    TASK.check("", Y, (1,))
    with pytest.raises(RavineValueError, match=r"^validation y has shape .* MeanSquaredError"):
        TASK.check("validation ", np.zeros((5, 2)), (1,))
    for task in (
        replace(TASK, metrics=(metrics.SparseCategoricalAccuracy(),)),
        replace(TASK, weighted_metrics=(metrics.SparseCategoricalAccuracy(),)),
    ):
        with pytest.raises(RavineValueError, match="sparse_categorical_accuracy expected one class index"):
            task.check("", np.zeros((5, 3)), (3,))
