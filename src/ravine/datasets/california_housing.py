"""California Housing: the median house value of 20,640 districts, from the census of 1990; downloaded once (0.7 MB).

R. Kelley Pace and Ronald Barry, "Sparse Spatial Autoregressions", Statistics & Probability Letters 33 (1997) 291-297;
published in StatLib, from figures of the U.S. Census Bureau. The file is Keras's.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ravine import checks
from ravine.datasets.download import Published, fetched

URLS = ("https://storage.googleapis.com/tensorflow/tf-keras-datasets/california_housing.npz",)
FILE = Published(743_530, "1a2e3a52e0398de6463aebe6f4a8da34fb21fbb6b934cf88c3425e766f2a1a6f")

NAME = "california_housing.npz"

ROWS = {"large": None, "small": 600}

Floats = npt.NDArray[np.floating[Any]]


def load_data(
    version: str = "large", path: str = NAME, *, test_split: float = 0.2, seed: int = 113
) -> tuple[tuple[Floats, Floats], tuple[Floats, Floats]]:
    """``(x_train, y_train), (x_test, y_test)``, the same rows in the same order as in Keras.

    A row of x, ``[rows, 8]``, has longitude and latitude of the district in degrees, the median age of its houses in
    years, its rooms, bedrooms, people and households, and its median income in tens of thousands of dollars. y,
    ``[rows]``, is the median house value in dollars, 14,999 to 500,001. Scale both before you train.

    Args:
        version: ``"large"``, all 20,640 districts, or ``"small"``, the first 600 of the file.
        path: only Keras's default; where the file is kept is said by ``RAVINE_CACHE``.
        test_split: the fraction of rows to test on, in [0, 1).
        seed: of the order in which the rows are shuffled before they are split, in [0, 2**32).

    Raises:
        DownloadError: the file is not kept yet and could not be downloaded.
    """
    count = checks.look_up("version", version, ROWS)
    if not (isinstance(path, str) and path == NAME):
        checks.reject("path", path, f"{NAME!r}: RAVINE_CACHE says where the file is kept; np.load reads other files")
    test_split = checks.number("test_split", test_split, least=0, below=1)
    seed = checks.integer("seed", seed, least=0, most=2**32 - 1)
    with np.load(fetched(NAME, URLS, FILE, "california_housing"), allow_pickle=False) as arrays:
        x, y = arrays["x"][:count], arrays["y"][:count]
    order = np.arange(len(x))
    np.random.RandomState(seed).shuffle(order)
    train, test = np.split(order, [int(len(x) * (1 - test_split))])
    return (x[train], y[train]), (x[test], y[test])
