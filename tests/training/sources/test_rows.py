"""Rows that are read when they are needed give the batches of an array in memory, and never more than they need."""

import h5py
import numpy as np
import pytest

from ravine.checks import RavineError, RavineTypeError, RavineValueError
from ravine.training.data import Data, as_data
from ravine.training.sources import Rows, as_source, kinds, rows

NAN = float("nan")


@pytest.fixture(autouse=True)
def everything_is_large(monkeypatch):
    monkeypatch.setattr(kinds, "SMALL", 0)


class Lazy:
    """An array of which only rows can be had, and which counts them."""

    def __init__(self, array):
        self.array, self.shape, self.dtype, self.most = array, array.shape, array.dtype, 0

    def __len__(self):
        return len(self.array)

    def __getitem__(self, index):
        read = self.array[index]
        self.most = max(self.most, len(read))
        return read


def in_a_list_of_rows(array, path):
    return Lazy(array)


def in_hdf5(array, path):
    return h5py.File(path / f"{array.ndim}{array.dtype}.h5", "w").create_dataset("rows", data=array)


def mapped(array, path):
    file = path / f"{array.ndim}{array.dtype}.npy"
    np.save(file, array)
    return np.load(file, mmap_mode="r")


def view_of_mapped(array, path):
    return np.asarray(mapped(np.concatenate([array[:1], array]), path)[1:])


STORES = [in_a_list_of_rows, in_hdf5, mapped, view_of_mapped]


@pytest.fixture(params=STORES, ids=lambda store: store.__name__)
def lazy(request, tmp_path):
    return lambda array: request.param(array, tmp_path)


