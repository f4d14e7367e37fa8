import copy

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ravine import Input, Sequential, checks, optimizers
from ravine.comparison.describing import described
from ravine.layers import Dense, Flatten, Normalization, Rescaling, scaling

X = np.random.default_rng(0).normal(5, 3, (40, 2, 3))
NOT_READY = r"Normalization has no mean and variance yet: call its adapt\(data\) with the training samples first, or"


def test_rescaling_of_images():
    images = np.arange(256, dtype=np.uint8).reshape(1, 16, 16)
    made = Sequential([Input((16, 16)), Rescaling(1 / 127.5, offset=-1)])
    np.testing.assert_allclose(made.predict(images), images / 127.5 - 1, rtol=1e-6, atol=1e-7)


def adapted(data, shape=None, **settings):
    """A model of a layer that was adapted first."""
    layer = Normalization(**settings)
    layer.adapt(data)
    return Sequential([Input(X.shape[1:] if shape is None else shape), layer])


@pytest.mark.parametrize("axis", [-1, 1, (1, 2), [2], None])
def test_what_was_adapted_to_has_mean_0_and_variance_1(axis):
    made = adapted(X, axis=axis)
    kept = () if axis is None else (axis,) if isinstance(axis, int) else tuple(axis)
    reduced = tuple(a for a in range(3) if a not in [k % 3 for k in kept])
    y = made.predict(X)
    np.testing.assert_allclose(y, (X - X.mean(reduced, keepdims=True)) / X.std(reduced, keepdims=True), rtol=1e-4)
    mean, variance, count = made.layers[0].get_weights()
    np.testing.assert_allclose(mean, X.mean(reduced), rtol=1e-6)
    np.testing.assert_allclose(variance, X.var(reduced), rtol=1e-6)
    assert (count, count.dtype) == (0, np.int32)


@pytest.mark.filterwarnings("ignore:adapt. feature:UserWarning")  # of a single row
@given(st.lists(st.integers(1, 5), min_size=1, max_size=6), st.sampled_from([0, 1e4]))
def test_statistics_of_batches_are_those_of_all_rows(sizes, shift):
    x = np.random.default_rng(0).normal(shift, 2, (sum(sizes), 3))
    parts = np.split(x, np.cumsum(sizes)[:-1])
    layer, whole = Normalization(), Normalization()
    whole.adapt(x)
    for batches in (iter(parts), parts, [(part, part[:, 0]) for part in parts]):
        layer.adapt(batches)
        np.testing.assert_allclose(layer.given["mean"], whole.given["mean"], rtol=1e-6)
        np.testing.assert_allclose(layer.given["variance"], whole.given["variance"], rtol=1e-5, atol=1e-9)


def test_statistics_do_not_depend_on_how_many_rows_are_read_at_once(monkeypatch):
    whole, parts = Normalization(), Normalization()
    whole.adapt(X)
    monkeypatch.setattr(scaling, "ROWS", 7)
    parts.adapt(X)
    for name in ("mean", "variance"):
        np.testing.assert_allclose(parts.given[name], whole.given[name], rtol=1e-6)


@pytest.mark.parametrize(
    "read",
    [lambda x: x.tolist(), jax.numpy.asarray, lambda x: x.astype(np.float16), list],
    ids=["lists", "jax", "half", "rows"],
)
def test_data_of_many_kinds(read):
    rows = X[:, 0]
    layer, expected = Normalization(), Normalization()
    layer.adapt(read(rows))
    expected.adapt(rows)
    np.testing.assert_allclose(layer.given["mean"], expected.given["mean"], rtol=1e-3)


def test_a_data_frame():
    pandas = pytest.importorskip("pandas")
    layer = Normalization()
    layer.adapt(pandas.DataFrame(X[:, 0], columns=list("abc")))
    np.testing.assert_allclose(layer.given["mean"], X[:, 0].mean(0), rtol=1e-6)


def test_a_feature_that_never_changes_becomes_0():
    with pytest.warns(UserWarning, match=r"adapt: feature 0 \(and 1 more\) is the same in all of data"):
        made = adapted(np.full((5, 2), 7.0), (2,))
    np.testing.assert_array_equal(made.predict(np.full((3, 2), 7.0)), np.zeros((3, 2)))


def test_features_that_float32_hardly_tells_apart_are_warned_of():
    times = 1.7e9 + np.arange(100.0)[:, None]
    with pytest.warns(UserWarning, match="adapt: feature 1 lies so far from 0, beside its spread, that float32 hardly"):
        Normalization().adapt(np.concatenate([times - 1.7e9, times], axis=1))


