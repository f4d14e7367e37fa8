"""``ravine.compare``: contenders tuned alike, run from the same seeds, and compared seed by seed."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from ravine import checks, losses, optimizers
from ravine import seeds as random_seeds
from ravine.callbacks import Callback
from ravine.callbacks.progress import check_verbose
from ravine.comparison import contenders as contending
from ravine.comparison.contenders import Factory
from ravine.comparison.execution import Executor, check_limits, check_trainer
from ravine.comparison.progress import Progress
from ravine.comparison.result import Comparison
from ravine.comparison.store import Store
from ravine.comparison.study import MOST_RUNS, Study, check_seeds, check_tune
from ravine.comparison.versions import versions
from ravine.metrics import MetricLike

ContenderLike = Factory | str | optimizers.Transformation | Mapping[str, Any]


def compare(
    contenders: Mapping[str, ContenderLike],
    x: Any,
    y: Any,
    *,
    epochs: int,
    validation_data: tuple[Any, Any] | None = None,
    validation_split: float = 0.2,
    test_data: tuple[Any, Any] | None = None,
    model: Factory | None = None,
    optimizer: str | optimizers.Transformation | None = None,
    loss: losses.LossLike | None = None,
    metrics: MetricLike | list[MetricLike] | None = None,
    callbacks: list[Callback] | None = None,
    batch_size: int = 32,
    seeds: int | Sequence[int] = 10,
    tune: Mapping[str, Any] | None = None,
    trials: int = 10,
    metric: str | Mapping[str, str] | None = None,
    baseline: str | None = None,
    target: Mapping[str, float] | None = None,
    budget: float | None = None,
    seed: int = 0,
    out: str | os.PathLike[str] | None = None,
    jobs: int | None = None,
    verbose: int | str = "auto",
) -> Comparison:
    """Compare contenders fairly: the same number of trials each, the same seeds, differences seed by seed.

    With ``tune``, every contender first has the same number of trials, each one run, and keeps the hyperparameters that
    were best on validation data. Then each runs from every seed. A seed decides all that is random: the rows held out,
    the initial weights, the order of the batches, the noise. Contenders with the same seed share all of that as far as
    their layers agree.

    Args:
        contenders: by name a function that builds a model; an optimizer, for the common ``model``; or a dict of what is
            a contender's own: ``model``, ``optimizer``, ``loss``, ``metrics``, ``callbacks``, ``batch_size``, and
            hyperparameters such as ``"dropout.rate"``.
        x: samples ``[rows, ...]``.
        y: targets ``[rows, ...]``.
        epochs: the most that a run trains for.
        validation_data: ``(x, y)``; without it, rows of ``x`` are held out.
        validation_split: how many of the rows are held out, above 0 and below 1; every seed holds out others.
        test_data: ``(x, y)`` on which finished runs are compared, and by which nothing is chosen.
        model: the function that builds the model of contenders that have none of their own.
        optimizer: of contenders that have none of their own; so are ``loss``, ``metrics``, ``callbacks`` and
            ``batch_size``.
        loss: a name or a loss.
        metrics: names or objects of what to watch.
        callbacks: such as ``EarlyStopping``, which ends each run by itself.
        batch_size: rows in a step.
        seeds: how many, or which; with fewer than 6 no difference can be significant.
        tune: the search space of each hyperparameter, such as ``{"learning_rate": loguniform(1e-4, 1)}``, or by
            contender a dict of such spaces, ``{}`` for one that is to stay as it is.
        trials: how many points of its space each contender tries.
        metric: the key of the value to compare, such as ``"val_accuracy"``, or ``{"val_mine": "min"}`` for one of which
            nobody can tell whether less is better; by default the first metric that all contenders have, or their loss,
            on test data where there are such, else on validation data.
        baseline: the contender that the others are compared with, by default the first.
        target: a value to be reached, such as ``{"val_accuracy": 0.97}``.
        budget: seconds after which no further run is begun; what is done by then is the result.
        seed: an integer in [0, 2**32); another one gives other runs throughout. With 0 and ``seeds=10`` the runs have
            the seeds 0 to 9, with 1 those from 1,000,000 on.
        out: a file to which runs are written as they finish; the same call goes on with what it holds.
        jobs: how many programs run side by side, by default one a core.
        verbose: 1 shows a bar, 2 a line a run, 0 nothing; a bar becomes lines where there is no screen.

    Returns:
        The result; after Ctrl-C, or once the budget is spent, that of the runs done by then.
    """
    common: dict[str, Any] = {"model": model, "optimizer": optimizer, "loss": loss, "metrics": metrics}
    common |= {"callbacks": callbacks, "batch_size": batch_size}
    sides = contending.checked(contenders, common)
    seed = random_seeds.check_seed("seed", seed)
    study = Study(
        contenders=sides,
        trainer=check_trainer(x, y, validation_data, validation_split, test_data),
        epochs=checks.integer("epochs", epochs, least=1),
        tuned=check_tune(tune, sides),
        trials=checks.integer("trials", trials, least=1, most=MOST_RUNS),
        seeds=check_seeds(seeds, seed),
        seed=seed,
    )
    protocol = study.protocol(metric, baseline, target)
    limits = check_limits(jobs, budget)
    shown = Progress(check_verbose(verbose), study.size, protocol.selection)
    with Store(out, protocol.study) as store, shown as progress:
        progress.start(len(store))
        runs, trials_made = study.carry_out(Executor(study.trainer, store, progress, limits), protocol.selection)
    return Comparison(protocol, tuple(runs), tuple(trials_made), versions())
