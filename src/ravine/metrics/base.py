"""What every metric has: a state, which takes in one batch after another, and what it comes to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Self

import jax
import jax.numpy as jnp
import numpy as np

from ravine import checks, keras_names, losses, trees
from ravine.losses.base import tried

Weights = jax.Array | None


def ratio(a: Any, b: Any) -> jax.Array:
    """a / b, 0 where b is 0."""
    return jnp.where(b == 0, 0.0, a / jnp.where(b == 0, 1.0, b))


def spread(weights: Weights, like: jax.Array) -> jax.Array:
    """The samples' weights, each for all numbers of its sample; ones where there are no weights."""
    if weights is None:
        return jnp.ones(like.shape, jnp.float32)
    return jnp.broadcast_to(weights.reshape(-1, *(1,) * (like.ndim - 1)), like.shape)


@trees.tree
class Mean:
    """A weighted mean that accumulates: ``total / count``, 0 before the first sample."""

    total: Any = 0.0
    count: Any = 0.0

    @classmethod
    def zero(cls) -> Mean:
        """The mean of nothing yet."""
        return cls(np.float32(0), np.float32(0))

    def add(self, total: jax.Array, count: jax.Array | float) -> Mean:
        """With a sum of values and the sum of their weights taken in."""
        return Mean(self.total + total, self.count + count)

    def result(self) -> jax.Array:
        """The mean so far."""
        return jnp.where(self.count > 0, self.total / jnp.maximum(self.count, losses.EPSILON), 0.0)


@trees.tree
class Metric:
    """The mean over samples of a value per sample, unless a class has ``init``, ``update`` and ``result`` of its own.

    A state is a tree of arrays that keep their shapes, so that it lives inside the compiled run.

    ``better`` says which direction is an improvement, ``"min"`` or ``"max"``; None where nobody can tell.

    Args:
        name: the key in ``History``; by default the class's name in snake case.
    """

    name: str | None = trees.label(default=None, kw_only=True)

    better: ClassVar[str | None] = "max"
    may_be_undefined: ClassVar[bool] = False
    """Whether there are targets for which the metric is no number."""
    called: ClassVar[str | None] = None

    def __getattr__(self, name: str) -> Any:
        raise keras_names.missing(type(self).__name__, name, "Metric", dir(type(self)))

    @property
    def rowwise(self) -> bool:
        """Whether what comes of many rows is the same however they are cut into batches."""
        return True

    def values(self, y: jax.Array, outputs: jax.Array) -> jax.Array:
        """The value of each sample, ``[batch]``."""
        raise NotImplementedError

    def check_settings(self) -> None:
        """Raise where a setting cannot work."""

    def check(self, y: np.ndarray, output_shape: tuple[int, ...]) -> None:
        """Raise where targets ``y`` cannot be compared with outputs ``[batch, *output_shape]``."""

    def fitted(self, output_shape: tuple[int, ...]) -> Self:
        """The metric of outputs ``[batch, *output_shape]``, for those whose state depends on how many there are."""
        return self

    def takes_weights(self, y: np.ndarray, output_shape: tuple[int, ...]) -> bool:
        """Whether samples can have weights."""
        return True

    def default_name(self) -> str:
        """The key in ``History`` of a metric without a name."""
        return self.called or trees.snake(type(self).__name__)

    def init(self) -> Any:
        """The state before the first batch."""
        return Mean.zero()

    def update(self, state: Any, y: jax.Array, outputs: jax.Array, weights: Weights = None) -> Any:
        """The state with one batch taken in; ``weights`` is ``[batch]``, or None where all samples count alike."""
        values = self.values(y, outputs)
        if weights is None:
            return state.add(values.sum(), float(values.shape[0]))
        return state.add((values * weights).sum(), weights.sum())

    def result(self, state: Any) -> jax.Array:
        """The metric of everything taken in, a scalar."""
        return state.result()


@trees.tree
class MeanLoss(Metric):
    """A loss watched as a metric."""

    loss: losses.Loss

    better: ClassVar[str | None] = "min"

    @property
    def rowwise(self) -> bool:
        """As the loss has a value for each sample."""
        return self.loss.of_samples

    def values(self, y: jax.Array, outputs: jax.Array) -> jax.Array:
        """The loss of each sample."""
        return self.loss.values(y, outputs)

    def check(self, y: np.ndarray, output_shape: tuple[int, ...]) -> None:
        """As the loss checks them."""
        self.loss.check(y, output_shape)


@trees.tree
class OfLoss(Metric):
    """Base of the metrics that are means of a loss, under names of their own."""

    kind: ClassVar[type[losses.Loss]]
    better: ClassVar[str | None] = "min"

    def loss(self) -> losses.Loss:
        """The loss whose mean this is."""
        return self.kind()

    @property
    def rowwise(self) -> bool:
        """As the loss has a value for each sample."""
        return self.loss().of_samples

    def check_settings(self) -> None:
        """As the loss checks them."""
        self.loss().check_settings()

    def values(self, y: jax.Array, outputs: jax.Array) -> jax.Array:
        """The loss of each sample."""
        return self.loss().values(y, outputs)

    def check(self, y: np.ndarray, output_shape: tuple[int, ...]) -> None:
        """As the loss checks them."""
        self.loss().check(y, output_shape)


@trees.tree
class MeanMetricWrapper(Metric):
    """The mean of what a user's function ``f(y, outputs)`` gives: ``[batch, ...]`` values, or one for the batch.

    Where the function gives one value for a batch, the mean is over batches, as in Keras. ``y`` has a last axis of one
    where only the outputs have it. Which direction is better nobody can tell: ``EarlyStopping`` needs its ``mode``.

    Args:
        fn: the function.
        name: the key in ``History``; by default the function's name.
    """

    fn: Callable[[jax.Array, jax.Array], Any] = trees.static()

    better: ClassVar[str | None] = None

    @property
    def rowwise(self) -> bool:
        """Nobody can tell."""
        return False

    def default_name(self) -> str:
        """The function's name in snake case."""
        function = getattr(self.fn, "func", self.fn)  # of a partial application, what it applies
        return trees.snake(getattr(function, "__name__", type(function).__name__)).strip("<>")

    def check_settings(self) -> None:
        """``fn`` is a function."""
        if not callable(self.fn) or isinstance(self.fn, type):
            checks.reject_type("fn", self.fn, "a function of y and outputs")

    def check(self, y: np.ndarray, output_shape: tuple[int, ...]) -> None:
        """The function gives numbers: one for each sample or more, or one for all."""
        tried(f"metric {self.name or self.default_name()!r}", self.fn, y, output_shape)

    def takes_weights(self, y: np.ndarray, output_shape: tuple[int, ...]) -> bool:
        """Not if the function gives one value for a whole batch."""
        return tried("metric", self.fn, y, output_shape).shape != ()

    def update(self, state: Any, y: jax.Array, outputs: jax.Array, weights: Weights = None) -> Any:
        """The state with one batch taken in."""
        found = jnp.asarray(self.fn(losses.same_rank(y, outputs), outputs)).astype(jnp.float32)
        if not found.ndim:
            return state.add(found, 1.0)
        values = losses.per_sample(found)
        weights = spread(weights, values)
        return state.add((values * weights).sum(), weights.sum())
