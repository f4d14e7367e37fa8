"""Layers, under Keras's names."""

from typing import TYPE_CHECKING

from ravine import keras_names
from ravine.layers.activation import ELU, Activation, LeakyReLU, PReLU, ReLU, Softmax
from ravine.layers.activity import ActivityRegularization
from ravine.layers.base import Layer
from ravine.layers.batch_norm import BatchNormalization
from ravine.layers.dense import Dense
from ravine.layers.dropout import AlphaDropout, Dropout, GaussianDropout, GaussianNoise
from ravine.layers.function import Lambda
from ravine.layers.input import Input
from ravine.layers.normalization import (
    GroupNormalization,
    LayerNormalization,
    RMSNormalization,
    UnitNormalization,
)
from ravine.layers.pooling import GlobalAveragePooling1D, GlobalMaxPooling1D
from ravine.layers.reshape import Flatten, Identity, Permute, RepeatVector, Reshape
from ravine.layers.scaling import Normalization, Rescaling
from ravine.layers.tokens import CategoryEncoding, Embedding

__all__ = [
    "ELU",
    "Activation",
    "ActivityRegularization",
    "AlphaDropout",
    "BatchNormalization",
    "CategoryEncoding",
    "Dense",
    "Dropout",
    "Embedding",
    "Flatten",
    "GaussianDropout",
    "GaussianNoise",
    "GlobalAveragePooling1D",
    "GlobalMaxPooling1D",
    "GroupNormalization",
    "Identity",
    "Input",
    "Lambda",
    "Layer",
    "LayerNormalization",
    "LeakyReLU",
    "Normalization",
    "PReLU",
    "Permute",
    "RMSNormalization",
    "ReLU",
    "RepeatVector",
    "Rescaling",
    "Reshape",
    "Softmax",
    "UnitNormalization",
]

if not TYPE_CHECKING:
    __getattr__ = keras_names.of_module(__name__, __all__)
