"""Whole numbers looked up: which are refused, what of the others reaches the layer, that their type costs nothing."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import ravine
from ravine import Input, Sequential, checks, optimizers
from ravine.layers import (
    CategoryEncoding,
    Dense,
    Embedding,
    Flatten,
    GlobalAveragePooling1D,
    Identity,
    Lambda,
    Permute,
    Reshape,
)

IDS = np.random.default_rng(0).integers(0, 6, (20, 4))
LABELS = np.arange(20) % 3
VECTORS = np.arange(18, dtype=np.float32).reshape(6, 3)


@settings(max_examples=12)  # each shape is compiled for
@given(arrays.arrays(np.int32, arrays.array_shapes(max_dims=3, max_side=4), elements=st.integers(0, 5)))
def test_each_number_has_its_vector(ids):
    y, _ = Embedding(6, 3).apply({"embeddings": jnp.asarray(VECTORS)}, {}, ids, key=None, training=True)
    np.testing.assert_array_equal(y, VECTORS[ids])


@settings(max_examples=12)
@given(arrays.arrays(np.int32, st.tuples(st.integers(1, 4), st.integers(1, 5)), elements=st.integers(0, 5)))
def test_encodings_by_their_definition(ids):
    found = {m: CategoryEncoding(6, m).apply({}, {}, ids, key=None, training=True)[0] for m in ("multi_hot", "count")}
    counts = np.stack([np.bincount(row, minlength=6) for row in ids])
    np.testing.assert_array_equal(found["count"], counts)
    np.testing.assert_array_equal(found["multi_hot"], counts > 0)
    one_hot, _ = CategoryEncoding(6, "one_hot").apply({}, {}, ids, key=None, training=True)
    np.testing.assert_array_equal(one_hot, np.eye(6)[ids[:, 0] if ids.shape[1] == 1 else ids])


def test_a_number_that_no_check_has_seen_is_never_clipped():
    ids = jnp.array([-1, 6, 0])
    y, _ = Embedding(6, 3).apply({"embeddings": jnp.asarray(VECTORS)}, {}, ids, key=None, training=True)
    np.testing.assert_array_equal(np.isnan(y).all(axis=1), [True, True, False])


def model(*first, last="softmax"):
    made = Sequential([*first, Flatten(), Dense(3, activation=last)])
    made.compile(optimizers.SGD(0.1), "sparse_categorical_crossentropy")
    return made


def embedding():
    return model(Input((4,), dtype="int32"), Embedding(6, 3))


def test_default_vectors_are_uniform():
    params, _ = Embedding(100, 50).init(jax.random.key(0), (4,))
    assert 0.049 < abs(params["embeddings"]).max() <= 0.05


def outside(value, where=(7, 2)):
    ids = IDS.astype(float if isinstance(value, float) else np.int64)
    ids[where] = value
    return ids


RANGE = r"expected whole numbers in \[0, 6\)"
WRONG = {
    "too large": (outside(6), rf"^x\[7, 2\]=6: {RANGE}, since Embedding has input_dim=6\.$"),
    "below 0": (outside(-1), rf"x\[7, 2\]=-1: {RANGE}"),
    "a byte too large": (outside(6).astype(np.uint8), r"x\[7, 2\]=6: "),
    "a fraction": (outside(2.5), rf"x\[7, 2\]=2.5: {RANGE}"),
    "a large float": (outside(6.0), r"x\[7, 2\]=6.0: "),
    "beyond 32 bits": (outside(2**40 + 1), r"x\[7, 2\]=1099511627776.0: "),
    "not a number": (outside(float("nan")), r"x holds nan at index \(7, 2\)"),
}


@pytest.mark.differs("whole-numbers-out-of-range")
@pytest.mark.parametrize(("x", "message"), WRONG.values(), ids=WRONG)
def test_numbers_out_of_range_are_refused_before_anything_runs(x, message):
    made = embedding()
    before = made.get_weights()
    calls = [made.predict, made.predict_on_batch, lambda x: made.activations(x, 0)]
    calls += [lambda x, c=c: c(x, LABELS) for c in (made.fit, made.evaluate, made.train_on_batch, made.test_on_batch)]
    for call in calls:
        with pytest.raises(checks.RavineValueError, match=message):
            call(x)
    with pytest.raises(checks.RavineValueError, match="^validation " + message.removeprefix("^")):
        made.fit(IDS, LABELS, validation_data=(x, LABELS), verbose=0)
    for was, now in zip(before, made.get_weights(), strict=True):
        np.testing.assert_array_equal(was, now)
    assert np.isfinite(made.fit(IDS, LABELS, verbose=0).history["loss"][0])


def test_a_model_takes_no_shape_from_numbers_that_it_refuses():
    made = model(Embedding(6, 3))
    for call in (made.predict, lambda x: made.fit(x, LABELS, verbose=0)):
        with pytest.raises(checks.RavineValueError, match=r"x\[7, 2\]=6"):
            call(outside(6))
        assert not made.built
    assert made.predict(IDS[:, :2]).shape == (20, 3)


@pytest.mark.parametrize("layer", [CategoryEncoding(6), CategoryEncoding(6, "count")], ids=["multi_hot", "count"])
def test_encodings_refuse_them_too(layer):
    with pytest.raises(
        checks.RavineValueError, match=rf"x\[7, 2\]=6: {RANGE}, since CategoryEncoding has num_tokens=6"
    ):
        model(layer).fit(outside(6), LABELS, verbose=0)


def test_numbers_that_float32_does_not_tell_apart_arrive_exactly():
    large = 2**24 + 2
    ids = np.array([[2**24], [2**24 + 1]])
    made = Sequential([Input((1,)), Flatten(), CategoryEncoding(large), Lambda(lambda x: x[:, -2:])])
    np.testing.assert_array_equal(made.predict(ids), [[1, 0], [0, 1]])
    with pytest.raises(checks.RavineTypeError, match="x has floats, which do not hold every number below num_tokens="):
        made.predict(ids.astype(float))


def test_layers_that_only_reshape_may_come_first(adopt):
    plain = embedding()
    ids = IDS.reshape(20, 2, 2)
    others = [[Flatten()], [Identity(), Reshape((4,))], [Permute((2, 1)), Permute((2, 1)), Flatten()]]
    for first in others:
        made = model(Input((2, 2)), *first, Embedding(6, 3))
        adopt(made, plain.get_weights())
        np.testing.assert_array_equal(made.predict(ids), plain.predict(IDS))
        found = made.activations(ids, len(first) - 1)
        assert found.dtype == np.float32
        np.testing.assert_array_equal(found, IDS)


@pytest.mark.parametrize("layer", [Embedding(6, 3), CategoryEncoding(6)], ids=["Embedding", "CategoryEncoding"])
def test_layers_that_compute_may_not(layer):
    message = f"{type(layer).__name__} looks up whole numbers of the data, .* Dense comes before it and makes others"
    with pytest.raises(checks.RavineValueError, match=message):
        Sequential([Input((4,)), Dense(4), layer])
    made = Sequential([Flatten(), Dense(4), layer])
    with pytest.raises(checks.RavineValueError, match=message):
        made.predict(IDS)
    assert not made.built


TYPES = [np.int64, np.int32, np.int16, np.uint8, np.int8, np.uint64, np.float32, np.float64, list]


def as_type(x, dtype):
    return x.tolist() if dtype is list else x.astype(dtype)


def test_data_of_any_type_of_numbers_are_one_program(compilations):
    def run(dtype):
        made = embedding()
        x = as_type(IDS, dtype)
        history = made.fit(x, LABELS, batch_size=8, epochs=2, validation_split=0.25, verbose=0, seed=1)
        return [*history.history["val_loss"], made.evaluate(x, LABELS, verbose=0), made.train_on_batch(x, LABELS)], (
            made.predict(x)
        )

    expected = run(np.int64)
    compilations.clear()
    for dtype in TYPES[1:]:
        values, outputs = run(dtype)
        assert values == expected[0]
        np.testing.assert_array_equal(outputs, expected[1])
    assert compilations == []


def test_whole_numbers_of_any_width_are_one_program_for_models_that_compute(compilations):
    def run(dtype):
        made = Sequential([Input((4,)), Dense(3, activation="softmax")])
        made.compile(optimizers.SGD(0.1), "sparse_categorical_crossentropy")
        x = as_type(IDS, dtype)
        return made.fit(x, LABELS, verbose=0, seed=1).history["loss"], made.predict(x)

    expected = run(np.float32)
    compilations.clear()
    for dtype in (np.int64, np.int32, np.int16, np.uint64, np.float64, list):
        loss, outputs = run(dtype)
        assert loss == expected[0]
        np.testing.assert_array_equal(outputs, expected[1])
    assert compilations == []
    loss, outputs = run(np.uint8)  # images, which stay bytes until a batch needs them
    np.testing.assert_allclose(loss, expected[0], rtol=1e-6)
    np.testing.assert_allclose(outputs, expected[1], rtol=1e-6)


@pytest.mark.parametrize("weights", [VECTORS, [VECTORS], VECTORS.tolist(), jnp.asarray(VECTORS)], ids=type)
def test_vectors_to_start_from(weights):
    layer = Embedding(6, 3, weights=weights, trainable=False)
    made = model(Input((4,)), layer)
    np.testing.assert_array_equal(layer.embeddings, VECTORS)
    made.fit(IDS, LABELS, verbose=0)
    np.testing.assert_array_equal(layer.embeddings, VECTORS)
    twin = made.untrained()
    np.testing.assert_array_equal(twin.layers[0].embeddings, VECTORS)
    layer.trainable = True
    made.fit(IDS, LABELS, verbose=0)
    assert (layer.embeddings != VECTORS).any()


def test_a_constraint_and_a_regularizer_of_the_vectors(adopt):
    layer = Embedding(6, 3, "ones", "l2", "unit_norm")
    made = model(Input((4,)), layer)
    plain = model(Input((4,)), Embedding(6, 3))
    adopt(plain, made.get_weights())
    penalty = made.evaluate(IDS, LABELS, verbose=0) - plain.evaluate(IDS, LABELS, verbose=0)
    assert penalty == pytest.approx(0.01 * 18, rel=1e-4)
    made.train_on_batch(IDS, LABELS)
    np.testing.assert_allclose(np.linalg.norm(layer.embeddings, axis=0), 1, rtol=1e-5)


@pytest.mark.differs("nothing-is-masked")
@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Embedding(0, 3), "input_dim=0: expected an integer of at least 1"),
        (lambda: Embedding(6, 2.5), "output_dim=2.5 is a float"),
        (lambda: Embedding("6", 3), "input_dim='6' is a str"),
        (lambda: Embedding(6, 3, "unifrom"), r"initializer='unifrom' is unknown. Did you mean 'he_uniform'\?"),
        (lambda: Embedding(6, 3, embeddings_regularizer="l3"), "embeddings_regularizer='l3' is unknown. Known names"),
        (lambda: Embedding(6, 3, mask_zero=True), "mask_zero=True: expected False, since no layer here masks"),
        (lambda: Embedding(6, 3, mask_zero=1), "mask_zero=1 is a int"),
        (
            lambda: Embedding(6, 3, weights=VECTORS.T),
            r"weights has shape \(3, 6\): expected \(6, 3\), which is \(input_",
        ),
        (
            lambda: Embedding(6, 3, weights=VECTORS / np.float32([1, 1, 0])),
            r"weights holds (nan|inf) at index \(0, 2\)",
        ),
        (lambda: Embedding(6, 3, weights="glove"), "weights='glove' is a str: expected an array of numbers"),
        (lambda: CategoryEncoding(), "num_tokens=None is a NoneType: expected an integer of at least 1"),
        (lambda: CategoryEncoding(0), "num_tokens=0"),
        (lambda: CategoryEncoding(6, "onehot"), r"output_mode='onehot' is unknown. Did you mean 'one_hot'\?"),
        (lambda: CategoryEncoding(6, sparse=True), "sparse=True: expected False, since arrays are dense here"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_work_is_refused_where_the_layer_joins_a_model(make, message):
    with np.errstate(all="ignore"), pytest.raises(checks.RavineError, match=message):
        Sequential([Input((4,)), make()])


@pytest.mark.parametrize("mode", ["multi_hot", "count"])
@pytest.mark.parametrize("shape", [(), (2, 4)])
def test_numbers_that_stand_in_no_row_are_not_put_together(mode, shape):
    message = rf"output_mode='{mode}' makes one vector of each sample of shape \(numbers,\), but here .* {len(shape)}?"
    with pytest.raises(checks.RavineValueError, match=message):
        Sequential([Input(shape), CategoryEncoding(6, mode)])


def test_words_as_the_mean_of_their_vectors():
    made = Sequential([Input((4,), dtype="int64"), Embedding(6, 3), GlobalAveragePooling1D()])
    np.testing.assert_allclose(made.predict(IDS), made.layers[0].embeddings[IDS].mean(axis=1), rtol=1e-5, atol=1e-7)


def test_many_runs_look_up_the_same_numbers():
    def narrow():
        return embedding()

    x, y = IDS.astype(np.uint8), LABELS
    result = ravine.compare({"narrow": narrow}, x, y, seeds=2, epochs=2, validation_split=0.25, batch_size=5)
    for run in result.runs:
        assert run.error is None
        made = embedding()
        train, held_out = ravine.comparison.hold_out(x, y, 0.25, run.seed)
        history = made.fit(*train, validation_data=held_out, seed=run.seed, epochs=2, batch_size=5, verbose=0).history
        np.testing.assert_allclose(run.history["val_loss"], history["val_loss"], rtol=1e-5)
    with pytest.raises(checks.RavineValueError, match=r"contenders\['narrow'\]: (validation )?x\[\d+, 2\]=6: expected"):
        ravine.compare({"narrow": narrow}, outside(6), y, seeds=2, epochs=2)
