"""``ravine.search``: the best hyperparameters of one model, from many runs at a time."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from ravine import checks, losses, optimizers, tables
from ravine import seeds as random_seeds
from ravine.callbacks import Callback
from ravine.callbacks.progress import check_verbose, figure
from ravine.comparison import codec, spaces, tabulating
from ravine.comparison import contenders as contending
from ravine.comparison.contenders import Contender, Factory
from ravine.comparison.execution import Executor, Wanted, check_limits, check_trainer, chunks
from ravine.comparison.progress import Progress
from ravine.comparison.records import Run
from ravine.comparison.store import Store
from ravine.comparison.strategies import Strategy, check_method, planned, ranked
from ravine.comparison.study import MOST_RUNS, Study, check_spaces
from ravine.comparison.versions import versions
from ravine.metrics import MetricLike
from ravine.training import placement

FORMAT = "ravine search 1"
NAME = "model"


@dataclass(frozen=True, repr=False)
class SearchResult:
    """The result of :func:`ravine.search`.

    Attributes:
        runs: one record a run, in the order that they were asked for.
        metric: the key of the value that was searched by; ``direction`` tells whether less or more is better.
        epochs: the most that a run trains for; runs of fewer are those that successive halving gave up.
        space: what was searched, and ``method`` how.
        versions: of the software that it was made with.
    """

    runs: tuple[Run, ...]
    metric: str
    direction: str
    epochs: int
    space: Mapping[str, Any]
    method: str
    versions: Mapping[str, str] = field(default_factory=dict)

    @property
    def best_run(self) -> Run:
        """The best of the runs that were given the most epochs; raises where every run failed."""
        good = [run for run in self.runs if not math.isnan(run.value(self.metric))]
        if not good:
            raise checks.RavineValueError(f"best: none of the {len(self.runs)} runs has a result; see runs[i].failure.")
        most = max(run.limit for run in good)
        return ranked([run for run in good if run.limit == most], self.metric, self.direction)[0]

    @property
    def best(self) -> dict[str, float]:
        """Its hyperparameters."""
        return dict(self.best_run.hyperparameters)

    def to_frame(self, backend: str = "pandas") -> Any:
        """A row a run, with its hyperparameters and final values, as a frame of pandas, polars or pyarrow."""
        return tables.frame(tabulating.run_columns(self.runs), backend)

    def table(self, format: str = "plain", rows: int = 10) -> str:
        """The best runs, as ``"plain"``, ``"markdown"`` or ``"latex"`` text."""
        good = [run for run in ranked(list(self.runs), self.metric, self.direction) if not run.failure]
        good.sort(key=lambda run: -run.limit)  # those that halving gave up come after those that it did not
        cells = []
        for rank, run in enumerate(good[:rows], 1):
            values = [f"{run.hyperparameters[path]:.4g}" for path in self.space]
            cells.append([str(rank), figure(run.value(self.metric)), str(run.epochs), *values])
        failed = sum(run.failure is not None for run in self.runs)
        caption = f"The best of {len(self.runs)} runs, {failed} of which failed"
        return tables.Table(caption, ["", self.metric, "epochs", *self.space], cells).text(format)

    def __repr__(self) -> str:
        return f"<SearchResult by {self.metric}: {len(self.runs)} runs, {self.method}; print() shows the best>"

    def __str__(self) -> str:
        return self.table()

    def to_json(self, path: str | os.PathLike[str] | None = None) -> str:
        """All of it as JSON, which :meth:`from_json` reads back; written to ``path`` where there is one."""
        return codec.written(FORMAT, asdict(self), path)

    @classmethod
    def from_json(cls, source: str | os.PathLike[str]) -> SearchResult:
        """A result from a file that :meth:`to_json` wrote, or from its text."""

        def made(given: dict[str, Any]) -> SearchResult:
            return cls(**{**given, "runs": tuple(map(Run.from_dict, given["runs"]))})

        return codec.read(FORMAT, "SearchResult.to_json", source, made)


def search(
    model: Factory | Mapping[str, Any],
    x: Any,
    y: Any,
    space: Mapping[str, spaces.SpaceLike],
    *,
    epochs: int,
    method: str | Any = "random",
    trials: int = 20,
    validation_data: tuple[Any, Any] | None = None,
    validation_split: float = 0.2,
    optimizer: str | optimizers.Transformation | None = None,
    loss: losses.LossLike | None = None,
    metrics: MetricLike | list[MetricLike] | None = None,
    callbacks: list[Callback] | None = None,
    batch_size: int = 32,
    metric: str | Mapping[str, str] | None = None,
    budget: float | None = None,
    seed: int = 0,
    out: str | os.PathLike[str] | None = None,
    jobs: int | None = None,
    verbose: int | str = "auto",
) -> SearchResult:
    """Search for the hyperparameters of a model with the best validation value.

    Every run has the same seed: the same held-out rows, initial weights and order of batches. To say how much better
    the best is than another, compare the two over seeds: the value that won was the best of many.

    Args:
        model: a function that builds a model, or a dict as a contender of :func:`ravine.compare`.
        x: samples ``[rows, ...]``.
        y: targets ``[rows, ...]``.
        space: by path what to try: ``loguniform(1e-4, 1)``, ``uniform(0, 0.5)``, or a list of values.
        epochs: the most that a run trains for.
        method: ``"random"`` spreads the trials evenly; ``"grid"`` tries every combination of lists; ``"halving"`` gives
            all trials a few epochs and the better third of them three times as many, until they have all; a sampler of
            Optuna, such as ``TPESampler(seed=0)``, learns from the runs before.
        trials: how many points are tried; a grid tries all it has.
        validation_data: ``(x, y)``; without it, rows of ``x`` are held out.
        validation_split: how many of the rows are held out, above 0 and below 1.
        optimizer: where the model is not compiled; so are ``loss`` and ``metrics``.
        loss: a name or a loss.
        metrics: names or objects of what to watch.
        callbacks: such as ``EarlyStopping``, which ends each run by itself.
        batch_size: rows in a step.
        metric: the key of the value to search by, by default the model's first metric on validation data, or its loss;
            ``{"val_mine": "min"}`` for one of which nobody can tell whether less is better.
        budget: seconds after which no further run is begun.
        seed: an integer in [0, 2**32).
        out: a file to which runs are written as they finish; the same call goes on with what it holds.
        jobs: how many programs run side by side, by default one a core.
        verbose: 1 shows a bar, 2 a line a run, 0 nothing.

    Returns:
        The result; after Ctrl-C, or once the budget is spent, that of the runs done by then.
    """
    common = {"optimizer": optimizer, "loss": loss, "metrics": metrics}
    side = contending.contender("model", NAME, model, {**common, "callbacks": callbacks, "batch_size": batch_size})
    tuned = spaces.check("space", space)
    if not tuned:
        checks.reject("space", space, "at least one hyperparameter")
    check_spaces("space", tuned, side)
    seed = random_seeds.check_seed("seed", seed)
    count, limit = checks.integer("trials", trials, least=1, most=MOST_RUNS), checks.integer("epochs", epochs, least=1)
    name = check_method(method, tuned)
    trainer = check_trainer(x, y, validation_data, validation_split, None)
    study = Study([side], trainer, limit, {NAME: tuned}, count, [seed], seed)
    protocol = study.protocol(metric, None, None)
    limits = check_limits(jobs, budget)
    size, strategy = planned(method, tuned, count, limit, seed, side)
    progress = Progress(check_verbose(verbose), size, protocol.metric)
    with Store(out, {**protocol.study, "method": name}) as store, progress:
        progress.start(len(store))
        rounds = strategy(limits.jobs or study.layouts[NAME].lanes, protocol.metric, protocol.direction)
        runs = _carried_out(rounds, side, Executor(trainer, store, progress, limits), study.layouts)
    return SearchResult(runs, protocol.metric, protocol.direction, limit, protocol.tune[NAME], name, versions())


def _carried_out(
    strategy: Strategy, side: Contender, executor: Executor, layouts: Mapping[str, placement.Layout]
) -> tuple[Run, ...]:
    """Make what a strategy asks for until it has enough; returns the records."""
    made: list[Run] = []
    wanted = next(strategy, None)
    while wanted:
        bundles = chunks([Wanted(side, run) for run in wanted], layouts[side.name].group)
        executor.make(bundles, layouts)
        done = executor.found(wanted)
        made += done
        if executor.cut:
            break
        try:
            wanted = strategy.send(done)
        except StopIteration:
            break
    return tuple(made)
