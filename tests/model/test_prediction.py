"""What happens within: a layer's outputs and pre-activations at inference. test_sequential.py has the whole model's."""

import copy

import jax
import numpy as np
import pytest

from ravine import Input, Sequential, checks
from ravine.layers import Activation, BatchNormalization, Dense, Dropout, Flatten, ReLU, Rescaling, Softmax

X = np.random.default_rng(0).normal(size=(20, 2, 3)).astype(np.float32)


@pytest.fixture
def model():
    return Sequential(
        [
            Input((2, 3)),
            Flatten(),
            Dense(5, activation="tanh", name="hidden"),
            Dropout(0.5),
            Dense(4),
            ReLU(max_value=0.5),
            Activation("sigmoid", name="squashed"),
            Dense(3),
            Softmax(),
        ]
    )


def test_outputs_layer_by_layer(model):
    kernel, bias = model.get_layer("hidden").get_weights()
    z = X.reshape(20, 6) @ kernel + bias
    np.testing.assert_allclose(model.activations(X, "flatten"), X.reshape(20, 6))
    np.testing.assert_allclose(model.activations(X, "hidden"), np.tanh(z), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(model.activations(X, "dropout"), np.tanh(z), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(model.activations(X, "softmax"), model.predict(X), rtol=1e-6)


def test_pre_activations(model):
    kernel, bias = model.get_layer("hidden").get_weights()
    z = X.reshape(20, 6) @ kernel + bias
    before = lambda layer: model.activations(X, layer, before_activation=True)  # noqa: E731
    np.testing.assert_allclose(before("hidden"), z, rtol=1e-4, atol=1e-6)
    for layer, earlier in (("re_lu", "dense"), ("squashed", "re_lu"), ("softmax", "dense_1"), ("dense", "dense")):
        np.testing.assert_allclose(before(layer), model.activations(X, earlier), rtol=1e-6)


@pytest.mark.parametrize("axis", [-1, 1, 2])
def test_pre_activations_of_a_softmax_over_any_axis(axis):
    model = Sequential([Input((2, 3)), Dense(4), Softmax(axis=axis)])
    before = model.activations(X, -1, before_activation=True)
    np.testing.assert_array_equal(before, model.activations(X, 0))
    np.testing.assert_allclose(model.activations(X, -1), jax.nn.softmax(before, axis=axis), rtol=1e-5)


def test_a_softmax_over_another_axis_has_pre_activations_too():
    model = Sequential([Input((2, 3)), Dense(4), Softmax(axis=1)])
    z = model.activations(X, "dense")
    np.testing.assert_allclose(model.activations(X, "softmax", before_activation=True), z, rtol=1e-6)


def test_by_name_by_index_and_by_itself(model):
    whole = model.activations(X, "hidden")
    for layer in (1, np.int64(1), -7, model.layers[1]):
        np.testing.assert_array_equal(model.activations(X, layer), whole)


def test_a_row_does_not_depend_on_the_others(model):
    whole = model.activations(X, "squashed")
    for rows in (1, 3, 7):
        np.testing.assert_allclose(model.activations(X[:rows], "squashed"), whole[:rows], rtol=1e-6)


def test_normalization_is_that_of_inference():
    model = Sequential([Input((3,)), BatchNormalization(epsilon=1e-6, name="bn")])
    model.layers[0].set_weights([np.ones(3), np.zeros(3), np.full(3, 2.0), np.full(3, 4.0)])
    np.testing.assert_allclose(model.activations(X[:, 0], "bn"), (X[:, 0] - 2) / 2, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("layer", "options", "message"),
    [
        ("hiden", {}, r"layer='hiden' is unknown. Did you mean 'hidden'\? Known names: activ|layer='hiden' is unknown"),
        (8, {}, "layer=8: expected an index of 8 layers: flatten, hidden"),
        (-9, {}, "layer=-9"),
        (True, {}, "layer=True is a bool"),
        (None, {}, "layer=None"),
        (Dense(2), {}, "layer=Dense.*expected one of the model's layers: flatten"),
        ("hidden", {"before_activation": 1}, "before_activation=1 is a int"),
    ],
    ids=str,
)
def test_what_there_is_not_is_refused(model, layer, options, message):
    with pytest.raises(checks.RavineError, match=message):
        model.activations(X, layer, **options)


def test_data_that_do_not_fit_are_refused(model):
    with pytest.raises(checks.RavineValueError, match=r"x has samples of shape \(3, 2\)"):
        model.activations(X.transpose(0, 2, 1), "hidden")


def test_looking_trains_nothing_and_needs_no_compile(model):
    before = [np.array(w) for w in jax.tree.leaves(model.arrays())]
    model.activations(X, -1)
    for was, now in zip(before, jax.tree.leaves(model.arrays()), strict=True):
        np.testing.assert_array_equal(was, now)


def test_a_model_can_be_called(tiny):
    model = tiny.model()
    found = model(tiny.x)
    assert isinstance(found, jax.Array)
    np.testing.assert_array_equal(found, model.predict_on_batch(tiny.x))
    with pytest.raises(checks.RavineValueError, match="training=True"):
        model(tiny.x, training=True)


def test_numbers_are_samples_of_a_model_of_one_input():
    model = Sequential([Input((1,)), Dense(1)])
    model.compile("sgd", "mse")
    x = np.arange(4.0)
    history = model.fit(x, 2 * x, verbose=0, validation_data=(x, x), seed=1)
    other = Sequential([Input((1,)), Dense(1)])
    other.compile("sgd", "mse")
    assert other.fit(x[:, None], 2 * x, verbose=0, validation_data=(x[:, None], x), seed=1).history == history.history
    np.testing.assert_array_equal(model.predict(x), model.predict(x[:, None]))


def test_outputs_follow_what_is_assigned_between_two_predictions(compilations):
    model = Sequential([Input((3,)), Rescaling(2.0), Dense(3, use_bias=False)])
    x, eye = X[0], np.eye(3, dtype=np.float32)
    model.set_weights([eye])
    np.testing.assert_array_equal(model.predict_on_batch(x), 2 * x)
    compilations.clear()
    model.layers[0].scale = 3.0
    np.testing.assert_array_equal(model.predict_on_batch(x), 3 * x)
    model.set_weights([2 * eye])
    np.testing.assert_array_equal(model.predict_on_batch(x), 6 * x)
    assert compilations == []
    model.pop()
    np.testing.assert_array_equal(model.predict_on_batch(x), 3 * x)
    model.add(Rescaling(0.0, offset=1.0))
    np.testing.assert_array_equal(model.predict_on_batch(x), np.ones_like(x))


def test_a_copy_predicts_by_its_own_layers():
    model = Sequential([Input((3,)), Rescaling(2.0)])
    model.predict_on_batch(X[0])
    other = copy.deepcopy(model)
    other.layers[0].scale = 3.0
    np.testing.assert_array_equal(other.predict_on_batch(X[0]), 3 * X[0])
    np.testing.assert_array_equal(model.predict_on_batch(X[0]), 2 * X[0])
