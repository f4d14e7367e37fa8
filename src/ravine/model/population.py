"""Many runs: in groups where that pays, as many side by side as the machine has cores.

A bundle is a few runs of one structure, which go as one program or one after the other. Where a run goes changes
when it is done, not what comes of it: bundles are made from the whole plan, whatever of it is done already.
"""

from __future__ import annotations

import math
import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import jax

from ravine import checks
from ravine.callbacks.base import describes
from ravine.model.course import Course
from ravine.model.running import run_course, run_group
from ravine.training import placement
from ravine.training.legs import Interrupts

POLL_SECONDS = 0.1
"""How often the main thread looks for Ctrl-C while it waits."""


@dataclass(frozen=True)
class Outcome:
    """What came of a run: the finished course, or the error that ended it; how long its epochs took.

    Of runs in one program each has its share of that.
    """

    course: Course | None
    error: str | None
    seconds: float


@dataclass(frozen=True)
class Bundle:
    """Runs of one structure, each made by a call when its turn comes.

    Attributes:
        jobs: each makes a run that is ready to start.
        group: how many runs go as one program, filled up to as many; 1 for one after the other.
        done: called with each outcome, in order, on the thread of the run.
    """

    jobs: Sequence[Callable[[], Course]]
    group: int
    done: Callable[[int, Outcome], Any]


def layout(course: Course, *, shared: bool) -> placement.Layout:
    """How runs like ``course`` are placed on this machine; ``shared`` tells whether all read the same data."""
    data = _bytes((course.request.data, course.request.validation))
    found = placement.layout(course.multiply_adds, run_bytes(course), data, shared=shared)
    # A callback that acts between epochs can do so for one model only.
    return found if all(map(describes, course.callbacks)) else placement.Layout(found.lanes)


def run_bytes(course: Course) -> int:
    """About the memory of one run: weights, gradients, slots, kept copies, and a batch's activations."""
    numbers = sum(array.size for array in jax.tree.leaves(course.model.arrays()))
    rows = max(course.request.settings.batch_size, course.request.settings.evaluation_rows)
    shapes = [course.model.layer_output_shape(index)[1:] for index in range(len(course.model.layers))]
    widths = sum(math.prod(size or 1 for size in shape) for shape in shapes)
    return 4 * (8 * numbers + 3 * rows * widths)


def _bytes(data: Any) -> int:
    return sum(array.nbytes for array in jax.tree.leaves(data))


def run_population(bundles: Iterable[Bundle], lanes: int) -> bool:
    """Run all ``bundles``, ``lanes`` at a time; returns whether Ctrl-C cut that short.

    A run that Ctrl-C cut is not told of. A run that raises has its error as its outcome, and the others go on.
    """
    todo, lock = iter(bundles), threading.Lock()
    failed: queue.Queue[BaseException] = queue.Queue()

    def work(interrupts: Interrupts) -> None:
        try:
            with checks.silence():
                while not interrupts.requested:
                    with lock:
                        bundle = next(todo, None)
                    if bundle is None:
                        return
                    for index, outcome in _outcomes(bundle, interrupts):
                        bundle.done(index, outcome)
        except BaseException as error:  # of whoever hears of outcomes: it ends the whole
            failed.put(error)
            interrupts.requested = True

    with Interrupts() as interrupts:
        threads = [threading.Thread(target=work, args=(interrupts,), daemon=True) for _ in range(lanes)]
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive():
                thread.join(POLL_SECONDS)
    if not failed.empty():
        raise failed.get()
    return interrupts.requested


def _outcomes(bundle: Bundle, interrupts: Interrupts) -> Iterator[tuple[int, Outcome]]:
    """The outcomes of a bundle's runs; where a group fails, its runs are tried one by one."""
    if bundle.group > 1:
        try:
            courses = [job() for job in bundle.jobs]
            run_group(courses, bundle.group, interrupts)
        except Exception:
            pass  # one by one, each tells of its own error
        else:
            share = 1 / len(courses)
            yield from ((i, Outcome(c, None, share * c.seconds)) for i, c in enumerate(courses) if not c.cut)
            return
    for index, job in enumerate(bundle.jobs):
        start = time.perf_counter()
        try:
            course = job()
            run_course(course, interrupts)
        except Exception as error:
            told = f"{type(error).__name__}: {checks.one_line(error)}"
            yield index, Outcome(None, told, time.perf_counter() - start)
        else:
            if not course.cut:
                yield index, Outcome(course, None, course.seconds)
        if interrupts.requested:
            return
