"""A run that the host drives step by step: for callbacks that act between batches, or within a validation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import jax
import numpy as np

from ravine.callbacks.base import TEST, TRAIN_BATCH, overrides
from ravine.model.evaluation import evaluated, in_batches, values_of
from ravine.training import placement
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
from ravine.training.state import TrainState
from ravine.training.step import Sums, Task
from ravine.training.walking import Carry, draw_order

if TYPE_CHECKING:
    from ravine.model.course import Course


class StepByStep:
    """What trains a course for one epoch, with its callbacks' turns between the steps.

    The batches, their order and their noise are those of the run compiled whole, and so is what ends an epoch.
    """

    def __init__(self, course: Course) -> None:
        self.course, self.request = course, course.request
        self.hooked = [c for c in course.callbacks if overrides(c, TRAIN_BATCH)]
        self.member = course.member()
        self.options = placement.compiler_options(course.multiply_adds)
        self.data, self.validation = self.request.on_device()
        if self.request.plan.verbose:
            names = sorted({type(c).__name__ for c in course.callbacks if overrides(c, (*TRAIN_BATCH, *TEST))})
            print(f"{', '.join(names)}: acts within epochs, so this run goes step by step, which is slower.")

    def train(self, run: RunState, epochs: int, agenda: Agenda) -> tuple[RunState, jax.Array]:
        """The run after one epoch, and that epoch's record."""
        course, today = self.course, agenda.at(0)
        run = begin_epoch(course.resumed(run), today)
        member, run, carry = self._walked(run)
        if self.request.settings.population_statistics:
            settled = placement.compiled(settle)(member, self.request.settings, carry[0], self.data)
            carry = settled, carry[1]
        heard = self._heard(member.task, carry[0]) if course.hears_tests and today.validates else None
        end = placement.compiled(end_epoch, self.options)
        run, line = end(member, self.request.settings, run, carry, self.data, self.validation, heard, today)
        course.hand_over(run.train)
        return run, line[None]

    def _walked(self, run: RunState) -> tuple[Member, RunState, Carry]:
        """What an epoch's batches come to."""
        course, epoch = self.course, np.int32(run.epoch)
        step = placement.compiled(train_chunk, self.options, donate=("carry",))
        member = course.now(self.member)
        carry = run.train, Sums.zero(member.task)
        for i, batch in enumerate(self._batches(member, int(epoch))):
            for callback in self.hooked:
                callback.on_train_batch_begin(i)
            if self.hooked:
                member, run = course.now(member), course.resumed(run)
                carry = course.trained(carry[0]), carry[1]
            carry = step(member, run.rate, carry, batch, epoch, np.int32(i))
            course.hand_over(carry[0])
            if self.hooked:
                logs = self.request.named(values_of(member.task, carry[1]))
                for callback in self.hooked:
                    callback.on_train_batch_end(i, dict(logs))
            if course.model.stop_training:
                break
        return member, replace(course.resumed(run), train=carry[0]), (course.trained(carry[0]), carry[1])

    def _batches(self, member: Member, epoch: int) -> Iterator[Data]:
        """An epoch's batches, each as a chunk of one."""
        data, settings = self.request.data, self.request.settings
        batches, order = -(-data.rows // settings.batch_size), None
        count = settings.steps or batches
        for i in range(epoch * count, (epoch + 1) * count):
            walked, j = divmod(i, batches)
            if settings.shuffle and (j == 0 or order is None):
                order = np.asarray(draw_order(settings, data, member.keys[0], walked))
            rows = slice(j * settings.batch_size, (j + 1) * settings.batch_size)
            yield jax.tree.map(lambda a, r=rows if order is None else order[rows]: a[r][None], data)

    def _heard(self, task: Task, state: TrainState) -> np.ndarray:
        """The validation values, with the callbacks' turns between the batches."""
        assert self.request.validation is not None
        batches = in_batches(self.request.validation, self.request.plan.validation_batch_size)
        return evaluated(task, used_variables(task, state), batches, self.course.callbacks, self.request.named)
