"""What the peers that walk down the quadratic share: J = x1² + 4 x2² - x1 x2, its gradient, and the starts."""

import numpy as np

PATHS, STEPS, COMPARED = 10_000, 100, 100


def starts() -> np.ndarray:
    """Float32 `[10000, 2]`, the same for all."""
    return np.random.default_rng(0).uniform(-5, 5, (PATHS, 2)).astype("float32")


def mean_value(points) -> float:
    """The mean of J over the first paths' last points `[paths, 2]`: a fast wrong walk is no walk."""
    x1, x2 = np.asarray(points[:COMPARED], "float64").T
    return float(np.mean(x1**2 + 4 * x2**2 - x1 * x2))
