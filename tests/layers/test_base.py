"""The contract of all layers, and what a layer shows of the model it belongs to."""

import copy
import gc
import pickle

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ravine import Input, Sequential, checks, layers
from ravine.layers import (
    ELU,
    Activation,
    ActivityRegularization,
    AlphaDropout,
    BatchNormalization,
    CategoryEncoding,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    GaussianDropout,
    GaussianNoise,
    GlobalAveragePooling1D,
    GlobalMaxPooling1D,
    GroupNormalization,
    Identity,
    Lambda,
    LayerNormalization,
    LeakyReLU,
    Normalization,
    Permute,
    PReLU,
    ReLU,
    RepeatVector,
    Rescaling,
    Reshape,
    RMSNormalization,
    Softmax,
    UnitNormalization,
)
from ravine.layers.tokens import Tokens

STATISTICS = {"mean": (3,), "variance": (3,), "count": ()}
BN = ("gamma", "beta", "moving_mean", "moving_variance")

# A layer, the shape of a sample, the shape of an output, and its arrays' shapes in Keras's order.
LAYERS = [
    (Dense(4), (3,), (4,), {"kernel": (3, 4), "bias": (4,)}),
    (Dense(4, activation="relu", use_bias=False), (3,), (4,), {"kernel": (3, 4)}),
    (Dense(2, activation="softmax", kernel_initializer="he_normal"), (5, 3), (5, 2), {"kernel": (3, 2), "bias": (2,)}),
    (Activation("softmax"), (3,), (3,), {}),
    (Activation(None), (2, 3), (2, 3), {}),
    (ReLU(), (2, 3), (2, 3), {}),
    (ReLU(6, negative_slope=0.1, threshold=0.5), (3,), (3,), {}),
    (Softmax(), (3,), (3,), {}),
    (Softmax(axis=1), (2, 3), (2, 3), {}),
    (Flatten(), (2, 3), (6,), {}),
    (Flatten(), (3,), (3,), {}),
    (Flatten(), (), (1,), {}),
    (Dropout(0.5), (2, 3), (2, 3), {}),
    (Dropout(0.5, noise_shape=(None, 1, 3), seed=3), (2, 3), (2, 3), {}),
    (AlphaDropout(0.1), (3,), (3,), {}),
    (GaussianDropout(0.1), (3,), (3,), {}),
    (GaussianNoise(0.1), (3,), (3,), {}),
    (ActivityRegularization(0.1, 0.2), (3,), (3,), {}),
    (BatchNormalization(), (3,), (3,), dict.fromkeys(BN, (3,))),
    (BatchNormalization(1, scale=False), (2, 3), (2, 3), dict.fromkeys(BN[1:], (2,))),
    (LayerNormalization(), (2, 3), (2, 3), {"gamma": (3,), "beta": (3,)}),
    (LayerNormalization([1, 2], center=False), (2, 3), (2, 3), {"gamma": (2, 3)}),
    (GroupNormalization(2), (3, 4), (3, 4), {"gamma": (4,), "beta": (4,)}),
    (GroupNormalization(-1, axis=1), (3, 4), (3, 4), {"gamma": (3,), "beta": (3,)}),
    (RMSNormalization(), (2, 3), (2, 3), {"scale": (3,)}),
    (UnitNormalization((1, 2)), (2, 3), (2, 3), {}),
    (Softmax(axis=(1, 2)), (2, 3), (2, 3), {}),
    (LeakyReLU(), (2, 3), (2, 3), {}),
    (ELU(0.5), (3,), (3,), {}),
    (PReLU(), (2, 3), (2, 3), {"alpha": (2, 3)}),
    (PReLU("ones", shared_axes=[1]), (2, 3), (2, 3), {"alpha": (1, 3)}),
    (PReLU(shared_axes=2), (2, 3), (2, 3), {"alpha": (2, 1)}),
    (Identity(), (2, 3), (2, 3), {}),
    (Reshape((3, -1)), (2, 6), (3, 4), {}),
    (Reshape([12]), (2, 6), (12,), {}),
    (Permute((3, 1, 2)), (2, 3, 4), (4, 2, 3), {}),
    (RepeatVector(2), (3,), (2, 3), {}),
    (Lambda(jnp.cumsum, arguments={"axis": 1}), (3,), (3,), {}),
    (Lambda(lambda x: x.mean(axis=1), output_shape=(3,)), (2, 3), (3,), {}),
    (Embedding(5, 2), (3,), (3, 2), {"embeddings": (5, 2)}),
    (Embedding(5, 2), (), (2,), {"embeddings": (5, 2)}),
    (CategoryEncoding(5, "one_hot"), (3,), (3, 5), {}),
    (CategoryEncoding(5, "one_hot"), (3, 1), (3, 5), {}),
    (CategoryEncoding(5, "one_hot"), (), (5,), {}),
    (CategoryEncoding(5), (3,), (5,), {}),
    (CategoryEncoding(5, "count"), (3,), (5,), {}),
    (Rescaling(1 / 255), (2, 3), (2, 3), {}),
    (Rescaling([1.0, 2.0, 3.0], offset=[[1.0], [2.0]]), (2, 3), (2, 3), {}),
    (Normalization(), (2, 3), (2, 3), STATISTICS),
    (Normalization(axis=None), (3,), (3,), STATISTICS | {"mean": (), "variance": ()}),
    (Normalization((1, 2)), (2, 3), (2, 3), STATISTICS | {"mean": (2, 3), "variance": (2, 3)}),
    (Normalization(mean=[1, 2, 3], variance=[4, 5, 6]), (2, 3), (2, 3), {}),
    (GlobalAveragePooling1D(), (2, 3), (3,), {}),
    (GlobalAveragePooling1D("channels_first", keepdims=True), (2, 3), (2, 1), {}),
    (GlobalMaxPooling1D(keepdims=True), (2, 3), (1, 3), {}),
]
IDS = [f"{i}-{type(layer).__name__}" for i, (layer, *_) in enumerate(LAYERS)]
contract = pytest.mark.parametrize(("layer", "input_shape", "output_shape", "shapes"), LAYERS, ids=IDS)


