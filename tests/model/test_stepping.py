"""Runs on batches that are read as they go: the runs on arrays, whatever the batches come from."""

import numpy as np
import pytest

import ravine
from ravine.callbacks import EarlyStopping, LambdaCallback, Probe
from ravine.checks import RavineValueError
from ravine.model import stepping
from ravine.training.sources import kinds

OPTIONS = {"epochs": 4, "batch_size": 8, "shuffle": False}


class ByIndex:
    """Batches by index, which notes the ends of epochs."""

    def __init__(self, x, y, size=8):
        self.x, self.y, self.size, self.ended = x, y, size, 0

    def __len__(self):
        return -(-len(self.x) // self.size)

    def __getitem__(self, i):
        rows = slice(i * self.size, (i + 1) * self.size)
        return self.x[rows], self.y[rows]

    def on_epoch_end(self):
        self.ended += 1


def passes(x, y, size=8):
    while True:
        for start in range(0, len(x), size):
            yield x[start : start + size], y[start : start + size]


class Loader:
    """What can be walked anew, of tensors that are no arrays."""

    def __init__(self, x, y):
        self.batches = ByIndex(x, y)

    def __iter__(self):
        return (tuple(map(Tensor, self.batches[i])) for i in range(len(self.batches)))


class Tensor:
    def __init__(self, array):
        self.array = array

    def detach(self):
        return self

    def cpu(self):
        return self

    def numpy(self):
        return self.array


SOURCES = {
    "a generator": (lambda x, y: passes(x, y), {"steps_per_epoch": 3}),
    "batches by index": (ByIndex, {}),
    "a loader": (Loader, {}),
    "a function": (lambda x, y: lambda: (ByIndex(x, y)[i] for i in range(3)), {}),
}


def close(model, other, **tolerance):
    for ours, theirs in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, **({"rtol": 1e-6, "atol": 1e-7} | tolerance))


def same(history, other):
    assert history.history.keys() == other.history.keys()
    for key, values in other.history.items():
        np.testing.assert_allclose(history.history[key], values, rtol=1e-5, err_msg=key)


@pytest.mark.parametrize("kind", SOURCES)
def test_it_is_the_run_on_arrays(tiny, kind):
    make, options = SOURCES[kind]
    stopping = [EarlyStopping("val_loss", patience=2, restore_best_weights=True)]
    held_out = tiny.x[:10], 2 - tiny.y[:10]
    batches = make(tiny.x, tiny.y)
    streamed = {"x": batches, "y": None, "batch_size": None, "shuffle": False, "validation_data": held_out}
    model, history = tiny.fit(**streamed, **options, epochs=9, callbacks=stopping)
    expected, arrays = tiny.fit(epochs=9, shuffle=False, validation_data=held_out, callbacks=stopping)
    same(history, arrays)
    assert 2 < len(history.epoch) < 9
    close(model, expected)
    assert history.params["steps"] == 3


def test_validation_batches_too(tiny):
    held_out = {"validation_data": passes(tiny.x, tiny.y), "validation_steps": 3, "validation_freq": 2}
    model, history = tiny.fit(**OPTIONS, **held_out)
    expected, arrays = tiny.fit(**OPTIONS, validation_data=(tiny.x, tiny.y), validation_freq=2)
    same(history, arrays)
    close(model, expected)


def test_a_part_of_the_validation_batches_is_the_same_part_each_time(tiny):
    held_out = {"validation_data": Loader(tiny.x, tiny.y), "validation_steps": 2}
    _, history = tiny.fit(**OPTIONS, **held_out)
    _, arrays = tiny.fit(**OPTIONS, validation_data=(tiny.x[:16], tiny.y[:16]))
    same(history, arrays)


