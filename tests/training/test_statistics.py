"""The population's statistics of a network, batch by batch in NumPy. tests/model/test_statistics.py has models."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ravine.layers import BatchNormalization, Dropout
from ravine.layers.network import Network
from ravine.training.statistics import population_statistics

X = np.random.default_rng(0).integers(0, 200, size=(11, 3)).astype(np.uint8)  # images come as bytes
ORDER = np.random.default_rng(1).permutation(11)


@pytest.mark.parametrize("size", [2, 3, 4, 11])
def test_the_formula_in_the_given_order(size):
    network = Network((Dropout(0.5), BatchNormalization()))
    params, stats = network.init(jax.random.key(0), (3,))
    found = population_statistics(network, params, stats, jnp.asarray(X), jnp.asarray(ORDER), size)
    # 11 = 5·2 + 1: a single row that is left over does not count.
    parts = [p for p in (X[ORDER[i : i + size]].astype(float) for i in range(0, 11, size)) if len(p) > 1]
    rows = [len(part) for part in parts]
    np.testing.assert_allclose(found[1]["moving_mean"], np.average([p.mean(0) for p in parts], 0, rows), rtol=1e-5)
    variances = [p.var(0, ddof=1) for p in parts]
    np.testing.assert_allclose(found[1]["moving_variance"], np.average(variances, 0, rows), rtol=1e-5)
    assert found[0] == {}
