"""Batch normalization's statistics over a whole data set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ravine import checks, seeds, trees
from ravine.model.prediction import Predictor
from ravine.training import data as training_data
from ravine.training import programs
from ravine.training.program import population_of
from ravine.training.walking import Count

if TYPE_CHECKING:
    from ravine.model.sequential import Sequential


def population_statistics(model: Sequential, x: Any, batch_size: int = 32) -> None:
    """Replace the moving averages of ``model``'s batch normalization by the statistics over all of ``x``.

    E(x) = E_B(μ_B) and Var(x) = N_B/(N_B − 1)·E_B(σ_B²), the means over batches of the training data
    (Ioffe & Szegedy 2015, algorithm 2). The batches are drawn in a random order, always the same; each layer normalizes
    by the batch's own statistics, as in training, and nothing is dropped, as at inference. So inference agrees with
    training after any number of steps, where moving averages still remember where they started.

    ``fit(population_statistics=True)`` does this in each epoch, before validation.

    Args:
        model: its layers that are not frozen are changed in place.
        x: the training samples ``[rows, ...]``, at least 2.
        batch_size: N_B, at least 2, that of training; of fewer rows all are one batch. A last batch of 1 is left out.
    """
    if not isinstance(model, Predictor):
        checks.reject_type("model", model, "a Sequential")
    size = checks.integer("batch_size", batch_size, least=1)
    if size < 2:
        checks.reject("batch_size", batch_size, "at least 2, since the variance of a single row is undefined")
    samples = training_data.as_samples("x", x, model.columns)
    if len(samples) < 2:
        raise checks.RavineValueError("x has 1 row, whose variance is undefined: expected at least 2 rows.")
    samples = model.accept("x", samples)
    model.check_statistics("population_statistics")
    variables = model.arrays()
    take = programs.compiled(population_of)
    key, rows = seeds.stream(0, "population statistics"), Count(min(size, len(samples)))
    model.take_variables((variables[0], take(trees.as_leaves(model.network), variables, samples, key, rows)))
