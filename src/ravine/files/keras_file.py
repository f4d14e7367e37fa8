"""Keras's own formats: the archive ``.keras`` and its weights alone, ``.weights.h5``."""

from __future__ import annotations

import datetime
import json
import os
import re
from typing import Any, BinaryIO

import numpy as np

from ravine import checks
from ravine.files import arrays, hdf5, slots, strict_json
from ravine.files.architecture import decode_model, encode_model
from ravine.files.archive import Archive, write_archive
from ravine.files.decoding import Decoder
from ravine.model import Sequential

KERAS = "3.15.0"
"""The version of Keras whose layout the files have."""

FORMAT = 1
"""What Ravine adds to that layout; a file of a higher number needs a newer Ravine."""

METADATA, CONFIG, WEIGHTS = "metadata.json", "config.json", "model.weights.h5"


def metadata() -> dict[str, Any]:
    """What a file says of itself."""
    saved = datetime.datetime.now().strftime("%Y-%m-%d@%H:%M:%S")
    return {"keras_version": KERAS, "date_saved": saved, "ravine_format": FORMAT}


def check_metadata(found: dict[str, Any]) -> None:
    """Raise where a file is of a version that Ravine does not know."""
    version = found.get("keras_version")
    major = re.match(r"(\d{1,9})\.", version) if isinstance(version, str) else None
    if major is None:
        checks.reject("metadata.json: keras_version", version, "a version such as '3.15.0'")
    if int(major[1]) != 3:
        raise checks.RavineValueError(
            f"it was written by Keras {checks.shown(version)[1:-1]}: Ravine reads the files of Keras 3."
        )
    own = found.get("ravine_format", FORMAT)
    if isinstance(own, bool) or not isinstance(own, int) or own > FORMAT:
        raise checks.RavineValueError(f"it has Ravine's format {checks.shown(own)}: this Ravine knows up to {FORMAT}.")


def write_model(file: BinaryIO, model: Sequential) -> None:
    """Write a model as ``.keras``."""
    config = json.dumps(encode_model(model), allow_nan=False).encode()
    write_archive(file, {METADATA: json.dumps(metadata()).encode(), CONFIG: config, WEIGHTS: weights_image(model)})


def read_model(file: BinaryIO, decoder: Decoder, *, compile: bool) -> Sequential:
    """The model of a ``.keras`` file."""
    archive = Archive(file)
    check_metadata(strict_json.parse_object(METADATA, archive.read(METADATA, strict_json.LARGEST)))
    config = strict_json.parse_object(CONFIG, archive.read(CONFIG, strict_json.LARGEST))
    model = decode_model(config, decoder, compile=compile)
    if model.built:
        take_archived(archive, arrays.Room(model, described=True))
    else:
        check_unbuilt(archive, model)
    return model


def take_archived(archive: Archive, room: arrays.Room, told: str | None = None) -> None:
    """Give a model the weights of a ``.keras`` file, whose optimizer is ``told``."""
    room.check_size(f"its member {WEIGHTS}", archive.size(WEIGHTS))
    take_image(archive.read(WEIGHTS, room.most), room, checked=True, told=told)


def check_unbuilt(archive: Archive, model: Sequential) -> None:
    """Raise where a model without an input's shape comes with arrays, which it could not take."""
    with hdf5.opened(archive.read(WEIGHTS, 2**20 + 2**14 * len(model.layers))) as groups:
        for path in arrays.paths_of(model):
            if groups.count(path):
                raise checks.RavineValueError(
                    f"{path} has arrays, but the configuration does not say the input's shape."
                )


def weights_image(model: Sequential) -> bytes:
    """A model's arrays as an HDF5 file in Keras's layout."""
    groups = {"": hdf5.Group(name=model.name)}
    for path, name, held in zip(arrays.paths_of(model), model.layer_names, arrays.held_weights(model), strict=True):
        groups[path] = hdf5.Group(list(held.values()), name)
    optimizer = arrays.held_optimizer(model)
    if optimizer is not None:
        groups["optimizer"] = hdf5.Group(optimizer.listed, type(model.optimizer).__name__.lower(), optimizer.words)
    return hdf5.written(groups)


def take_image(image: bytes, room: arrays.Room, *, checked: bool, told: str | None = None) -> None:
    """Give a model the arrays of an HDF5 file; ``checked`` where its bytes are those that were written."""
    with hdf5.opened(image) as groups:
        room.fill(_Image(groups, told), checked=checked)


def write_weights(file: BinaryIO, model: Sequential) -> None:
    """Write a model's arrays as ``.weights.h5``."""
    file.write(hdf5.sealed(weights_image(model)))


def read_weights(file: BinaryIO, room: arrays.Room) -> None:
    """Give a model the arrays of a ``.weights.h5`` file."""
    size = os.fstat(file.fileno()).st_size
    room.check_size("it", size)
    image = file.read(size)
    take_image(image, room, checked=hdf5.check_seal(image))


class _Image:
    """The groups of an HDF5 file as a source of arrays."""

    def __init__(self, groups: hdf5.Groups, told: str | None) -> None:
        self._groups, self._told = groups, told

    def weights(self, place: arrays.Place) -> dict[str, np.ndarray]:
        count = self._groups.count(place.path)
        if count != len(place.arrays):
            raise checks.RavineValueError(
                f"{place.path} has {count} arrays: the layer {place.name} expected {len(place.arrays)}."
            )
        return {
            name: self._groups.array(place.path, index, expected.shape, expected.dtype)
            for index, (name, expected) in enumerate(place.arrays.items())
        }

    def optimizer(self) -> slots.OptimizerList | None:
        return _Listed(self._groups, self._told) if self._groups.count("optimizer") else None


class _Listed(slots.OptimizerList):
    """The group ``optimizer`` of an HDF5 file."""

    def __init__(self, groups: hdf5.Groups, told: str | None) -> None:
        self._groups, self.count = groups, groups.count("optimizer")
        self.told = groups.text("optimizer", hdf5.WORDS) or told

    def integer(self, index: int) -> int:
        return int(self._groups.array("optimizer", index, (), np.int64))

    def floats(self, index: int, shape: tuple[int, ...]) -> np.ndarray:
        return self._groups.array("optimizer", index, shape)


def read_archived_weights(file: BinaryIO, room: arrays.Room) -> None:
    """Give a model the arrays of a ``.keras`` file."""
    archive = Archive(file)
    take_archived(archive, room, told=_rule_in(archive))


def _rule_in(archive: Archive) -> str | None:
    """The name of the optimizer that a ``.keras`` file describes, which Keras does not write beside its arrays."""
    compiled = strict_json.parse_object(CONFIG, archive.read(CONFIG, strict_json.LARGEST)).get("compile_config")
    rule = compiled.get("optimizer") if isinstance(compiled, dict) else None
    name = rule.get("class_name") if isinstance(rule, dict) else None
    return name if isinstance(name, str) else None
