"""optax both ways: Ravine's rules in others' models, optax's in Ravine's."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from ravine import checks, optimizers
from ravine.optimizers import SGD, Adam, ScheduleFreeAdamW

X = np.random.default_rng(0).normal(size=(64, 3)).astype("f")
Y = (X @ np.float32([1.0, -2.0, 0.5]))[:, None] + 0.3


@pytest.mark.parametrize("rule", optimizers.RULES, ids=lambda rule: rule.__name__)
def test_it_trains_a_model_of_equinox(rule):
    equinox = pytest.importorskip("equinox", reason="Equinox, whose model is trained here, is not installed")
    model = equinox.nn.MLP(3, 1, 8, 1, key=jax.random.key(0))
    optimizer = optax.chain(optax.clip_by_global_norm(5.0), rule(learning_rate=0.01))
    state = optimizer.init(equinox.filter(model, equinox.is_array))

    def loss(model):
        return ((jax.vmap(model)(X) - Y) ** 2).mean()

    @equinox.filter_jit
    def step(model, state):
        value, grads = equinox.filter_value_and_grad(loss)(model)
        updates, state = optimizer.update(grads, state, equinox.filter(model, equinox.is_array))
        return equinox.apply_updates(model, updates), state, value

    losses = []
    for _ in range(30):
        model, state, value = step(model, state)
        losses.append(float(value))
    assert losses[-1] < losses[0]


def test_a_transformation_of_optax_trains_a_ravine_model(tiny):
    theirs, ours = (tiny.fit(tiny.model(optimizer=o)) for o in (optax.adam(0.05, eps=1e-7), Adam(0.05, epsilon=1e-7)))
    for key, values in ours[1].history.items():
        np.testing.assert_allclose(theirs[1].history[key], values, rtol=1e-4, err_msg=key)
    model = theirs[0]
    assert isinstance(model.optimizer, optimizers.FromOptax)
    before = model.evaluate(tiny.x, tiny.y, verbose=0)[0]
    for _ in range(3):
        model.train_on_batch(tiny.x, tiny.y)
    assert model.evaluate(tiny.x, tiny.y, verbose=0)[0] < before


def test_a_schedule_of_optax_drives_a_rule(tiny):
    schedule = optax.exponential_decay(0.5, 3, 0.5)
    _, ours = tiny.fit(tiny.model(optimizer=SGD(schedule)))
    _, theirs = tiny.fit(tiny.model(optimizer=optax.sgd(schedule)))
    np.testing.assert_allclose(ours.history["loss"], theirs.history["loss"], rtol=1e-5)


def test_what_needs_more_than_gradients_is_refused(tiny):
    with pytest.raises(checks.RavineTypeError, match="works on gradients and parameters alone; it raised"):
        tiny.model(optimizer=optax.lbfgs())
    with pytest.raises(checks.RavineValueError, match="whose updates are like the parameters"):
        tiny.model(
            optimizer=optax.GradientTransformation(lambda p: (), lambda g, s, p=None: (jax.tree.map(jnp.sum, g), s))
        )


@pytest.mark.parametrize("rule", [ScheduleFreeAdamW(0.05), SGD(0.5, use_ema=True, ema_momentum=0.8)], ids=["sf", "ema"])
def test_validation_sees_the_weights_that_stay(tiny, rule):
    model, history = tiny.fit(tiny.model(optimizer=rule), epochs=4, validation_data=(tiny.x, tiny.y))
    assert model.evaluate(tiny.x, tiny.y, verbose=0)[0] == pytest.approx(history.history["val_loss"][-1], rel=1e-5)
    trained = model.train_state().params
    used = model.variables()[0]
    differs = [not np.array_equal(a, b) for a, b in zip(jax.tree.leaves(trained), jax.tree.leaves(used), strict=True)]
    assert any(differs) == isinstance(rule, ScheduleFreeAdamW)


def test_schedule_free_goes_on_where_it_stopped(tiny):
    whole, _ = tiny.fit(tiny.model(optimizer=ScheduleFreeAdamW(0.05)), epochs=4, shuffle=False)
    halves, _ = tiny.fit(tiny.model(optimizer=ScheduleFreeAdamW(0.05)), epochs=2, shuffle=False)
    tiny.fit(halves, epochs=4, initial_epoch=2, shuffle=False)
    for a, b in zip(whole.get_weights(), halves.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("rule", [ScheduleFreeAdamW(0.3), SGD(3.0, use_ema=True, ema_momentum=0.5)], ids=["sf", "ema"])
def test_early_stopping_restores_the_weights_it_watched(tiny, rule):
    from ravine.callbacks import EarlyStopping

    stopping = EarlyStopping(patience=2, restore_best_weights=True)
    model, history = tiny.fit(
        tiny.model(optimizer=rule), epochs=40, callbacks=[stopping], validation_data=(-tiny.x, tiny.y)
    )
    assert len(history.epoch) < 40
    best = min(history.history["val_loss"])
    assert model.evaluate(-tiny.x, tiny.y, verbose=0)[0] == pytest.approx(best, rel=1e-5)


def test_assignment_holds_from_the_next_fit_and_compiles_nothing(tiny):
    model, _ = tiny.fit(tiny.model(optimizer=SGD(0.5)))
    weights = model.get_weights()
    model.optimizer.learning_rate = 0.0
    import logging

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
