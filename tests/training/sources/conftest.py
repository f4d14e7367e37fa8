"""Data in the forms that users have them, and what compares the batches that come of them."""

import numpy as np
import pytest


def same(batches, expected):
    """Assert that two lists of batches are the same arrays, of the same types."""
    assert len(batches) == len(expected)
    for batch, wanted in zip(batches, expected, strict=True):
        for array, other in ((batch.x, wanted.x), (batch.y, wanted.y), (batch.w, wanted.w)):
            assert (array is None) == (other is None)
            if array is not None:
                assert array.dtype == other.dtype
                np.testing.assert_array_equal(array, other)


class Some:
    """Ten rows, and ways to hand them over."""

    def __init__(self) -> None:
        rng = np.random.default_rng(0)
        self.x = rng.normal(size=(10, 3)).astype(np.float32)
        self.y = rng.integers(0, 3, 10)
        self.w = rng.uniform(size=10).astype(np.float32)
        self.same = same

    def batches(self, size=4):
        """Pairs of NumPy arrays: of 4, 4 and 2 rows."""
        return [(self.x[i : i + size], self.y[i : i + size]) for i in range(0, 10, size)]

    def order(self, walked, count):
        """A permutation of its own for each pass."""
        return np.random.default_rng(walked).permutation(count).astype(np.int32)


@pytest.fixture(scope="session")
def some():
    return Some()