def test_every_layer_is_in_the_table():
    classes = {c for c in vars(layers).values() if isinstance(c, type) and issubclass(c, layers.Layer)}
    assert {type(layer) for layer, *_ in LAYERS} == classes - {layers.Layer}


def samples(layer, shape):
    """Seven rows that the layer takes."""
    rng = np.random.default_rng(0)
    if isinstance(layer, Tokens):
        return rng.integers(0, layer.limit(), (7, *shape), np.int32)
    return rng.normal(size=(7, *shape)).astype(np.float32)


@jax.jit
def outputs(layer, params, stats, x):
    return layer.apply(params, stats, x, key=None, training=False)


@contract
def test_init_has_the_promised_arrays(layer, input_shape, output_shape, shapes):
    layer.check()
    layer.check_input(input_shape)
    params, stats = layer.init(jax.random.key(0), input_shape)
    found = {name: (params | stats)[name].shape for name in layer.variable_names if name in params | stats}
    assert found == shapes
    assert list(found) == list(shapes)
    assert set(params | stats) == set(shapes)
    types = {name: jnp.int32 if name == "count" else jnp.float32 for name in shapes}
    assert {name: a.dtype for name, a in (params | stats).items()} == types


@contract
def test_apply_keeps_its_promise(layer, input_shape, output_shape, shapes):
    params, stats = layer.init(jax.random.key(0), input_shape)
    x = samples(layer, input_shape)
    y, new_stats = outputs(layer, params, stats, x)
    assert y.shape == (7, *output_shape)
    assert layer.output_shape(input_shape) == output_shape
    assert jax.tree.structure(new_stats) == jax.tree.structure(stats)
    # Each sample is treated by itself, whatever the others are.
    other = np.concatenate([x[:1], np.repeat(x[1:2], 6, axis=0)])
    np.testing.assert_allclose(y[:1], outputs(layer, params, stats, other)[0][:1], rtol=1e-5, atol=1e-6)


