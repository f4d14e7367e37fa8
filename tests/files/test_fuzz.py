"""Thousands of damaged files: each is refused, or read as what its checksummed bytes say; none crashes or hangs."""

import io
import json
import random
import struct
import time
import zipfile
import zlib

import h5py
import jax
import numpy as np
import pytest

import ravine
from ravine.checks import RavineError, RavineValueError
from ravine.files.archive import write_archive
from ravine.files.decoding import Decoder
from ravine.files.keras_file import read_model

CONFIG, WEIGHTS = "config.json", "model.weights.h5"
LONGEST = 5.0  # seconds that a file may take, on a machine that is busy
VALUES = [None, True, False, 0, -1, 1, 2**31, 2**62, 0.5, -0.5, 1e308, "", "x", "relu", "../x", [], [1], {}, [[]]]
VALUES += [{"class_name": "Dense", "config": {"units": 3}}, {"class_name": "function", "config": "exec"}]
VALUES += [{"class_name": "__lambda__", "config": {"value": "x"}}, {"class_name": "L2", "config": {"l2": 0.1}}, "mse"]


def damaged(content, draw):
    """``content`` with bits flipped, bytes set, a part cut out, doubled or cut off."""
    found = bytearray(content)
    kind = draw.randrange(8)
    at = draw.randrange(len(found))
    length = draw.choice([1, 2, 4, 8, 64, 512])
    if kind == 0:
        return bytes(found[:at])
    if kind == 1:
        del found[at : at + length]
    elif kind == 2:
        found[at:at] = found[at : at + length]
    elif kind == 3:
        found[at : at + length] = bytes([draw.choice([0, 255])]) * len(found[at : at + length])
    elif kind == 4:
        found[at : at + length] = draw.randbytes(len(found[at : at + length]))
    else:
        for _ in range(draw.choice([1, 1, 2, 8])):
            found[draw.randrange(len(found))] ^= 1 << draw.randrange(8)
    return bytes(found)


def spots(value):
    """Every place within a value of JSON: what holds it, and by which key."""
    for key in list(value) if isinstance(value, dict) else range(len(value)):
        yield value, key
        if isinstance(value[key], dict | list):
            yield from spots(value[key])


def edited(text, draw):
    """JSON with one value replaced, removed or doubled somewhere."""
    value = json.loads(text)
    place, key = draw.choice(list(spots(value)))
    kind = draw.randrange(4)
    if kind == 0:
        del place[key]
    elif kind == 1 and isinstance(place, list):
        place.append(place[key])
    elif kind == 1:
        place[f"{key}_"] = place[key]
    else:
        place[key] = draw.choice(VALUES)
    return json.dumps(value).encode()


def archive(members):
    file = io.BytesIO()
    write_archive(file, members)
    return file.getvalue()


def damaged_archive(members, draw):
    """The bytes of an archive, and whether its checksums were made anew."""
    kind = draw.randrange(10)
    if kind < 5:
        return damaged(archive(members), draw), False
    changed = dict(members)
    name = draw.choice(list(members))
    if kind == 5:
        changed[name] = members[draw.choice(list(members))]
    elif kind == 6:
        del changed[name]
    elif kind == 7:
        changed[WEIGHTS] = damaged(members[WEIGHTS], draw)
    else:
        changed[CONFIG] = edited(members[CONFIG], draw)
    return archive(changed), True


def damaged_tensors(whole, draw):
    """The bytes of a safetensors file. Its own checksum is of texts and arrays, so it fits neither after an edit."""
    if draw.random() < 0.6:
        return damaged(whole, draw)
    (length,) = struct.unpack("<Q", whole[:8])
    text = edited(whole[8 : 8 + length], draw)
    return struct.pack("<Q", len(text)) + text + whole[8 + length :]


@pytest.fixture(scope="module")
def whole(small, tmp_path_factory):
    """The members of an archive, the bytes of a safetensors file, and the arrays in them."""
    folder = tmp_path_factory.mktemp("whole")
    small.save(folder / "m.keras")
    small.save(folder / "m.safetensors")
    with zipfile.ZipFile(folder / "m.keras") as opened:
        members = {name: opened.read(name) for name in opened.namelist()}
    return members, (folder / "m.safetensors").read_bytes(), small.get_weights()


def equal(model, weights):
    found = model.get_weights()
    return len(found) == len(weights) and all(np.array_equal(a, b) for a, b in zip(found, weights, strict=True))


def fuzz_archives(members, weights, seeds):
    refused = 0
    for seed in seeds:
        content, anew = damaged_archive(members, random.Random(seed))
        started = time.perf_counter()
        try:
            model = read_model(io.BytesIO(content), Decoder({}), compile=True)
        except RavineError:
            refused += 1
        else:
            # What was not made to fit has either the arrays of the whole file or is refused.
            assert anew or not model.built or equal(model, weights), seed
        assert time.perf_counter() - started < LONGEST, seed
    return refused


