"""Batches by index, as Keras's PyDataset has them."""

import collections

import numpy as np
import pytest

from ravine.checks import RavineValueError
from ravine.training.data import as_data
from ravine.training.sources import as_source


class Logged:
    """Three batches, and a log of what was asked of them."""

    def __init__(self, batches):
        self.batches, self.log = batches, []

    def __len__(self):
        return len(self.batches)

    def __getitem__(self, index):
        self.log.append(index)
        return self.batches[index]

    def on_epoch_begin(self):
        self.log.append("begin")

    def on_epoch_end(self):
        self.log.append("end")


@pytest.fixture
def logged(some):
    return Logged(some.batches())


def walk(source, logged, number, order=None):
    """What walking through an epoch asks of the batches."""
    logged.log.clear()
    for _ in source.epoch(number, order):
        pass
    return logged.log.copy()


def test_a_pass_begins_and_ends(logged):
    source = as_source(logged)
    for number in (0, 1):
        assert walk(source, logged, number) == ["begin", 0, 1, 2, "end"]


def test_the_order_of_the_batches(some, logged):
    source = as_source(logged)
    first, second = some.order(0, 3).tolist(), some.order(1, 3).tolist()
    assert first != second
    assert walk(source, logged, 0, some.order) == ["begin", *first, "end"]
    assert walk(source, logged, 1, some.order) == ["begin", *second, "end"]


def test_with_steps_an_epoch_goes_on_where_the_last_one_ended(some, logged):
    source = as_source(logged, steps=2)
    assert source.batches == 2
    assert walk(source, logged, 0) == ["begin", 0, 1]
    assert walk(source, logged, 1) == [2, "end", "begin", 0]
    a, b = some.order(0, 3).tolist(), some.order(1, 3).tolist()
    assert walk(source, logged, 1, some.order) == [a[2], "end", "begin", b[0]]


def test_a_length_that_changes_between_passes(some, logged):
    source = as_source(logged)
    assert source.batches == 3
    logged.batches = some.batches(2)
    assert source.batches == 5
    assert walk(source, logged, 1) == ["begin", 0, 1, 2, 3, 4, "end"]


def test_an_index_is_an_integer_of_python(some):
    kinds = set()

    class Typed(Logged):
        def __getitem__(self, index):
            kinds.add(type(index))
            return super().__getitem__(index)

    list(as_source(Typed(some.batches())).epoch(0, some.order))
    assert kinds == {int}


def test_an_error_in_it_goes_out_unchanged_with_a_note(some, logged):
    source = as_source(logged)
    logged.batches = collections.UserList(some.batches()[:2])
    logged.__class__ = type("Short", (Logged,), {"__len__": lambda self: 3})
    walked = source.epoch(1)
    assert [next(walked).rows, next(walked).rows] == [4, 4]
    with pytest.raises(IndexError) as raised:
        next(walked)
    assert raised.value.__notes__ == ["Raised by x[2] for batch 3 of epoch 2."]


@pytest.mark.parametrize("count", [0, None])
def test_without_batches(count):
    class Empty:
        num_batches = count

        def __getitem__(self, index):
            raise AssertionError("never called")

    with pytest.raises(RavineValueError, match=f"x, a Empty, has {count} batches: expected at least one"):
        as_source(Empty())


def test_a_dataset_of_keras(some, keras):
    class Own(keras.utils.PyDataset):
        @property
        def num_batches(self):
            return 3

        def __getitem__(self, index):
            return some.batches()[index]

    source = as_source(Own())
    assert source.batches == 3
    some.same(list(source.epoch(0)), [as_data(*pair) for pair in some.batches()])
    np.testing.assert_array_equal(source.example.x, some.x[:4])
