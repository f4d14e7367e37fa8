"""Layers that put numbers of the data on another scale; nothing in them is trained."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from ravine import checks, trees
from ravine.frames import as_frame, frame_as_array, names_of
from ravine.layers.affine import Axis, axes_of, check_axis, check_axis_of, others
from ravine.layers.base import Arrays, Layer, Shape
from ravine.layers.given import as_leaf, as_numbers, check_leaf
from ravine.layers.normalization import sizes_along


@trees.tree(frozen=False)
class Rescaling(Layer):
    """y = scale·x + offset.

    Args:
        scale: a number, or an array that fits beside a batch: one number for each feature.
        offset: the same.
    """

    scale: Any
    offset: Any = 0.0

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, as_leaf(name, value) if name in ("scale", "offset") else value)

    def check(self) -> None:
        """Both are finite numbers or arrays of them."""
        super().check()
        check_leaf("scale", self.scale)
        check_leaf("offset", self.offset)

    def check_input(self, input_shape: Shape) -> None:
        """Arrays fit beside samples of ``input_shape``."""
        for name in ("scale", "offset"):
            shape = np.shape(getattr(self, name))
            if not _fits((1, *input_shape), shape):
                raise checks.RavineValueError(
                    f"{name} has shape {shape}: expected a number, or an array that fits beside samples of shape "
                    f"{input_shape}."
                )

    def apply(
        self, params: Arrays, stats: Arrays, x: jax.Array, *, key: jax.Array | None, training: bool
    ) -> tuple[jax.Array, Arrays]:
        """scale·x + offset."""
        return x * jnp.asarray(self.scale, x.dtype) + jnp.asarray(self.offset, x.dtype), stats


SMALLEST = 1e-7
"""A standard deviation below this one counts as this one, as in Keras."""

COARSE = 1 / 64
"""Steps between neighbouring float32 above this part of a standard deviation are warned of."""

ROWS = 2**16
"""As many rows are adapted to at once, so that data larger than memory can be."""


class Moments(NamedTuple):
    """How many values were seen, their mean, and the sum of their squared distances from it, in float64."""

    seen: int = 0
    mean: Any = 0.0
    squares: Any = 0.0

    def taking_in(self, values: np.ndarray, axes: tuple[int, ...]) -> Moments:
        """With more values, reduced over ``axes`` (Chan, Golub & LeVeque 1979, equation 2.1)."""
        mean, variance = values.mean(axis=axes, dtype=np.float64), values.var(axis=axes, dtype=np.float64)
        more = math.prod(values.shape[axis] for axis in axes)
        total, step = self.seen + more, mean - self.mean
        squares = self.squares + variance * more + np.square(step) * (self.seen * more / total)
        return Moments(total, self.mean + step * (more / total), squares)


@trees.tree(frozen=False)
class Normalization(Layer):
    """y = (x − μ)/max(σ, 10⁻⁷), with the mean μ and the variance σ² of data seen before, for each position of ``axis``.

    They are given here, or taken from data by :meth:`adapt` before the layer meets samples. Then they are arrays of the
    layer, which ``get_weights()`` shows and training leaves as they are; ``layer.mean`` shows only what was given.

    Args:
        axis: one axis or several that have a mean each; the batch counts as axis 0; None or ``()`` for one mean of all.
        mean: a number, or an array of as many axes as ``axis`` or fewer, its last for the last of them.
        variance: the same, at least 0.
        invert: whether to undo it: y = μ + x·max(σ, 10⁻⁷).
    """

    axis: Axis | None = trees.static(default=-1)
    mean: Any = None
    variance: Any = None
    invert: bool = trees.static(default=False)

    # Keras keeps a count, for old files, and so its weights are these three.
    variable_names: ClassVar[tuple[str, ...]] = ("mean", "variance", "count")

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, as_leaf(name, value) if name in ("mean", "variance") else value)

    def _axis(self) -> Axis:
        return () if self.axis is None else self.axis

    def check(self) -> None:
        """Mean and variance are both there, or neither; they fit each other."""
        super().check()
        checks.boolean("invert", self.invert)
        if self.axis is not None and not (isinstance(self.axis, tuple | list) and not self.axis):
            check_axis(self.axis, several=True)
        if self.mean is None and self.variance is None:
            return
        for name, other in (("mean", "variance"), ("variance", "mean")):
            if getattr(self, name) is None:
                raise checks.RavineValueError(
                    f"{name}=None, but {other} is given: expected both, or neither and a call of adapt(data)."
                )
        shapes = check_leaf("mean", self.mean), check_leaf("variance", self.variance)
        if shapes[0] != shapes[1]:
            raise checks.RavineValueError(f"variance has shape {shapes[1]}: expected {shapes[0]}, that of mean.")
        if np.min(self.variance) < 0:
            checks.reject("variance", float(np.min(self.variance)), "numbers of at least 0")

    def check_input(self, input_shape: Shape) -> None:
        """``axis`` is the sample's, and the statistics have its sizes."""
        self._check_axis(input_shape)
        sizes = sizes_along(self._axis(), input_shape)
        if self.given is not None and self.given["mean"].shape != sizes:
            raise checks.RavineValueError(
                f"Normalization was adapted to data with {self.given['mean'].shape} along axis={self.axis}, but here "
                f"samples of shape {input_shape} have {sizes}."
            )
        shape = np.shape(self.mean)
        if self.mean is not None and not _fits(sizes, shape):
            raise checks.RavineValueError(
                f"mean has shape {shape}: expected a number, or an array that fits beside {sizes}, the sizes of "
                f"axis={self.axis}."
            )

    def adapt(self, data: Any) -> None:
        """Take mean and variance from ``data``, in place of those that were taken before.

        Args:
            data: samples ``[rows, ...]``, or an iterable of batches of them; of tuples the first item counts.
        """
        if self.mean is not None:
            raise checks.RavineValueError("adapt: mean and variance were given, so there is nothing to adapt.")
        self.check()
        owner, index = self._owned_by() if self.is_bound else (None, 0)
        columns = names_of(data)
        if columns:
            known = self.columns if owner is None else owner.columns
            data, columns = frame_as_array("data", as_frame("data", data), known), known or columns
        shape, moments = None if owner is None else owner.layer_input_shape(index), Moments()
        for part in _parts(data):
            found = part.shape[1:]
            if shape is None:
                self._check_axis(found)
                shape = found
            if len(found) != len(shape) or sizes_along(self._axis(), found) != sizes_along(self._axis(), shape):
                raise checks.RavineValueError(
                    f"data has samples of shape {found}: expected {shape}, the shape that the layer sees."
                )
            moments = moments.taking_in(part, others(part.ndim, axes_of(self._axis(), part.ndim)))
        if not moments.seen:
            raise checks.RavineValueError("data is empty: expected at least one batch.")
        new = {"mean": moments.mean, "variance": moments.squares / moments.seen}
        _warn_of_scales(new["mean"], np.sqrt(new["variance"]))
        self.give({name: a.astype(np.float32) for name, a in new.items()} | {"count": np.array(0, np.int32)})
        object.__setattr__(self, "columns", columns)

    def _check_axis(self, sample_shape: Shape) -> None:
        if self._axis() != ():
            check_axis_of(self.axis, sample_shape)

    def check_ready(self) -> None:
        """Mean and variance are there."""
        if self.mean is not None or self.given is not None:
            return
        if self.is_bound:
            owner, index = self._owned_by()
            # Those of other weights than the drawn ones, which are NaN, came from a file or another model.
            if owner.has_arrays(index) and np.isfinite(np.asarray(owner.layer_arrays(index)["mean"])).all():
                return
        raise checks.RavineValueError(
            "Normalization has no mean and variance yet: call its adapt(data) with the training samples first, or give "
            "it mean=... and variance=...."
        )

    def init(self, key: jax.Array, input_shape: Shape) -> tuple[Arrays, Arrays]:
        """``mean`` and ``variance``, NaN until they are adapted, and Keras's ``count``; none where they are given."""
        if self.mean is not None:
            return {}, {}
        unknown = jnp.full(sizes_along(self._axis(), input_shape), jnp.nan)
        return {}, {"mean": unknown, "variance": unknown, "count": jnp.int32(0)}

    def apply(
        self, params: Arrays, stats: Arrays, x: jax.Array, *, key: jax.Array | None, training: bool
    ) -> tuple[jax.Array, Arrays]:
        """(x − μ)/max(σ, 10⁻⁷), or its inverse."""
        found = (stats["mean"], stats["variance"]) if self.mean is None else (self.mean, self.variance)
        mean, variance = (_beside(jnp.asarray(a, x.dtype), axes_of(self._axis(), x.ndim), x.ndim) for a in found)
        deviation = jnp.maximum(jnp.sqrt(variance), SMALLEST)
        return (mean + x * deviation if self.invert else (x - mean) / deviation), stats


