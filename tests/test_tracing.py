"""User functions that JAX cannot trace: one sentence, with the argument, the place and a way out."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import ravine
from ravine import Sequential, checks, layers, losses, optimizers, tracing

X = np.ones((8, 4), np.float32)
NUMPY = "NumPy cannot compute with an array of a compiled program"
DECIDE = "cannot decide by an array of a compiled program: choose by jax.numpy.where"
TAKE = "cannot take a number out of an array"


def fitted(activation=None, loss="mse", optimizer="sgd", metric=None, layer=None, **options):
    dense = layers.Dense(4, activation=activation, **options)
    model = Sequential([dense] if layer is None else [dense, layer()])
    model.compile(optimizer, loss, metrics=None if metric is None else [metric])
    model.fit(X, X, verbose=0)


def branching(x):
    return x if x.sum() > 0 else -x


def branching_number(*arrays):
    return 1.0 if arrays[-1].sum() > 0 else 0.0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        # A ufunc ended the process when it was traced the second time.
        ({"activation": np.tanh}, rf"activation=<ufunc 'tanh'> failed .*{NUMPY}.*here jax\.numpy\.tanh\.$"),
        ({"kernel_regularizer": np.square}, f"kernel_regularizer=.*{NUMPY}"),
        ({"activity_regularizer": np.square}, f"activity_regularizer=.*{NUMPY}"),
        ({"kernel_constraint": np.abs}, f"kernel_constraint=.*{NUMPY}.*jax.numpy.absolute"),
        ({"kernel_initializer": np.add}, f"kernel_initializer=.*{NUMPY}"),
        ({"loss": np.subtract}, f"loss=.*{NUMPY}"),
        ({"metric": np.subtract}, f"metric 'subtract'=.*{NUMPY}"),
        ({"optimizer": optimizers.SGD(np.sin)}, f"learning_rate=.*{NUMPY}"),
        ({"layer": partial(layers.Activation, np.tanh)}, f"activation=.*{NUMPY}"),
        ({"layer": partial(layers.Lambda, np.tanh)}, f"function: .*{NUMPY}"),
        ({"activation": branching}, rf"activation=.*{DECIDE}.* \(test_tracing\.py, line \d+\)\.$"),
        ({"kernel_constraint": branching}, f"kernel_constraint=.*{DECIDE}"),
        ({"kernel_regularizer": branching_number}, f"kernel_regularizer=.*{DECIDE}"),
        ({"loss": branching_number}, f"loss=.*{DECIDE}"),
        ({"metric": branching_number}, f"metric 'branching_number'=.*{DECIDE}"),
        ({"optimizer": optimizers.SGD(lambda step: 0.1 if step < 5 else 0.01)}, f"learning_rate=.*{DECIDE}"),
        ({"loss": lambda y, outputs: float((y - outputs).sum())}, f"loss=.*{TAKE}"),
        ({"layer": partial(layers.Lambda, lambda x: x[x > 0])}, "a condition cannot pick from an array"),
        ({"layer": partial(layers.Lambda, lambda x: x * list(range(9))[x[0, 0].astype(int)])}, "no integer of Python"),
    ],
)
def test_a_function_that_cannot_be_traced_is_told_of_each_time(options, words):
    for _ in range(2):
        with pytest.raises(checks.RavineError, match=words):
            fitted(**options)


@ravine.trees.tree(frozen=False)
class Branching(layers.Layer):
    def apply(self, params, stats, x, *, key, training):
        return branching(x), stats


@ravine.trees.tree
class BranchingLoss(losses.Loss):
    def values(self, y, outputs):
        return jnp.square(y - outputs).mean(-1) * branching_number(y)


@ravine.trees.tree
class BranchingRule(optimizers.Optimizer):
    def delta(self, g, slots, w, lr, t):
        return -lr * branching(g), slots


@pytest.mark.parametrize(
    "options", [{"layer": Branching}, {"loss": BranchingLoss()}, {"optimizer": BranchingRule()}], ids=str
)
def test_a_class_whose_code_cannot_be_traced_is_told_of_with_its_line(options):
    with pytest.raises(checks.RavineTypeError, match=rf"{DECIDE}.* \(test_tracing\.py, line \d+\)\.$"):
        fitted(**options)


def test_an_objective_that_cannot_be_traced():
    for _ in range(2):
        with pytest.raises(checks.RavineError, match=f"objective=.*{NUMPY}"):
            ravine.objectives.get(np.sin)


def test_another_error_keeps_its_kind_and_its_words():
    with pytest.raises(
        checks.RavineValueError, match=r"g=.* failed for arrays of shape \(2,\) and \(3,\): KeyError: 1"
    ):
        tracing.shape_of("g", lambda a, b: {}[1], *(jax.ShapeDtypeStruct((n,), jnp.float32) for n in (2, 3)))
