import numpy as np
import pytest

from ravine import Input, Sequential, checks
from ravine.layers import GlobalAveragePooling1D, GlobalMaxPooling1D

X = np.random.default_rng(0).normal(size=(5, 2, 3)).astype(np.float32)


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize(("data_format", "axis"), [(None, 1), ("channels_last", 1), ("channels_first", 2)])
@pytest.mark.parametrize(("layer", "reduce"), [(GlobalAveragePooling1D, np.mean), (GlobalMaxPooling1D, np.max)])
def test_the_steps_as_one(layer, reduce, data_format, axis, keepdims):
    made = Sequential([Input((2, 3)), layer(data_format=data_format, keepdims=keepdims)])
    expected = reduce(X, axis=axis, keepdims=keepdims)
    assert made.output_shape == (None, *expected.shape[1:])
    np.testing.assert_allclose(made.predict(X), expected, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize(
    ("layer", "shape", "message"),
    [
        (
            GlobalAveragePooling1D("channel_last"),
            (2, 3),
            "data_format='channel_last' is unknown. Did you mean 'channels_l",
        ),
        (GlobalMaxPooling1D(keepdims=1), (2, 3), "keepdims=1 is a int: expected True or False"),
        (
            GlobalAveragePooling1D(),
            (3,),
            r"GlobalAveragePooling1D takes samples of shape \(steps, features\), but .* \(3,\)",
        ),
        (GlobalMaxPooling1D(), (2, 3, 4), r"GlobalMaxPooling1D takes samples of .*\(2, 3, 4\)"),
    ],
    ids=str,
)
def test_what_cannot_work_is_refused_where_the_layer_joins_a_model(layer, shape, message):
    with pytest.raises(checks.RavineError, match=message):
        Sequential([Input(shape), layer])
