"""A run that the host drives step by step: where batches are read as it goes, or callbacks act between them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import jax
import jax.numpy as jnp
import numpy as np

from ravine.callbacks.base import TEST, TRAIN_BATCH, overrides
from ravine.model.evaluation import evaluated, in_batches, values_of
from ravine.training import programs
from ravine.training.data import Data
from ravine.training.program import (
    Agenda,
    Member,
    RunState,
    begin_epoch,
    end_epoch,
    settle,
    train_chunk,
    used_variables,
)
from ravine.training.sources import Order, Source, chunks, of_arrays
from ravine.training.state import TrainState
from ravine.training.step import Sums, Task
from ravine.training.walking import Carry, Count, order_of

if TYPE_CHECKING:
    from ravine.model.course import Course

CHUNK_BATCHES = 64
"""The most batches that go to the compiled step at once: enough that starting one costs little beside it."""


class StepByStep:
    """What trains a course for one epoch, batches being read meanwhile and callbacks having their turns between.

    For data in memory the batches, their order and their noise are those of the run compiled whole; what ends an epoch
    is the same for all.
    """

    def __init__(self, course: Course) -> None:
        self.course, self.request = course, course.request
        self.hooked = [c for c in course.callbacks if overrides(c, TRAIN_BATCH)]
        self.member = course.member()
        self.options = course.compiler_options
        self.data, self.validation = self.request.on_device()
        self.source, self.held_out = _sources(course)
        acting = sorted({type(c).__name__ for c in course.callbacks if overrides(c, (*TRAIN_BATCH, *TEST))})
        if acting and self.request.plan.verbose:
            print(f"{', '.join(acting)}: acts within epochs, so this run goes step by step, which is slower.")

    def train(self, run: RunState, epochs: int, agenda: Agenda) -> tuple[RunState, jax.Array]:
        """The run after one epoch, and that epoch's record."""
        course, today = self.course, agenda.at(0)
        run = begin_epoch(course.resumed(run), today)
        member, run, carry = self._walked(run)
        if self.request.settings.population_statistics:
            settled = programs.compiled(settle)(member, self.request.settings, carry[0], self.data)
            carry = settled, carry[1]
        validated = self._validated(member.task, carry[0], wanted=bool(today.validates))
        end = programs.compiled(end_epoch, self.options)
        run, line = end(member, self.request.settings, run, carry, self.data, self.validation, validated, today)
        course.hand_over(run.train, given_up=True)
        course.model.settle(jax.tree.map(jnp.copy, course.model.arrays()))
        self._look_ahead(int(run.epoch))
        return run, line[None]

    def _walked(self, run: RunState) -> tuple[Member, RunState, Carry]:
        """What an epoch's batches come to."""
        course, epoch, i = self.course, np.int32(run.epoch), 0
        step = programs.compiled(train_chunk, self.options, donate=("carry",))
        member = course.now(self.member)
        carry = run.train, Sums.zero(member.task)
        batches = self._accepted(self.source.epoch(int(epoch), self._order()))
        most = 1 if self.hooked else CHUNK_BATCHES
        with closing(chunks(batches, most, thread=self.source.thread)) as reading:
            for chunk in reading:
                for callback in self.hooked:
                    callback.on_train_batch_begin(i, {})
                if self.hooked:
                    member, run = course.now(member), course.resumed(run)
                    carry = course.trained(carry[0]), carry[1]
                carry = step(member, run.rate, carry, chunk, epoch, np.int32(i))
                course.hand_over(carry[0], given_up=True)
                if self.hooked:
                    logs = self.request.named(values_of(member.task, carry[1]))
                    for callback in self.hooked:
                        callback.on_train_batch_end(i, dict(logs))
                if course.model.stop_training:
                    break
                i += chunk.rows
        return member, replace(course.resumed(run), train=carry[0]), (course.trained(carry[0]), carry[1])

    def _accepted(self, batches: Iterator[Data]) -> Iterator[Data]:
        """The batches as the network takes them; those in memory are so already."""
        feed = self.request.feed
        return batches if feed is None or feed.training is None else map(feed.accept, batches)

    def _order(self) -> Order | None:
        """How a pass over rows or batches by index is put in order."""
        if not self.request.settings.shuffle:
            return None
        draw, key = programs.compiled(order_of), self.member.keys[0]
        return lambda walked, count: np.asarray(draw(key, np.uint32(walked), Count(count)))

    def _validated(self, task: Task, train: TrainState, *, wanted: bool) -> np.ndarray | None:
        """The validation values where the host reads the batches, or callbacks have their turns between them."""
        batches: Iterable[Data] | None = None
        if self.held_out is not None:
            feed = self.request.feed
            assert feed is not None
            if not wanted:
                return np.full(len(self.request.names), np.nan, np.float32)
            batches = map(feed.accept_validation, self.held_out.epoch(0))  # the same each time, where it can be
        elif self.request.validation is not None and wanted and self.course.hears_tests:
            batches = in_batches(self.request.validation, self.request.plan.validation_batch_size)
        if batches is None:
            return None
        return evaluated(task, used_variables(task, train), batches, self.course.callbacks, self.request.named)

    def _look_ahead(self, epoch: int) -> None:
        """End the run where batches have come to their end."""
        wanted = epoch < self.request.plan.epochs.stop and not self.course.model.stop_training
        self.course.history.params["steps"] = self.source.batches
        for source in (self.source, self.held_out):
            if source is not None and not source.goes_on(wanted):
                self.course.model.stop_training = True


def _sources(course: Course) -> tuple[Source, Source | None]:
    """What a course's batches come from, and those that it validates on where they do not lie in memory."""
    request = course.request
    feed = request.feed
    if feed is not None and feed.training is not None:
        return feed.training, feed.validation
    settings = request.settings
    return of_arrays(
        request.data, settings.batch_size, settings.steps or None
    ), None if feed is None else feed.validation
