"""Initial weights, under Keras's names: objects that give an array for a key and a shape.

An initializer is a frozen value. Two with equal settings are equal, so that models which have one each share their
compiled program.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING

import jax

from ravine import checks, keras_names
from ravine.initializers.base import Initializer, Rule, Shape
from ravine.initializers.drawn import Orthogonal, RandomNormal, RandomUniform, TruncatedNormal
from ravine.initializers.fixed import Constant, Identity, Ones, Zeros
from ravine.initializers.scaling import (
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    LecunNormal,
    LecunUniform,
    VarianceScaling,
    fans,
)
from ravine.initializers.spectral import STFT

__all__ = [
    "STFT",
    "Constant",
    "GlorotNormal",
    "GlorotUniform",
    "HeNormal",
    "HeUniform",
    "Identity",
    "IdentityInitializer",
    "Initializer",
    "LecunNormal",
    "LecunUniform",
    "Ones",
    "Orthogonal",
    "OrthogonalInitializer",
    "RandomNormal",
    "RandomUniform",
    "Rule",
    "STFTInitializer",
    "TruncatedNormal",
    "VarianceScaling",
    "Zeros",
    "constant",
    "fans",
    "get",
    "glorot_normal",
    "glorot_uniform",
    "he_normal",
    "he_uniform",
    "identity",
    "lecun_normal",
    "lecun_uniform",
    "ones",
    "orthogonal",
    "random_normal",
    "random_uniform",
    "stft",
    "truncated_normal",
    "variance_scaling",
    "zeros",
]

# Keras's other names for the same classes.
IdentityInitializer = identity = Identity
OrthogonalInitializer = orthogonal = Orthogonal
constant = Constant
glorot_normal = GlorotNormal
glorot_uniform = GlorotUniform
he_normal = HeNormal
he_uniform = HeUniform
lecun_normal = LecunNormal
lecun_uniform = LecunUniform
ones = Ones
random_normal = RandomNormal
random_uniform = RandomUniform
STFTInitializer = stft = STFT
truncated_normal = TruncatedNormal
variance_scaling = VarianceScaling
zeros = Zeros

TABLE: dict[str, type[Rule]] = {
    "constant": Constant,
    "glorot_normal": GlorotNormal,
    "glorot_uniform": GlorotUniform,
    "he_normal": HeNormal,
    "he_uniform": HeUniform,
    "identity": Identity,
    "lecun_normal": LecunNormal,
    "lecun_uniform": LecunUniform,
    "ones": Ones,
    "orthogonal": Orthogonal,
    "random_normal": RandomNormal,
    "random_uniform": RandomUniform,
    "stft": STFT,
    "truncated_normal": TruncatedNormal,
    "variance_scaling": VarianceScaling,
    "zeros": Zeros,
}
ALIASES = {cls.__name__: name for name, cls in TABLE.items()} | {
    "IdentityInitializer": "identity",
    "OrthogonalInitializer": "orthogonal",
    "STFTInitializer": "stft",
    "normal": "random_normal",
    "one": "ones",
    "uniform": "random_uniform",
    "zero": "zeros",
}

Named = str | Initializer | type[Rule] | Callable[[jax.Array, Shape], jax.Array]


def get(initializer: Named, argument: str = "initializer") -> Initializer:
    """The initializer for a name, a class, an object or a function; unknown names raise, with the nearest valid one.

    Errors call it ``argument``.
    """
    if isinstance(initializer, str):
        return checks.look_up(argument, ALIASES.get(initializer, initializer), TABLE)()
    if isinstance(initializer, type) and issubclass(initializer, Rule):
        initializer = initializer()
    if isinstance(initializer, Rule):
        initializer.check()
        # Two with equal fields are equal, and share what was compiled for one.
        if set(vars(initializer)) - {field.name for field in dataclasses.fields(initializer)}:
            raise checks.RavineTypeError(
                f"{argument}: {type(initializer).__name__} holds what is no field: decorate it with "
                "@dataclasses.dataclass(frozen=True) and declare its settings. A function of a key and a shape will do "
                "too."
            )
        return initializer
    if callable(initializer) and not isinstance(initializer, type):
        return initializer
    checks.reject_type(
        argument,
        initializer,
        "a name, an object such as initializers.HeNormal(), or a function of a key and a shape",
    )


if not TYPE_CHECKING:
    __getattr__ = keras_names.of_module(__name__, __all__)
