import numpy as np
import pytest

import ravine
from ravine import Input, Sequential, seeds
from ravine.checks import RavineError, RavineTypeError, RavineValueError
from ravine.layers import Dense, Flatten, ReLU
from ravine.trees import snake


@pytest.fixture(autouse=True)
def _unseeded(monkeypatch):
    monkeypatch.setattr(seeds, "_sequence", None)


def build():
    return Sequential([Input((2, 3)), Flatten(), Dense(4, name="hidden"), ReLU(), Dense(2)])


def same(first, second):
    return all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


@pytest.mark.parametrize(
    ("name", "snaked"),
    [
        ("Dense", "dense"),
        ("ReLU", "re_lu"),
        ("PReLU", "p_re_lu"),
        ("BatchNormalization", "batch_normalization"),
        ("GlobalAveragePooling1D", "global_average_pooling1d"),
        ("Conv2DTranspose", "conv2d_transpose"),
    ],
)
def test_snake(name, snaked):
    assert snake(name) == snaked


def test_snake_is_that_of_keras(keras):
    from keras.src.utils.naming import to_snake_case

    names = [name for name in dir(keras.layers) if name[0].isupper()]
    assert [snake(name) for name in names] == [to_snake_case(name) for name in names]


@pytest.mark.differs("layer-names")
def test_the_names_of_layers():
    assert list(build().named_weights) == ["hidden/kernel", "hidden/bias", "dense/kernel", "dense/bias"]
    layers = [Dense(2, name="dense_1"), Dense(2), Dense(2), Dense(2, name="dense")]
    assert list(Sequential([Input((2,)), *layers]).named_weights)[::2] == [
        "dense_1/kernel",
        "dense_2/kernel",
        "dense_3/kernel",
        "dense/kernel",
    ]


@pytest.mark.parametrize(
    ("name", "error", "expected"),
    [
        ("hidden", RavineValueError, "name='hidden': expected a name that no other layer of the model has"),
        ("a/b", RavineValueError, "name='a/b': expected a name without '/'"),
        (3, RavineTypeError, "name=3 is a int: expected a string"),
    ],
)
def test_wrong_names(name, error, expected):
    model = build()
    with pytest.raises(error, match=expected):
        model.add(Dense(2, name=name))
    assert len(model.layers) == 4


def test_get_layer():
    model = build()
    assert model.get_layer("hidden") is model.get_layer(index=1) is model.layers[1]
    assert model.get_layer("dense") is model.layers[3]
    with pytest.raises(RavineValueError, match=r"name='hiden' is unknown. Did you mean 'hidden'"):
        model.get_layer("hiden")


def test_shapes():
    model = build()
    assert model.built
    assert (model.input_shape, model.output_shape) == ((None, 2, 3), (None, 2))
    assert model.count_params() == 6 * 4 + 4 + 4 * 2 + 2
    assert [layer.count_params() for layer in model.layers] == [0, 28, 0, 10]


def test_the_shape_may_come_from_the_first_layer():
    model = Sequential([Flatten(input_shape=(2, 3)), Dense(2)])
    assert model.output_shape == (None, 2)
    with pytest.raises(RavineTypeError, match="input_shape=3 is a int: expected a tuple"):
        Sequential([Flatten(input_shape=3)])
    with pytest.raises(RavineValueError, match=r"input_shape=\(3,\): expected \(2,\), the shape of the model's Input"):
        Sequential([Input((2,)), Dense(2, input_shape=(3,))])
    Sequential([Input((3,)), Dense(2, input_shape=(3,))])


def test_the_shape_may_come_from_the_data():
    model = Sequential([Flatten(), Dense(2)])
    assert not model.built
    assert model.input_shape is None
    assert model.output_shape is None
    with pytest.raises(RavineValueError, match="does not know its input's shape yet"):
        model.get_weights()
    model.predict(np.zeros((5, 2, 3)))
    assert model.input_shape == (None, 2, 3)


@pytest.mark.parametrize(
    ("layers", "error", "expected"),
    [
        (
            [Dense],
            RavineTypeError,
            r"layers\[0\]=.*is a type: expected a layer such as Dense\(10\). Did you mean Dense\(",
        ),
        ([Flatten(), "relu"], RavineTypeError, r"layers\[1\]='relu' is a str: expected a layer"),
        ([Flatten(), Input((3,))], RavineValueError, "an Input goes first"),
        ([Input((3,)), Input((3,))], RavineValueError, "an Input goes first"),
        (Dense(2), RavineTypeError, "layers=.*is a Dense: expected a list of layers"),
    ],
)
def test_wrong_layers(layers, error, expected):
    with pytest.raises(error, match=expected):
        Sequential(layers)


def test_the_name_of_a_model():
    assert Sequential().name == "sequential"
    assert Sequential([], name="mine").name == "mine"
    with pytest.raises(RavineTypeError, match="name=3 is a int: expected a string"):
        Sequential([], name=3)


def test_pop_and_add_keep_the_other_layers_weights():
    model = build()
    before = model.get_weights()
    model.pop()
    assert same(model.get_weights(), before[:2])
    model.add(Dense(5))
    weights = model.get_weights()
    assert same(weights[:2], before[:2])
    assert weights[2].shape == (4, 5)
    assert model.output_shape == (None, 5)
    assert same(model.get_weights(), weights)


def test_pop_of_nothing():
    with pytest.raises(RavineValueError, match="pop: the model has no layers"):
        Sequential().pop()


@pytest.mark.differs("lazy-weights")
def test_weights_are_drawn_once_and_from_a_seed():
    first, second = build(), build()
    assert same(first.get_weights(), first.get_weights())
    assert not same(first.get_weights(), second.get_weights())
    seeded = []
    for _ in range(2):
        ravine.utils.set_random_seed(3)
        seeded.append(build().get_weights())
    assert same(*seeded)


def test_set_weights():
    model, other = build(), build()
    model.set_weights(other.get_weights())
    assert same(model.get_weights(), other.get_weights())
    model.set_weights([w.tolist() for w in model.get_weights()])
    assert same(model.get_weights(), other.get_weights())


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda weights: weights[:-1], "weights: expected 4 arrays, got 3"),
        (lambda weights: [*weights, weights[0]], "weights: expected 4 arrays, got 5"),
        (lambda weights: [*weights[:-1], np.ones(3)], r"weights: dense/bias has shape \(2,\), got \(3,\)"),
        (lambda weights: [weights[0].T, *weights[1:]], r"weights: hidden/kernel has shape \(6, 4\), got \(4, 6\)"),
        (
            lambda weights: [weights[0].astype(str), *weights[1:]],
            "weights: hidden/kernel has dtype <U.*expected an array of real numbers",
        ),
        (lambda weights: None, "weights=None is a NoneType: expected a list of arrays"),
    ],
)
def test_weights_that_do_not_fit_change_nothing(change, expected):
    model = build()
    before = model.get_weights()
    with pytest.raises(RavineError, match=expected):
        model.set_weights(change([np.full_like(w, 7) for w in before]))
    assert same(model.get_weights(), before)
