"""What a user wrote, in files: handed over by name, and nothing of it lost."""

import jax.numpy as jnp
import numpy as np
import pytest

import ravine
from ravine import Input, Sequential, layers, losses, metrics, optimizers, trees
from ravine.checks import RavineValueError

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")

X = np.linspace(-1, 1, 24, dtype="f").reshape(8, 3)
Y = X[:, :1]


def far(y, outputs):
    return (y - outputs) ** 2


def off(y, outputs):
    return jnp.abs(y - outputs)


def bent(x):
    return jnp.tanh(x)


def ones(key, shape, dtype=None):
    return jnp.ones(shape)


def size(w):
    return (w**2).sum()


def half(w):
    return w / 2


def slower(step):
    return 0.1 / (1 + step)


class Slower:
    def __call__(self, step):
        return 0.1 / (1 + step)


@trees.tree(frozen=False)
class Scaled(layers.Layer):
    """A layer by Ravine's contract, which does not say in which order its arrays go."""

    def init(self, key, input_shape):
        return {"scale": jnp.full(input_shape, 2.0), "moved": jnp.zeros(input_shape)}, {"seen": jnp.zeros(())}

    def apply(self, params, stats, x, *, key, training):
        return params["scale"] * x + params["moved"], {"seen": stats["seen"] + training}


@trees.tree(frozen=False)
class Heavy(optimizers.Optimizer):
    """A rule of one's own that remembers something."""

    def slots(self, w):
        return (jnp.zeros_like(w),)

    def delta(self, g, slots, w, lr, t):
        v = 0.9 * slots[0] + g
        return -lr * v, (v,)


@trees.tree
class Largest(metrics.Metric):
    """A metric of one's own with a setting."""

    scale: float = 1.0

    def init(self):
        return jnp.zeros(())

    def update(self, state, y, outputs, weights=None):
        return jnp.maximum(state, self.scale * jnp.abs(y - outputs).max())

    def result(self, state):
        return state


OWN = {f.__name__: f for f in (far, off, bent, ones, size, half, slower, Scaled, Heavy, Largest)} | {"Slower": Slower()}

LAYERS = {
    "activation": lambda: layers.Dense(1, activation=bent),
    "initializer": lambda: layers.Dense(1, kernel_initializer=ones),
    "regularizer and constraint": lambda: layers.Dense(1, kernel_regularizer=size, kernel_constraint=half),
    "function of a layer": lambda: layers.Lambda(bent),
    "layer": Scaled,
}
COMPILED = {
    "loss": {"loss": far},
    "loss with its reduction": {"loss": losses.Function(far, reduction="sum")},
    "metric": {"metrics": [off]},
    "weighted metric": {"weighted_metrics": [off]},
    "metric with a name": {"metrics": [metrics.MeanMetricWrapper(off, name="distance")]},
    "rule": {"optimizer": Heavy(0.1)},
    "metric with a setting": {"metrics": [Largest(3.0)]},
    "schedule": {"optimizer": optimizers.SGD(slower)},
    "schedule that is an object": {"optimizer": optimizers.SGD(OWN["Slower"])},
}


def made(layer=Scaled, **compiled):
    model = Sequential([Input(shape=(3,)), layer(), layers.Dense(1)])
    model.compile(**{"optimizer": "adam", "loss": "mse", **compiled})
    return model


@pytest.mark.parametrize("ending", [".keras", ".safetensors"])
@pytest.mark.parametrize("case", [*LAYERS, *COMPILED])
def test_a_model_goes_on_from_its_file(tmp_path, case, ending):
    model = made(LAYERS[case]) if case in LAYERS else made(**COMPILED[case])
    model.train_on_batch(X, Y)
    model.save(tmp_path / f"m{ending}")
    loaded = ravine.load_model(tmp_path / f"m{ending}", custom_objects=OWN)
    assert loaded.metrics_names == model.metrics_names
    for one in (model, loaded):
        one.train_on_batch(X, Y)
    for found, expected in zip(loaded.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(found, expected)
    assert loaded.evaluate(X, Y, verbose=0) == model.evaluate(X, Y, verbose=0)


@pytest.mark.parametrize("ending", [".weights.h5", ".keras", ".safetensors"])
def test_all_arrays_of_a_layer_of_ones_own_are_saved(tmp_path, ending):
    source, target = made(), made()
    source.train_on_batch(X, Y)
    assert [w.shape for w in source.layers[0].get_weights()] == [(3,), (3,), ()]
    assert sum(w.size for w in source.get_weights()) == source.count_params() == 11
    (source.save if ending == ".keras" else source.save_weights)(tmp_path / f"m{ending}")
    target.load_weights(tmp_path / f"m{ending}")
    for found, expected in zip(target.get_weights(), source.get_weights(), strict=True):
        np.testing.assert_array_equal(found, expected)
    assert target.get_weights()[2] == 1


def test_keras_takes_a_loss_and_a_metric_by_name(keras, tmp_path):
    model = Sequential([Input(shape=(3,)), layers.Dense(1)])
    model.compile("sgd", far, metrics=[off])
    model.save(tmp_path / "m.keras")
    theirs = keras.models.load_model(tmp_path / "m.keras", custom_objects={"far": far, "off": off})
    assert model.evaluate(X, Y, verbose=0) == pytest.approx(theirs.evaluate(X, Y, verbose=0), rel=1e-5)
    theirs.save(tmp_path / "k.keras")
    loaded = ravine.load_model(tmp_path / "k.keras", custom_objects={"far": far, "off": off})
    assert loaded.evaluate(X, Y, verbose=0) == model.evaluate(X, Y, verbose=0)


def test_what_is_not_handed_over_as_it_was_is_named(tmp_path):
    made(optimizer=optimizers.SGD(OWN["Slower"])).save(tmp_path / "m.keras")
    with pytest.raises(RavineValueError, match=r"custom_objects\['Slower'\]=<class .*: expected an object of it"):
        ravine.load_model(tmp_path / "m.keras", custom_objects=OWN | {"Slower": Slower})
    for name, compiled in (("far", {"loss": far}), ("off", {"metrics": [off]})):
        made(**compiled).save(tmp_path / "m.keras")
        with pytest.raises(RavineValueError, match=f"no (loss|metric) {name}.*custom_objects={{'{name}': ...}}"):
            ravine.load_model(tmp_path / "m.keras", custom_objects={"Scaled": Scaled})
