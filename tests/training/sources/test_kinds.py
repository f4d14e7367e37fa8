"""What something is taken for, and what may not stand beside it."""

import array
import collections
import itertools

import h5py
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.sparse

from ravine.checks import RavineError, RavineTypeError, RavineValueError
from ravine.training.data import Data, as_data
from ravine.training.sources import Indexed, Rows, Stream, as_source, kinds, pair_as_source


class Loader:
    """Walked anew for each pass, as a DataLoader of PyTorch is."""

    def __init__(self, batches):
        self.batches = batches

    def __iter__(self):
        return iter(self.batches)

    def __len__(self):
        return len(self.batches)


class ByIndex(Loader):
    __iter__ = None

    def __getitem__(self, index):
        return self.batches[index]


class Tensor:
    """Like a tensor of PyTorch that lies on another device and needs gradients."""

    def __init__(self, array, steps=("detach", "cpu", "numpy")):
        self.array, self.steps = array, steps

    def __getattr__(self, name):
        if not self.__dict__["steps"] or name != self.steps[0]:
            raise AttributeError(name)
        rest = self.steps[1:]
        return lambda: Tensor(self.array, rest) if rest else self.array


class Exchanged:
    """What can only be had by DLPack."""

    def __init__(self, array):
        self.array = array

    def __dlpack__(self, **options):
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self):
        return self.array.__dlpack_device__()


PLAIN = {
    "numpy": lambda x: x,
    "lists": lambda x: x.tolist(),
    "tuples": lambda x: tuple(map(tuple, x)),
    "rows": list,
    "jax": jnp.asarray,
    "a tensor": Tensor,
    "dlpack": Exchanged,
}


@pytest.mark.parametrize("read", PLAIN.values(), ids=PLAIN)
def test_arrays_of_all_kinds_are_data(some, read):
    found = as_source(read(some.x), read(some.y) if read is not PLAIN["tuples"] else some.y, some.w, batch_size=4)
    assert isinstance(found, Data)
    some.same([found], [as_data(some.x, some.y, some.w)])


@pytest.mark.parametrize(
    "x", [range(3), array.array("f", [0, 1, 2]), collections.deque([0, 1, 2]), memoryview(np.arange(3.0))], ids=type
)
def test_sequences_of_numbers_are_arrays(x):
    np.testing.assert_array_equal(as_source(x, [0, 1, 1]).x, [0, 1, 2])


@pytest.mark.parametrize("name", ["pandas", "polars"])
def test_frames_are_arrays(some, name):
    library = pytest.importorskip(name)
    frame = library.DataFrame({"a": some.x[:, 0], "b": some.x[:, 1]})
    some.same([as_source(frame, library.Series(some.y))], [as_data(some.x[:, :2], some.y)])


def test_what_is_in_memory_is_never_read_bit_by_bit(some, monkeypatch):
    monkeypatch.setattr(kinds, "SMALL", 0)
    pandas = pytest.importorskip("pandas")
    targets = pandas.Series(some.y, index=range(10, 20))  # whose rows would be asked for by label
    some.same([as_source(jnp.asarray(some.x), targets)], [as_data(some.x, some.y)])
    with pytest.raises(RavineTypeError, match=r"expected a dense array; call toarray\(\) first"):
        as_source(scipy.sparse.csr_array(some.x), some.y)


@pytest.mark.parametrize("limit", [120, 119])
def test_lazy_arrays_are_read_whole_where_they_are_small(some, tmp_path, monkeypatch, limit):
    monkeypatch.setattr(kinds, "SMALL", limit)
    np.save(tmp_path / "x.npy", some.x)
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["x"] = some.x
        for x in (np.load(tmp_path / "x.npy", mmap_mode="r"), file["x"]):
            found = as_source(x, some.y, batch_size=4)
            assert isinstance(found, Data if limit == some.x.nbytes else Rows)


def test_a_small_lazy_array_is_read_once(some):
    class Read:
        shape, dtype, reads = some.x.shape, some.x.dtype, 0

        def __len__(self):
            return 10

        def __getitem__(self, index):
            self.reads += 1
            return some.x[index]

    x = Read()
    some.same([as_source(x, some.y)], [as_data(some.x, some.y)])
    assert x.reads == 1


