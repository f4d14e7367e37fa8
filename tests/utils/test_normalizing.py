import math

import numpy as np
import pytest

from ravine.checks import RavineError
from ravine.utils import normalize

RNG = np.random.default_rng(0)
MATRIX = RNG.normal(size=(4, 3))
CUBE = RNG.normal(size=(2, 3, 4))

ARRAYS = {
    "matrix": (MATRIX, -1, 2),
    "its last axis, from the front": (MATRIX, 1, 2),
    "float32": (MATRIX.astype(np.float32), -1, 2),
    "float16": (MATRIX.astype(np.float16), -1, 2),
    "whole numbers": (np.arange(12).reshape(4, 3), -1, 2),
    "bytes": (np.arange(244, 256, dtype=np.uint8).reshape(4, 3), -1, 2),
    "rows of zeros": (np.diag([0.0, 1.0, 2.0]), -1, 2),
    "order 1": (MATRIX, -1, 1),
    "order 3": (MATRIX, -1, 3),
    "order 1/2": (MATRIX, -1, 0.5),
    "largest": (MATRIX, -1, math.inf),
    "cube": (CUBE, -1, 2),
    "its middle": (CUBE, 1, 2),
    "its middle, from the back": (CUBE, -2, 1),
    "its first axis, from the back": (CUBE, -3, 2),
    "no rows": (np.zeros((0, 3)), -1, 2),
}


@pytest.mark.parametrize(("x", "axis", "order"), ARRAYS.values(), ids=ARRAYS)
def test_as_in_keras(keras, x, axis, order):
    before = x.copy()
    np.testing.assert_array_equal(normalize(x, axis, order), keras.utils.normalize(x, axis, order), strict=True)
    np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize(
    ("x", "axis"), [(MATRIX, 0), (CUBE, 0), (MATRIX[0], 0), (MATRIX[0], -1)], ids=["matrix", "cube", "row", "row, back"]
)
def test_where_keras_differs_between_arrays_and_tensors_as_for_its_tensors(keras, x, axis):
    expected = keras.ops.normalize(keras.ops.convert_to_tensor(x), axis, 2)
    result = normalize(x, axis)
    assert result.shape == x.shape
    np.testing.assert_allclose(result, expected, rtol=1e-5)


def test_lists_are_arrays():
    np.testing.assert_allclose(normalize([[3, 4], [0, 0]]), [[0.6, 0.8], [0, 0]], strict=True)


@pytest.mark.parametrize(
    ("x", "options", "message"),
    [
        (MATRIX, {"axis": 2}, r"axis=2: expected an axis of x, whose shape is \(4, 3\)"),
        (MATRIX, {"axis": -3}, "axis=-3: expected an integer of at least -2"),
        (MATRIX, {"axis": None}, "axis=None is a NoneType"),
        (MATRIX, {"axis": (0, 1)}, r"axis=\(0, 1\) is a tuple"),
        (MATRIX, {"order": 0}, "order=0: expected a finite number above 0"),
        (MATRIX, {"order": -math.inf}, "order=-inf: expected"),
        (MATRIX, {"order": "fro"}, "order='fro' is a str"),
        (3.0, {}, "x=3.0: expected an array with at least one axis"),
        (["a"], {}, "expected an array of real numbers"),
    ],
    ids=["axis", "axis below", "no axis", "axes", "order 0", "smallest", "matrix norm", "number", "text"],
)
def test_arguments_that_cannot_work(x, options, message):
    with pytest.raises(RavineError, match=message):
        normalize(x, **options)