def test_rows_on_disk_are_shuffled_like_those_in_memory(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(kinds, "SMALL", 0)
    x = np.memmap(tmp_path / "x", np.float32, "w+", shape=tiny.x.shape)
    x[:] = tiny.x
    options = {"epochs": 4, "validation_split": 0.25, "steps_per_epoch": 3}
    model, history = tiny.fit(x=x, **options)
    expected, arrays = tiny.fit(**options)
    same(history, arrays)
    close(model, expected)


def test_batches_by_index_are_shuffled_and_told_of_the_end_of_an_epoch(tiny):
    batches, order = ByIndex(tiny.x[:16], tiny.y[:16], size=1), []
    taken = batches.__class__.__getitem__

    class Noting(ByIndex):
        def __getitem__(self, i):
            order.append(i)
            return taken(self, i)

    noting = Noting(tiny.x[:16], tiny.y[:16], size=1)
    tiny.fit(x=noting, y=None, batch_size=None, epochs=2, seed=3)
    first, second = order[-32:-16], order[-16:]
    assert sorted(first) == sorted(second) == list(range(16))
    assert first != second
    assert noting.ended == 2


def test_class_weights_weigh_the_samples_of_batches(tiny):
    weights = {"class_weight": {0: 0.2, 2: 3.0}}
    model, _ = tiny.fit(x=ByIndex(tiny.x, tiny.y), y=None, batch_size=None, shuffle=False, **weights)
    expected, _ = tiny.fit(shuffle=False, **weights)
    close(model, expected)


def test_a_chunk_is_its_batches(tiny, monkeypatch):
    chunked, _ = tiny.fit(x=ByIndex(tiny.x, tiny.y, 2), y=None, batch_size=None, shuffle=False)
    monkeypatch.setattr(stepping, "CHUNK_BATCHES", 1)
    single, _ = tiny.fit(x=ByIndex(tiny.x, tiny.y, 2), y=None, batch_size=None, shuffle=False)
    close(chunked, single)


def test_hooks_between_batches_that_are_read(tiny):
    heard = []
    hears = LambdaCallback(on_train_batch_end=lambda batch, logs: heard.append((batch, sorted(logs))))
    tiny.fit(x=ByIndex(tiny.x, tiny.y), y=None, batch_size=None, epochs=2, callbacks=[hears])
    assert heard == [(i, ["accuracy", "loss"]) for _ in range(2) for i in range(3)]


def test_evaluation_and_prediction(tiny):
    model, _ = tiny.fit()
    loader = Loader(tiny.x, tiny.y)
    expected = model.evaluate(tiny.x, tiny.y, verbose=0)
    np.testing.assert_allclose(model.evaluate(loader, verbose=0), expected, rtol=1e-6)
    np.testing.assert_allclose(model.evaluate(passes(tiny.x, tiny.y), steps=3, verbose=0), expected, rtol=1e-6)
    np.testing.assert_allclose(model.predict(loader), model.predict(tiny.x), rtol=1e-6)
    np.testing.assert_allclose(model.predict(x for x in [tiny.x[:8], tiny.x[8:]]), model.predict(tiny.x), rtol=1e-6)


def test_a_generator_that_ends_early_leaves_what_was_trained(tiny):
    def short():
        for i in range(5):
            yield ByIndex(tiny.x, tiny.y)[i % 3]

    with pytest.warns(UserWarning, match=r"ended after 2 of the 3 batches of epoch 2"):
        model, history = tiny.fit(x=short(), y=None, batch_size=None, steps_per_epoch=3, epochs=9)
    assert history.epoch == [0, 1]
    expected = tiny.model()
    expected.fit(passes(tiny.x, tiny.y), steps_per_epoch=5, epochs=1, verbose=0, seed=1)
    close(model, expected)


def test_an_error_within_an_epoch_leaves_what_was_trained(tiny):
    def broken():
        for i in range(4):
            yield ByIndex(tiny.x, tiny.y)[i % 3]
        raise OSError("the disk is gone")

    model = tiny.model()
    with pytest.raises(OSError, match="the disk is gone") as error:
        tiny.fit(model, x=broken(), y=None, batch_size=None, steps_per_epoch=3, epochs=9)
    assert any("1 batches of that epoch came before" in note for note in error.value.__notes__)
    assert model.history.epoch == [0]
    expected = tiny.model()
    expected.fit(passes(tiny.x, tiny.y), steps_per_epoch=4, epochs=1, verbose=0, seed=1)
    close(model, expected)


def test_batches_that_change_midway_are_refused_by_number(tiny):
    def changing():
        yield tiny.x, tiny.y
        yield tiny.x[:, :5], tiny.y

    with pytest.raises(RavineValueError, match=r"batch 2.*shape"):
        tiny.fit(x=changing(), y=None, batch_size=None, steps_per_epoch=2)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"validation_split": 0.2}, "validation_split: there are no rows but batches, which have no last rows"),
        ({"y": np.zeros(20)}, "y was given beside x"),
        ({"batch_size": 8}, "batch_size was given beside x"),
        ({"population_statistics": True}, "population_statistics=True"),
    ],
)
def test_what_batches_cannot_have_is_refused(tiny, options, expected):
    model = tiny.model()
    if "population_statistics" in options:
        model = ravine.Sequential(
            [ravine.Input((6,)), ravine.layers.BatchNormalization(), ravine.layers.Dense(3, "softmax")]
        )
        model.compile("sgd", "sparse_categorical_crossentropy")
    with pytest.raises(RavineValueError, match=expected):
        model.fit(ByIndex(tiny.x, tiny.y), verbose=0, **options)


def test_labels_that_no_class_has_are_refused_by_batch(tiny):
    with pytest.raises(RavineValueError, match="y"):
        tiny.fit(x=ByIndex(tiny.x, tiny.y + 2), y=None, batch_size=None)


def test_probes_look_at_the_first_batch(tiny):
    _, history = tiny.fit(x=ByIndex(tiny.x, tiny.y), y=None, batch_size=None, callbacks=[Probe()])
    assert all(len(values) == 3 for values in history.probes.values())
