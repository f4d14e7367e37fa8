"""Layers that look whole numbers up: words, categories.

The numbers are the data's own, so they are checked on the host before anything runs, and reach the layer exactly.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np

from ravine import checks, constraints, initializers, regularizers, trees
from ravine.layers.base import Arrays, Layer, Shape
from ravine.layers.declaring import check_size
from ravine.layers.given import as_numbers

EXACT_FLOATS = 2**24
"""From here on float32 does not tell every whole number from the next."""


@trees.tree(frozen=False)
class Tokens(Layer):
    """Base of the layers whose inputs are whole numbers in [0, ``limit()``)."""

    limit_name: ClassVar[str]

    def limit(self) -> int:
        """How many different numbers the layer knows."""
        return int(getattr(self, self.limit_name))

    def looked_up(self, argument: str, samples: np.ndarray) -> np.ndarray:
        """``samples`` as int32; raises where one is no whole number that the layer knows."""
        limit = self.limit()
        whole = f"whole numbers in [0, {limit})"
        if samples.dtype.kind == "f":
            if limit > EXACT_FLOATS:
                raise checks.RavineTypeError(
                    f"{argument} has floats, which do not hold every number below {self.limit_name}={limit}: expected "
                    "an array of an integer type with at most 32 bits."
                )
            _refuse(argument, samples, samples != np.floor(samples), f"expected {whole}")
        known = f"expected {whole}, since {type(self).__name__} has {self.limit_name}={limit}"
        _refuse(argument, samples, (samples < 0) | (samples >= limit), known)
        return samples.astype(np.int32, copy=False)


def _refuse(argument: str, samples: np.ndarray, bad: np.ndarray, expected: str) -> None:
    """Raise where ``bad`` is true anywhere, saying where first."""
    if bad.any():
        where = np.unravel_index(int(bad.argmax()), bad.shape)
        place = ", ".join(str(int(i)) for i in where)
        raise checks.RavineValueError(f"{argument}[{place}]={samples[where].item()}: {expected}.")


def as_ids(x: jax.Array) -> jax.Array:
    """Checked numbers as what they index; they may have come as floats."""
    return x if jnp.issubdtype(x.dtype, jnp.integer) else x.astype(jnp.int32)


@trees.tree(frozen=False)
class Embedding(Tokens):
    """A vector for each whole number: ``[batch, ...]`` in [0, input_dim) to ``[batch, ..., output_dim]``.

    A number outside the range is an error before anything runs. The layer is a model's first, or follows layers that
    only reshape.

    Args:
        input_dim: how many numbers there are, at least 1.
        output_dim: the length of a vector, at least 1.
        embeddings_initializer: a name or a function of a key and a shape, for ``embeddings`` ``[input_dim,
            output_dim]``.
        embeddings_regularizer: a penalty on ``embeddings``: an object, a name or a function; None for none.
        embeddings_constraint: what ``embeddings`` is put back to after each update: an object, a name or a function.
        mask_zero: only False; nothing is masked here.
        weights: the vectors to start from ``[input_dim, output_dim]``, or a list of just them.
        input_length: the same as ``input_shape=(input_length,)``: how many numbers a sample has.
    """

    input_dim: int = trees.static(kw_only=False)
    output_dim: int = trees.static()
    embeddings_initializer: str | initializers.Initializer = trees.static(default="uniform")
    embeddings_regularizer: regularizers.Named = trees.named(regularizers.get, default=None)
    embeddings_constraint: constraints.Named = trees.named(constraints.get, default=None)
    mask_zero: bool = trees.static(default=False)
    weights: Any = trees.label(default=None)
    input_length: int | None = trees.label(default=None, kw_only=True, repr=False)

    variable_names: ClassVar[tuple[str, ...]] = ("embeddings",)
    limit_name: ClassVar[str] = "input_dim"

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, _vectors(value) if name == "weights" and value is not None else value)

    def check(self) -> None:
        """Both sizes are positive integers; nothing is to be masked."""
        super().check()
        checks.integer("input_dim", self.input_dim, least=1)
        checks.integer("output_dim", self.output_dim, least=1)
        if checks.boolean("mask_zero", self.mask_zero):
            checks.reject(
                "mask_zero",
                True,
                "False, since no layer here masks: a mean over the words that leaves out the zeros is a Lambda away",
            )
        shape = (self.input_dim, self.output_dim)
        if self.weights is not None and self.weights.shape != shape:
            raise checks.RavineValueError(
                f"weights has shape {self.weights.shape}: expected {shape}, which is (input_dim, output_dim)."
            )

    def check_input(self, input_shape: Shape) -> None:
        """The vectors can be counted."""
        super().check_input(input_shape)
        check_size("Embedding", "its embeddings", (int(self.input_dim), int(self.output_dim)))

    def declared_shape(self) -> Any:
        """``input_shape``, or that of rows of ``input_length``: ``input_dim`` is another thing here."""
        return self.input_shape if self.input_length is None else (self.input_length,)

    def starts(self) -> Mapping[str, Any]:
        """The vectors that were given."""
        return {} if self.weights is None else {"embeddings": self.weights}

    def init(self, key: jax.Array, input_shape: Shape) -> tuple[Arrays, Arrays]:
        """``embeddings``."""
        shape = (self.input_dim, self.output_dim)
        return {"embeddings": self.drawn("embeddings", key, shape)}, {}

    def output_shape(self, input_shape: Shape) -> Shape:
        """The input's shape with an axis of ``output_dim`` more."""
        return (*input_shape, int(self.output_dim))

    def apply(
        self, params: Arrays, stats: Arrays, x: jax.Array, *, key: jax.Array | None, training: bool
    ) -> tuple[jax.Array, Arrays]:
        """The vectors; NaN for numbers out of range, which nothing but a call past the checks could bring here."""
        vectors = params["embeddings"].at[as_ids(x)]
        return vectors.get(mode="fill", fill_value=jnp.nan, wrap_negative_indices=False), stats


