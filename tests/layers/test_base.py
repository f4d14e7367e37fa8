"""The contract of all layers, and what a layer shows of the model it belongs to."""

import copy
import dataclasses
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


@pytest.mark.differs("copies-of-weights")
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


@pytest.mark.differs("layer-of-one-model")
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
    with pytest.raises(checks.RavineError, match="Dense belongs to no model yet"):
        use(Dense(2))
    assert not hasattr(Dense(2), "kernel")


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


# What every layer takes in Keras, and what it is called.
@pytest.mark.parametrize("cls", sorted({type(layer) for layer, *_ in LAYERS}, key=lambda c: c.__name__))
def test_arguments_of_every_layer(cls):
    made = next(layer for layer, *_ in LAYERS if type(layer) is cls)
    positional = {name for name, field in cls.__dataclass_fields__.items() if field.init and not field.kw_only}
    given = {"function": made.function} if cls is Lambda else {name: getattr(made, name) for name in positional}
    layer = cls(**given, name="mine", trainable=False, dtype="float32", input_shape=(2, 3))
    layer.check()
    assert (layer.name, layer.trainable, layer.given_name) == ("mine", False, "mine")
    assert cls(**given).name == checks_name(cls)
    with pytest.raises(checks.RavineValueError, match="dtype='float16': expected 'float32', the type that all layers"):
        cls(**given, dtype="float16").check()
    if cls is not Embedding:
        assert cls(**given, input_dim=3).declared_shape() == (3,)


def checks_name(cls):
    from ravine.trees import snake

    return snake(cls.__name__)


@pytest.mark.parametrize("dtype", [None, "float32", np.float32, jnp.float32, np.dtype("float32")])
def test_float32_in_all_its_words(keras, dtype):
    Dense(2, dtype=dtype).check()
    Dense(2, dtype=keras.DTypePolicy("float32")).check()
    for wrong in ("bfloat16", "mixed_float16", np.float64, "int32", 3, object(), keras.DTypePolicy("mixed_bfloat16")):
        with pytest.raises(checks.RavineError, match=r"dtype=.*expected 'float32'"):
            Dense(2, dtype=wrong).check()


def test_the_declared_input():
    assert Sequential([Dense(4, input_dim=3)]).input_shape == (None, 3)
    assert Sequential([Embedding(5, 2, input_shape=(7,))]).output_shape == (None, 7, 2)
    assert Sequential([Embedding(5, 2, input_length=7)]).output_shape == (None, 7, 2)
    for wrong, error in ((0, checks.RavineValueError), ("3", checks.RavineTypeError), (2**31, checks.RavineValueError)):
        with pytest.raises(error, match=r"input_shape\[0\]="):
            Sequential([Dense(4, input_dim=wrong)])
    with pytest.raises(checks.RavineValueError, match=r"input_shape=\(5,\): expected \(4,\), .*Dense is fed"):
        Sequential([Dense(4, input_dim=3), Dense(2, input_dim=5)])
    Sequential([Dense(4, input_dim=3), Dense(2, input_dim=4)])


def test_names_are_strings_that_a_model_numbers():
    first, second, third = Dense(2), Dense(2), Dense(2, name="dense")
    assert [layer.name for layer in (first, second)] == ["dense", "dense"]
    model = Sequential([Input((3,)), first, second])
    assert [layer.name for layer in model.layers] == model.layer_names == ["dense", "dense_1"]
    model.add(third)  # the name that was given stays
    assert [layer.name for layer in model.layers] == model.layer_names == ["dense_1", "dense_2", "dense"]
    model.pop()
    assert [layer.name for layer in copy.deepcopy(model).layers] == ["dense", "dense_1"]
    assert [layer.name for layer in pickle.loads(pickle.dumps(model)).layers] == ["dense", "dense_1"]
    assert [layer.name for layer in model.untrained().layers] == ["dense", "dense_1"]
    with pytest.raises(AttributeError, match="name='other': this choice cannot be changed"):
        first.name = "other"


