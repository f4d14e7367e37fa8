"""Which weights are trained, which a model is used with, and which numbers hold."""

import logging

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from ravine import checks
from ravine.callbacks import EarlyStopping
from ravine.optimizers import SGD, ScheduleFreeAdamW


def course(tiny, model, **options):
    """One course for several tests, which is one program for each rule."""
    return tiny.fit(model, **({"epochs": 4, "shuffle": False, "validation_data": (tiny.x, tiny.y)} | options))


@pytest.mark.parametrize("rule", [ScheduleFreeAdamW(0.05), SGD(0.5, use_ema=True, ema_momentum=0.8)], ids=["sf", "ema"])
def test_validation_sees_the_weights_that_stay(tiny, rule):
    model, history = course(tiny, tiny.model(optimizer=rule))
    assert model.evaluate(tiny.x, tiny.y, verbose=0)[0] == pytest.approx(history.history["val_loss"][-1], rel=1e-5)
    trained = model.train_state().params
    used = model.arrays()[0]
    differs = [not np.array_equal(a, b) for a, b in zip(jax.tree.leaves(trained), jax.tree.leaves(used), strict=True)]
    assert any(differs) == isinstance(rule, ScheduleFreeAdamW)


def by_hand(tiny, rule, epochs):
    """The rule's own loop over the batches of ``shuffle=False``: the weights that it trains, and those to use."""
    model = tiny.model(optimizer=rule)
    model.fit(tiny.x, tiny.y, epochs=0, seed=1, verbose=0)
    params, state = model.train_state().params, model.train_state().optimizer

    def loss(params, x, y):
        hidden = jax.nn.sigmoid(x @ params[0]["kernel"] + params[0]["bias"])
        logits = hidden @ params[1]["kernel"] + params[1]["bias"]
        return -jnp.take_along_axis(jax.nn.log_softmax(logits), y[:, None], 1).mean()

    @jax.jit
    def step(params, state, x, y):
        updates, state = rule.update(jax.grad(loss)(params, x, y), state, params)
        return optax.apply_updates(params, updates), state

    for _ in range(epochs):
        for rows in (slice(0, 8), slice(8, 16), slice(16, 20)):
            params, state = step(params, state, tiny.x[rows], tiny.y[rows])
    return params, state


@pytest.mark.parametrize("rule", [ScheduleFreeAdamW(0.05), SGD(0.5, use_ema=True, ema_momentum=0.8)], ids=["sf", "ema"])
def test_a_model_is_left_with_the_mean(tiny, rule):
    model, _ = course(tiny, tiny.model(optimizer=rule))
    trained, state = by_hand(tiny, rule, 4)
    if isinstance(rule, ScheduleFreeAdamW):
        # x, from y = (1 − β₁)·z + β₁·x.
        z = jax.tree.unflatten(jax.tree.structure(trained), [s[0] for s in state.slots])
        mean = jax.tree.map(lambda y, z: (y - 0.1 * z) / 0.9, trained, z)
    else:
        mean = jax.tree.unflatten(jax.tree.structure(trained), state.averages)
    used = model.arrays()[0]
    for a, b, raw in zip(*map(jax.tree.leaves, (used, mean, trained)), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)
        assert np.abs(a - raw).max() > 1e-3


def test_schedule_free_goes_on_where_it_stopped(tiny):
    whole, _ = course(tiny, tiny.model(optimizer=ScheduleFreeAdamW(0.05)))
    halves, _ = course(tiny, tiny.model(optimizer=ScheduleFreeAdamW(0.05)), epochs=2)
    course(tiny, halves, initial_epoch=2)
    for a, b in zip(whole.get_weights(), halves.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("rule", [ScheduleFreeAdamW(0.3), SGD(3.0, use_ema=True, ema_momentum=0.5)], ids=["sf", "ema"])
def test_early_stopping_restores_the_weights_it_watched(tiny, rule):
    stopping = EarlyStopping(patience=2, restore_best_weights=True)
    model, history = tiny.fit(
        tiny.model(optimizer=rule), epochs=40, callbacks=[stopping], validation_data=(-tiny.x, tiny.y)
    )
    assert len(history.epoch) < 40
    best = min(history.history["val_loss"])
    assert history.history["val_loss"][-1] > 1.001 * best
    assert model.evaluate(-tiny.x, tiny.y, verbose=0)[0] == pytest.approx(best, rel=1e-5)


def test_assignment_holds_from_the_next_fit_and_compiles_nothing(tiny):
    model, _ = tiny.fit(tiny.model(optimizer=SGD(0.5)))
    weights = model.get_weights()
    model.optimizer.learning_rate = 0.0
    with jax.log_compiles():
        logger, records = logging.getLogger("jax"), []
        handler = logging.Handler()
        handler.emit = records.append
        logger.addHandler(handler)
        try:
            tiny.fit(model)
        finally:
            logger.removeHandler(handler)
    assert not [r for r in records if "Finished XLA compilation" in r.getMessage()]
    for before, after in zip(weights, model.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)
    model.optimizer.learning_rate = -1
    with pytest.raises(checks.RavineValueError, match="learning_rate=-1"):
        tiny.fit(model)


def test_numbers_of_optax_cannot_be_assigned(tiny):
    model = tiny.model(optimizer=optax.sgd(0.1))
    with pytest.raises(AttributeError, match=r"learning_rate=0\.5: the numbers of an optax transformation are inside"):
        model.optimizer.learning_rate = 0.5


def test_a_schedule_is_checked_within_a_traced_function():
    rule = SGD(lambda step: 0.1 / (1 + step))
    state = jax.jit(rule.init)({"w": jnp.ones(2)})
    assert int(state.step) == 0


@pytest.mark.parametrize("steps", [3, 10])
def test_averages_do_not_hold_back_training_by_batches(tiny, steps):
    """Only ``fit`` leaves the averages behind; between batches training goes on from the weights themselves."""
    rule = SGD(0.5, use_ema=True, ema_momentum=0.9)
    averaging, plain = tiny.model(optimizer=rule), tiny.model(optimizer=SGD(0.5))
    for model in (averaging, plain):
        model.fit(tiny.x, tiny.y, epochs=0, seed=1, verbose=0)
        for _ in range(steps):
            last = model.train_on_batch(tiny.x, tiny.y, return_dict=True)["loss"]
            model.last = last
    # The loss of a batch is that of the weights before its update.
    assert averaging.last == pytest.approx(plain.last, rel=1e-5)