@contract
def test_a_split_activation_is_the_same_function(layer, input_shape, output_shape, shapes):
    rest, activation = layer.split_activation()
    assert (rest is layer) == (activation is None)
    if activation is not None:
        params, stats = layer.init(jax.random.key(0), input_shape)
        x = samples(layer, input_shape)
        (z, _), (whole, _) = (outputs(each, params, stats, x) for each in (rest, layer))
        np.testing.assert_allclose(activation(z), whole, rtol=1e-6)


def test_names_and_input_shapes_cost_no_compilation():
    plain, named = Dense(4), Dense(4, name="hidden", input_shape=(3,))
    assert plain == named
    assert jax.tree.structure(plain) == jax.tree.structure(named)
    assert jax.tree.structure(plain) != jax.tree.structure(Dense(5))


@pytest.fixture
def model():
    return Sequential([Input((3,)), Dense(4, activation="relu"), Dense(2, use_bias=False)])


def test_arrays_as_attributes(model):
    hidden, last = model.layers
    assert hidden.kernel.shape == (3, 4)
    np.testing.assert_array_equal(hidden.bias, np.zeros(4))
    assert last.bias is None
    assert not hasattr(hidden, "gamma")
    with pytest.raises(AttributeError, match="Dense has no attribute 'gamma'"):
        _ = hidden.gamma
    assert hidden.count_params() == 16


def test_get_and_set_weights(model):
    hidden, last = model.layers
    before = last.get_weights()
    hidden.set_weights([np.ones((3, 4)), np.arange(4)])
    np.testing.assert_array_equal(hidden.bias, np.arange(4))
    np.testing.assert_array_equal(model.get_weights()[0], np.ones((3, 4)))
    np.testing.assert_array_equal(last.get_weights()[0], before[0])


def test_weights_that_are_read_are_copies(model):
    (kernel,) = model.layers[1].get_weights()
    kernel[:] = 7
    assert (model.layers[1].kernel != 7).all()


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        ([np.ones((3, 4))], r"weights: expected 2 arrays \(kernel, bias\), got 1"),
        ([np.ones((4, 3)), np.ones(4)], r"weights: dense/kernel has shape \(3, 4\), got \(4, 3\)"),
        ([np.ones((3, 4)), np.ones(3)], r"weights: dense/bias has shape \(4,\), got \(3,\)"),
        (None, "weights=None is a NoneType: expected a list of arrays"),
    ],
)
def test_weights_that_do_not_fit_change_nothing(model, weights, expected):
    before = model.get_weights()
    with pytest.raises(checks.RavineError, match=expected):
        model.layers[0].set_weights(weights)
    for was, now in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(was, now)


def test_a_layer_belongs_to_one_model(model):
    with pytest.raises(checks.RavineValueError, match="Dense already belongs to a model"):
        Sequential([model.layers[0]])
    with pytest.raises(checks.RavineValueError, match="Dense already belongs to a model"):
        model.add(model.layers[0])
    assert len(model.layers) == 2


def test_pop_frees_the_layer(model):
    layer = model.pop()
    assert not layer.is_bound
    other = Sequential([Input((4,)), layer])
    assert layer.kernel.shape == other.get_weights()[0].shape == (4, 2)


def test_a_model_that_is_gone_frees_its_layers():
    layer = Dense(2)
    model = Sequential([Input((3,)), layer])
    assert layer.is_bound
    del model
    gc.collect()
    assert not layer.is_bound


@pytest.mark.parametrize("use", [lambda d: d.kernel, lambda d: d.get_weights(), lambda d: d.count_params()])
def test_a_layer_without_a_model_has_no_weights(use):
    with pytest.raises(checks.RavineValueError, match="Dense belongs to no model yet"):
        use(Dense(2))


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_a_copy_of_a_model_has_weights_of_its_own(model, copied):
    twin = copied(model)
    twin_hidden, hidden = twin.layers[0], model.layers[0]
    twin_hidden.set_weights([np.ones((3, 4)), np.ones(4)])
    assert (twin_hidden.kernel == 1).all()
    assert (hidden.kernel != 1).all()


def test_a_copy_of_a_layer_belongs_to_no_model(model):
    assert not copy.copy(model.layers[0]).is_bound
    assert not copy.deepcopy(model.layers[0]).is_bound
