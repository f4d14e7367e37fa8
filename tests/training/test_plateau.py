import jax.numpy as jnp
import numpy as np
import pytest

from ravine.training.plateau import Plateau

NAN = np.nan

# What is watched, the settings, and the learning rate after each epoch, from 1; by hand.
CASES = {
    "the first value is an improvement": ([3, 3, 3], {"patience": 2}, [1, 1, 0.1]),
    "NaN is no improvement, also at first": ([NAN, 3, 2, NAN, 2], {"patience": 2}, [1, 1, 1, 1, 0.1]),
    "patience 0 counts every epoch": ([3, 2, 2, 2], {"patience": 0}, [1, 1, 0.1, 0.01]),
    "too small an improvement is none": ([3, 2.9, 2.8, 2.4], {"patience": 3, "min_delta": 0.5}, [1, 1, 1, 1]),
    "it rests, and then counts from 0": (
        [3, 4, 4, 4, 4, 4],
        {"patience": 1, "cooldown": 2},
        [1, 0.1, 0.1, 0.01, 0.01, 0.001],
    ),
    "no less than the least": ([3, 4, 4], {"patience": 1, "min_lr": 0.5}, [1, 0.5, 0.5]),
    "at the least nothing is reduced, so nothing rests": (
        [3, 4, 4],
        {"patience": 1, "min_lr": 1, "cooldown": 9},
        [1, 1, 1],
    ),
    "more is better": ([3, 4, 4, 5], {"mode": "max", "patience": 1}, [1, 1, 0.1, 0.1]),
    "an epoch without validation is none": ([3, None, None, 3], {"patience": 1}, [1, 1, 1, 0.1]),
}


@pytest.mark.parametrize("case", CASES)
def test_rates(case):
    script, settings, expected = CASES[case]
    plateau = Plateau(**({"column": 0, "mode": "min", "min_delta": 0.0} | settings))
    state, rate, rates = plateau.init(), jnp.float32(1), []
    for value in script:
        values = jnp.array([NAN if value is None else value], jnp.float32)
        state, rate = plateau.update(state, values, jnp.bool_(value is not None), rate)
        rates.append(float(rate))
    assert rates == pytest.approx(expected)
