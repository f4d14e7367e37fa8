"""The pure probe: what it takes of a network, and what its numbers are called."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ravine import losses, trees
from ravine.layers import Dense
from ravine.layers.network import Network
from ravine.optimizers import SGD
from ravine.training import probing
from ravine.training.data import Data
from ravine.training.probing import Probe
from ravine.training.state import TrainState
from ravine.training.step import Task

X = np.random.default_rng(0).normal(size=(300, 3)).astype(np.float32)
TASK = trees.as_leaves(Task(Network((Dense(64, activation="relu"), Dense(1))), SGD(), losses.MeanSquaredError()))


def measured(probe, data=X):
    params, stats = TASK.network.init(jax.random.key(0), (3,))
    state = TrainState(params, stats, None)
    rows = Data(jnp.asarray(data), jnp.zeros(len(data)))
    return params, jax.jit(probe.measure)(TASK, state, rows, jax.random.key(1))


@pytest.mark.parametrize("sorted_values", [2**14, 1000])
def test_of_many_numbers_every_kth_row_is_looked_at(monkeypatch, sorted_values):
    monkeypatch.setattr(probing, "SORTED_VALUES", sorted_values)
    params, found = measured(trees.as_leaves(Probe((0,), 256, None, (10.0, 50.0))))
    z = X[:256] @ params[0]["kernel"]
    every = -(-z.size // sorted_values)
    assert every == (1 if sorted_values == 2**14 else 17)
    np.testing.assert_allclose(found[:2], np.percentile(z[::every], [10, 50]), rtol=1e-4, atol=1e-5)


def test_columns_name_what_is_measured():
    probe = Probe((0, 1), 10, None, (2.5, 50.0))
    _, found = measured(trees.as_leaves(probe))
    assert probe.columns(["a", "b"], [True, False]) == [
        "a/pre_activation_p2.5",
        "a/pre_activation_p50",
        "a/gradient_norm",
        "a/weight_norm",
        "b/pre_activation_p2.5",
        "b/pre_activation_p50",
    ]
    assert len(found) == len(probe.columns(["a", "b"], [True, True]))


def test_other_percentiles_are_no_other_program():
    first, second = (trees.as_leaves(Probe((0,), 10, None, (p, 50))) for p in (10, 20.0))
    assert jax.tree.structure(first) == jax.tree.structure(second)
    assert jax.tree.structure(first) != jax.tree.structure(trees.as_leaves(Probe((0,), 10, 3, (10, 50))))
