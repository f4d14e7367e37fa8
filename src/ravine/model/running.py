"""Taking runs their way: one by itself, or a group of them in one program.

``fit`` is a population of one: either way a run goes leg by leg, and its course takes in what came of each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, nullcontext

import jax
import numpy as np

from ravine.model.course import Course
from ravine.model.stepping import StepByStep
from ravine.training import placement, programs
from ravine.training.history import History
from ravine.training.legs import Interrupts, Leg, run_legs
from ravine.training.population import stacked, train_group, train_group_apart, unstacked
from ravine.training.program import Agenda, Member, RunState, train_leg

TrainLeg = Callable[[RunState, int, Agenda], tuple[RunState, jax.Array]]


def run_course(course: Course, interrupts: Interrupts | None = None) -> History:
    """Train one model; it holds the result after every leg, and its callbacks may be of any kind.

    ``interrupts`` are those of whoever runs many and hears of Ctrl-C first; a run by itself has its own.
    """
    backup = nullcontext() if course.backup is None else course.backup.held()
    with course.model.exclusive.taken("fit"), programs.held_by(course.model.programs), backup:
        return _run(course, interrupts)


def _run(course: Course, interrupts: Interrupts | None) -> History:
    course.model.settle(course.model.arrays())
    course.begin()
    try:
        with Interrupts() if interrupts is None else nullcontext(interrupts) as heard:
            run = course.start(course.member())
            for leg in () if course.over else _legs(course, _alone(course), run, every_epoch=course.every_epoch):
                run = leg.run
                course.take_rate(run.rate)
                course.take(leg, leg.record)
                if course.backup is not None:
                    course.backup.save(course, run)
                if heard.requested and interrupts is None:
                    print(f"Interrupted: training ended after epoch {course.history.epoch[-1] + 1}.")
                course.cut = heard.requested and not _over(leg, course)
                if course.cut or course.model.stop_training:
                    break
        course.finish(run)
        course.end()
    finally:
        course.progress.close()
    return course.history


def run_group(courses: Sequence[Course], size: int = 0, interrupts: Interrupts | None = None) -> list[History]:
    """Train models of one structure in one program; their callbacks only describe the compiled run.

    Their data are the same, or of the same shapes. A group smaller than ``size`` is filled up with runs that nobody
    looks at, so that groups of one size are one program.
    """
    with ExitStack() as taken:
        for course in courses:
            taken.enter_context(course.model.exclusive.taken("fit"))
        taken.enter_context(programs.held_by(courses[0].model.programs))
        return _run_group(courses, size, interrupts)


def _run_group(courses: Sequence[Course], size: int, interrupts: Interrupts | None) -> list[History]:
    padding = max(0, size - len(courses))
    members = [course.member() for course in courses]
    runs = [course.start(member) for course, member in zip(courses, members, strict=True)]
    members, runs = members + members[-1:] * padding, runs + runs[-1:] * padding
    for course in courses:
        course.begin()
    train, leg = _together([*courses, *[courses[-1]] * padding], placement.spread(stacked(members))), None
    plan, first = courses[0].request.plan, placement.spread(stacked(runs))

    def before(epoch: int) -> None:
        for course in courses:
            if len(course.history.epoch) == epoch - plan.epochs.start:  # it has not stopped
                course.before(epoch)

    for leg in run_legs(train, first, plan.epochs, courses[0].agenda, every_epoch=False, before=before):
        ends = np.asarray(leg.run.epoch)[: len(courses)]
        for course, record, end in zip(courses, leg.record, ends, strict=False):
            course.take(leg, record[: max(0, end - leg.first_epoch)])
        if interrupts is not None and interrupts.requested and not _over(leg, courses[0]):
            for course in courses:
                course.cut = True
            break
    finished = [] if leg is None else unstacked(leg.run)
    for course, run in zip(courses, finished, strict=False):
        course.hand_over(run.train)
        course.take_rate(run.rate)
        course.finish(run)
    for course in courses:
        course.end()
    return [course.history for course in courses]


def _over(leg: Leg, course: Course) -> bool:
    """Whether a run, or a group of runs, came to its own end."""
    return leg.stopped or int(np.max(leg.run.epoch)) >= course.request.plan.epochs.stop


def _legs(course: Course, train: TrainLeg, run: RunState, *, every_epoch: bool) -> Iterator[Leg]:
    return run_legs(
        train, run, course.request.plan.epochs, course.agenda, every_epoch=every_epoch, before=course.before
    )


def _alone(course: Course) -> TrainLeg:
    """How one run trains for a leg: compiled whole, or step by step where a callback acts between steps."""
    if course.step_by_step:
        return StepByStep(course).train
    request = course.request
    data, validation = request.on_device()
    leg = programs.compiled(train_leg, course.compiler_options)
    first = course.member()

    def train(run: RunState, epochs: int, agenda: Agenda) -> tuple[RunState, jax.Array]:
        member = course.now(first) if course.every_epoch else first
        run, record = leg(member, request.settings, course.resumed(run), data, validation, np.int32(epochs), agenda)
        course.hand_over(run.train)
        return run, record

    return train


def _together(courses: Sequence[Course], members: Member) -> TrainLeg:
    """How a group of runs trains for a leg."""
    requests = [course.request for course in courses]
    settings = requests[0].settings
    # Small data are copied for each, shared or not, so that both are one program.
    shared = all(request.data is requests[0].data for request in requests) and not settings.reorders
    if shared:
        data, validation = placement.everywhere((requests[0].data, requests[0].validation))
    else:
        pairs = [request.on_device() for request in requests]
        data, validation = placement.spread(stacked(pairs))
    function = train_group if shared else train_group_apart
    leg = programs.compiled(function, courses[0].compiler_options, donate=("run",))

    def train(run: RunState, epochs: int, agenda: Agenda) -> tuple[RunState, jax.Array]:
        return leg(members, settings, run, data, validation, np.int32(epochs), agenda)

    return train
