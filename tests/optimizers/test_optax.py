"""optax both ways: Ravine's rules in others' models, optax's in Ravine's."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from ravine import Sequential, checks, layers, optimizers
from ravine.optimizers import SGD, Adam, FromOptax

X = np.random.default_rng(0).normal(size=(64, 3)).astype("f")
Y = (X @ np.float32([1.0, -2.0, 0.5]))[:, None] + 0.3


# One of numbers alone, and those that look at shapes, at paths and at what is trained: others see a tree as these do.
SEEING = {SGD, optimizers.Adafactor, optimizers.Muon, optimizers.ScheduleFreeAdamW}


@pytest.mark.parametrize(
    "rule",
    [r if r in SEEING else pytest.param(r, marks=pytest.mark.slow) for r in optimizers.RULES],
    ids=lambda rule: rule.__name__,
)
def test_it_trains_a_model_of_equinox(rule):
    equinox = pytest.importorskip("equinox", reason="Equinox, whose model is trained here, is not installed")
    model = equinox.nn.MLP(3, 1, 8, 1, key=jax.random.key(0))
    optimizer = optax.chain(optax.clip_by_global_norm(5.0), rule(learning_rate=0.01))
    state = jax.jit(optimizer.init)(equinox.filter(model, equinox.is_array))

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


def test_the_numbers_of_an_optax_transformation_cannot_be_assigned(tiny):
    model = tiny.model(optimizer=optax.adam(0.05))
    with pytest.raises(AttributeError, match=r"learning_rate=0\.1: the numbers of an optax transformation are inside"):
        model.optimizer.learning_rate = 0.1
    rule = optax.sgd(0.1)
    assert FromOptax(rule).transformation is rule


def test_updates_are_applied_by_optax():
    # A chain around one that Ravine's schedule drives, down a bowl, in one compiled loop.
    rule = optax.chain(optax.clip_by_global_norm(1.0), Adam(optax.cosine_decay_schedule(0.3, 200)))

    @jax.jit
    def run(w):
        def body(carry, _):
            updates, state = rule.update(jax.grad(lambda w: ((w - 2) ** 2).sum())(carry[0]), carry[1], carry[0])
            return (optax.apply_updates(carry[0], updates), state), None

        return jax.lax.scan(body, (w, rule.init(w)), None, length=200)[0][0]

    np.testing.assert_allclose(run(jnp.array([-1.0, 5.0])), 2, atol=1e-2)


def test_a_schedule_of_optax_drives_a_rule(tiny):
    schedule = optax.exponential_decay(0.5, 3, 0.5)
    _, ours = tiny.fit(tiny.model(optimizer=SGD(schedule)))
    _, theirs = tiny.fit(tiny.model(optimizer=optax.sgd(schedule)))
    np.testing.assert_allclose(ours.history["loss"], theirs.history["loss"], rtol=1e-5)


def test_what_needs_more_than_gradients_is_refused(tiny):
    with pytest.raises(checks.RavineTypeError, match="works on gradients and parameters alone; it failed"):
        tiny.model(optimizer=optax.lbfgs())
    with pytest.raises(checks.RavineValueError, match="whose updates are like the parameters"):
        tiny.model(
            optimizer=optax.GradientTransformation(lambda p: (), lambda g, s, p=None: (jax.tree.map(jnp.sum, g), s))
        )


def test_a_rate_for_each_layer():
    def labels(params):
        first = lambda path: jax.tree_util.keystr(path).startswith("[0]")  # noqa: E731
        return jax.tree_util.tree_map_with_path(lambda path, _: "still" if first(path) else "fast", params)

    model = Sequential([layers.Dense(2), layers.Dense(1)])
    model.compile(optax.multi_transform({"still": SGD(0.0), "fast": SGD(0.1)}, labels), "mse")
    model.build((None, 3))
    before = [w.copy() for w in model.get_weights()]
    model.fit(np.ones((8, 3)), np.ones(8), verbose=0, seed=0)
    moved = [bool(np.any(a != b)) for a, b in zip(before, model.get_weights(), strict=True)]
    assert moved == [False, False, True, True]
