"""Sequential: the model that Keras users know, a thin shell over the compiled run."""

from __future__ import annotations

import functools
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import jax
import numpy as np

from ravine import checks, hooks, seeds, trees
from ravine.callbacks import Callback
from ravine.callbacks import base as callback_base
from ravine.callbacks.progress import check_verbose, line_of_batches
from ravine.layers import Input, Layer
from ravine.model import fitting
from ravine.model.course import Course
from ravine.model.evaluation import evaluated, in_batches, values_of, warn_of_undefined
from ravine.model.fitting import Feed, Plan, Request
from ravine.model.prediction import first_batches
from ravine.model.resuming import Backup, backup_of
from ravine.model.running import run_course
from ravine.model.trainable import Trainable
from ravine.training import classes, placement, programs
from ravine.training import data as training_data
from ravine.training.data import Data
from ravine.training.history import History
from ravine.training.sources import Rows, Source, as_source, hold_out, pair_as_source
from ravine.training.step import Sums, Task, train_step
from ravine.training.walking import Settings

Values = float | list[float] | dict[str, float]


class Sequential(Trainable):
    """Layers in a row.

    The model's shapes are known once its input's is: from ``Input(shape=...)``, from ``input_shape=`` of its first
    layer, or from the first data it sees. Its initial weights are drawn when they are first needed: in ``fit`` from
    that run's seed, elsewhere from a seed of the model's own.

    Args:
        layers: the layers, the first of which may be an ``Input``.
        name: shown by ``summary``.
    """

    def __init__(self, layers: list[Layer | Input] | None = None, name: str | None = None) -> None:
        self.stop_training = False
        self.history: History | None = None
        super().__init__(layers, name)

    def untrained(self) -> Sequential:
        """A model of the same layers, compiled alike, without weights. Functions in them are the same, not copies."""
        new = Sequential(name=self.name)
        new._input_shape = self._input_shape
        new._layers = [trees.copied(layer) for layer in self._layers]
        for index, layer in enumerate(new._layers):
            layer.bind(new, index)
        new._forget_training()
        if self._compiled is not None:
            new._compiled = replace(self._compiled, optimizer=trees.copied(self._compiled.optimizer))
        return new

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: int | str = "auto",
        callbacks: list[Callback] | None = None,
        validation_split: float = 0.0,
        validation_data: tuple[Any, ...] | None = None,
        shuffle: bool = True,
        class_weight: Mapping[int, float] | None = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: int | list[int] = 1,
        *,
        validation_shuffle: bool | str = False,
        seed: int | None = None,
        population_statistics: bool = False,
        checkpoint: hooks.Path | None = None,
    ) -> History:
        """Train the model, and return the record of the run.

        Ctrl-C ends the run after the epoch in progress, with weights and record intact.

        Args:
            x: samples ``[rows, ...]``, of any numeric type; integers of a byte stay so until a batch needs them. Or
                what holds or yields batches: a generator, a loader, an object with batches by index (docs/data.md).
            y: targets ``[rows, ...]``; None beside what has its own.
            batch_size: rows in a step, by default 32; the last batch of an epoch may be smaller.
            epochs: the epoch to stop before, counted from 0.
            verbose: 1 shows a bar, 2 a line an epoch, 0 nothing; a bar becomes lines where there is no screen.
            callbacks: objects such as ``EarlyStopping``.
            validation_split: the part of the rows, in [0, 1), that is held out: the last ones, before shuffling.
            validation_data: ``(x, y)``, ``(x, y, sample_weight)``, or what holds or yields batches; wins over
                ``validation_split``.
            shuffle: whether each epoch takes the rows in an order of its own.
            class_weight: how much each class's samples count, by class index; 1 for those left out. Targets that are a
                class for each step are weighted step by step.
            sample_weight: how much each sample counts ``[rows]``, at least 0; or each of its steps ``[rows, steps]``,
                where the outputs are ``[rows, steps, ...]``.
            initial_epoch: the epoch to start from.
            steps_per_epoch: batches in an epoch, which then goes on in the data where the last one ended.
            validation_steps: batches of the validation data to use; all by default.
            validation_batch_size: rows of such a batch, by default ``batch_size``.
            validation_freq: every how many epochs to validate, or the epochs (counted from 1) after which to.
            validation_shuffle: True holds out rows that the seed draws in place of the last ones, ``"stratified"`` such
                that each class has its share among them. They are those of :func:`ravine.comparison.hold_out` then.
            seed: an integer in [0, 2**32) from which everything random in the run comes, initial weights included
                where none have been needed before.
            population_statistics: whether each epoch ends, before its validation, with the exact statistics of batch
                normalization over the training data in place of moving averages. It costs a forward pass an epoch.
            checkpoint: a folder to keep the run in while it is trained. Killed at any moment, the same call goes on
                from there, in another process too, and ends with the same bits as a run that was never disturbed. The
                run is saved every quarter of a second, or after each epoch where that is longer or the host has its
                turn then: to train again what is lost takes no longer. The epoch, the seed and a learning rate that
                callbacks change come from the checkpoint; other numbers, such as ``epochs``, hold as they are given
                anew. A run that came to its end is returned at once; with more ``epochs`` it goes on, unless a rule or
                a callback had stopped it. The checkpoint of another run is an error: layers, optimizer, loss, metrics,
                batches and data must agree (of arrays above 64 MiB every k-th row is compared). The newest two stay;
                where the newest is damaged, the one before counts, with a warning.
        """
        self._require_compiled("fit")
        self.exclusive.check("fit", hooks=False)
        size = checks.integer("batch_size", 32 if batch_size is None else batch_size, least=1)
        plan = Plan(
            batch_size=size,
            epochs=fitting.check_epochs(epochs, initial_epoch),
            steps=0 if steps_per_epoch is None else checks.integer("steps_per_epoch", steps_per_epoch, least=1),
            shuffle=checks.boolean("shuffle", shuffle),
            validation_batch_size=checks.integer(
                "validation_batch_size", size if validation_batch_size is None else validation_batch_size, least=1
            ),
            verbose=check_verbose(verbose),
            validates=fitting.check_validation_freq(validation_freq),
            population_statistics=checks.boolean("population_statistics", population_statistics),
        )
        shuffled = fitting.check_validation_shuffle(validation_shuffle)
        split = (
            0.0 if validation_split is None else checks.number("validation_split", validation_split, least=0, below=1)
        )
        fitting.check_steps("validation_steps", validation_steps)
        observers = callback_base.check(callbacks)
        seed = None if seed is None else seeds.check_seed("seed", seed)
        backup = backup_of(checkpoint, observers)
        if backup is not None:
            plan, seed = backup.asked(plan, seed)
        data = as_source(x, y, sample_weight, batch_size=batch_size, steps=steps_per_epoch, columns=self.columns)
        columns = (data.example if isinstance(data, Source) else data).columns or self.columns
        validation: Data | Source | None = None
        if validation_data is not None:
            validation = pair_as_source(
                "validation",
                validation_data,
                batch_size=validation_batch_size,
                steps=validation_steps,
                columns=columns,
            )
        elif split:
            if shuffled and seed is None:
                seed = seeds.next_seed()
            data, validation = hold_out(data, split, shuffled, seed or 0)
        if isinstance(validation, Data):
            validation = first_batches(validation, plan.validation_batch_size, validation_steps, "validation_steps")
        course = self.course(plan, data, validation, observers, seed, class_weight, backup)
        self._columns = columns
        return run_course(course)

    def course(
        self,
        plan: Plan,
        data: Data | Source,
        validation: Data | Source | None,
        callbacks: list[Callback],
        seed: int | None = None,
        class_weight: Mapping[int, float] | None = None,
        backup: Backup | None = None,
    ) -> Course:
        """A run of this model that is ready to start: all that it needs is there, and fits.

        The data are checked arrays of the host, or what gives such batches; ``seed`` is None for a new one.
        """
        compiled = self._require_compiled("fit")
        first = data.example if isinstance(data, Source) else data
        held_out = validation.example if isinstance(validation, Source) else validation
        task, first, held_out = self._checked("fit", first, held_out)
        if class_weight is not None:
            first = self._weighted(task, first, class_weight)
        size = first.rows if isinstance(data, Source) else min(plan.batch_size, first.rows)
        self._check_training(size, (data.rows if isinstance(data, Rows) else first.rows) % size)
        if plan.population_statistics:
            self.check_statistics("population_statistics=True")
            fitting.check_in_memory("population_statistics=True", data)
        probes, probed = fitting.check_probes(callbacks, self.layer_names, self._rows, first.rows)
        request = Request(
            plan=plan,
            task=task,
            names=compiled.names,
            directions=compiled.directions(task),
            settings=Settings(
                batch_size=size,
                shuffle=plan.shuffle,
                evaluation_rows=0
                if held_out is None
                else fitting.evaluation_rows(task, held_out.rows, plan.validation_batch_size),
                steps=plan.steps,
                reorders=placement.reorders(first),
                population_statistics=plan.population_statistics,
            ),
            data=first,
            validation=None if isinstance(validation, Source) else held_out,
            feed=self._feed(task, data, validation, class_weight, first.rows),
            probes=probes,
            probed=probed,
            seed=seeds.next_seed() if seed is None else seed,
            manages_rate=fitting.manages_rate(callbacks, self.optimizer),
        )
        self.optimizer.check_run(self._optimizer_state, len(plan.epochs) * (request.steps or 1))
        if request.steps is not None:
            fitting.warn_of_no_update(self.optimizer, self._optimizer_state, len(plan.epochs) * request.steps)
        course = Course(self, request, callbacks, backup)
        self.arrays(request.seed)
        return course

    def _feed(
        self,
        task: Task,
        training: Data | Source,
        validation: Data | Source | None,
        class_weight: Mapping[int, float] | None,
        usual_rows: int,
    ) -> Feed | None:
        """What the host reads as the run goes; None where all lies in memory.

        Batches of ``usual_rows`` are known to be ones that the layers can be trained on.
        """
        fed, held_out = (part if isinstance(part, Source) else None for part in (training, validation))
        if fed is None and held_out is None:
            return None

        def accept(batch: Data) -> Data:
            batch = self._accepted(task, "", batch)
            if batch.rows != usual_rows:
                self._check_training(batch.rows, 0)
            if class_weight is None:
                return batch
            return self._weighted(task, batch, class_weight)

        return Feed(fed, held_out, accept, functools.partial(self._accepted, task, "validation "))

    def _weighted(self, task: Task, batch: Data, class_weight: Mapping[int, float]) -> Data:
        """A batch whose targets are weighted by their classes."""
        ignored = getattr(task.loss, "ignore_class", None)
        batch = classes.with_class_weight(batch, class_weight, self._output_shape(), ignored)
        task.check_weights("class_weight", batch, self._output_shape())
        return batch

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: int | str = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: list[Callback] | None = None,
        return_dict: bool = False,
    ) -> Values:
        """Loss and metrics on ``x`` and ``y``.

        Args:
            x: samples ``[rows, ...]``, or what holds or yields batches.
            y: targets ``[rows, ...]``; None beside what has its own.
            batch_size: rows of a batch, by default 32. Only values that depend on which samples are looked at together
                depend on it: those of a function of one's own, of ``reduction="sum"``, and the like.
            verbose: 0 shows nothing, else the values are printed.
            sample_weight: how much each sample counts ``[rows]``, at least 0, or each of its steps ``[rows, steps]``.
            steps: batches to use; all by default.
            callbacks: their hooks on tests are called; those on batches take batches of ``batch_size``.
            return_dict: whether to return the values by name.

        Returns:
            ``[loss, metrics...]``, a bare float where there is only the loss, or a dict.
        """
        verbose, return_dict = check_verbose(verbose), checks.boolean("return_dict", return_dict)
        fitting.check_steps("steps", steps)
        hearing = callback_base.check(callbacks)
        for callback in hearing:
            callback.set_model(self)
        data = as_source(x, y, sample_weight, batch_size=batch_size, steps=steps, columns=self.columns)
        if isinstance(data, Data):
            data = first_batches(data, batch_size, steps)
        size, start = batch_size or 32, time.perf_counter()
        logs = self.evaluate_data(data, hearing, size)
        if verbose:
            batches = data.batches if isinstance(data, Source) else -(-data.rows // size)
            print(line_of_batches(batches, time.perf_counter() - start, logs))
        return _as_asked(logs, return_dict)

    def evaluate_data(
        self, data: Data | Source, callbacks: Sequence[Callback] = (), batch_size: int = 32
    ) -> dict[str, float]:
        """Loss and metrics on checked arrays, by name.

        They are taken ``batch_size`` rows at a time if the values may depend on it, or if a callback hears of batches.
        """
        checked, first, _ = self._checked("evaluate", data.example if isinstance(data, Source) else data)
        batches: Iterable[Data]
        if isinstance(data, Source):
            batches = map(functools.partial(self._accepted, checked, ""), data.epoch(0))
        else:
            hears = any(callback_base.overrides(callback, callback_base.TEST_BATCH) for callback in callbacks)
            rows = batch_size if hears else fitting.evaluation_rows(checked, first.rows, batch_size)
            batches = in_batches(first, rows)
        with programs.held_by(self.programs):
            values = evaluated(trees.as_leaves(checked), self.arrays(), batches, callbacks, self._named)
        logs = self._named(values)
        warn_of_undefined(checked, self.compilation.names, logs)
        return logs

    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: Mapping[int, float] | None = None,
        return_dict: bool = False,
    ) -> Values:
        """One step on one batch; returns the batch's loss and metrics before it."""
        return_dict = checks.boolean("return_dict", return_dict)
        given = training_data.as_data(x, y, sample_weight, columns=self.columns)
        checked, data, _ = self._checked("train_on_batch", given)
        task = trees.as_leaves(checked)
        if class_weight is not None:
            data = self._weighted(checked, data, class_weight)
        self._check_training(data.rows, 0)
        self.exclusive.check("train_on_batch", hooks=False)
        state = self.train_state()
        # A model trained batch by batch has no run's seed: its noise follows the count of its steps.
        key = jax.random.fold_in(seeds.stream(0, "noise"), self._batches_trained)
        self._batches_trained += 1
        with programs.held_by(self.programs):
            step = programs.compiled(train_step, placement.exact(task.has_user_code))
            state, sums = step(task, state, Sums.zero(task), data, key)
            values = values_of(task, sums)
        self.take_state(state)
        self._columns = given.columns or self.columns
        # The next batch goes on from the weights that were trained, not from their averages, which the model shows now;
        # unless somebody gives the model other weights.
        self._between = self._variables, state
        return _as_asked(self._named(values), return_dict)

    def test_on_batch(self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False) -> Values:
        """The loss and metrics of one batch."""
        return_dict = checks.boolean("return_dict", return_dict)
        given = training_data.as_data(x, y, sample_weight, columns=self.columns)
        checked, data, _ = self._checked("test_on_batch", given)
        task = trees.as_leaves(checked)
        with programs.held_by(self.programs):
            values = evaluated(task, self.arrays(), [data])
        return _as_asked(self._named(values), return_dict)

    def _named(self, values: np.ndarray) -> dict[str, float]:
        return dict(zip(self.compilation.names, map(float, values), strict=True))


def _as_asked(logs: dict[str, float], return_dict: bool) -> Values:
    """The loss and the metrics by name, as a list, or the loss alone."""
    values = list(logs.values())
    if return_dict:
        return logs
    return values if len(values) > 1 else values[0]
