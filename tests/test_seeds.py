import random

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import ravine
from ravine import checks, seeds


@pytest.fixture(autouse=True)
def _unseeded(monkeypatch):
    monkeypatch.setattr(seeds, "_sequence", None)


def test_streams_differ_by_name_and_by_seed_up_to_the_limit():
    cases = [(seed, name) for seed in (0, 1, 2**31 - 1, 2**31, 2**32 - 1) for name in ("noise", "shuffle")]
    drawn = {int(jax.random.bits(seeds.stream(seed, name))) for seed, name in cases}
    assert len(drawn) == len(cases)


def test_a_stream_repeats():
    first, second = (jax.random.bits(seeds.stream(7, "noise"), (4,)) for _ in range(2))
    np.testing.assert_array_equal(first, second)


permutation = jax.jit(seeds.permutation, static_argnums=1)


@pytest.mark.parametrize("n", [1, 2, 3, 33, 70_000])
def test_permutation_holds_every_number_once(n):
    order = permutation(jax.random.key(n), n)
    assert order.dtype == jnp.int32
    np.testing.assert_array_equal(np.sort(order), np.arange(n))


def test_permutations_are_equally_likely():
    keys = jax.random.split(jax.random.key(0), 6_000)
    orders = np.asarray(jax.vmap(lambda key: permutation(key, 3))(keys))
    _, counts = np.unique(orders, axis=0, return_counts=True)
    assert len(counts) == 6
    # Chi-squared of 5 degrees of freedom lies beyond 20 once in 800 draws; this draw is always the same.
    assert ((counts - 1000) ** 2 / 1000).sum() < 20


def test_a_long_permutation_is_mixed_everywhere():
    n = 1 << 15
    order = np.asarray(permutation(jax.random.key(1), n))
    assert abs(np.corrcoef(order, np.arange(n))[0, 1]) < 0.03
    assert (order == np.arange(n)).sum() < 10


def test_set_random_seed_repeats_everything_random():
    def draw():
        ravine.utils.set_random_seed(5)
        return seeds.next_seed(), seeds.next_seed(), random.random(), np.random.rand()  # noqa: NPY002

    first = draw()
    assert draw() == first
    assert first[0] != first[1]


def test_without_a_seed_every_seed_is_new():
    assert len({seeds.next_seed() for _ in range(10)}) == 10
    assert all(0 <= seeds.next_seed() < seeds.LIMIT for _ in range(10))


@pytest.mark.parametrize(
    ("seed", "error", "expected"),
    [
        (-1, checks.RavineValueError, "seed=-1: expected an integer of at least 0"),
        (2**32, checks.RavineValueError, r"seed=4294967296: expected an integer below 2\*\*32"),
        (1.5, checks.RavineTypeError, r"seed=1.5 is a float: expected an integer"),
        ("a", checks.RavineTypeError, r"seed='a' is a str: expected an integer"),
    ],
)
def test_a_wrong_seed_is_refused(seed, error, expected):
    with pytest.raises(error, match=expected):
        ravine.utils.set_random_seed(seed)
    assert seeds._sequence is None
