"""safetensors: the arrays by name, with the configuration and a checksum in the metadata.

The format itself has no checksum. That of a file which Ravine wrote is verified; a file of others has none.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Mapping
from typing import Any, BinaryIO

import jax.numpy as jnp
import numpy as np

from ravine import checks
from ravine.files import arrays, keras_file, slots, strict_json
from ravine.files.architecture import decode_model, encode_model
from ravine.files.decoding import Decoder
from ravine.model import Sequential

DTYPES: dict[str, Any] = {
    "BOOL": np.bool_,
    **{f"{kind}{bits}": np.dtype(f"{kind.lower()}{bits // 8}") for kind in "IU" for bits in (8, 16, 32, 64)},
    **{f"F{bits}": np.dtype(f"f{bits // 8}") for bits in (16, 32, 64)},
    "BF16": jnp.bfloat16,
}
OPTIMIZER = "optimizer/"
"""Before the numbers of what the optimizer remembers, in Keras's order."""


def write_model(file: BinaryIO, model: Sequential, *, config: bool = True) -> None:
    """Write a model's arrays; with ``config`` its configuration too."""
    held = {
        f"{name}/{key}": np.asarray(array, order="C")
        for name, layer in zip(model.layer_names, arrays.held_weights(model), strict=True)
        for key, array in layer.items()
    }
    texts = {"metadata": json.dumps(keras_file.metadata())}
    optimizer = arrays.held_optimizer(model)
    if optimizer is not None:
        held |= {f"{OPTIMIZER}{i}": np.asarray(array, order="C") for i, array in enumerate(optimizer.listed)}
        texts["optimizer"] = optimizer.words
    if config:
        texts["config"] = json.dumps(encode_model(model), allow_nan=False)
    write(file, held, texts)


def write(file: BinaryIO, held: Mapping[str, np.ndarray], texts: Mapping[str, str]) -> None:
    """Write arrays and texts by name, and their checksum."""
    from safetensors.numpy import save

    file.write(save(dict(held), {**texts, "crc32": checksum(held, texts)}))


def checksum(held: Mapping[str, np.ndarray], texts: Mapping[str, str]) -> str:
    """Of all arrays and texts, names and shapes included, in the order of their names."""
    value = 0
    for name in sorted(texts):
        value = zlib.crc32(f"{name}={texts[name]}".encode(), value)
    for name in sorted(held):
        value = zlib.crc32(f"{name}:{held[name].dtype}{held[name].shape}".encode(), value)
        value = zlib.crc32(held[name].reshape(-1).view(np.uint8).data, value)  # no buffer is of bfloat16
    return f"{value:08x}"


def read_model(file: BinaryIO, decoder: Decoder, *, compile: bool) -> Sequential:
    """The model of a file with a configuration."""
    header = Header(file)
    if "config" not in header.texts:
        raise checks.RavineValueError(
            "it holds arrays without a configuration: build the model and use model.load_weights."
        )
    config = strict_json.parse_object("the configuration", header.texts["config"].encode())
    model = decode_model(config, decoder, compile=compile)
    if model.built:
        _take(file, header, arrays.Room(model, described=True))
    elif header.tensors:
        raise checks.RavineValueError("it has arrays, but the configuration does not say the input's shape.")
    return model


def read_weights(file: BinaryIO, room: arrays.Room) -> None:
    """Give a model the arrays of a file."""
    _take(file, Header(file), room)


def _take(file: BinaryIO, header: Header, room: arrays.Room) -> None:
    room.check_size("its part after the header", header.size - header.start)
    room.fill(_Tensors(header.read(file), header.texts.get("optimizer")), checked="crc32" in header.texts)


class Header:
    """What a file declares: its arrays' places and its texts, checked against the file's size."""

    def __init__(self, file: BinaryIO) -> None:
        self.size = os.fstat(file.fileno()).st_size
        start = file.read(8)
        length = int.from_bytes(start, "little")
        if len(start) < 8 or length > min(self.size - 8, 2 * strict_json.LARGEST):
            raise checks.RavineValueError("it is no safetensors file, or a part of one.")
        self.start = 8 + length
        self.tensors = strict_json.parse_object("its header", file.read(length))
        self.texts: dict[str, str] = self.tensors.pop("__metadata__", {})
        if not isinstance(self.texts, dict) or not all(isinstance(text, str) for text in self.texts.values()):
            checks.reject("__metadata__", self.texts, "texts by name")
        if "metadata" in self.texts:
            keras_file.check_metadata(strict_json.parse_object("the metadata", self.texts["metadata"].encode()))

    def read(self, file: BinaryIO) -> dict[str, np.ndarray]:
        """All arrays. The library checks that they fill the file without gap or overlap."""
        from safetensors import SafetensorError, deserialize

        file.seek(0)
        try:
            found = deserialize(file.read(self.size))  # type: ignore[no-untyped-call]
        except (SafetensorError, ValueError) as error:
            raise checks.RavineValueError(f"it is no valid safetensors file ({error}).") from error
        held = {name: _array(name, tensor) for name, tensor in found}
        if "crc32" in self.texts:
            texts = {name: text for name, text in self.texts.items() if name != "crc32"}
            if checksum(held, texts) != self.texts["crc32"]:
                raise checks.RavineValueError("its checksum does not fit: the file is damaged.")
        return held


def _array(name: str, tensor: Mapping[str, Any]) -> np.ndarray:
    if tensor["dtype"] not in DTYPES:
        raise checks.RavineValueError(f"{name} has dtype {tensor['dtype']}: expected one of {', '.join(DTYPES)}.")
    return np.frombuffer(tensor["data"], DTYPES[tensor["dtype"]]).reshape(tensor["shape"])


class _Tensors:
    """The arrays of a file as a source."""

    def __init__(self, held: dict[str, np.ndarray], told: str | None) -> None:
        self._held, self._told = held, told

    def weights(self, place: arrays.Place) -> dict[str, np.ndarray]:
        return {
            key: array_called(self._held, f"{place.name}/{key}", expected.shape, expected.dtype)
            for key, expected in place.arrays.items()
        }

    def optimizer(self) -> slots.OptimizerList | None:
        return _Listed(self._held, self._told) if f"{OPTIMIZER}0" in self._held else None


class _Listed(slots.OptimizerList):
    """The arrays called ``optimizer/0``, ``optimizer/1``, ..."""

    def __init__(self, held: dict[str, np.ndarray], told: str | None) -> None:
        self._held, self.told = held, told
        self.count = sum(name.startswith(OPTIMIZER) and name[len(OPTIMIZER) :].isdigit() for name in held)

    def integer(self, index: int) -> int:
        return int(array_called(self._held, f"{OPTIMIZER}{index}", (), np.int64))

    def floats(self, index: int, shape: tuple[int, ...]) -> np.ndarray:
        return array_called(self._held, f"{OPTIMIZER}{index}", shape)


def array_called(held: Mapping[str, np.ndarray], name: str, shape: tuple[int, ...], dtype: Any = np.float32) -> Any:
    """The array called ``name``, which has ``shape`` and the kind of ``dtype``."""
    if name not in held:
        raise checks.RavineValueError(f"{name} is missing: expected an array of shape {shape}.")
    array = held[name]
    if array.shape != shape:
        raise checks.RavineValueError(f"{name} has shape {array.shape}: expected {shape}.")
    kind, expected = ("f", "floats") if np.dtype(dtype).kind == "f" else ("i", "integers")
    if array.dtype.kind != kind:
        raise checks.RavineValueError(f"{name} has dtype {array.dtype}: expected {expected}.")
    return array.astype(dtype)
