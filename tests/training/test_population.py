"""Members in one program beside members alone. tests/model/test_course.py has whole runs of models."""

import jax
import jax.numpy as jnp
import numpy as np

from ravine import losses, seeds, trees
from ravine.layers import Dense, Dropout
from ravine.layers.network import Network
from ravine.optimizers import SGD
from ravine.training.data import Data
from ravine.training.population import stacked, train_group, unstacked
from ravine.training.program import LEG_CAPACITY, Agenda, Member, first_run, train_leg
from ravine.training.state import TrainState
from ravine.training.step import Task
from ravine.training.stopping import StoppingRule
from ravine.training.walking import Settings

RNG = np.random.default_rng(0)
DATA = Data(jnp.asarray(RNG.normal(size=(20, 3)), jnp.float32), jnp.asarray(RNG.normal(size=20), jnp.float32))
SETTINGS = Settings(batch_size=8, shuffle=True, evaluation_rows=20)
EPOCHS = (np.int32(12), Agenda(np.ones(LEG_CAPACITY, bool)))


def member(seed):
    """A run with numbers of its own: learning rate, dropout rate, patience."""
    network = Network((Dense(4, activation="tanh"), Dropout(0.1 * seed), Dense(1)))
    task = Task(network, SGD(0.05 * (seed + 1)), losses.MeanSquaredError())
    keys = seeds.stream(seed, "shuffle"), seeds.stream(seed, "noise")
    made = trees.as_leaves(Member(task, (StoppingRule(1, "min", patience=float(seed)),), (), (), keys))
    params, stats = made.task.network.init(seeds.stream(seed, "initial weights"), (3,))
    return made, first_run(made, TrainState(params, stats, made.task.optimizer.init(params)), None, jnp.int32(0))


MEMBERS, RUNS = zip(*map(member, range(4)), strict=True)


def test_stacked_trees_come_apart_as_they_were():
    whole = stacked(MEMBERS)
    for index, each in enumerate(MEMBERS):
        apart = unstacked(whole)[index]
        assert jax.tree.structure(apart) == jax.tree.structure(each)
        for a, b in zip(jax.tree.leaves(apart), jax.tree.leaves(each), strict=True):
            keys = jnp.issubdtype(a.dtype, jax.dtypes.prng_key)
            np.testing.assert_array_equal(*map(jax.random.key_data, (a, b)) if keys else (a, b))


def test_each_member_ends_where_it_would_alone_and_nothing_of_it_changes_after():
    group, records = jax.jit(train_group)(stacked(MEMBERS), SETTINGS, stacked(RUNS), DATA, DATA, *EPOCHS)
    alone = jax.jit(train_leg)
    ends = []
    for index, (each, run) in enumerate(zip(MEMBERS, RUNS, strict=True)):
        expected, record = alone(each, SETTINGS, run, DATA, DATA, *EPOCHS)
        found = unstacked(group)[index]
        ends.append(int(found.epoch))
        assert found.epoch == expected.epoch
        np.testing.assert_allclose(records[index], record, rtol=1e-5)  # NaN after the end in both
        for a, b in zip(jax.tree.leaves(found.train), jax.tree.leaves(expected.train), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)
    assert len(set(ends)) > 1
