"""Generators, functions that return them, and loaders: no batch is lost, and none is asked for in vain."""

import sqlite3
import threading
import warnings

import numpy as np
import pytest

from ravine import checks
from ravine.checks import RavineValueError
from ravine.training.data import as_data
from ravine.training.sources import as_source, chunks

X, Y = np.zeros((2, 3), np.float32), np.zeros(2, np.int32)


class Numbered:
    """Batches whose samples are all the number of the batch, and how many of them were asked for."""

    def __init__(self, count=None, fails_at=None):
        self.count, self.fails_at, self.asked = count, fails_at, 0

    def __iter__(self):
        return self

    def __next__(self):
        if self.asked == self.count:
            raise StopIteration
        if self.asked == self.fails_at:
            raise OSError("the disk is gone")
        self.asked += 1
        return X + self.asked - 1, Y


class Loader:
    """Like a DataLoader of PyTorch: walked anew for each pass, of tensors that are no arrays of NumPy."""

    batch_size, dataset = 2, ()

    def __init__(self, *counts, length=None):
        self.counts, self.passes, self.length = counts, 0, length

    def __iter__(self):
        count = self.counts[min(self.passes, len(self.counts) - 1)]
        self.passes += 1
        for i in range(count):
            yield [Tensor(X + i + 10 * (self.passes - 1)), Tensor(Y)]

    def __len__(self):
        if self.length is None:
            raise TypeError("an IterableDataset has no length")
        return self.length


class Tensor:
    def __init__(self, array):
        self.array = array

    def detach(self):
        return self

    def cpu(self):
        return self

    def numpy(self):
        return self.array


def numbers(batches):
    return [int(batch.x[0, 0]) for batch in batches]


def walk(source, *epochs):
    return [numbers(source.epoch(number)) for number in epochs]


def test_the_batch_that_was_peeked_at_is_trained_on():
    given = Numbered(4)
    source = as_source(given)
    assert (numbers([source.example]), given.asked) == ([0], 1)
    assert walk(source, 0) == [[0, 1, 2, 3]]


def test_a_generator_is_asked_for_no_more_than_its_epochs_take():
    given = Numbered()
    source = as_source(given, steps=3)
    assert source.batches == 3
    assert walk(source, 0) == [[0, 1, 2]]
    assert given.asked == 3
    assert source.goes_on(wanted=False)
    assert given.asked == 3
    assert source.goes_on(wanted=True)
    assert numbers(batch for chunk in chunks(source.epoch(1), 1) for batch in [as_data(chunk.x[0], Y)]) == [3, 4, 5]
    assert given.asked == 6


def test_a_generator_without_steps_is_one_epoch():
    source = as_source(Numbered(3))
    assert source.batches is None
    assert walk(source, 0) == [[0, 1, 2]]
    assert source.batches == 3
    assert source.goes_on(wanted=False)
    with pytest.warns(
        UserWarning, match=r"^x, a Numbered, ended with epoch 1.*a function that returns a new generator"
    ):
        assert not source.goes_on(wanted=True)


def test_a_generator_that_ends_within_an_epoch():
    source = as_source(Numbered(5), steps=3)
    assert walk(source, 0) == [[0, 1, 2]]
    assert source.goes_on(wanted=True)
    assert walk(source, 1) == [[3, 4]]
    for wanted in (True, False):
        with pytest.warns(UserWarning, match="^x, a Numbered, ended after 2 of the 3 batches of epoch 2"):
            assert not source.goes_on(wanted)


def test_a_generator_that_ends_with_an_epoch():
    source = as_source(Numbered(3), steps=3)
    assert walk(source, 0) == [[0, 1, 2]]
    with pytest.warns(UserWarning, match="ended with epoch 1"):
        assert not source.goes_on(wanted=True)


def test_the_warning_is_about_the_line_that_asked():
    source = as_source(Numbered(1), steps=3)
    walk(source, 0)
    with pytest.warns(UserWarning, match="ended after 1 of the 3") as told:
        source.goes_on(wanted=False)
    assert told[0].filename == __file__
    with checks.silence(), warnings.catch_warnings():
        warnings.simplefilter("error")
        source.goes_on(wanted=False)


def test_a_run_that_starts_late_still_gets_the_first_batch():
    assert walk(as_source(Numbered(), steps=2), 5, 6) == [[0, 1], [2, 3]]
    assert walk(as_source(Loader(3)), 5, 6) == [[0, 1, 2], [10, 11, 12]]


def test_a_loader_is_walked_anew_for_each_epoch():
    loader = Loader(3, 2, length=3)
    source = as_source(loader)
    assert (source.batches, loader.passes) == (3, 1)
    assert walk(source, 0, 1) == [[0, 1, 2], [10, 11]]
    assert source.goes_on(wanted=True)
    assert walk(source, 2) == [[20, 21]]
    assert loader.passes == 3


