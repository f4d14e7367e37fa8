import numpy as np
import pytest

from ravine import Input, Sequential, layers, optimizers
from ravine.checks import RavineTypeError, RavineValueError

HEADS = [".weights.h5", ".keras", ".safetensors"]


@pytest.mark.parametrize("ending", HEADS)
def test_a_layer_that_does_not_fit_may_be_skipped(tiny, adopt, tmp_path, ending):
    path = tmp_path / f"m{ending}"
    source = tiny.model()
    source.train_on_batch(tiny.x, tiny.y)
    (source.save if ending == ".keras" else source.save_weights)(path)
    other = Sequential([Input((6,)), layers.Dense(4), layers.Dense(5000), layers.Dense(2)])
    other.compile(optimizers.SGD(0.1, momentum=0.9), "mse")
    adopt(other, [np.ones(shape) for shape in ((6, 4), 4, (4, 5000), 5000, (5000, 2), 2)])
    before = other.get_weights()
    with pytest.raises(RavineValueError, match=f"m{ending}: "):
        other.load_weights(path)
    missing = r".*dense_1/.* has shape \(4, 3\): expected \(4, 5000\)\..*dense_2.* optimizer"
    with pytest.warns(UserWarning, match=rf"skip_mismatch=True left out 3 parts of the file: {missing}"):
        other.load_weights(path, skip_mismatch=True)
    for found, expected in zip(other.get_weights(), source.get_weights()[:2] + before[2:], strict=True):
        np.testing.assert_array_equal(found, expected)
    assert other.train_state().optimizer.step == 0
    assert other.optimizer.learning_rate == 0.1
    with pytest.raises(RavineTypeError, match="skip_mismatch=1 is a int"):
        other.load_weights(path, skip_mismatch=1)


def test_nothing_is_skipped_where_all_fits(tiny, tmp_path):
    source, other = tiny.model(), tiny.model()
    source.train_on_batch(tiny.x, tiny.y)
    source.save_weights(tmp_path / "m.weights.h5")
    other.load_weights(tmp_path / "m.weights.h5", skip_mismatch=True)
    for found, expected in zip(other.get_weights(), source.get_weights(), strict=True):
        np.testing.assert_array_equal(found, expected)
    assert other.train_state().optimizer.step == 1
