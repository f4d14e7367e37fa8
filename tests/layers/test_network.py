import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ravine.layers import Dense, Dropout, Flatten, GaussianNoise, ReLU
from ravine.layers.network import Network

NETWORK = Network((Flatten(), Dense(4), ReLU(), Dense(3, activation="softmax")))
X = np.random.default_rng(0).normal(size=(5, 2, 3)).astype(np.float32)


def outputs(network, variables):
    return network.outputs(network.apply(*variables, X, key=None, training=False).outputs)


def test_layer_after_layer():
    variables = NETWORK.init(jax.random.key(0), (2, 3))
    first, last = variables[0][1], variables[0][3]
    hidden = np.maximum(X.reshape(5, 6) @ first["kernel"] + first["bias"], 0)
    np.testing.assert_allclose(
        outputs(NETWORK, variables), jax.nn.softmax(hidden @ last["kernel"] + last["bias"]), rtol=1e-5
    )


def test_shapes():
    assert NETWORK.shapes((2, 3)) == [(6,), (4,), (4,), (3,)]
    assert Network(()).shapes((2, 3)) == []


def test_layers_of_one_shape_start_differently_and_a_prefix_starts_alike():
    params, _ = Network((Dense(3), Dense(3))).init(jax.random.key(0), (3,))
    assert (params[0]["kernel"] != params[1]["kernel"]).all()
    prefix, _ = Network((Dense(3),)).init(jax.random.key(0), (3,))
    np.testing.assert_array_equal(prefix[0]["kernel"], params[0]["kernel"])


def test_a_layer_of_another_class_changes_neither_the_start_nor_the_noise_of_the_others():
    plain = Network((Dense(3), GaussianNoise(1.0), Dense(3)))
    more = Network((Dense(3), Dropout(0.5), GaussianNoise(1.0), ReLU(), Dense(3)))
    (first, _, last), (first_of_more, *_, last_of_more) = (n.init(jax.random.key(0), (3,))[0] for n in (plain, more))
    np.testing.assert_array_equal(first["kernel"], first_of_more["kernel"])
    np.testing.assert_array_equal(last["kernel"], last_of_more["kernel"])

    def noise(network):
        variables = network.init(jax.random.key(0), (3,))
        visits = network.walk(*variables, X.reshape(-1, 3), key=jax.random.key(1), training=True)
        return next(v.outputs - v.inputs for v in visits if isinstance(v.layer, GaussianNoise))

    np.testing.assert_allclose(noise(plain), noise(more), atol=1e-6)


def test_a_link_is_split_off_and_the_function_stays():
    variables = NETWORK.init(jax.random.key(0), (2, 3))
    linked = NETWORK.with_link("softmax")
    z = linked.apply(*variables, X, key=None, training=False).outputs
    assert linked.link == "softmax"
    assert (abs(z.sum(axis=1) - 1) > 1e-3).all()  # logits
    np.testing.assert_allclose(outputs(linked, variables), outputs(NETWORK, variables), rtol=1e-6)


@pytest.mark.parametrize(
    ("network", "link"),
    [(NETWORK, "sigmoid"), (NETWORK, None), (Network((Dense(3),)), "softmax"), (Network(()), "softmax")],
)
def test_no_link_is_split_off_that_is_not_there(network, link):
    assert network.with_link(link) is network


def test_a_split_network_is_not_split_again():
    linked = Network((Dense(3, activation="softmax"),)).with_link("softmax")
    assert linked.with_link("softmax") is linked


def test_layers_get_keys_of_their_own_and_none_at_inference():
    seen = []

    class Spy(Flatten):
        def apply(self, params, stats, x, *, key, training):
            seen.append(None if key is None else tuple(np.asarray(jax.random.key_data(key))))
            return x, stats

    network = Network((Spy(), Spy()))
    network.apply(({}, {}), ({}, {}), jnp.ones((1, 2)), key=jax.random.key(0), training=True)
    network.apply(({}, {}), ({}, {}), jnp.ones((1, 2)), key=None, training=False)
    assert seen[0] != seen[1]
    assert seen[2:] == [None, None]
