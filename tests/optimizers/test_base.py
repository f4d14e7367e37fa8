"""The contract of all optimizers: an optax transformation whose numbers are leaves."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from ravine import checks, optimizers, trees
from ravine.optimizers import SGD

RULES = [SGD(0.1, momentum=0.9), SGD(0.1, momentum=0.9, nesterov=True), *(rule(0.1) for rule in optimizers.RULES)]
contract = pytest.mark.parametrize("rule", RULES, ids=repr)

PARAMS = {"a": jnp.array([1.0, -2.0]), "b": (jnp.float32(3.0), jnp.ones((2, 2)))}


def test_every_optimizer_is_in_the_table():
    assert {type(rule) for rule in RULES} == set(optimizers.TABLE.values())


def loss(params):
    return sum((leaf**2).sum() for leaf in jax.tree.leaves(params))


@jax.jit
def descend(rule, params):
    """Five steps down ``loss``."""
    state = rule.init(params)
    for _ in range(5):
        updates, state = rule.update(jax.grad(loss)(params), state, params)
        params = optax.apply_updates(params, updates)
    return params, state


@contract
def test_it_goes_downhill_and_counts(rule):
    params, state = descend(trees.as_leaves(rule), PARAMS)
    assert loss(params) < loss(PARAMS)
    assert jax.tree.structure(params) == jax.tree.structure(PARAMS)
    assert state.step == 5
    assert state.step.dtype == jnp.int32


@contract
def test_init_and_update_have_one_structure(rule):
    # A state must be able to travel through lax.scan.
    before = rule.init(PARAMS)
    _, after = rule.update(PARAMS, before, PARAMS)
    assert jax.tree.structure(before) == jax.tree.structure(after)
    assert jax.tree.map(jnp.shape, before) == jax.tree.map(jnp.shape, after)


@contract
def test_it_is_an_optax_transformation(rule):
    chain = optax.chain(optax.clip(0.5), rule)
    state = chain.init(PARAMS)
    updates, state = chain.update(jax.tree.map(lambda w: 100 * w, PARAMS), state, PARAMS)
    clipped = jax.tree.map(lambda w: 0.5 * jnp.sign(w), PARAMS)
    expected, _ = rule.update(clipped, rule.init(PARAMS), PARAMS)
    jax.tree.map(np.testing.assert_allclose, updates, expected)


@contract
def test_other_values_are_no_other_program(rule):
    traces = []

    @jax.jit
    def step(rule, params):
        traces.append(rule)
        return rule.update(params, rule.init(params), params)[0]

    for value in (0, 1, 0.25, np.float64(0.5)):
        step(trees.as_leaves(jax.tree.map(lambda _, v=value: v, rule)), PARAMS)
    assert len(traces) == 1


@contract
def test_vmap_is_a_loop(rule):
    rates = np.float32([0.0, 0.01, 0.1, 0.3])

    def run(rate):
        return descend(replace(rule, learning_rate=rate), PARAMS)[0]

    together = jax.vmap(run)(rates)
    for i, rate in enumerate(rates):
        alone = run(rate)
        jax.tree.map(lambda t, a, i=i: np.testing.assert_allclose(t[i], a, rtol=1e-6), together, alone)


@contract
def test_a_learning_rate_of_zero_stands_still(rule):
    params, _ = descend(trees.as_leaves(replace(rule, learning_rate=0)), PARAMS)
    jax.tree.map(np.testing.assert_array_equal, params, PARAMS)


@pytest.mark.parametrize("rate", [-0.1, float("nan"), float("inf")])
@contract
def test_a_wrong_learning_rate_is_refused(rule, rate):
    with pytest.raises(checks.RavineValueError, match=f"learning_rate={rate}: expected a finite number of at least 0"):
        optimizers.get(replace(rule, learning_rate=rate))


def test_get():
    assert optimizers.get("sgd") == optimizers.get("SGD") == SGD()
    rule = SGD(0.3)
    assert optimizers.get(rule) is rule
    with pytest.raises(checks.RavineValueError, match=r"optimizer='sdg' is unknown. Did you mean 'sgd'\?"):
        optimizers.get("sdg")
    for wrong in (SGD, None, 0.1, optax.sgd):
        with pytest.raises(checks.RavineTypeError, match=r"optimizer=.*expected a name such as 'sgd', an object"):
            optimizers.get(wrong)
