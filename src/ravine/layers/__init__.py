"""Layers, under Keras's names."""

from ravine.layers.activation import Activation, ReLU, Softmax
from ravine.layers.base import Layer
from ravine.layers.dense import Dense
from ravine.layers.input import Input
from ravine.layers.reshape import Flatten

__all__ = ["Activation", "Dense", "Flatten", "Input", "Layer", "ReLU", "Softmax"]
