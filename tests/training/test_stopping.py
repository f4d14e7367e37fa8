import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ravine import trees
from ravine.training.stopping import StoppingRule

NAN = float("nan")
EPOCHS = 10


def restated(values, mode="min", min_delta=0, patience=0, baseline=None, start_from_epoch=0):
    """Keras's algorithm line by line, None for an epoch without a value: what it says after the run's last epoch."""

    def better(value, reference):
        if math.isnan(value):
            return False
        if reference is None:
            return True
        return value + abs(min_delta) < reference if mode == "min" else value - abs(min_delta) > reference

    best = kept = stopped = None
    wait = 0
    for epoch, value in enumerate(values):
        if value is None or epoch < start_from_epoch:
            continue
        if kept is None:
            kept = epoch
        wait += 1
        if better(value, best):
            best, kept = value, epoch
            if baseline is None or better(value, baseline):
                wait = 0
        elif wait >= patience and epoch > 0:
            stopped = epoch
            break
    return {"stopped": stopped, "kept": kept, "best": best, "wait": wait}


update = jax.jit(StoppingRule.update)


def run(values, mode="min", min_delta=0, patience=0, baseline=None, start_from_epoch=0):
    """The same by the rule, with the number of the epoch in the place of its weights."""
    baseline = NAN if baseline is None else baseline
    rule = trees.as_leaves(StoppingRule(1, mode, min_delta, patience, baseline, start_from_epoch, keeps_best=True))
    state = rule.init(jnp.int32(-1))
    for epoch, value in enumerate(values):
        row = np.float32([0, NAN if value is None else value])
        state = update(rule, state, np.int32(epoch), row, value is not None, jnp.int32(epoch))
        if state.stopped_epoch >= 0:
            break
    assert int(state.kept) == int(state.best_epoch)

    def or_none(number, absent):
        return None if absent else number

    return {
        "stopped": or_none(int(state.stopped_epoch), state.stopped_epoch < 0),
        "kept": or_none(int(state.kept), state.kept < 0),
        "best": or_none(float(state.best), bool(jnp.isnan(state.best))),
        "wait": int(state.wait),
    }


LEVELS = [0.0, 0.5, 1.0, 1.5, 2.0, math.inf, -math.inf]
settings = st.fixed_dictionaries(
    {
        "mode": st.sampled_from(["min", "max"]),
        "min_delta": st.sampled_from([0.0, 0.5, 1.0, -0.5]),
        "patience": st.integers(0, 4),
        "baseline": st.sampled_from([None, 0.5, 1.0, 1.5]),
        "start_from_epoch": st.integers(0, 4),
    }
)


def courses(*levels):
    return st.lists(st.sampled_from([*LEVELS, *levels]), min_size=1, max_size=EPOCHS)


@pytest.mark.differs("early-stopping-and-nan")
@given(courses(NAN, None), settings)
def test_the_rule_is_the_algorithm(values, options):
    assert run(values, **options) == restated(values, **options)


class FakeModel:
    """Remembers the number of the epoch as its weights."""

    stop_training = False
    weights = -1

    def get_weights(self):
        return self.weights

    def set_weights(self, weights):
        self.weights = weights


@given(courses(NAN), settings)
def test_the_rule_is_keras(keras, values, options):
    first = options["start_from_epoch"]
    assume(first >= len(values) or not math.isnan(values[first]))  # Keras never recovers from NaN as its first value
    theirs = keras.callbacks.EarlyStopping("loss", restore_best_weights=True, **options)
    model = FakeModel()
    theirs.set_model(model)
    theirs.on_train_begin()
    for epoch, value in enumerate(values):
        model.weights = epoch
        theirs.on_epoch_end(epoch, {"loss": value})
        if model.stop_training:
            break
    ours = run(values, **options)
    assert ours["stopped"] == (theirs.stopped_epoch if model.stop_training else None)
    assert ours["best"] == (None if theirs.best is None else float(theirs.best))
    assert ours["wait"] == theirs.wait
    theirs.on_train_end()
    if ours["kept"] is not None:
        assert ours["kept"] == theirs.best_epoch == model.weights


@pytest.mark.parametrize("mode", ["min", "max"])
def test_vmap_is_a_loop(mode):
    courses = np.random.default_rng(0).choice([0.0, 0.5, 1.0, NAN], size=(8, EPOCHS)).astype(np.float32)
    patience = np.arange(8, dtype=np.float32) % 4
    rule = trees.as_leaves(StoppingRule(0, mode, keeps_best=True))

    def stopped_and_kept(course, patience):
        member = StoppingRule(0, mode, rule.min_delta, patience, rule.baseline, rule.start_from_epoch, keeps_best=True)

        def step(state, row):
            epoch, value = row
            new = member.update(state, epoch, value[None], True, epoch)
            done = state.stopped_epoch >= 0
            return jax.tree.map(lambda old, new: jnp.where(done, old, new), state, new), None

        state, _ = jax.lax.scan(step, member.init(jnp.int32(-1)), (jnp.arange(EPOCHS), course))
        return state.stopped_epoch, state.kept

    stopped, kept = jax.jit(jax.vmap(stopped_and_kept))(courses, patience)
    for i, course in enumerate(courses):
        expected = restated(course.tolist(), mode=mode, patience=int(patience[i]))
        assert stopped[i] == (-1 if expected["stopped"] is None else expected["stopped"])
        assert kept[i] == expected["kept"]


def test_numbers_are_leaves_and_choices_are_structure():
    rule = StoppingRule(0, "min")
    assert jax.tree.structure(rule) == jax.tree.structure(StoppingRule(0, "min", 0.1, 5.0, 0.3, 2.0))
    assert jax.tree.structure(rule) != jax.tree.structure(StoppingRule(0, "max"))
    assert jax.tree.structure(rule) != jax.tree.structure(StoppingRule(0, "min", keeps_best=True))


def test_a_rule_that_restores_nothing_keeps_nothing():
    rule = StoppingRule(0, "min")
    state = rule.init(jnp.ones(3))
    assert state.kept is None
    assert rule.update(state, jnp.int32(0), jnp.ones(1), True, jnp.ones(3)).kept is None