def test_names_compile_nothing(tiny, compilations):
    tiny.fit(epochs=1)
    compilations.clear()
    model = Sequential(
        [Input((6,)), Dense(4, activation="sigmoid", name="a"), Dense(3, activation="softmax", dtype="float32")]
    )
    model.compile(tiny.model().optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    tiny.fit(model, epochs=1)
    assert not compilations


def test_weights_as_lists():
    model = Sequential([Dense(2), BatchNormalization(name="norm"), Dense(1, trainable=False)])
    assert model.weights == model.layers[0].weights == Dense(3).variables == []
    model.take_shape((3,))
    assert [w.path for w in model.variables] == [w.path for w in model.weights]
    paths = ["dense/kernel", "dense/bias", *(f"norm/{n}" for n in BN), "dense_1/kernel", "dense_1/bias"]
    assert [w.path for w in model.weights] == paths == list(model.named_weights)
    assert [w.path for w in model.trainable_weights] == paths[:4] == [w.path for w in model.trainable_variables]
    assert [w.path for w in model.non_trainable_weights] == paths[4:] == [w.path for w in model.non_trainable_variables]
    norm = model.layers[1]
    assert [w.name for w in norm.weights] == list(BN) == [w.name for w in norm.variables]
    assert [w.name for w in norm.non_trainable_weights] == list(BN[2:])
    kernel = model.weights[0]
    np.testing.assert_array_equal(kernel.numpy(), model.get_weights()[0])
    assert (kernel.shape, kernel.dtype, type(kernel.numpy()), (kernel + 1).sum().shape) == (
        (3, 2),
        "float32",
        np.ndarray,
        (),
    )
    with pytest.raises(ValueError, match="read-only"):
        kernel[0] = 1
    with pytest.raises(checks.RavineTypeError, match=r"assign: .*Expected layer.set_weights"):
        kernel.assign(np.zeros((3, 2)))
    model.get_weights()[0][0] = 1  # a copy that may be written to


# An initializer of a user's, and what it says of what it gives.
INITIALIZERS = {
    "too few": (
        lambda key, shape: jnp.ones((3, 1)),
        r"gives float32 of shape \(3, 4\), but this gives float32 of \(3, 1\)",
    ),
    "one number": (lambda key, shape: 1.0, r"of shape \(3, 4\), but this gives float32 of \(\)"),
    "whole numbers": (lambda key, shape: jnp.ones(shape, int), "but this gives int32"),
    "half precision": (lambda key, shape: jnp.ones(shape, jnp.bfloat16), "but this gives bfloat16"),
    "nothing": (lambda key, shape: None, r" failed for the shape \(3, 4\): "),
    "another signature": (
        lambda shape: np.ones(shape),
        r"failed .*Expected a function of a key and a shape",
    ),
}


@pytest.mark.parametrize(("initializer", "expected"), INITIALIZERS.values(), ids=INITIALIZERS)
def test_an_initializer_that_gives_something_else(initializer, expected):
    with pytest.raises(checks.RavineValueError, match=rf"^kernel_initializer=.*{expected}"):
        Sequential([Input((3,)), Dense(4, kernel_initializer=initializer)])
    model = Sequential([Dense(4, kernel_initializer=initializer)])
    with pytest.raises(checks.RavineValueError, match=r"^kernel_initializer="):
        model.predict(np.ones((2, 3)))
    assert not model.built


@contract
def test_every_initializer_is_looked_at(layer, input_shape, output_shape, shapes):
    for name in layer.__dataclass_fields__:
        if (
            name.endswith("_initializer")
            and name.removesuffix("_initializer") in layer.init(jax.random.key(0), input_shape)[0]
        ):
            wrong = dataclasses.replace(layer, **{name: lambda key, shape: jnp.ones((9, 9, 9))})
            with pytest.raises(checks.RavineValueError, match=rf"^{name}=.*but this gives float32 of \(9, 9, 9\)"):
                wrong.check_arrays(input_shape)
            with pytest.raises(checks.RavineValueError, match=f"^{name}='glorot_unifrm' is unknown. Did you mean"):
                dataclasses.replace(layer, **{name: "glorot_unifrm"}).check()


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: [Dense(2**31)], r"units=2147483648: expected an integer of at most 2147483647"),
        (lambda: [Dense(10**400)], "units=1000.*: expected an integer of at most"),
        (
            lambda: [Dense(2**30)],
            r"Dense: its kernel of shape \(6, 1073741824\) are 6,442,450,944 numbers",
        ),
        (lambda: [RepeatVector(2**30)], r"RepeatVector: a sample's outputs of shape \(1073741824, 6\)"),
        (lambda: [Embedding(2**20, 2**20)], r"Embedding: its embeddings of shape \(1048576, 1048576\)"),
        (
            lambda: [Dense(3, activation=LeakyReLU())],
            "activation=LeakyReLU.*a layer goes into the model itself, after Dense",
        ),
    ],
)
def test_sizes_and_settings_that_cannot_be(make, expected):
    with pytest.raises(checks.RavineError, match=expected):
        Sequential([Input((6,)), *make()])


class Twice(layers.Layer):
    def call(self, x):
        return 2 * x


class Scale(layers.Layer):
    def __init__(self, units):
        super().__init__()
        self.units = units


def test_layers_in_keras_form_are_told_of_ravines():
    way = r"decorate it with @ravine.trees.tree\(frozen=False\), declare its settings"
    with pytest.raises(checks.RavineTypeError, match=f"^Twice is no layer of Ravine's form: {way}"):
        Sequential([Twice()])
    with pytest.raises(AttributeError, match=rf"^Scale has no setting 'units'\. A layer's settings are .*: {way}"):
        Scale(3)


@pytest.mark.parametrize("given", [np.ones((2, 3)), jnp.ones((2, 3)), Input((3,)), None])
def test_a_layer_is_called_by_its_model_alone(given):
    with pytest.raises(checks.RavineTypeError, match=r"^Dense was called: .*\[Dense\(...\)\]\).predict\(x\)"):
        Dense(3)(given)
