"""Data sets published in MNIST's form: four IDX files, images and labels to train on and to test on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from ravine.datasets import idx
from ravine.datasets.download import Published, fetched

Bytes = npt.NDArray[np.uint8]
Split = tuple[tuple[Bytes, Bytes], tuple[Bytes, Bytes]]


def load(folder: str, mirrors: Sequence[str], files: Mapping[str, Published]) -> Split:
    """``(x_train, y_train), (x_test, y_test)`` of the four ``files``, in that order, each at every one of the mirrors.

    Raises:
        DownloadError: a file is not kept yet and could not be downloaded.
    """
    x_train, y_train, x_test, y_test = (
        idx.load(fetched(name, [mirror + name for mirror in mirrors], published, folder))
        for name, published in files.items()
    )
    return (x_train, y_train), (x_test, y_test)
