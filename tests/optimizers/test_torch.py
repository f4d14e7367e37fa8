"""Every rule that PyTorch has beside where PyTorch's own went, as record_torch.py wrote it down."""

import json
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ravine import trees
from ravine.optimizers import SGD, Adadelta, Adafactor, Adagrad, Adam, Adamax, AdamW, Nadam, RMSprop

RECORD = json.loads(Path(__file__).with_name("torch_vectors.json").read_text())

OURS = {
    "sgd": SGD(0.05),
    "momentum": SGD(0.05, momentum=0.9),
    "nesterov": SGD(0.05, momentum=0.9, nesterov=True),
    "adam": Adam(0.05, epsilon=1e-3),
    "amsgrad": Adam(0.05, 0.9, 0.9, 1e-3, amsgrad=True),
    "adamw": AdamW(0.05, 0.1, epsilon=1e-3),
    "amsgradw": AdamW(0.05, 0.1, 0.9, 0.9, 1e-8, amsgrad=True),
    "nadam": Nadam(0.05, epsilon=1e-3),
    "adadelta": Adadelta(1.0, 0.9, 1e-3),
    "adafactor": Adafactor(0.5),
    "adafactor of a matrix": Adafactor(0.5),
    "adagrad": Adagrad(0.05, epsilon=0.0),
    "rmsprop": RMSprop(0.05, epsilon=0.0),
    "rmsprop centered": RMSprop(0.01, momentum=0.5, epsilon=0.0, centered=True),
    "adamax": Adamax(0.05, epsilon=0.0),
}


def test_all_that_is_recorded_is_compared():
    assert OURS.keys() == RECORD["ends"].keys()


@pytest.mark.parametrize("name", OURS)
def test_it_is_that_of_pytorch(name):
    with jax.enable_x64(True):
        rule = trees.as_leaves(OURS[name], np.float64)
        shape = np.shape(RECORD["ends"][name])
        w = jnp.array(RECORD["start"], jnp.float64).reshape(shape)

        @jax.jit
        def run(rule, w, gradients):
            def body(carry, g):
                updates, state = rule.update(g, carry[1], carry[0])
                return (carry[0] + updates, state), None

            return jax.lax.scan(body, (w, rule.init(w)), gradients)[0][0]

        end = run(rule, w, jnp.array(RECORD["gradients"], jnp.float64).reshape(-1, *shape))
    np.testing.assert_allclose(end, RECORD["ends"][name], rtol=1e-8)  # PyTorch keeps some products in 32 bits
