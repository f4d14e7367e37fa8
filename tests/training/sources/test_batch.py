"""The forms of a batch, whoever it comes from."""

import collections

import numpy as np
import pytest

from ravine.checks import RavineError
from ravine.training.data import as_data
from ravine.training.sources import as_source
from ravine.training.sources.batch import as_batch

FORMS = {
    "a pair": lambda x, y, w: (x, y),
    "a triple": lambda x, y, w: (x, y, w),
    "a list": lambda x, y, w: [x, y],
    "a triple without weights": lambda x, y, w: (x, y, None),
    "a named tuple": collections.namedtuple("Triple", "x y w"),
    "a dict": lambda x, y, w: {"pixels": x, "labels": y},
    "a dict with weights": lambda x, y, w: {"x": x, "y": y, "sample_weight": w},
    "lists of numbers": lambda x, y, w: (x.tolist(), y.tolist(), w.tolist()),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_batch_with_targets(some, form):
    batch = as_batch("batch 1", FORMS[form](some.x, some.y, some.w), with_targets=True)
    weighted = form in ("a triple", "a named tuple", "a dict with weights", "lists of numbers")
    some.same([batch], [as_data(some.x, some.y, some.w if weighted else None)])


@pytest.mark.parametrize("form", [*FORMS, "x alone", "x in a tuple", "x in a dict"])
def test_a_batch_without_targets(some, form):
    more = {"x alone": lambda x, y, w: x, "x in a tuple": lambda x, y, w: (x,), "x in a dict": lambda x, y, w: {"x": x}}
    batch = as_batch("batch 1", (FORMS | more)[form](some.x, some.y, some.w), with_targets=False)
    np.testing.assert_array_equal(batch.x, some.x)
    assert (batch.y, batch.w) == (None, None)


def put(array, index, value):
    array = array.copy()
    array[index] = value
    return array


WRONG = {
    "an array": (lambda s: s.x, r"^batch 2 is a ndarray alone: expected \(x, y\) or \(x, y, sample_weight\)"),
    "a number": (lambda s: 3, "^batch 2 is a int alone"),
    "nothing": (lambda s: None, "^batch 2 is a NoneType alone"),
    "a tuple of 0": (lambda s: (), "^batch 2 is a tuple of 0: expected"),
    "a tuple of 1": (lambda s: (s.x,), r"^batch 2 is a tuple of 1: expected \(x, y\) or"),
    "a tuple of 4": (lambda s: (s.x, s.y, s.w, 1), "^batch 2 is a tuple of 4"),
    "no targets": (lambda s: (s.x, None), "^batch 2's y=None: expected targets"),
    "one sample": (lambda s: (s.x[0], 1), "^batch 2's y=1: expected an array with one row a sample"),
    "rows that differ": (lambda s: (s.x, s.y[:9]), "^batch 2's x has 10 rows and batch 2's y has 9: expected one"),
    "no rows": (lambda s: (s.x[:0], s.y[:0]), r"^batch 2's x is empty: it has shape \(0, 3\)"),
    "NaN": (lambda s: (put(s.x, (7, 1), np.nan), s.y), r"^batch 2's x holds nan at index \(7, 1\)"),
    "NaN targets": (lambda s: (s.x, s.y * np.nan), "^batch 2's y holds nan"),
    "objects": (lambda s: (s.x.astype(object), s.y), "^batch 2's x has dtype object"),
    "text": (lambda s: (s.x, s.y.astype(str)), "^batch 2's y has dtype <U"),
    "negative weights": (lambda s: (s.x, s.y, -s.w), r"^batch 2's sample_weight\[\d\]=-"),
    "too few weights": (lambda s: (s.x, s.y, s.w[:3]), r"^batch 2's sample_weight has shape \(3,\): expected one"),
    "another shape": (
        lambda s: (s.x[:, :2], s.y),
        r"^batch 2's x is float32 of shape \(10, 2\) where the first .*4, 3",
    ),
    "another type": (lambda s: (s.x.astype(int), s.y), r"^batch 2's x is int32 of shape .* is float32"),
    "targets of another shape": (lambda s: (s.x, s.y[:, None]), r"^batch 2's y is int32 of shape \(10, 1\)"),
    "targets of another type": (lambda s: (s.x, s.y + 0.5), "^batch 2's y is float32"),
    "weights all at once": (lambda s: (s.x, s.y, s.w), "^batch 2's sample_weight came, unlike the first batch's"),
    "columns without targets": (lambda s: {"x": s.x, "z": s.y}, "^batch 2 has no column of targets among 'x', 'z'"),
}


class ByIndex:
    def __init__(self, batches):
        self.batches = batches

    def __len__(self):
        return len(self.batches)

    def __getitem__(self, index):
        return self.batches[index]


@pytest.mark.parametrize(("wrong", "message"), WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("kind", [iter, ByIndex], ids=["one after another", "by index"])
def test_a_wrong_batch_is_named_and_those_before_it_come(some, wrong, message, kind):
    source = as_source(kind([(some.x[:4], some.y[:4]), wrong(some)]))
    walked = source.epoch(0)
    assert next(walked).rows == 4
    with pytest.raises(RavineError, match=message):
        next(walked)


@pytest.mark.parametrize("kind", [iter, ByIndex], ids=["one after another", "by index"])
def test_weights_that_no_longer_come(some, kind):
    source = as_source(kind([(some.x, some.y, some.w), (some.x, some.y)]))
    with pytest.raises(RavineError, match=r"^batch 2's sample_weight is missing, unlike the first"):
        list(source.epoch(0))


@pytest.mark.parametrize("kind", [iter, ByIndex], ids=["one after another", "by index"])
def test_the_first_batch_is_looked_at_once(some, kind):
    with pytest.raises(RavineError, match=r"^batch 1 is a ndarray alone"):
        as_source(kind([some.x]))
    assert as_source(kind([some.x]), with_targets=False).example.rows == 10
