"""Chunks: few lengths, nothing lost or out of order, and a thread that always ends."""

import signal
import sys
import threading
import time

import numpy as np
import pytest

from ravine.training.data import Data
from ravine.training.sources import chunks
from ravine.training.sources.thread import OneThread


def batch(number, rows=4):
    return Data(np.full((rows, 3), number, np.float32), np.full(rows, number, np.int32))


def threads():
    return {thread for thread in threading.enumerate() if thread.name.startswith("ravine-data")}


@pytest.fixture(autouse=True)
def no_thread_is_left():
    before = threads()  # those of sources that other tests have let go of, but not yet collected
    yield
    for thread in threads() - before:
        thread.join(10)
        assert not thread.is_alive()


@pytest.mark.parametrize(
    ("count", "most", "lengths"),
    [
        (53, 32, [32, 16, 4, 1]),
        (64, 32, [32, 32]),
        (7, 32, [4, 2, 1]),
        (5, 1, [1, 1, 1, 1, 1]),
        (9, 6, [4, 4, 1]),
        (0, 8, []),
    ],
)
def test_lengths_are_powers_of_two_and_all_batches_come_in_order(count, most, lengths):
    found = list(chunks(map(batch, range(count)), most))
    assert [len(chunk.x) for chunk in found] == lengths
    assert [chunk.x.shape[1:] for chunk in found] == [(4, 3)] * len(found)
    for array in ("x", "y"):
        values = [value for chunk in found for value in getattr(chunk, array).reshape(len(chunk.y), -1)[:, 0]]
        assert values == list(range(count))
    assert all(chunk.w is None for chunk in found)


def test_weights_are_stacked_too():
    given = [Data(np.ones((2, 1)), np.ones(2), np.full(2, i)) for i in range(2)]
    (chunk,) = chunks(iter(given), 4)
    np.testing.assert_array_equal(chunk.w, [[0, 0], [1, 1]])


def test_a_batch_of_another_size_is_a_chunk_of_its_own():
    sizes = [4, 4, 4, 3, 4, 4, 2]
    found = list(chunks((batch(i, size) for i, size in enumerate(sizes)), 8))
    assert [chunk.y.shape for chunk in found] == [(2, 4), (1, 4), (1, 3), (2, 4), (1, 2)]
    assert [int(row[0]) for chunk in found for row in chunk.y] == list(range(7))


@pytest.mark.parametrize(("capacity", "length"), [(64 * 8, 8), (64 * 8 - 1, 4), (64, 1), (1, 1)])
def test_a_chunk_is_not_larger_than_it_may_be(capacity, length):
    assert batch(0).x.nbytes + batch(0).y.nbytes == 64
    assert [len(chunk.x) for chunk in chunks(map(batch, range(16)), 16, capacity)] == [length] * (16 // length)


def test_one_chunk_is_read_ahead_and_no_more():
    asked, reached = [], threading.Semaphore(0)

    def batches():
        for i in range(8):
            asked.append(i)
            reached.release()
            yield batch(i)

    walked = chunks(batches(), 1)
    for taken in range(1, 6):
        next(walked)
        assert all(reached.acquire(timeout=10) for _ in range(2 if taken == 1 else 1))
        assert len(asked) == taken + 1
    walked.close()
    assert len(asked) == 6


def test_batches_are_asked_for_in_one_other_thread():
    seen = set()

    def batches():
        for i in range(20):
            seen.add(threading.current_thread())
            yield batch(i)

    list(chunks(batches(), 2))
    assert len(seen) == 1
    assert threading.current_thread() not in seen
    assert not threads() & seen


def test_an_error_comes_after_what_came_before_it():
    def batches():
        yield from map(batch, range(3))
        raise OSError("the disk is gone")

    found = []
    with pytest.raises(OSError, match="the disk is gone"):
        found.extend(int(row[0]) for chunk in chunks(batches(), 8) for row in chunk.y)
    assert found == [0, 1, 2]


@pytest.mark.parametrize("leave", ["close", "drop"])
def test_leaving_early_ends_the_thread(leave):
    before = threads()
    walked = chunks((batch(i) for i in range(10**9)), 1)
    next(walked)
    assert threads() - before
    if leave == "close":
        walked.close()
        assert not threads() - before
    del walked


def test_an_error_of_the_reader_ends_the_thread():
    def train():
        for _ in chunks((batch(i) for i in range(10**9)), 1):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        train()


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="this system cannot send a signal to one thread")
def test_ctrl_c_does_not_wait_for_a_batch_that_may_never_come():
    main, comes = threading.main_thread().ident, threading.Event()

    def batches():
        yield batch(0)
        comes.wait(60)
        yield batch(1)

    def waits_for_a_batch():
        frame = sys._current_frames()[main]
        return (frame.f_code.co_name, frame.f_back.f_code.co_name) == ("wait", "result")

    def interrupt():
        while not waits_for_a_batch():
            time.sleep(0.001)
        signal.pthread_kill(main, signal.SIGINT)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a process in the background may ignore it
    presser = threading.Thread(target=interrupt)
    walked = chunks(batches(), 1)
    next(walked)
    presser.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            next(walked)
        assert threads()
    finally:
        comes.set()
        presser.join()
        signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("leave", ["at the end", "early"])
def test_a_thread_of_the_batches_own_reads_them_and_lives_on(leave):
    thread, seen = OneThread(), set()

    def batches():
        for i in range(4):
            seen.add(thread(threading.get_ident))  # asked from within, it must not wait for itself
            yield batch(i)

    walked = chunks(batches(), 1, thread=thread)
    next(walked)
    if leave == "at the end":
        assert len(list(walked)) == 3
    walked.close()
    assert seen == {thread(threading.get_ident)}
