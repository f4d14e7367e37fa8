"""Columns that have names are taken by them, whatever order they come in."""

import numpy as np
import pytest

from ravine import Sequential, layers, optimizers
from ravine.checks import RavineValueError

RNG = np.random.default_rng(0)
NAMES = ["age", "height", "weight"]
X, Y = RNG.normal(size=(12, 3)).astype(np.float32), RNG.normal(size=(12, 1)).astype(np.float32)
MIXED = [2, 0, 1]


@pytest.fixture(params=["pandas", "polars"])
def frame(request):
    library = pytest.importorskip(request.param)
    return lambda array, names=NAMES: library.DataFrame({n: array[:, i] for i, n in enumerate(names)})


def model():
    made = Sequential([layers.Dense(1)])
    made.compile(optimizers.SGD(0.1), "mse")
    return made


def mixed(frame):
    return frame(X[:, MIXED], [NAMES[i] for i in MIXED])


def trained(x, y=Y):
    made = model()
    made.fit(x, y, epochs=1, verbose=0, seed=0)
    return made


CALLS = {
    "predict": lambda m, x: m.predict(x),
    "predict_on_batch": lambda m, x: m.predict_on_batch(x),
    "call": lambda m, x: np.asarray(m(x)),
    "activations": lambda m, x: m.activations(x, 0),
    "evaluate": lambda m, x: m.evaluate(x, Y, verbose=0),
    "test_on_batch": lambda m, x: m.test_on_batch(x, Y),
    "train_on_batch": lambda m, x: m.train_on_batch(x, Y),
    "fit": lambda m, x: m.fit(x, Y, verbose=0, seed=1).history["loss"],
    "validation": lambda m, x: m.fit(X, Y, validation_data=(x, Y), verbose=0, seed=1).history["val_loss"],
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_another_order_gives_the_same(frame, call):
    found, expected = call(trained(frame(X)), mixed(frame)), call(trained(X), X)
    np.testing.assert_array_equal(found, expected)


def test_validation_within_the_first_fit(frame):
    runs = [
        model().fit(x, Y, validation_data=(held, Y), verbose=0, seed=1).history
        for x, held in ((frame(X), mixed(frame)), (X, X))
    ]
    assert runs[0] == runs[1]


def test_a_batch_remembers_too(frame):
    pair = model(), model()
    for m, x in zip(pair, (frame(X), X), strict=True):
        m.take_shape((3,))
        m.set_weights([np.ones((3, 1)), np.zeros(1)])
        m.train_on_batch(x, Y)
    np.testing.assert_array_equal(pair[0].predict(mixed(frame)), pair[1].predict(X))


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_other_columns_are_refused(frame, call):
    made = trained(frame(X))
    before = made.get_weights()
    expected = r"x lacks 'weight' and has an unknown 'size': expected the columns that the model was trained on, 'age'"
    with pytest.raises(RavineValueError, match=expected):
        call(made, frame(X, ["age", "height", "size"]))
    with pytest.raises(RavineValueError, match="x lacks 'height', 'weight': expected"):
        call(made, frame(X, ["age"]))
    for was, now in zip(before, made.get_weights(), strict=True):
        np.testing.assert_array_equal(was, now)
    call(made, X)  # an array goes by its places


def test_merely_numbered_columns_go_by_their_places():
    pandas = pytest.importorskip("pandas")
    made = trained(pandas.DataFrame(X, columns=NAMES))
    np.testing.assert_array_equal(made.predict(pandas.DataFrame(X)), made.predict(X))
    numbered = trained(pandas.DataFrame(X))
    np.testing.assert_array_equal(numbered.predict(pandas.DataFrame(X)), numbered.predict(X))


def batch(order):
    return {NAMES[i]: X[:, i] for i in order} | {"y": Y}


@pytest.mark.differs("columns-by-name")
def test_batches_of_columns_go_by_names():
    in_order, made = trained(iter([(X, Y)]), None), trained(iter([batch([0, 1, 2])]), None)
    second = trained(iter([batch([0, 1, 2]), batch(MIXED)]), None)
    np.testing.assert_array_equal(in_order.get_weights()[0], made.get_weights()[0])
    np.testing.assert_array_equal(made.predict(iter([batch(MIXED)])), made.predict(X))
    third = trained(iter([(X, Y), (X, Y)]), None)
    np.testing.assert_array_equal(second.get_weights()[0], third.get_weights()[0])
    with pytest.raises(RavineValueError, match="batch 1 lacks 'weight'"):
        made.predict(iter([{"age": X[:, 0], "height": X[:, 1], "y": Y}]))


def test_a_comparison_takes_held_out_frames_by_names(frame):
    from ravine.comparison.execution import check_trainer

    trainer = check_trainer(frame(X), Y, (mixed(frame), Y), 0.2, (mixed(frame), Y))
    np.testing.assert_array_equal(trainer.splits.of(0)[0].validation.x, X)
    np.testing.assert_array_equal(trainer.test.x, X)


def normalizing(x):
    made = Sequential([layers.Normalization(), layers.Dense(1)])
    made.compile(optimizers.SGD(0.1), "mse")
    made.layers[0].adapt(x)
    return made


def test_columns_that_a_layer_was_adapted_to(frame):
    runs = []
    for adapted, x in ((frame(X), mixed(frame)), (X, X)):
        made = normalizing(adapted)
        made.fit(x, Y, verbose=0, seed=1)
        runs.append([*made.get_weights(), made.predict(x)])
        made.layers[0].adapt(x)  # once more, in the order that the model knows
        runs[-1] += made.get_weights()
    for found, expected in zip(*runs, strict=True):
        np.testing.assert_array_equal(found, expected)
    with pytest.raises(RavineValueError, match="x lacks 'weight' and has an unknown 'size'"):
        normalizing(frame(X)).fit(frame(X, ["age", "height", "size"]), Y, verbose=0)
    with pytest.raises(RavineValueError, match="data has columns with missing values: 'height'"):
        normalizing(frame(np.where(X[3, 1] == X, np.nan, X)))