def _warn_of_scales(mean: Any, deviation: Any) -> None:
    """Warn of features that do not change, and of those too far from 0 for float32 to tell their values apart."""
    flat = np.ravel(deviation)
    for words, bad in (
        (f"is the same in all of data, and is divided by {SMALLEST:g}: leave it out", flat < SMALLEST),
        (
            "lies so far from 0, beside its spread, that float32 hardly tells its values apart: subtract its mean "
            "first, in float64",
            (flat >= SMALLEST) & (np.ravel(np.abs(mean)) * np.finfo(np.float32).eps > COARSE * flat),
        ),
    ):
        if bad.any():
            others = f" (and {int(bad.sum()) - 1} more)" if bad.sum() > 1 else ""
            checks.warn(f"adapt: feature {int(bad.argmax())}{others} {words}.")


def _fits(sizes: tuple[int, ...], shape: tuple[int, ...]) -> bool:
    """Whether an array of ``shape`` beside one of ``sizes`` leaves that as large as it is."""
    return len(shape) <= len(sizes) and all(n in (1, m) for n, m in zip(reversed(shape), reversed(sizes), strict=False))


def _beside(array: jax.Array, axes: tuple[int, ...], rank: int) -> jax.Array:
    """``array``, whose axes are the last of ``axes``, as one of ``rank`` axes."""
    sizes = dict(zip(reversed(axes), reversed(array.shape), strict=False))
    return array.reshape([sizes.get(a, 1) for a in range(rank)])


def _parts(data: Any) -> Iterator[np.ndarray]:
    """What ``adapt`` was given, a bounded number of rows at a time."""
    for batch in _batches(data):
        array = batch if isinstance(batch, np.ndarray) else as_numbers("data", batch)
        if array.ndim == 0:
            checks.reject("data", batch, "an array with one row a sample")
        for start in range(0, len(array), ROWS):
            yield as_numbers("data", array[start : start + ROWS])


def _batches(data: Any) -> Iterable[Any]:
    """The batches of an iterable of them; an array is one batch."""
    if isinstance(data, list | tuple):  # rows, unless they are arrays that have rows themselves
        several = all(getattr(_samples(part), "ndim", 0) > 1 for part in data)
    else:
        several = isinstance(data, Iterable) and not hasattr(data, "__array__") and not isinstance(data, str | Mapping)
    return map(_samples, data) if several else (data,)


def _samples(batch: Any) -> Any:
    """What of a batch are the samples."""
    return batch[0] if isinstance(batch, tuple) and batch else batch
