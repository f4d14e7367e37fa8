"""The compiled run, told apart by a model whose weights count how often each row was trained on.

A row is a unit vector and a step adds to the weights the mean of its rows, so that a batch of b rows adds 1/b to the
weight of each row in it, and 0 to the others.
"""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ravine import losses, seeds, trees
from ravine.layers import Dense
from ravine.layers.network import Network
from ravine.metrics import MeanLoss
from ravine.optimizers import SGD
from ravine.training import program
from ravine.training.data import Data
from ravine.training.program import Agenda, Member, first_run, predict_rows, train_leg
from ravine.training.state import TrainState
from ravine.training.step import Task
from ravine.training.stopping import StoppingRule
from ravine.training.walking import Settings, evaluate_rows

ROWS = 7


@trees.tree
class Climb(losses.Loss):
    def values(self, y, outputs):
        return losses.per_sample(-outputs)


TASK = trees.as_leaves(
    Task(
        Network((Dense(1, use_bias=False, kernel_initializer="zeros"),)),
        SGD(1.0),
        Climb(),
        metrics=(MeanLoss(Climb()),),
    )
)
DATA = Data(jnp.eye(ROWS), jnp.zeros(ROWS))
KEYS = seeds.stream(0, "shuffle"), seeds.stream(0, "noise")
compiled_leg = jax.jit(train_leg)


def member(rules=(), keys=KEYS):
    return trees.as_leaves(Member(TASK, rules, (), (), keys))


@functools.cache
def begin(rules=(), epoch=0):
    variables = TASK.network.init(jax.random.key(0), (ROWS,))
    state = TrainState(*variables, TASK.optimizer.init(variables[0]))
    return first_run(member(rules), state, None, jnp.int32(epoch))


def leg(epochs, *, run=None, rules=(), validation=None, validates=None, **settings):
    settings = Settings(**({"batch_size": 3, "shuffle": True, "evaluation_rows": ROWS} | settings))
    flags = np.ones(program.LEG_CAPACITY, bool)
    if validates is not None:
        flags[: len(validates)] = validates
    run = begin(rules) if run is None else run
    return compiled_leg(member(rules), settings, run, DATA, validation, np.int32(epochs), Agenda(flags))


def visits(run):
    return np.asarray(run.train.params[0]["kernel"])[:, 0]


def test_every_row_is_trained_on_once_an_epoch_and_the_rest_as_a_batch_of_its_own():
    run, _ = leg(1)
    np.testing.assert_allclose(np.sort(visits(run)), [1 / 3] * 6 + [1], rtol=1e-6)
    run, _ = leg(1, shuffle=False)
    np.testing.assert_allclose(visits(run), [1 / 3] * 6 + [1], rtol=1e-6)


def test_each_epoch_has_an_order_of_its_own():
    left_over, before = set(), np.zeros(ROWS)
    run = None
    for _ in range(8):
        run, _ = leg(1, run=run)
        left_over.add(int((visits(run) - before).argmax()))
        before = visits(run)
    assert len(left_over) >= 3


def test_the_order_of_an_epoch_is_drawn_from_its_number_whatever_came_before():
    straight, _ = leg(3)
    late, _ = leg(1, run=begin(epoch=2))
    before, _ = leg(2)
    np.testing.assert_allclose(visits(late), visits(straight) - visits(before), rtol=1e-5)


def test_rows_put_in_order_beforehand_or_gathered_batch_by_batch_are_the_same():
    gathered, ordered = (leg(2, reorders=reorders)[0] for reorders in (False, True))
    np.testing.assert_allclose(visits(gathered), visits(ordered), rtol=1e-6)


def test_a_batch_as_large_as_the_data_leaves_no_rest():
    run, _ = leg(2, batch_size=ROWS)
    np.testing.assert_allclose(visits(run), np.full(ROWS, 2 / ROWS), rtol=1e-6)


def test_steps_go_on_where_the_last_epoch_ended():
    # A pass is three batches, so three epochs of two steps are two passes.
    firsts = [visits(leg(epochs, shuffle=False, steps=2)[0]) for epochs in (1, 2, 3)]
    np.testing.assert_allclose(firsts[0], [1 / 3] * 6 + [0], rtol=1e-6)
    np.testing.assert_allclose(firsts[1], [2 / 3] * 3 + [1 / 3] * 3 + [1], rtol=1e-6)
    np.testing.assert_allclose(firsts[2], [2 / 3] * 6 + [2], rtol=1e-6)


