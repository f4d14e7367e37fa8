import jax.numpy as jnp
import numpy as np
import pytest

from ravine import Input, Sequential, checks
from ravine.layers import Rescaling


def test_the_formula():
    x = np.uint8([[0, 51, 255]])
    y, _ = Rescaling(1 / 127.5, offset=-1).apply({}, {}, jnp.float32(x), key=None, training=True)
    np.testing.assert_allclose(y, [[-1, -0.6, 1]], rtol=1e-6)


def test_bytes_are_scaled_as_numbers():
    images = np.random.default_rng(0).integers(0, 256, (5, 4), dtype=np.uint8)
    np.testing.assert_allclose(Sequential([Rescaling(1 / 255)]).predict(images), images / 255.0, rtol=1e-6)


@pytest.mark.parametrize(
    ("layer", "error", "expected"),
    [
        (Rescaling(float("nan")), checks.RavineValueError, "scale=nan: expected a finite number"),
        (Rescaling("1/255"), checks.RavineTypeError, "scale='1/255' is a str"),
        (Rescaling(1, offset=None), checks.RavineTypeError, "offset=None"),
    ],
)
def test_wrong_settings_are_refused(layer, error, expected):
    with pytest.raises(error, match=expected):
        Sequential([Input((3,)), layer])
