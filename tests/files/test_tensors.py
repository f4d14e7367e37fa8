"""Models as safetensors."""

import json
import struct

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file

import ravine
from ravine.checks import RavineValueError
from ravine.files import tensors


@pytest.fixture
def saved(small, tmp_path):
    small.save(tmp_path / "m.safetensors")
    return tmp_path / "m.safetensors"


def test_others_read_the_arrays_and_the_configuration(small, saved):
    with safe_open(saved, framework="numpy") as file:
        names = set(file.keys())
        assert names == {*small.named_weights, *(f"optimizer/{i}" for i in range(6))}
        for name, array in small.named_weights.items():
            np.testing.assert_array_equal(file.get_tensor(name), array)
        texts = file.metadata()
    assert json.loads(texts["config"])["class_name"] == "Sequential"
    assert json.loads(texts["metadata"])["keras_version"].startswith("3.")


def test_a_model_is_read_back(small, saved, same):
    loaded = ravine.load_model(saved)
    same(loaded, small)
    assert loaded.optimizer == small.optimizer
    assert loaded.train_state().optimizer.step == 2
    assert not ravine.load_model(saved, compile=False).compiled


def test_weights_alone(tiny, small, same, tmp_path):
    small.save_weights(tmp_path / "w.safetensors")
    model = tiny.model()
    model.load_weights(tmp_path / "w.safetensors")
    same(model, small)
    assert model.train_state().optimizer.step == 2
    with pytest.raises(RavineValueError, match=r"holds arrays without a configuration: .* model.load_weights"):
        ravine.load_model(tmp_path / "w.safetensors")


def test_arrays_that_others_wrote(tiny, small, same, tmp_path):
    save_file(
        {name: array.astype(np.float64) for name, array in small.named_weights.items()}, tmp_path / "w.safetensors"
    )
    model = tiny.model()
    model.load_weights(tmp_path / "w.safetensors")
    same(model, small)


