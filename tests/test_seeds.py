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


@pytest.mark.parametrize(
    "shape", [(5, 7), (4,), *(pytest.param(shape, marks=pytest.mark.slow) for shape in ((1, 3), (2, 1), (128, 3, 5)))]
)
def test_sixteen_bits_are_the_same_alone_compiled_and_for_many_keys(shape):
    keys = jax.random.split(jax.random.key(0), 3)
    alone = np.stack([seeds.bits16(key, shape) for key in keys])
    np.testing.assert_array_equal(jax.vmap(lambda key: seeds.bits16(key, shape))(keys), alone)
    np.testing.assert_array_equal(jax.jit(lambda key: seeds.bits16(key, shape))(keys[0]), alone[0])
    assert alone.shape == (3, *shape)
    assert len({tuple(a.ravel()) for a in alone}) == 3


def test_sixteen_bits_are_uniform_and_uncorrelated():
    drawn = np.asarray(seeds.bits16(jax.random.key(3), (400, 1001))) / 2**16
    assert 0 <= drawn.min() < 1e-3
    assert 1 - 1e-3 < drawn.max() < 1
    assert drawn.mean() == pytest.approx(0.5, abs=5 / np.sqrt(12 * drawn.size))
    assert drawn.var() == pytest.approx(1 / 12, rel=0.01)
    # The two halves of a word, and neighbours.
    for first, second in ((drawn[:200], drawn[200:]), (drawn[:, :-1], drawn[:, 1:]), (drawn[:-1], drawn[1:])):
        assert abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) < 0.01


def test_a_stream_does_not_depend_on_the_generator_that_jax_was_told_to_use():
    before = jax.random.key_data(seeds.stream(3, "noise"))
    with jax.default_prng_impl("rbg"):
        np.testing.assert_array_equal(jax.random.key_data(seeds.stream(3, "noise")), before)
