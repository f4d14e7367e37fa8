import os

import numpy as np
import pytest

from ravine.files import save_npz


def test_a_model_of_the_same_layers_takes_the_weights_back(tiny, tmp_path):
    path = tmp_path / "model.weights.npz"
    model, _ = tiny.fit()
    save_npz(model, path)
    other = tiny.model()
    other.set_weights(list(np.load(path).values()))
    assert other.weights.keys() == model.weights.keys()
    for name, array in model.weights.items():
        np.testing.assert_array_equal(other.weights[name], array)
    np.testing.assert_array_equal(other.predict(tiny.x), model.predict(tiny.x))


def test_arrays_have_names_and_the_order_of_get_weights(tiny, tmp_path):
    model = tiny.model()
    save_npz(model, tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz", allow_pickle=False) as file:
        assert file.files == ["dense/kernel", "dense/bias", "dense_1/kernel", "dense_1/bias"]
        for read, array in zip(file.values(), model.get_weights(), strict=True):
            assert read.dtype == np.float32
            np.testing.assert_array_equal(read, array)


def test_the_path_is_taken_as_it_is(tiny, tmp_path):
    save_npz(tiny.model(), tmp_path / "weights")  # np.savez would append .npz to a name
    assert os.listdir(tmp_path) == ["weights"]


def test_a_failure_while_writing_keeps_the_old_file(tiny, tmp_path, monkeypatch):
    path = tmp_path / "a.npz"
    save_npz(tiny.model(), path)
    old = path.read_bytes()

    def break_off(file, **arrays):
        file.write(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(np, "savez", break_off)
    with pytest.raises(OSError, match="disk full"):
        save_npz(tiny.model(), path)
    assert path.read_bytes() == old
    assert os.listdir(tmp_path) == ["a.npz"]
