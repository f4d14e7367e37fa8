"""What saving does to a file that is there, and to the model."""

import errno
import io
import os

import numpy as np
import pytest

import ravine
from ravine import Input, Sequential, layers
from ravine.checks import RavineTypeError, RavineValueError
from ravine.files import keras_file, save_model

WAYS = {
    "m.keras": lambda model, path, **options: model.save(path, **options),
    "m.safetensors": lambda model, path, **options: model.save(path, **options),
    "m.weights.h5": lambda model, path, **options: model.save_weights(path, **options),
    "w.safetensors": lambda model, path, **options: model.save_weights(path, **options),
}


@pytest.mark.parametrize("name", WAYS)
def test_a_full_disk_leaves_the_old_file_whole(small, tmp_path, name, monkeypatch):
    path = tmp_path / name
    WAYS[name](small, path)
    old = path.read_bytes()

    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        WAYS[name](small, path)
    assert path.read_bytes() == old
    assert os.listdir(tmp_path) == [name]


@pytest.mark.parametrize("name", WAYS)
def test_a_model_that_cannot_be_written_leaves_the_old_file_whole(small, tmp_path, name):
    path = tmp_path / name
    WAYS[name](small, path)
    old = path.read_bytes()
    with pytest.raises(RavineValueError, match="does not know its input's shape"):
        WAYS[name](Sequential([layers.Dense(3)]), path)
    assert path.read_bytes() == old
    assert os.listdir(tmp_path) == [name]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_folder_that_may_not_be_written(small, tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(PermissionError):
        small.save(tmp_path / "m.keras")


def test_a_missing_folder(small, tmp_path):
    with pytest.raises(FileNotFoundError):
        small.save(tmp_path / "nowhere" / "m.keras")


@pytest.mark.parametrize("name", WAYS)
def test_overwrite_false_keeps_a_file(small, tmp_path, name):
    path = tmp_path / name
    WAYS[name](small, path, overwrite=False)
    old = path.read_bytes()
    with pytest.raises(RavineValueError, match=f"{name} is there already: pass overwrite=True"):
        WAYS[name](small, path, overwrite=False)
    assert path.read_bytes() == old
    with pytest.raises(RavineTypeError, match="overwrite='no' is a str"):
        WAYS[name](small, path, overwrite="no")


@pytest.mark.parametrize("name", ["m.keras", "m.safetensors"])
def test_names_may_be_texts(small, same, tmp_path, name):
    small.save(str(tmp_path / name))
    same(ravine.load_model(str(tmp_path / name)), small)
    save_model(small, tmp_path / name)
    same(ravine.load_model(tmp_path / name), small)


@pytest.mark.parametrize("name", ["m.keras", "m.safetensors"])
def test_saving_and_loading_compiles_nothing(small, tmp_path, name, compilations):
    small.train_state()
    small.save(tmp_path / name)
    ravine.load_model(tmp_path / name)
    assert not [program for program in compilations if "init" in program or "train" in program]


def test_saving_changes_nothing(tiny, small, tmp_path):
    before, state = small.get_weights(), small.train_state()
    small.save(tmp_path / "m.keras")
    assert small.train_state().optimizer is state.optimizer
    for was, now in zip(before, small.get_weights(), strict=True):
        np.testing.assert_array_equal(was, now)


def test_a_model_that_has_no_weights_yet_draws_them(tmp_path):
    model = Sequential([Input((3,)), layers.Dense(2)])
    assert not model.has_weights
    model.save(tmp_path / "m.keras")
    for ours, loaded in zip(model.get_weights(), ravine.load_model(tmp_path / "m.keras").get_weights(), strict=True):
        np.testing.assert_array_equal(ours, loaded)


def test_loaded_layers_may_be_added_to(small, tmp_path):
    small.save(tmp_path / "m.keras")
    loaded = ravine.load_model(tmp_path / "m.keras")
    loaded.add(layers.Dense(2))
    assert loaded.layer_names == ["dense", "dense_1", "dense_2"]


def test_a_file_goes_through_memory_as_well(small, same):
    file = io.BytesIO()
    keras_file.write_model(file, small)
    from ravine.files.decoding import Decoder

    same(keras_file.read_model(file, Decoder({}), compile=True), small)


def test_a_learning_rate_in_a_file_that_others_read_is_exact(small, tmp_path):
    small.save(tmp_path / "m.keras")
    assert ravine.load_model(tmp_path / "m.keras").optimizer == small.optimizer
