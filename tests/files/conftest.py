"""The model whose files the tests of this folder break."""

import numpy as np
import pytest


@pytest.fixture(scope="session")
def small(tiny):
    """A model with weights that has trained a little, so that every slot holds something."""
    model = tiny.model()
    for _ in range(2):
        model.train_on_batch(tiny.x, tiny.y)
    return model


@pytest.fixture
def same(tiny):
    """Whether two models have the same arrays, and predict the same."""

    def check(ours, theirs):
        for a, b in zip(ours.get_weights(), theirs.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)
        np.testing.assert_array_equal(ours.predict(tiny.x), theirs.predict(tiny.x))

    return check
