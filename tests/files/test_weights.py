import os

import numpy as np
import pytest

from ravine import Input, Sequential, layers, optimizers
from ravine.checks import RavineTypeError, RavineValueError
from ravine.files import save_npz


def test_a_model_of_the_same_layers_takes_the_weights_back(tiny, tmp_path):
    path = tmp_path / "model.weights.npz"
    model = tiny.model()
    save_npz(model, path)
    other = tiny.model()
    other.set_weights(list(np.load(path).values()))
    assert other.named_weights.keys() == model.named_weights.keys()
    for name, array in model.named_weights.items():
        np.testing.assert_array_equal(other.named_weights[name], array)
    np.testing.assert_array_equal(other.predict(tiny.x), model.predict(tiny.x))


def test_arrays_have_names_and_the_order_of_get_weights(tiny, tmp_path):
    model = tiny.model()
    save_npz(model, tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz", allow_pickle=False) as file:
        assert file.files == ["dense/kernel", "dense/bias", "dense_1/kernel", "dense_1/bias"]
        for read, array in zip(file.values(), model.get_weights(), strict=True):
            assert read.dtype == np.float32
            np.testing.assert_array_equal(read, array)


HEADS = [".weights.h5", ".keras", ".safetensors"]


@pytest.mark.parametrize("ending", HEADS)
def test_a_layer_that_does_not_fit_may_be_skipped(tiny, adopt, tmp_path, ending):
    path = tmp_path / f"m{ending}"
    source = tiny.model()
    source.train_on_batch(tiny.x, tiny.y)
    (source.save if ending == ".keras" else source.save_weights)(path)
    other = Sequential([Input((6,)), layers.Dense(4), layers.Dense(5000), layers.Dense(2)])
    other.compile(optimizers.SGD(0.1, momentum=0.9), "mse")
    adopt(other, [np.ones(shape) for shape in ((6, 4), 4, (4, 5000), 5000, (5000, 2), 2)])
    before = other.get_weights()
    with pytest.raises(RavineValueError, match=f"m{ending}: "):
        other.load_weights(path)
    missing = r".*dense_1/.* has shape \(4, 3\): expected \(4, 5000\)\..*dense_2.* optimizer"
    with pytest.warns(UserWarning, match=rf"skip_mismatch=True left out 3 parts of the file: {missing}"):
        other.load_weights(path, skip_mismatch=True)
    for found, expected in zip(other.get_weights(), source.get_weights()[:2] + before[2:], strict=True):
        np.testing.assert_array_equal(found, expected)
    assert other.train_state().optimizer.step == 0
    assert other.optimizer.learning_rate == 0.1
    with pytest.raises(RavineTypeError, match="skip_mismatch=1 is a int"):
        other.load_weights(path, skip_mismatch=1)


def test_nothing_is_skipped_where_all_fits(tiny, tmp_path):
    source, other = tiny.model(), tiny.model()
    source.train_on_batch(tiny.x, tiny.y)
    source.save_weights(tmp_path / "m.weights.h5")
    other.load_weights(tmp_path / "m.weights.h5", skip_mismatch=True)
    for found, expected in zip(other.get_weights(), source.get_weights(), strict=True):
        np.testing.assert_array_equal(found, expected)
    assert other.train_state().optimizer.step == 1


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
