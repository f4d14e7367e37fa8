"""Layers, under Keras's names."""

from ravine.layers.activation import Activation, ReLU, Softmax
from ravine.layers.activity import ActivityRegularization
from ravine.layers.base import Layer
from ravine.layers.batch_norm import BatchNormalization
from ravine.layers.dense import Dense
from ravine.layers.dropout import AlphaDropout, Dropout, GaussianDropout, GaussianNoise
from ravine.layers.input import Input
from ravine.layers.normalization import (
    GroupNormalization,
    LayerNormalization,
    RMSNormalization,
    UnitNormalization,
)
from ravine.layers.reshape import Flatten

__all__ = [
    "Activation",
    "ActivityRegularization",
    "AlphaDropout",
    "BatchNormalization",
    "Dense",
    "Dropout",
    "Flatten",
    "GaussianDropout",
    "GaussianNoise",
    "GroupNormalization",
    "Input",
    "Layer",
    "LayerNormalization",
    "RMSNormalization",
    "ReLU",
    "Softmax",
    "UnitNormalization",
]