def expected(data, size, epoch, steps=None, order=None):
    """An epoch's batches as indexing an array in memory gives them."""
    passes = -(-data.rows // size)
    count, found = steps or passes, []
    for i in range(epoch * count, (epoch + 1) * count):
        walked, at = divmod(i, passes)
        index = np.arange(data.rows) if order is None else order(walked, data.rows)
        index = index[at * size : (at + 1) * size]
        found.append(Data(data.x[index], data.y[index], None if data.w is None else data.w[index]))
    return found


@pytest.mark.parametrize("steps", [None, 2, 5])
@pytest.mark.parametrize("shuffled", [False, True])
@pytest.mark.parametrize("at_once", [1, 2**23], ids=["batch by batch", "many at once"])
def test_the_batches_are_those_of_an_array(some, lazy, steps, shuffled, at_once, monkeypatch):
    monkeypatch.setattr(rows, "READ_BYTES", at_once)
    order = some.order if shuffled else None
    source = as_source(lazy(some.x), lazy(some.y), lazy(some.w), batch_size=4, steps=steps)
    assert isinstance(source, Rows)
    assert (source.rows, source.batches) == (10, steps or 3)
    data = as_data(some.x, some.y, some.w)
    some.same([source.example], expected(data, 4, 0)[:1])
    for epoch in (0, 1, 3):
        some.same(list(source.epoch(epoch, order)), expected(data, 4, epoch, steps, order))


def test_what_lies_in_memory_goes_along(some, lazy):
    source = as_source(lazy(some.x), some.y.tolist(), some.w, batch_size=4)
    some.same(list(source.epoch(0, some.order)), expected(as_data(some.x, some.y, some.w), 4, 0, order=some.order))


def test_data_in_memory_can_be_walked_too(some):
    data = as_data(some.x, some.y)
    source = Rows(rows.Arrays(data.x, data.y, None), 4)
    some.same(list(source.epoch(2, some.order)), expected(data, 4, 2, order=some.order))


@pytest.mark.parametrize("shuffled", [False, True])
def test_only_a_few_batches_are_read_at_once(some, shuffled, monkeypatch):
    monkeypatch.setattr(rows, "READ_BYTES", 2 * 2 * (3 * 4 + 4))
    x = Lazy(some.x)
    list(as_source(x, some.y, batch_size=2).epoch(0, some.order if shuffled else None))
    assert x.most == 4


def test_types_become_those_of_arrays(some, lazy):
    x, y = (100 * some.x).astype(np.int64), np.eye(3)[some.y]
    source = as_source(lazy(x), lazy(y), batch_size=4)
    some.same(list(source.epoch(0)), expected(as_data(x, y), 4, 0))
    pixels = as_source(lazy(x.astype(np.uint8)), lazy(some.y), batch_size=4)
    assert pixels.example.x.dtype == np.uint8


def test_a_part_of_the_rows(some, lazy):
    source = as_source(lazy(some.x), some.y, batch_size=4)
    data = as_data(some.x, some.y)
    for part, kept in zip((*source.split(7), source.first(3)), (*data.split(7), data.first(3)), strict=True):
        assert part.rows == kept.rows
        for order in (None, some.order):
            some.same(list(part.epoch(1, order)), expected(kept, min(4, kept.rows), 1, order=order))
    held = source.split(3)[1].split(2)[1]
    some.same(list(held.epoch(0)), expected(data.split(5)[1], 4, 0))


def test_samples_without_targets(some, lazy):
    source = as_source(lazy(some.x), batch_size=4, with_targets=False)
    found = list(source.epoch(0))
    np.testing.assert_array_equal(np.concatenate([batch.x for batch in found]), some.x)
    assert all(batch.y is None for batch in found)


def test_a_batch_is_at_most_all_rows(some, lazy):
    source = as_source(lazy(some.x), some.y, batch_size=99)
    assert (source.batches, source.example.rows) == (1, 10)


def put(array, index, value):
    array = array.copy()
    array[index] = value
    return array


@pytest.mark.parametrize("shuffled", [False, True])
@pytest.mark.parametrize(
    ("part", "index", "value", "message"),
    [
        (0, (9, 1), NAN, r"^row 9's x holds nan at index \(0, 1\)"),
        (1, 8, NAN, r"^row 8's y holds nan"),
        (2, 7, -1, r"^row 7's sample_weight\[0\]=-1: expected weights of at least 0"),
    ],
)
def test_what_is_wrong_in_a_row_is_found_when_it_is_read(some, lazy, shuffled, part, index, value, message):
    arrays = [some.x, some.y.astype(float), some.w]
    arrays[part] = put(arrays[part], index, value)
    source = as_source(*map(lazy, arrays), batch_size=4)
    walked = source.epoch(0, some.order if shuffled else None)
    with pytest.raises(RavineValueError, match=message):
        list(walked)


def test_of_several_wrong_rows_the_first_that_is_read_is_named(some):
    source = as_source(Lazy(put(some.x, (slice(5, None), 0), NAN)), some.y, batch_size=4, prefix="validation ")
    with pytest.raises(RavineValueError, match=r"^validation row 5's x"):
        list(source.epoch(0))
    shuffled = source.epoch(0, lambda walked, count: np.arange(count)[::-1].astype(np.int32))
    with pytest.raises(RavineValueError, match=r"^validation row 9's x"):
        list(shuffled)


def test_whole_numbers_that_grow_beyond_32_bits(some):
    x = put(np.ones((10, 3), np.int64), (9, 0), 2**40)
    source = as_source(Lazy(x), some.y, batch_size=4)
    with pytest.raises(RavineValueError, match=r"^row 9's x is float32 of shape \(1, 3\).*int32"):
        list(source.epoch(1))


WRONG = {
    "rows that differ": (lambda s: (s.x, Lazy(s.y[:9])), RavineValueError, "x has 10 rows and y has 9: expected one"),
    "no targets": (lambda s: (Lazy(s.x), None), RavineValueError, "y=None: expected targets"),
    "too few weights": (
        lambda s: (Lazy(s.x), s.y, Lazy(s.w[:9])),
        RavineValueError,
        r"sample_weight has shape \(9,\): expected one weight per sample, \(10,\)",
    ),
    "too few weights in memory": (lambda s: (Lazy(s.x), s.y, s.w[:9]), RavineValueError, r"sample_weight has shape"),
    "objects": (lambda s: (Lazy(s.x.astype(object)), s.y), RavineTypeError, "x has dtype object"),
    "strings": (lambda s: (Lazy(s.x.astype("S")), s.y), RavineTypeError, r"x has dtype \|S"),
    "NaN at the start": (lambda s: (Lazy(s.x * NAN), s.y), RavineValueError, "row 0's x holds nan"),
    "no rows": (lambda s: (Lazy(s.x[:0]), s.y[:0]), RavineValueError, "x is empty"),
    "batches of no rows": (lambda s: (Lazy(s.x), s.y, None, 0), RavineValueError, "batch_size=0"),
}


@pytest.mark.parametrize(("made", "error", "message"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_read_is_refused_at_once(some, made, error, message):
    *arrays, size = (*made(some), None, 4)[:4] if len(made(some)) < 4 else made(some)
    with pytest.raises(error, match=message):
        as_source(*arrays, batch_size=size)


class Dataset:
    """What Ravine needs of ``datasets.Dataset``."""

    def __init__(self, columns, format_type=None):
        self._columns, self.features = columns, dict.fromkeys(columns)
        self.column_names = list(columns)
        self.format = {"type": format_type}

    def with_format(self, kind):
        return Dataset(self._columns, kind)

    def __len__(self):
        return len(next(iter(self._columns.values())))

    def __getitem__(self, index):
        read = {name: np.asarray(column)[index] for name, column in self._columns.items()}
        return read if self.format["type"] == "numpy" else {name: list(column) for name, column in read.items()}


@pytest.mark.parametrize("target", ["label", "labels", "target", "targets", "y"])
def test_a_dataset_of_named_columns(some, target):
    source = as_source(Dataset({"image": some.x, target: some.y}), batch_size=4)
    data = as_data(some.x, some.y)
    for order in (None, some.order):
        some.same(list(source.epoch(1, order)), expected(data, 4, 1, order=order))


def test_columns_of_a_dataset_side_by_side(some):
    columns = {"a": some.x[:, 0], "label": some.y, "b": some.x[:, 1], "sample_weight": some.w}
    source = as_source(Dataset(columns), batch_size=4)
    some.same(list(source.epoch(0)), expected(as_data(some.x[:, :2], some.y, some.w), 4, 0))
    samples = as_source(Dataset({"a": some.x[:, 0], "label": some.y.astype(str)}), with_targets=False)
    np.testing.assert_array_equal(samples.example.x, some.x[:, 0])


def test_a_format_that_a_dataset_has_stays(some):
    columns = {"x": some.x, "y": some.y}
    seen = []

    class Formatted(Dataset):
        def __getitem__(self, index):
            seen.append(self.format["type"])
            return super().__getitem__(index)

        def with_format(self, kind):
            raise AssertionError("it has one")

    as_source(Formatted(columns, "custom"), batch_size=4)
    assert set(seen) == {"custom"}


def test_a_small_dataset_is_arrays(some, monkeypatch):
    monkeypatch.setattr(kinds, "SMALL", 2**26)
    data = as_source(Dataset({"x": some.x, "y": some.y}), batch_size=4)
    some.same([data], [as_data(some.x, some.y)])
    with pytest.raises(RavineValueError, match=r"^x holds nan at index \(9, 0\)"):
        as_source(Dataset({"x": put(some.x, (9, 0), NAN), "y": some.y}), batch_size=4)


WRONG_COLUMNS = {
    "no targets": (lambda s: {"image": s.x, "kind": s.y}, "no column of targets among 'image', 'kind': expected one"),
    "two targets": (lambda s: {"x": s.x, "label": s.y, "y": s.y}, "has the target columns 'label', 'y' among 'x'"),
    "text": (
        lambda s: {"text": ["u"] * 10, "a": s.w, "name": ["v"] * 10, "label": s.y},
        r"columns that are not arrays of numbers: 'text' \(<U1, first value .*'u'.*'name'",
    ),
    "targets alone": (lambda s: {"label": s.y}, "no column of samples beside label"),
    "images beside numbers": (lambda s: {"image": s.x, "size": s.w, "label": s.y}, r"column 'image' has shape \(.*, 3"),
    "labels of text": (lambda s: {"x": s.x, "label": ["u"] * 10}, "y has dtype <U1"),
    "no rows": (lambda s: {"x": s.x[:0], "y": s.y[:0]}, "x is a Dataset without rows"),
}


@pytest.mark.parametrize(("columns", "message"), WRONG_COLUMNS.values(), ids=WRONG_COLUMNS)
def test_columns_that_do_not_fit(some, columns, message):
    with pytest.raises(RavineError, match=message):
        as_source(Dataset(columns(some)), batch_size=4)
