import os
import signal
import threading
import time
from types import SimpleNamespace

import jax.numpy as jnp
import numpy as np
import pytest

from ravine.training import legs
from ravine.training.legs import Interrupts, run_legs
from ravine.training.program import LEG_CAPACITY


class Clock:
    """Time that only passes where a test says so."""

    now = 0.0

    def perf_counter(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(legs, "time", clock)
    return clock


def drive(clock, epochs, seconds_per_epoch, stops_at=None, *, every_epoch=False, agenda=lambda first, length: None):
    """What ``run_legs`` does with a program of given speed: the legs, the calls and the hooks, in order."""
    events = []

    def train_leg(run, length, agenda):
        events.append(("leg", int(run.epoch), length, agenda))
        clock.now += seconds_per_epoch * length
        end = int(run.epoch) + length
        stopped = stops_at is not None and end > stops_at
        end = stops_at + 1 if stopped else end
        rule = SimpleNamespace(stopped_epoch=stops_at if stopped else -1)
        record = jnp.arange(LEG_CAPACITY * 1.0)[:, None] + int(run.epoch)
        return SimpleNamespace(epoch=jnp.int32(end), rules=(rule,)), record

    run = SimpleNamespace(epoch=jnp.int32(epochs.start), rules=())
    before = lambda epoch: events.append(("before", epoch))  # noqa: E731
    found = list(run_legs(train_leg, run, epochs, agenda, every_epoch=every_epoch, before=before))
    return found, events


def test_legs_grow_to_a_quarter_of_a_second(clock):
    found, _ = drive(clock, range(40), legs.LEG_SECONDS / 10.5)
    assert [len(leg.record) for leg in found] == [1, 1, 10, 10, 10, 8]
    assert [leg.first_epoch for leg in found] == [0, 1, 2, 12, 22, 32]
    assert found[2].seconds == pytest.approx(10 / 10.5 * legs.LEG_SECONDS)


def test_legs_are_never_longer_than_their_record(clock):
    found, _ = drive(clock, range(300), 1e-9)
    assert [len(leg.record) for leg in found] == [1, 1, LEG_CAPACITY, LEG_CAPACITY, 300 - 2 - 2 * LEG_CAPACITY]


def test_slow_epochs_are_legs_of_their_own(clock):
    found, _ = drive(clock, range(3, 6), 100.0)
    assert [(leg.first_epoch, len(leg.record)) for leg in found] == [(3, 1), (4, 1), (5, 1)]


def test_every_epoch(clock):
    found, events = drive(clock, range(4), 1e-9, every_epoch=True)
    assert [len(leg.record) for leg in found] == [1, 1, 1, 1]
    assert [event[:2] for event in events] == [(kind, epoch) for epoch in range(4) for kind in ("before", "leg")]


def test_no_epochs(clock):
    assert drive(clock, range(3, 3), 1.0) == ([], [])
    assert drive(clock, range(3, 1), 1.0) == ([], [])


def test_each_leg_knows_its_epochs_and_their_values(clock):
    found, _ = drive(clock, range(5, 30), 1e-9)
    assert np.concatenate([leg.record[:, 0] - 0 for leg in found]).tolist() == [5, 6, *range(7, 30)]


def test_each_leg_gets_the_agenda_of_its_epochs(clock):
    _, events = drive(clock, range(6), 1e-9, agenda=lambda first, length: (first, length))
    assert [event[1:] for event in events if event[0] == "leg"] == [(0, 1, (0, 1)), (1, 1, (1, 1)), (2, 4, (2, 4))]


def test_a_rule_that_stopped_ends_the_legs(clock):
    found, _ = drive(clock, range(100), 1e-9, stops_at=7)
    assert [len(leg.record) for leg in found] == [1, 1, 6]
    assert [leg.stopped for leg in found] == [False, False, True]


def interrupt():
    os.kill(os.getpid(), signal.SIGINT)


def test_the_first_ctrl_c_is_noted_and_the_second_raises():
    before = signal.getsignal(signal.SIGINT)
    with Interrupts() as interrupts:
        assert not interrupts.requested
        interrupt()
        assert interrupts.requested
        with pytest.raises(KeyboardInterrupt):
            interrupt()
    assert signal.getsignal(signal.SIGINT) is before


def test_handlers_are_restored_after_an_error():
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(ZeroDivisionError), Interrupts():
        raise ZeroDivisionError
    assert signal.getsignal(signal.SIGINT) is before


def test_other_threads_set_no_handlers():
    before = signal.getsignal(signal.SIGINT)
    seen = []

    def work():
        with Interrupts() as interrupts:
            seen.append((signal.getsignal(signal.SIGINT), interrupts.requested))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [(before, False)]


class Slow:
    """A result that is computed once it is released."""

    def __init__(self):
        self.released = threading.Event()

    def block_until_ready(self):
        self.released.wait()
        return self


def test_waiting_hears_signals():
    result = Slow()

    def press_then_release():
        time.sleep(0.05)
        interrupt()
        time.sleep(0.05)
        result.released.set()

    with Interrupts() as interrupts:
        threading.Thread(target=press_then_release).start()
        legs.wait_for(result)
        assert result.released.is_set()
    assert interrupts.requested