def test_the_inverse_undoes_it():
    there, back = adapted(X), adapted(X, invert=True)
    np.testing.assert_allclose(back.predict(there.predict(X)), X, rtol=1e-5)


@pytest.mark.parametrize(
    ("axis", "mean", "variance"),
    [(-1, [1, 2, 3], [4, 5, 6]), (-1, 2, 3.0), ((1, 2), [[1, 2, 3], [4, 5, 6]], np.ones((2, 3))), (None, 1.5, 2.5)],
)
def test_statistics_that_are_given(axis, mean, variance):
    made = Sequential([Input((2, 3)), Normalization(axis, mean, variance)])
    expected = (X - np.float64(mean)) / np.sqrt(np.float64(variance))
    np.testing.assert_allclose(made.predict(X), expected, rtol=1e-5, atol=1e-6)
    assert made.get_weights() == []
    with pytest.raises(checks.RavineValueError, match="adapt: mean and variance were given"):
        made.layers[0].adapt(X)


def trainable_model(layer=None):
    made = Sequential([Input((2, 3)), layer or Normalization(), Flatten(), Dense(2)])
    made.compile(optimizers.SGD(0.01), "mse")
    return made


Y = X[:, 0, :2]


@pytest.mark.differs("unadapted-normalization")
def test_before_it_is_adapted_nothing_runs():
    made = trainable_model()
    calls = [made.predict, made.predict_on_batch, lambda x: made.activations(x, -1)]
    calls += [lambda x, c=c: c(x, Y) for c in (made.fit, made.evaluate, made.train_on_batch, made.test_on_batch)]
    for call in calls:
        with pytest.raises(checks.RavineValueError, match=NOT_READY):
            call(X)
    made.get_weights()  # drawn by now
    for call in calls:
        with pytest.raises(checks.RavineValueError, match=NOT_READY):
            call(X)
    made.layers[0].adapt(X)
    assert np.isfinite(made.fit(X, Y, verbose=0).history["loss"][0])


@pytest.mark.parametrize("drawn", [False, True])
def test_it_may_be_adapted_before_or_after_weights_are_drawn_and_anew(drawn):
    made = trainable_model()
    expected = adapted(X).predict(X)
    if drawn:
        made.get_weights()
    made.layers[0].adapt(X * 2 + 1)
    made.layers[0].adapt(X)
    np.testing.assert_array_equal(made.activations(X, 0), expected)
    made.fit(X, Y, verbose=0, epochs=2)
    np.testing.assert_array_equal(made.activations(X, 0), expected)


def test_statistics_may_come_with_weights():
    source, made = trainable_model(), trainable_model()
    source.layers[0].adapt(X)
    made.set_weights(source.get_weights())
    np.testing.assert_array_equal(made.predict(X), source.predict(X))
    assert np.isfinite(made.evaluate(X, Y, verbose=0))


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda model: model.untrained()], ids=["copy", "untrained"])
def test_a_copy_is_adapted_too(copied):
    made = trainable_model()
    made.layers[0].adapt(X)
    twin = copied(made)
    np.testing.assert_array_equal(twin.activations(X, 0), made.activations(X, 0))
    twin.layers[0].adapt(2 * X)
    assert (twin.activations(X, 0) != made.activations(X, 0)).any()


def test_it_stays_adapted_in_another_model():
    made = trainable_model()
    made.layers[0].adapt(X)
    while len(made.layers) > 1:
        made.pop()
    layer = made.pop()
    np.testing.assert_array_equal(Sequential([layer]).predict(X), adapted(X).predict(X))