BATCHES = {
    "a generator": (lambda b: (pair for pair in b), Stream, None),
    "an iterator": (iter, Stream, None),
    "zip": (lambda b: zip([x for x, _ in b], [y for _, y in b], strict=True), Stream, None),
    "a function": (lambda b: lambda: iter(b), Stream, None),
    "a loader": (Loader, Stream, 3),
    "by index": (ByIndex, Indexed, 3),
}


@pytest.mark.parametrize(("make", "kind", "count"), BATCHES.values(), ids=BATCHES)
def test_batches_of_all_kinds(some, make, kind, count):
    source = as_source(make(some.batches()))
    assert type(source) is kind
    assert source.batches == count
    some.same(list(source.epoch(0)), [as_data(*pair) for pair in some.batches()])
    assert source.batches == 3


@pytest.mark.parametrize(("make", "kind", "count"), BATCHES.values(), ids=BATCHES)
@pytest.mark.parametrize("name", ["y", "sample_weight", "batch_size"])
def test_batches_have_their_own_targets_weights_and_size(some, make, kind, count, name):
    given = make(some.batches())
    value = 4 if name == "batch_size" else some.w
    with pytest.raises(RavineValueError, match=rf"^{name} was given beside x, a \w+, which has its own.*{name}=None"):
        as_source(given, **{name: value})


def test_the_names_of_validation(some):
    source = pair_as_source("validation", iter(some.batches()), steps=2)
    assert source.batches == 2
    some.same([pair_as_source("validation", (some.x, some.y))], [as_data(some.x, some.y)])
    some.same([pair_as_source("validation", [some.x, some.y, some.w])], [as_data(some.x, some.y, some.w)])
    refusals = {
        "^validation_batch_size was given beside validation x, a generator": {
            "given": (b for b in some.batches()),
            "batch_size": 4,
        },
        "^validation batch 1's x holds nan": {"given": (b for b in [(some.x * np.nan, some.y)])},
        "^validation y has dtype": {"given": (some.x, some.y.astype(str))},
        r"^validation_data=.*: expected \(x, y\) or \(x, y, sample_weight\)": {"given": some.x},
        r"^validation_data=3 is a int": {"given": 3},
    }
    for message, options in refusals.items():
        with pytest.raises(RavineError, match=message):
            pair_as_source("validation", **options)


@pytest.mark.parametrize("x", [itertools.cycle([1]), itertools.repeat(1), itertools.count()], ids=type)
def test_what_never_ends_needs_steps(x):
    with pytest.raises(RavineValueError, match="never ends: expected a number of batches"):
        as_source(x)


def test_what_may_end_needs_none(some):
    some.same(list(as_source(itertools.repeat((some.x, some.y), 2)).epoch(0)), 2 * [as_data(some.x, some.y)])
    source = as_source(itertools.cycle(some.batches()), steps=4)
    some.same(list(source.epoch(0)), [as_data(*pair) for pair in [*some.batches(), some.batches()[0]]])


WRONG = {
    "nothing": (None, RavineTypeError, "x=None is a NoneType"),
    "a number": (3, RavineValueError, "x=3: expected an array"),
    "text": ("abc", RavineTypeError, "x='abc' is a str"),
    "a dict": ({"x": [1]}, RavineTypeError, "is a dict: expected an array"),
    "a set": ({1, 2}, RavineTypeError, "is a set"),
    "an object": (object(), RavineTypeError, "x has dtype object"),
}


@pytest.mark.parametrize(("x", "error", "message"), WRONG.values(), ids=WRONG)
def test_what_is_no_data(x, error, message):
    with pytest.raises(error, match=message):
        as_source(x, [0])


def test_a_function_must_return_an_iterator(some):
    with pytest.raises(RavineTypeError, match=r"^what x, a method, returned=.* is a list: expected an iterator"):
        as_source(some.batches)


def test_workers_that_are_not_used_are_told_of(some):
    given = ByIndex(some.batches())
    given.workers = 4
    with pytest.warns(UserWarning, match="x, a ByIndex, has workers=4; its batches are read by one thread"):
        as_source(given)
