import jax
import jax.numpy as jnp

from ravine.optimizers import SGD
from ravine.training.state import TrainState


def test_a_state_is_a_tree_of_arrays():
    params = ({"kernel": jnp.ones((2, 3))},)
    state = TrainState(params, ({},), SGD().init(params))
    # kernel, velocity, step
    assert sorted(leaf.size for leaf in jax.tree.leaves(state)) == [1, 6, 6]
    doubled = jax.jit(lambda s: jax.tree.map(lambda a: 2 * a, s))(state)
    assert isinstance(doubled, TrainState)
    assert (doubled.params[0]["kernel"] == 2).all()