def test_other_statistics_and_factors_compile_nothing(compilations):
    def run(value):
        layer = Normalization()
        layer.adapt(X * value)
        made = Sequential(
            [
                Input((2, 3)),
                layer,
                Normalization(mean=value, variance=value),
                Normalization(mean=[value, 1, 2], variance=np.array([1, 2, value])),
                Rescaling(value, offset=-value),
                Rescaling([value, 1, 2], offset=np.array([1, value, 2], np.float16)),
                Flatten(),
                Dense(2),
            ]
        )
        made.compile(optimizers.SGD(0.01), "mse")
        return made.fit(X, Y, verbose=0, seed=1).history["loss"][0], made.predict(X)

    first, _ = run(1)
    compilations.clear()
    assert len({first, *(run(value)[0] for value in (2, 0.5, np.float64(3), np.int64(4)))}) == 5
    assert compilations == []


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Rescaling("1/255"), "scale='1/255' is a str: expected a finite number"),
        (lambda: Rescaling(None), "scale=None is a NoneType"),
        (lambda: Rescaling(float("nan")), "scale=nan: expected a finite number"),
        (lambda: Rescaling([1.0, float("inf"), 2.0]), r"scale holds inf at index \(1,\)"),
        (lambda: Rescaling([1.0, 2.0]), r"scale has shape \(2,\): expected a number, or an array that fits beside sam"),
        (lambda: Rescaling(1, offset=np.ones((2, 2, 3))), r"offset has shape \(2, 2, 3\)"),
        (lambda: Rescaling([[1, 2], [3]]), "scale is ragged"),
        (lambda: Rescaling(["a"]), "scale has dtype <U1 .*expected an array of real numbers"),
        (lambda: Rescaling([]), "scale is empty"),
        (lambda: Normalization(mean=1), "variance=None, but mean is given: expected both, or neither and a call of"),
        (lambda: Normalization(variance=1), "mean=None, but variance is given"),
        (lambda: Normalization(mean=1, variance=-1), "variance=-1.0: expected numbers of at least 0"),
        (lambda: Normalization(mean=[1, 2, 3], variance=1), r"variance has shape \(\): expected \(3,\), that of mean"),
        (
            lambda: Normalization(mean=[1, 2], variance=[1, 2]),
            r"mean has shape \(2,\): .* fits beside \(3,\), the sizes",
        ),
        (lambda: Normalization(None, [1, 2, 3], [1, 2, 3]), r"mean has shape \(3,\): .* fits beside \(\)"),
        (lambda: Normalization(mean="one", variance=1), "mean='one' is a str"),
        (lambda: Normalization(axis=0), "axis=0: expected an axis of .* other than the first, the batch"),
        (lambda: Normalization(axis=3), "axis=3: expected an axis of"),
        (lambda: Normalization(axis="last"), "axis='last' is a str: expected an integer or several"),
        (lambda: Normalization(invert="yes"), "invert='yes' is a str: expected True or False"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_work_is_refused_where_the_layer_joins_a_model(make, message):
    with pytest.raises(checks.RavineError, match=message):
        Sequential([Input((2, 3)), make()])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (None, "data=None is a NoneType: expected an array"),
        ("X", "data='X' is a str"),
        ({"a": [1.0]}, r"data=\{'a': \[1.0\]\} is a dict"),
        ([], "data is empty"),
        (iter([]), "data is empty: expected at least one batch"),
        (np.zeros((0, 3)), "data is empty: expected at least one batch"),
        ([["a", "b", "c"]], "data has dtype <U1 .*expected an array of real numbers"),
        (3.0, "data=3.0: expected an array with one row a sample"),
        (np.full((2, 2, 3), np.nan), r"data holds nan at index \(0, 0, 0\)"),
        (np.zeros(3), r"data has samples of shape \(\): expected \(2, 3\), the shape that the layer sees"),
        (np.zeros((5, 2, 4)), r"data has samples of shape \(2, 4\): expected \(2, 3\)"),
        ([np.zeros((5, 2, 3)), np.zeros((5, 2, 4))], r"data has samples of shape \(2, 4\): expected \(2, 3\)"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_data_that_cannot_be_adapted_to_changes_nothing(data, message):
    made = trainable_model()
    made.layers[0].adapt(X)
    before = made.get_weights()
    with pytest.raises(checks.RavineError, match=message):
        made.layers[0].adapt(data)
    for was, now in zip(before, made.get_weights(), strict=True):
        np.testing.assert_array_equal(was, now)


def test_a_layer_adapted_to_other_samples_joins_no_model():
    layer = Normalization()
    layer.adapt(np.arange(20.0).reshape(5, 4))
    message = r"was adapted to data with \(4,\) along axis=-1, but here samples of shape \(2, 3\) have \(3,\)"
    with pytest.raises(checks.RavineValueError, match=message):
        Sequential([Input((2, 3)), layer])
    made = Sequential([layer])
    with pytest.raises(checks.RavineValueError, match=message):
        made.predict(X)
    assert not made.built


def test_an_axis_that_the_data_lack():
    with pytest.raises(checks.RavineValueError, match="axis=2: expected an axis of"):
        Normalization(axis=2).adapt(np.zeros((5, 4)))


def test_a_comparison_tells_layers_apart_by_what_they_were_adapted_to():
    def description(data):
        made = trainable_model()
        made.layers[0].adapt(data)
        return described(made.layers)

    assert description(X) == description(X.copy()) != description(2 * X)