def test_shuffled_steps_visit_every_row_once_a_pass():
    run, _ = leg(6, steps=2)  # four passes
    alone = np.round((visits(run) - 4 / 3) / (2 / 3)).astype(int)  # how often a row was the rest
    np.testing.assert_allclose(visits(run), 4 / 3 + alone * 2 / 3, rtol=1e-5)
    assert alone.sum() == 4


def test_as_many_steps_as_batches_are_an_epoch():
    steps, record = leg(2, steps=3)
    epochs, expected = leg(2)
    np.testing.assert_allclose(visits(steps), visits(epochs), rtol=1e-6)
    np.testing.assert_allclose(record[:2], expected[:2], rtol=1e-6)


@pytest.mark.parametrize("steps", [0, 2])
@pytest.mark.parametrize("lengths", [(5,), (1, 4), (2, 1, 2)])
def test_the_length_of_legs_does_not_matter(lengths, steps):
    def in_legs(lengths):
        run, rows = None, []
        for length in lengths:
            run, record = leg(length, run=run, steps=steps, validation=DATA)
            rows.append(np.asarray(record)[:length])
        return run, np.concatenate(rows)

    (run, record), (expected_run, expected_record) = in_legs(lengths), in_legs((1, 1, 1, 1, 1))
    np.testing.assert_array_equal(record, expected_record)
    np.testing.assert_array_equal(visits(run), visits(expected_run))
    assert run.epoch == 5


def test_the_record():
    _, record = leg(3, validation=DATA, validates=[True, False, True], shuffle=False)
    record = np.asarray(record)
    assert record.shape == (program.LEG_CAPACITY, 4)
    assert np.isnan(record[3:]).all()
    assert np.isnan(record[1, 2:]).all()
    # In the first epoch every batch is new, so all its values are 0 before their updates; afterwards the mean is -3/7.
    np.testing.assert_allclose(record[0], [0, 0, -3 / 7, -3 / 7], atol=1e-7)
    np.testing.assert_allclose(record[1, :2], -3 / 7, rtol=1e-6)
    np.testing.assert_allclose(record[2, 2:], -9 / 7, rtol=1e-6)


def test_any_rule_ends_the_run_within_a_leg():
    # The loss falls for ever, so a rule that wants it to rise stops at its patience.
    rules = tuple(StoppingRule(column=0, mode="max", patience=patience, keeps_best=True) for patience in (4, 2))
    run, record = leg(20, rules=rules)
    assert run.epoch == 3
    assert [int(state.stopped_epoch) for state in run.rules] == [-1, 2]
    assert np.isnan(record[3:]).all()
    first_epoch = visits(leg(1, rules=rules)[0])
    for state in run.rules:
        np.testing.assert_array_equal(state.kept[0][0]["kernel"][:, 0], first_epoch)
    again, _ = leg(20, run=run, rules=rules)
    assert again.epoch == 3


@pytest.mark.parametrize("size", [1, 2, ROWS, 100])
def test_evaluation_does_not_depend_on_how_many_rows_are_evaluated_at_once(size):
    settings = Settings(batch_size=1, shuffle=False, evaluation_rows=size)
    variables = ({"kernel": jnp.arange(float(ROWS))[:, None]},), ({},)
    values = jax.jit(evaluate_rows)(TASK, settings, variables, DATA)
    np.testing.assert_allclose(values, [-3, -3], rtol=1e-6)


def test_predict_rows_ends_with_the_link():
    network = Network((Dense(3, activation="softmax"),))
    variables = network.init(jax.random.key(0), (ROWS,))
    images = jnp.eye(ROWS, dtype=jnp.uint8)
    linked = predict_rows(network.with_link("softmax"), variables, images)
    np.testing.assert_allclose(linked, predict_rows(network, variables, images), rtol=1e-6)
    np.testing.assert_allclose(linked.sum(axis=1), np.ones(ROWS), rtol=1e-6)


def test_a_run_begins_with_copies():
    state = begin().train
    begun = first_run(member(), state, None, jnp.int32(0))
    pointers = [leaf.unsafe_buffer_pointer() for tree in (state, begun.train) for leaf in jax.tree.leaves(tree)]
    assert len(set(pointers)) == len(pointers)