WRONG = {
    "a missing array": (lambda held: held.pop("dense/bias"), r"dense/bias is missing: expected .* \(4,\)"),
    "another shape": (
        lambda held: held.update({"dense/kernel": np.ones((4, 6), "f")}),
        r"dense/kernel has shape \(4, 6\)",
    ),
    "another dtype": (lambda held: held.update({"dense/bias": np.ones(4, np.int32)}), "dense/bias has dtype int32"),
    "an unknown dtype": (
        lambda held: held.update({"dense/bias": np.ones(4, np.complex64)}),
        "dense/bias has dtype C64",
    ),
    "a count that is none": (
        lambda held: held.update({"optimizer/0": np.float32(1), "optimizer/1": np.float32(1)}),
        "optimizer/0 has dtype .*: expected integers",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_arrays_that_do_not_fit(tiny, small, tmp_path, case):
    change, expected = WRONG[case]
    held = dict(small.named_weights)
    change(held)
    save_file({name: np.asarray(array) for name, array in held.items()}, tmp_path / "w.safetensors")
    model = tiny.model()
    before = model.get_weights()
    with pytest.raises(RavineValueError, match=rf"w.safetensors: {expected}"):
        model.load_weights(tmp_path / "w.safetensors")
    for was, now in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(was, now)


def test_slots_too_few_are_left_out(tiny, small, tmp_path):
    held = small.named_weights | {"optimizer/0": np.int32(1), "optimizer/1": np.float32(1)}
    save_file({name: np.asarray(array) for name, array in held.items()}, tmp_path / "w.safetensors")
    model = tiny.model()
    with pytest.warns(UserWarning, match="SGD .* starts anew: optimizer has 2 arrays: SGD expected 6 for this model"):
        model.load_weights(tmp_path / "w.safetensors")
    assert model.train_state().optimizer.step == 0


def test_every_flipped_bit_of_the_numbers_is_found(saved):
    whole = saved.read_bytes()
    start = 8 + struct.unpack("<Q", whole[:8])[0]
    for i in range(start, len(whole), 11):
        broken = bytearray(whole)
        broken[i] ^= 1 << i % 8
        saved.write_bytes(broken)
        with pytest.raises(RavineValueError, match="its checksum does not fit: the file is damaged"):
            ravine.load_model(saved)


def rewritten(path, change):
    """The file with another header."""
    whole = path.read_bytes()
    (length,) = struct.unpack("<Q", whole[:8])
    header = json.loads(whole[8 : 8 + length])
    change(header)
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + whole[8 + length :])


HEADERS = {
    "an edited configuration": (
        lambda h: h["__metadata__"].update(config=h["__metadata__"]["config"].replace('"softmax"', '"sigmoid"')),
        "its checksum does not fit",
    ),
    "texts that are none": (lambda h: h.update(__metadata__={"config": 3}), "__metadata__=.*expected texts by name"),
    "metadata that is none": (lambda h: h.update(__metadata__=[]), r"__metadata__=\[\]: expected texts"),
    "a newer version": (
        lambda h: h["__metadata__"].update(metadata='{"keras_version": "3.1.0", "ravine_format": 9}'),
        "has Ravine's format 9",
    ),
    "a configuration that is none": (lambda h: h["__metadata__"].update(config="{"), "no valid JSON"),
    "a range that leaves the file": (
        lambda h: h["dense/bias"].update(data_offsets=[0, 10**9]),
        "no valid safetensors file",
    ),
    "ranges that overlap": (
        lambda h: h["dense/bias"].update(data_offsets=h["dense_1/bias"]["data_offsets"]),
        "no valid safetensors file",
    ),
    "a huge shape": (lambda h: h["dense/bias"].update(shape=[2**40, 2**40]), "no valid safetensors file"),
    "a negative size": (lambda h: h["dense/bias"].update(shape=[-4]), "no valid safetensors file"),
    "an unknown dtype": (lambda h: h["dense/bias"].update(dtype="F31"), "no valid safetensors file"),
    "an array that is none": (lambda h: h.update({"dense/bias": 3}), "no valid safetensors file"),
}


@pytest.mark.parametrize("case", HEADERS)
def test_headers_that_cannot_work(saved, case):
    change, expected = HEADERS[case]
    rewritten(saved, change)
    with pytest.raises(RavineValueError, match=rf"m.safetensors: .*{expected}"):
        ravine.load_model(saved)


@pytest.mark.parametrize("length", [0, 1, 2**23, 2**40, 2**63, 2**64 - 1])
def test_a_header_of_a_length_that_is_not_there(saved, length):
    saved.write_bytes(struct.pack("<Q", length) + saved.read_bytes()[8:])
    with pytest.raises(RavineValueError, match=r"m.safetensors: (it is no safetensors|its header is no valid JSON)"):
        ravine.load_model(saved)


def test_a_name_that_is_there_twice(saved):
    whole = saved.read_bytes()
    saved.write_bytes(whole.replace(b'"dense/bias"', b'"dense_1/bias"'[: len(b'"dense/bias"')], 1))
    with pytest.raises(RavineValueError, match=r"m.safetensors: "):
        ravine.load_model(saved)


def test_the_checksum_looks_at_names_shapes_and_texts():
    held = {"a": np.ones((2, 3), "f")}
    sums = [
        tensors.checksum(held, {}),
        tensors.checksum({"b": held["a"]}, {}),
        tensors.checksum({"a": held["a"].reshape(3, 2)}, {}),
        tensors.checksum(held, {"t": "x"}),
        tensors.checksum({"a": held["a"].view(np.int32)}, {}),
    ]
    assert len(set(sums)) == len(sums)


def test_a_file_that_is_too_large_is_not_read(tiny, saved):
    with saved.open("r+b") as file:
        file.truncate(2**40)
    with pytest.raises(RavineValueError, match=r"m.safetensors: its part after the header has .* bytes: .* at most"):
        tiny.model().load_weights(saved)
