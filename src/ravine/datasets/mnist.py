"""MNIST: 70,000 handwritten digits, shipped with the package, so that nothing is downloaded.

By Yann LeCun, Corinna Cortes and Christopher J. C. Burges; licence CC BY-SA 3.0.
"""

from __future__ import annotations

from importlib import resources
from typing import Any

import numpy as np
import numpy.typing as npt

from ravine import checks
from ravine.checks import RavineValueError
from ravine.datasets import idx

Bytes = npt.NDArray[np.uint8]

# The four original files by name, with the shape each must have.
FILES = {
    "train-images-idx3-ubyte": (60_000, 28, 28),
    "train-labels-idx1-ubyte": (60_000,),
    "t10k-images-idx3-ubyte": (10_000, 28, 28),
    "t10k-labels-idx1-ubyte": (10_000,),
}


def load_data(path: str = "mnist.npz") -> tuple[tuple[Bytes, Bytes], tuple[Bytes, Bytes]]:
    """``(x_train, y_train), (x_test, y_test)``, as in Keras.

    Images are uint8 in 0..255 of shape (60000, 28, 28) and (10000, 28, 28), 0 being the background; labels are uint8
    digits 0..9 of shape (60000,) and (10000,). Every call returns new arrays, yours to change.

    Args:
        path: only Keras's default; there it names a download, while here the data come with the package.

    Raises:
        RavineValueError: a file of the installation is missing or damaged.
    """
    if not (isinstance(path, str) and path == "mnist.npz"):
        checks.reject("path", path, "'mnist.npz', since the data come with the package; np.load reads other files")
    x_train, y_train, x_test, y_test = (_load(name) for name in FILES)
    return (x_train, y_train), (x_test, y_test)


def _load(name: str) -> npt.NDArray[Any]:
    try:
        array = idx.load(resources.files("ravine.datasets") / "data" / f"{name}.gz")
        if array.shape != FILES[name] or array.dtype != np.uint8:
            raise RavineValueError(f"{name}: {array.dtype}{array.shape}, not MNIST's uint8{FILES[name]}.")
    except (RavineValueError, OSError) as error:
        raise RavineValueError(f"The installed MNIST data cannot be read: reinstall ravine. ({error})") from error
    return array
