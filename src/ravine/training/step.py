"""One step: a batch in, new weights and running sums out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ravine import checks, trees
from ravine.layers.network import Network, Pass, Variables
from ravine.losses import Loss
from ravine.losses.base import by_step
from ravine.metrics import Mean, Metric
from ravine.optimizers.transformation import Transformation
from ravine.training import steps
from ravine.training.data import Data
from ravine.training.state import TrainState


@trees.tree
class Task:
    """What is trained, by which rule, towards what: all of a run but its arrays. Its numbers are leaves."""

    network: Network
    optimizer: Transformation
    loss: Loss
    loss_weight: float = 1.0
    metrics: tuple[Metric, ...] = ()
    weighted_metrics: tuple[Metric, ...] = ()

    @property
    def has_user_code(self) -> bool:
        """Whether what runs is not all Ravine's."""
        return trees.has_user_code((self.network, self.loss, self.metrics, self.weighted_metrics))

    @property
    def rowwise(self) -> bool:
        """Whether loss and metrics of many rows are the same however they are cut into batches, as far as one knows."""
        compared: tuple[Loss | Metric, ...] = (self.loss, *self.metrics, *self.weighted_metrics)
        return not self.has_user_code and all(comparison.rowwise for comparison in compared)

    def check(self, prefix: str, y: np.ndarray, output_shape: tuple[int, ...]) -> None:
        """Raise where loss or metrics cannot compare targets ``y`` with outputs; ``prefix`` goes before ``y``."""
        comparisons: tuple[Loss | Metric, ...] = (self.loss, *self.metrics, *self.weighted_metrics)
        try:
            for comparison in comparisons:
                comparison.check(y, output_shape)
        except checks.RavineValueError as error:
            raise checks.RavineValueError(f"{prefix}{error}") from None

    def check_weights(self, argument: str, data: Data, output_shape: tuple[int, ...]) -> None:
        """Raise where there are weights of steps that the outputs have not, or that nothing can weigh."""
        steps.check(argument, data, output_shape, self.loss, self.weighted_metrics)


@trees.tree
class Sums:
    """The running loss and metrics of an epoch."""

    loss: Mean
    metrics: tuple[Any, ...]

    @classmethod
    def zero(cls, task: Task) -> Sums:
        """Before the first batch."""
        return cls(Mean.zero(), tuple(m.init() for m in (*task.metrics, *task.weighted_metrics)))


def read(task: Task, sums: Sums) -> jax.Array:
    """The loss, then the metrics in the order of the task: float32 ``[1 + metrics]``."""
    metrics = zip((*task.metrics, *task.weighted_metrics), sums.metrics, strict=True)
    return jnp.stack([sums.loss.result(), *(m.result(s) for m, s in metrics)])


def forward(
    task: Task,
    params: Variables,
    stats: Variables,
    batch: Data,
    key: jax.Array | None,
    training: bool,
    watched: tuple[int, ...] = (),
) -> tuple[jax.Array, Pass]:
    """The batch's loss, by default Σ wᵢlᵢ / B, plus what the regularizers add, and its way through the network."""
    passed = task.network.apply(params, stats, batch.x, key=key, training=training, watched=watched)
    loss = task.loss.reduced(*task.loss.weighed(batch.y, passed.outputs, batch.w))
    return task.loss_weight * loss + passed.penalty, passed


def add_batch(task: Task, sums: Sums, loss: jax.Array, z: jax.Array, batch: Data) -> Sums:
    """``sums`` with a batch's loss and metrics taken in."""
    outputs = task.network.outputs(z)
    plain, weighted = (batch.y, outputs, None), by_step(batch.y, outputs, batch.w)
    given = [plain] * len(task.metrics) + [weighted] * len(task.weighted_metrics)
    metrics = (*task.metrics, *task.weighted_metrics)
    return Sums(
        sums.loss.add(loss * batch.rows, float(batch.rows)),
        tuple(m.update(s, *seen) for m, s, seen in zip(metrics, sums.metrics, given, strict=True)),
    )


def train_step(
    task: Task, state: TrainState, sums: Sums, batch: Data, key: jax.Array | None
) -> tuple[TrainState, Sums]:
    """One update of the weights; the sums take in loss and metrics as they were before it."""
    loss_of = jax.value_and_grad(lambda p: forward(task, p, state.stats, batch, key, True), has_aux=True)
    (loss, passed), grads = loss_of(state.params)
    updates, optimizer = task.optimizer.update(grads, state.optimizer, state.params)
    params = task.network.constrained(jax.tree.map(jnp.add, state.params, updates))
    state = replace(state, params=params, stats=passed.stats, optimizer=optimizer)
    return state, add_batch(task, sums, loss, passed.outputs, batch)


def test_step(task: Task, variables: tuple[Variables, Variables], sums: Sums, batch: Data) -> Sums:
    """The sums with one batch evaluated."""
    loss, passed = forward(task, *variables, batch, None, False)
    return add_batch(task, sums, loss, passed.outputs, batch)