def test_a_loader_without_a_length():
    source = as_source(Loader(3))
    assert source.batches is None
    walk(source, 0)
    assert source.batches == 3


def test_with_steps_a_loader_goes_on_where_the_last_epoch_ended():
    source = as_source(Loader(3, length=3), steps=2)
    assert source.batches == 2
    assert walk(source, 0, 1, 2) == [[0, 1], [2, 10], [11, 12]]
    assert source.goes_on(wanted=True)
    assert walk(source, 3) == [[20, 21]]


def test_epoch_0_starts_anew():
    source = as_source(Loader(3), steps=2)
    assert walk(source, 0, 0, 1) == [[0, 1], [10, 11], [12, 20]]


def test_an_epoch_that_was_left_is_not_gone_on_with():
    source = as_source(Loader(3))
    walked = source.epoch(0)
    next(walked)
    walked.close()
    assert walk(source, 0) == [[10, 11, 12]]


def test_a_loader_that_has_nothing_any_more():
    source = as_source(Loader(2, 0))
    assert walk(source, 0) == [[0, 1]]
    with pytest.warns(UserWarning, match="^x, a Loader, ended with epoch 1"):
        assert not source.goes_on(wanted=True)
    stepped = as_source(Loader(2, 0), steps=3)
    assert walk(stepped, 0) == [[0, 1]]
    with pytest.warns(UserWarning, match="ended after 2 of the 3 batches of epoch 1"):
        assert not stepped.goes_on(wanted=True)


def test_a_function_gives_a_generator_for_each_pass():
    made = []

    def start():
        made.append(Numbered(2))
        return made[-1]

    source = as_source(start)
    assert walk(source, 0, 1) == [[0, 1], [0, 1]]
    assert len(made) == 2
    assert walk(as_source(start, steps=3), 0, 1) == [[0, 1, 0], [1, 0, 1]]


@pytest.mark.parametrize("make", [lambda: Numbered(0), lambda: Loader(0), lambda: lambda: Numbered(0)])
def test_without_any_batch(make):
    with pytest.raises(RavineValueError, match=r"^x, a \w+, yields nothing: expected at least one batch"):
        as_source(make())


@pytest.mark.parametrize(
    ("epochs", "note"),
    [
        (1, "batch 3: 2 batches of that epoch came before, after 0 whole"),
        (2, "batch 3 of epoch 2: 2 batches of that epoch came before, after 1 whole"),
    ],
)
def test_an_error_in_it_goes_out_unchanged_with_a_note(epochs, note):
    source = as_source(Numbered(fails_at=4 * epochs - 2), steps=4)
    walk(source, *range(epochs - 1))
    walked = source.epoch(epochs - 1)
    assert len([next(walked), next(walked)]) == 2
    with pytest.raises(OSError, match="the disk is gone") as raised:
        next(walked)
    assert str(raised.value) == "the disk is gone"
    (added,) = raised.value.__notes__
    assert added == f"Raised by x, a Numbered, for {note} epochs."


def test_an_error_before_the_first_batch():
    with pytest.raises(OSError, match="the disk is gone") as raised:
        as_source(Numbered(fails_at=0))
    assert "batch 1: 0 batches" in raised.value.__notes__[0]


def test_batches_are_numbered_within_their_epoch():
    def batches():
        for i in range(8):
            yield (X * np.nan if i == 6 else X), Y

    source = as_source(batches(), steps=4)
    walk(source, 0)
    with pytest.raises(RavineValueError, match=r"^batch 3 of epoch 2's x holds nan"):
        walk(source, 1)


@pytest.mark.parametrize("there", [True, False])
def test_only_one_thread_ever_runs_a_generator(there):
    def rows():
        connection = sqlite3.connect(":memory:")  # refuses to be used by any other thread
        try:
            while True:
                (value,) = connection.execute("select 7").fetchone()
                threads.add(threading.current_thread())
                yield X + value, Y
        finally:
            connection.close()

    threads = set()
    given = rows()
    source = as_source(given, steps=2)
    for epoch in range(3):
        walked = chunks(source.epoch(epoch), 1, thread=source.thread if there else None)
        assert [numbers([as_data(c.x[0], Y)]) for c in walked] == [[7], [7]]
        assert source.goes_on(wanted=True)
    assert len(threads) == 1
    source.thread(given.close)


def test_a_generator_sees_the_context_of_whoever_made_its_source():
    seen = []

    def batches():
        for _ in range(2):
            seen.append(np.geterr()["over"])
            yield X, Y

    with np.errstate(over="raise"):
        source = as_source(batches())
    walk(source, 0)
    assert seen == ["raise", "raise"]