def _vectors(weights: Any) -> np.ndarray:
    """An embedding's weights, given by themselves or as Keras's list of all of a layer's arrays."""
    wrapped = isinstance(weights, list | tuple) and len(weights) == 1 and getattr(weights[0], "ndim", 0) == 2
    return as_numbers("weights", weights[0] if wrapped else weights)


MODES = ("one_hot", "multi_hot", "count")


@trees.tree(frozen=False)
class CategoryEncoding(Tokens):
    """Whole numbers in [0, num_tokens) as vectors of length ``num_tokens``.

    - ``"one_hot"``: for each number a vector with 1 at its place. Samples of one number, ``[batch]`` or ``[batch, 1]``,
      give ``[batch, num_tokens]``, others one axis more than they have.
    - ``"multi_hot"``: for each sample ``[batch, numbers]`` one vector with 1 at the places of all its numbers.
    - ``"count"``: the same with how often each number is there.

    A number outside the range is an error before anything runs. The layer is a model's first, or follows layers that
    only reshape.

    Args:
        num_tokens: how many numbers there are, at least 1.
        output_mode: ``"one_hot"``, ``"multi_hot"`` or ``"count"``.
        sparse: only False; arrays are dense here.
    """

    num_tokens: int | None = trees.static(default=None)
    output_mode: str = trees.static(default="multi_hot")
    sparse: bool = trees.static(default=False)

    limit_name: ClassVar[str] = "num_tokens"

    def check(self) -> None:
        """``num_tokens`` is a positive integer, the mode known."""
        super().check()
        checks.integer("num_tokens", self.num_tokens, least=1)
        checks.look_up("output_mode", self.output_mode, dict.fromkeys(MODES))
        if checks.boolean("sparse", self.sparse):
            checks.reject("sparse", True, "False, since arrays are dense here")

    def check_input(self, input_shape: Shape) -> None:
        """Numbers that are put together stand in one row."""
        if self.output_mode != "one_hot" and len(input_shape) != 1:
            raise checks.RavineValueError(
                f"CategoryEncoding: output_mode={self.output_mode!r} makes one vector of each sample of shape "
                f"(numbers,), but here samples have shape {input_shape}."
            )

    def output_shape(self, input_shape: Shape) -> Shape:
        """The axis of the vectors, after those that are kept."""
        kept = _without_last_one(input_shape) if self.output_mode == "one_hot" else ()
        return (*kept, self.limit())

    def apply(
        self, params: Arrays, stats: Arrays, x: jax.Array, *, key: jax.Array | None, training: bool
    ) -> tuple[jax.Array, Arrays]:
        """The vectors."""
        ids = as_ids(x)
        if self.output_mode == "one_hot":
            ids = ids.reshape(len(x), *_without_last_one(x.shape[1:]))
        places = jax.nn.one_hot(ids, self.limit())
        if self.output_mode == "one_hot":
            return places, stats
        return (places.max(axis=1) if self.output_mode == "multi_hot" else places.sum(axis=1)), stats


def _without_last_one(shape: Shape) -> Shape:
    """``shape`` without a last axis of size 1."""
    return shape[:-1] if shape[-1:] == (1,) else shape
