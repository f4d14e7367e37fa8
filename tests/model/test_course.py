"""Groups of runs in one program: each member is the run that it would be by itself. test_fitting.py has single runs."""

import numpy as np
import pytest

from ravine import Input, Sequential, optimizers
from ravine.callbacks import EarlyStopping, Probe
from ravine.layers import BatchNormalization, Dense, Dropout
from ravine.model.fitting import Plan
from ravine.model.running import run_course, run_group
from ravine.training import data as training_data

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 6)).astype(np.float32)
Y = (X[:, 0] + X[:, 1] ** 2 > 0.5).astype(np.int32)
DATA, VALIDATION = training_data.as_data(X[:40], Y[:40]), training_data.as_data(X[40:], Y[40:])
PLAN = Plan(batch_size=16, epochs=range(25))


def course(seed, plan=PLAN):
    """A run with numbers of its own: learning rate, dropout rate, patience."""
    model = Sequential(
        [
            Input((6,)),
            Dense(8, activation="relu"),
            BatchNormalization(),
            Dropout(0.1 * seed),
            Dense(2, activation="softmax"),
        ]
    )
    model.compile(optimizers.Adam(0.02 * (seed + 1)), "sparse_categorical_crossentropy", metrics=["accuracy"])
    stopping = EarlyStopping("val_loss", patience=seed + 2, restore_best_weights=True)
    return model.course(plan, DATA, VALIDATION, [stopping, Probe("dense")], seed)


@pytest.fixture(scope="module")
def both():
    """Four runs one after the other, and the same four in one program."""
    alone, together = ([course(seed) for seed in range(4)] for _ in range(2))
    for each in alone:
        run_course(each)
    run_group(together)
    return alone, together


def test_every_member_is_the_run_that_it_would_be_by_itself(both):
    for alone, member in zip(*both, strict=True):
        assert member.history.epoch == alone.history.epoch
        assert member.history.seed == alone.history.seed
        for key, values in alone.history.history.items():
            np.testing.assert_allclose(member.history.history[key], values, rtol=1e-4, atol=1e-5, err_msg=key)
        for key, values in alone.history.probes.items():
            np.testing.assert_allclose(member.history.probes[key], values, rtol=1e-3, atol=1e-4, err_msg=key)
        for ours, theirs in zip(member.model.get_weights(), alone.model.get_weights(), strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-5)


def test_each_stops_by_itself_and_keeps_its_best_weights(both):
    ends = [len(member.history.epoch) for member in both[1]]
    assert len(set(ends)) > 1
    assert min(ends) < 25
    for alone, member in zip(*both, strict=True):
        (ours,), (theirs,) = member.stoppers, alone.stoppers
        assert (ours.stopped_epoch, ours.best_epoch, ours.wait) == (
            theirs.stopped_epoch,
            theirs.best_epoch,
            theirs.wait,
        )
        loss = member.model.evaluate(X[40:], Y[40:], verbose=0)[0]
        assert loss == pytest.approx(min(member.history.history["val_loss"]), rel=1e-4)


def test_a_member_can_be_trained_on(both):
    model = both[1][0].model
    done = int(model.train_state().optimizer.step)
    history = model.fit(X, Y, epochs=1, verbose=0)
    assert np.isfinite(history.history["loss"][0])
    assert int(model.train_state().optimizer.step) > done


def test_no_epochs_train_nothing():
    members = [course(seed, Plan(batch_size=16, epochs=range(0))) for seed in range(2)]
    before = [each.model.get_weights() for each in members]
    assert [history.epoch for history in run_group(members)] == [[], []]
    for weights, each in zip(before, members, strict=True):
        for was, now in zip(weights, each.model.get_weights(), strict=True):
            np.testing.assert_array_equal(was, now)


def test_the_first_leg_which_compiles_does_not_count_where_there_are_others():
    run = course(0)
    run.history.epoch = list(range(5))
    run._legs = [(1, 9.0), (2, 0.1), (2, 0.3)]
    assert run.seconds == pytest.approx(0.5)
    run._legs = [(5, 2.0)]
    assert run.seconds == pytest.approx(2.0)


def test_a_run_tells_which_epoch_it_kept(both):
    for run in (*both[0], *both[1]):
        assert run.kept_epoch == run.stoppers[0].best_epoch
        assert sum(count for count, _ in run._legs) == len(run.history.epoch)
