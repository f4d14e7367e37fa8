"""A model without its arrays as Keras's configuration, and back."""

from __future__ import annotations

from typing import Any

from ravine import checks
from ravine.files.arrays import sample_shape
from ravine.files.decoding import Decoder, check_neutral, class_name, expect_object, lacking
from ravine.files.encoding import Config, encode, encode_compiled
from ravine.files.vocabulary import LAYERS
from ravine.layers import Layer
from ravine.model import Sequential
from ravine.optimizers import Optimizer

MOST_LAYERS = 4096
"""A model of more is refused: what a file costs to read must not grow faster than the file."""


def encode_model(model: Sequential) -> Config:
    """The configuration of a model whose shapes are known."""
    if not model.layers:
        raise checks.RavineValueError("save: the model has no layers.")
    sample = sample_shape(model)
    inputs = [None, *sample]
    shapes = [inputs, *([None, *shape] for shape in model.network.shapes(sample))]
    dtype = "float32" if model.network.tokens is None else "int32"
    first = {"batch_shape": inputs, "dtype": dtype, "sparse": False, "ragged": False, "name": "input_layer"}
    layers = [{"module": "keras.layers", "class_name": "InputLayer", "config": first, "registered_name": None}]
    for name, layer, shape in zip(model.layer_names, model.layers, shapes, strict=False):
        config = encode(name, layer)
        config["config"] |= {"name": name, "dtype": "float32"}
        layers.append(config | {"build_config": {"input_shape": shape}})
    return {
        "module": "keras",
        "class_name": "Sequential",
        "config": {
            "name": model.name,
            "trainable": True,
            "dtype": "float32",
            "layers": layers,
            "build_input_shape": inputs,
        },
        "registered_name": None,
        "build_config": {"input_shape": inputs},
        "compile_config": _compile_config(model),
    }


def _compile_config(model: Sequential) -> Config | None:
    if not model.compiled:
        return None
    if not isinstance(model.optimizer, Optimizer):
        checks.warn(
            f"save: {type(model.optimizer).__name__} holds functions, which no file can, so the file has the model "
            "without what compile was given. Compile it anew once it is loaded."
        )
        return None
    return encode_compiled(model.compilation.arguments())


def decode_model(config: Config, decoder: Decoder, *, compile: bool) -> Sequential:
    """The model that a configuration describes, without arrays."""
    kind, arguments = class_name("config.json", config)
    if kind != "Sequential":
        raise checks.RavineValueError(f"it holds a {checks.shown(kind)[1:-1]} model: Ravine has Sequential ones only.")
    arguments = expect_object("config", arguments)
    described = arguments.get("layers")
    if not isinstance(described, list) or not 0 < len(described) <= MOST_LAYERS:
        checks.reject("layers", described, f"a list of 1 to {MOST_LAYERS} layers")
    layers, shape = _split(described, arguments.get("build_input_shape"))
    model = Sequential([_layer(f"layers[{i}]", layer, decoder) for i, layer in enumerate(layers)], _name(arguments))
    if shape is not None:
        model.take_shape(shape)
    if compile and config.get("compile_config"):
        given = expect_object("compile_config", config["compile_config"])
        try:
            model.compile(**decoder.compiled(given))
        except checks.RavineError as error:
            raise checks.RavineValueError(f"{error} To load the model alone, pass compile=False.") from error
    return model


def _split(described: list[Any], built: Any) -> tuple[list[Any], tuple[int, ...] | None]:
    """The layers, and the shape of a sample: from an InputLayer before them, or what the model was ``built`` with."""
    if isinstance(described[0], dict) and described[0].get("class_name") == "InputLayer":
        return described[1:], _sample_shape(_batch_shape(described[0]))
    return described, None if built is None else _sample_shape(built)


def _name(arguments: Config) -> str | None:
    name = arguments.get("name")
    if not isinstance(name, str | None):
        checks.reject("name", name, "the model's name")
    return name


def _layer(where: str, config: Any, decoder: Decoder) -> Layer:
    name, _ = class_name(where, config)
    if name == "InputLayer":
        raise checks.RavineValueError(f"{where}: an InputLayer goes first in a model.")
    layer = decoder.object(where, LAYERS, config)
    if not isinstance(layer, Layer):
        raise checks.RavineValueError(lacking(where, "layer", name, LAYERS.classes))
    return layer


def _batch_shape(config: Config) -> Any:
    """The shape that an InputLayer declares. Its dtype is of no consequence: the layers say what a batch becomes."""
    arguments = expect_object("layers[0].config", config.get("config"))
    for key in ("sparse", "ragged", "optional"):
        check_neutral("layers[0]", "InputLayer", key, arguments.get(key))
    return arguments.get("batch_shape", arguments.get("batch_input_shape"))  # the latter is Keras 2's


def _sample_shape(shape: Any) -> tuple[int, ...]:
    """``[batch, ...]`` without the batch, all sizes known."""
    if not isinstance(shape, list) or not shape:
        checks.reject("batch_shape", shape, "the shape of a batch")
    if None in shape[1:]:
        checks.reject("batch_shape", shape, "sizes for all axes but the batch, since Ravine compiles for one shape")
    return tuple(checks.integer(f"batch_shape[{i}]", n, least=1) for i, n in enumerate(shape[1:], 1))
