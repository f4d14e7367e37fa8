"""Batch normalization."""

from __future__ import annotations

from typing import ClassVar

import jax
import jax.numpy as jnp

from ravine import checks, initializers, trees
from ravine.layers.affine import Affine, axes_of, beside, check_axis, check_axis_of, others, values_per_feature
from ravine.layers.base import Arrays, Shape


@trees.tree(frozen=False)
class BatchNormalization(Affine):
    """z = γ·x̂ + β with x̂ = (x − μ)/√(σ² + ε), for each feature along ``axis``.

    In training μ = μ_B and σ² = σ_B² are the batch's own mean and variance, the latter with divisor N_B, the number of
    values of a feature in the batch. At inference they are the statistics that the layer keeps, which are

    - by default moving averages: moving ← momentum·moving + (1 − momentum)·(the batch's), as in Keras, of the biased
      σ_B². They start at 0 and 1, so after t steps momentum^t of the start is left in them: 37 % after 100 steps;
    - after :func:`ravine.population_statistics`, or in ``fit(population_statistics=True)``, exact:
      E(x) = E_B(μ_B) and Var(x) = N_B/(N_B − 1)·E_B(σ_B²) over the training set.

    A frozen layer (``trainable=False``) uses what it keeps in training too.

    Source: Ioffe & Szegedy 2015, algorithms 1 and 2.

    Args:
        axis: of the features; the batch counts as axis 0.
        momentum: how much of a moving average each step keeps, in [0, 1].
        epsilon: ε, above 0.
        moving_mean_initializer: a name or a function of a key and a shape.
        moving_variance_initializer: the same.
        synchronized: only False; a batch is never split between devices here.
    """

    axis: int = trees.static(default=-1)
    momentum: float = 0.99
    epsilon: float = 1e-3
    moving_mean_initializer: str | initializers.Initializer = trees.static(default="zeros", kw_only=True)
    moving_variance_initializer: str | initializers.Initializer = trees.static(default="ones", kw_only=True)
    synchronized: bool = trees.static(default=False, kw_only=True)

    variable_names: ClassVar[tuple[str, ...]] = ("gamma", "beta", "moving_mean", "moving_variance")

    def check(self) -> None:
        """``momentum`` in [0, 1], ε above 0."""
        super().check()
        check_axis(self.axis, several=False)
        checks.number("momentum", self.momentum, least=0, most=1)
        checks.number("epsilon", self.epsilon, above=0)
        if self.synchronized is not False:
            checks.reject("synchronized", self.synchronized, "False, since a batch is never split between devices")

    def check_input(self, input_shape: Shape) -> None:
        """``axis`` is one of the sample's."""
        check_axis_of(self.axis, input_shape)

    def check_batch(self, input_shape: Shape, rows: int) -> None:
        """Each feature has two values or more: the variance of a single one is undefined."""
        if self.trainable and values_per_feature(input_shape, rows, self.axis) < 2:
            raise checks.RavineValueError(
                f"BatchNormalization: a batch of {rows} row has one value of each feature, and the variance of one is "
                "undefined. Use batches of at least 2 rows, the last of an epoch included (choose a batch_size that "
                "does not leave 1 row over), or freeze the layer with trainable=False."
            )

    def init(self, key: jax.Array, input_shape: Shape) -> tuple[Arrays, Arrays]:
        """``gamma``, ``beta``, ``moving_mean`` and ``moving_variance``, each ``[features]``."""
        features = ((0, *input_shape)[self.axis],)
        affine_key, mean_key, variance_key = jax.random.split(key, 3)
        return self.affine(affine_key, features), {
            "moving_mean": self.drawn("moving_mean", mean_key, features),
            "moving_variance": self.drawn("moving_variance", variance_key, features),
        }

    def moments(self, x: jax.Array) -> tuple[jax.Array, jax.Array]:
        """Mean μ_B and biased variance σ_B² of a batch, ``[features]``."""
        reduced = others(x.ndim, axes_of(self.axis, x.ndim))
        return x.mean(axis=reduced), x.var(axis=reduced)

    def estimates(self, x: jax.Array) -> Arrays:
        """μ_B and N_B/(N_B − 1)·σ_B²; of a frozen layer nothing."""
        if not self.trainable:
            return {}
        mean, variance = self.moments(x)
        count = values_per_feature(x.shape[1:], len(x), self.axis)
        return {"moving_mean": mean, "moving_variance": variance * (count / (count - 1))}

    def apply(
        self, params: Arrays, stats: Arrays, x: jax.Array, *, key: jax.Array | None, training: bool
    ) -> tuple[jax.Array, Arrays]:
        """γ·x̂ + β, and the moving averages with this batch taken in."""
        shape = beside(x.shape, axes_of(self.axis, x.ndim))
        if training and self.trainable:
            mean, variance = self.moments(x)
            new = {"moving_mean": mean, "moving_variance": variance}
            after = {
                k: self.momentum * stats[k] + (1 - self.momentum) * jax.lax.stop_gradient(v) for k, v in new.items()
            }
        else:
            mean, variance, after = stats["moving_mean"], stats["moving_variance"], stats
        factor = jax.lax.rsqrt(variance + self.epsilon).reshape(shape)
        return self.transformed(params, x - jnp.reshape(mean, shape), factor, shape), after