def fuzz_tensors(whole, weights, seeds, path):
    refused = 0
    for seed in seeds:
        path.write_bytes(damaged_tensors(whole, random.Random(seed)))
        started = time.perf_counter()
        try:
            model = ravine.load_model(path)
        except RavineValueError:
            refused += 1
        else:
            assert equal(model, weights), seed
        assert time.perf_counter() - started < LONGEST, seed
    return refused


def test_damaged_archives(whole):
    members, _, weights = whole
    assert fuzz_archives(members, weights, range(150)) > 75


def test_damaged_tensors(whole, tmp_path):
    _, tensors, weights = whole
    assert fuzz_tensors(tensors, weights, range(150), tmp_path / "m.safetensors") > 100


@pytest.mark.slow
def test_a_thousand_damaged_archives(whole):
    members, _, weights = whole
    assert fuzz_archives(members, weights, range(1000, 2000)) > 500


@pytest.mark.slow
def test_a_thousand_damaged_tensors(whole, tmp_path):
    _, tensors, weights = whole
    assert fuzz_tensors(tensors, weights, range(1000, 2000), tmp_path / "m.safetensors") > 700


def test_arrays_with_a_new_checksum_are_what_the_bytes_say(whole):
    """A flip within an array, checksummed anew, is another array and no damage."""
    members, _, weights = whole
    image = members[WEIGHTS]
    at = image.index(weights[0].tobytes())
    changed = image[:at] + struct.pack("<f", 7.0) + image[at + 4 :]
    content = archive(members | {WEIGHTS: changed})
    assert zlib.crc32(changed) != zlib.crc32(image)
    found = read_model(io.BytesIO(content), Decoder({}), compile=True).get_weights()
    assert found[0][0, 0] == 7
    np.testing.assert_array_equal(found[0].ravel()[1:], weights[0].ravel()[1:])


FORMATS = [".weights.h5", ".keras", ".safetensors"]


def flipped(whole, draw):
    """``whole`` with one bit flipped."""
    found = bytearray(whole)
    found[draw.randrange(len(found))] ^= 1 << draw.randrange(8)
    return bytes(found)


@pytest.mark.parametrize("ending", FORMATS)
@pytest.mark.parametrize("count", [40, pytest.param(400, marks=pytest.mark.slow)])
def test_a_flipped_bit_is_refused_or_changes_nothing(tiny, small, tmp_path, ending, count):
    (small.save_weights if ending == ".weights.h5" else small.save)(tmp_path / f"whole{ending}")
    whole, path = (tmp_path / f"whole{ending}").read_bytes(), tmp_path / f"flipped{ending}"
    right = [small.get_weights(), jax.tree.leaves(small.train_state().optimizer)]
    fresh, refused = tiny.model(), 0
    for seed in range(count):
        path.write_bytes(flipped(whole, random.Random(seed)))
        try:
            fresh.load_weights(path)
        except RavineValueError:
            refused += 1
            continue
        found = [fresh.get_weights(), jax.tree.leaves(fresh.train_state().optimizer)]
        for a, b in zip(jax.tree.leaves(found), jax.tree.leaves(right), strict=True):
            np.testing.assert_array_equal(a, b)
    assert refused > count / 2 or ending == ".keras"  # of whose configuration nothing is read


def test_a_checksum_goes_with_an_edit_in_place(tiny, small, tmp_path):
    path = tmp_path / "m.weights.h5"
    small.save_weights(path)
    with h5py.File(path, "r+") as file:
        file["layers/dense/vars/0"][0, 0] = 7
    fresh = tiny.model()
    fresh.load_weights(path)
    assert fresh.get_weights()[0][0, 0] == 7


def test_numbers_that_are_none_in_a_file_without_checksum_are_told(tiny, small, tmp_path):
    path = tmp_path / "m.weights.h5"
    small.save_weights(path)
    with h5py.File(path, "r+") as file:
        file["layers/dense/vars/0"][0, 0] = np.nan
    with pytest.warns(UserWarning, match=r"NaN or infinity stands in dense/kernel\. The file has no checksum"):
        tiny.model().load_weights(path)


def test_what_a_run_left_as_it_was_saved_is_not_told(tiny, tmp_path):
    model = tiny.model()
    model.set_weights([np.full_like(w, np.inf) for w in model.get_weights()])
    model.save_weights(tmp_path / "m.weights.h5")
    tiny.model().load_weights(tmp_path / "m.weights.h5")
