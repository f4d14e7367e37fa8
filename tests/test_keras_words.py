"""Models of words, categories and features on scales of their own beside Keras's."""

import jax.numpy as jnp
import numpy as np
import pytest

from ravine import Input, Sequential, layers, optimizers

# Keras hands NumPy its variables in a way that NumPy 2 will no longer take.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")

RNG = np.random.default_rng(0)
WORDS = RNG.integers(0, 30, (40, 7), np.int32)
FEATURES = RNG.normal([100, -3, 0.01], [20, 1, 0.001], (40, 3)).astype(np.float32)
LABELS = RNG.integers(0, 3, 40)


def mean_of_words(x):
    return jnp.mean(x, axis=1)


def adapted(library, data, **settings):
    layer = library.Normalization(**settings)
    layer.adapt(data)
    return layer


# For each model what it is fed, and its first layers in a library.
MODELS = {
    "embedding and pooling": (WORDS, lambda k: [k.Embedding(30, 4), k.GlobalAveragePooling1D()]),
    "embedding and the mean by a function": (WORDS, lambda k: [k.Embedding(30, 4), k.Lambda(mean_of_words)]),
    "embedding and the largest": (
        WORDS,
        lambda k: [k.Embedding(30, 4, embeddings_regularizer="l2"), k.GlobalMaxPooling1D(), k.PReLU()],
    ),
    "embedding of bytes, kept whole": (
        WORDS.astype(np.uint8),
        lambda k: [k.Embedding(30, 4, embeddings_constraint="unit_norm"), k.Flatten(), k.ELU(0.5)],
    ),
    "words in rows of rows": (
        WORDS.reshape(20, 2, 7),
        lambda k: [k.Reshape((14,)), k.Embedding(30, 4), k.Permute((2, 1)), k.Flatten(), k.LeakyReLU(0.1)],
    ),
    "counts": (WORDS, lambda k: [k.CategoryEncoding(30, "count"), k.Dense(4), k.RepeatVector(2), k.Flatten()]),
    "categories": (WORDS[:, :1], lambda k: [k.CategoryEncoding(30, "one_hot"), k.Identity(), k.Dense(4, "relu")]),
    "features": (FEATURES, lambda k: [adapted(k, FEATURES), k.Dense(4), k.LeakyReLU()]),
    "features together": (FEATURES, lambda k: [adapted(k, FEATURES, axis=None), k.Dense(4), k.ReLU(1.0, 0.1)]),
    "features with given statistics": (
        FEATURES,
        lambda k: [k.Normalization(mean=[100, -3, 0.01], variance=[400, 1, 1e-6]), k.Dense(4, "tanh")],
    ),
    "images": (
        RNG.integers(0, 256, (40, 2, 3)).astype(np.uint8),
        lambda k: [k.Rescaling(1 / 127.5, offset=-1), k.Flatten(), k.Dense(4), k.PReLU()],
    ),
}


def pair(keras, x, first):
    """One model of Ravine and one of Keras, compiled alike and with the same weights."""
    both = []
    for library, start, sequential, rules in (
        (layers, Input(x.shape[1:], dtype=x.dtype), Sequential, optimizers),
        (keras.layers, keras.Input(x.shape[1:], dtype=x.dtype.name), keras.Sequential, keras.optimizers),
    ):
        model = sequential([start, *first(library), library.Dense(3, activation="softmax")])
        model.compile(rules.SGD(0.3, momentum=0.9), "sparse_categorical_crossentropy", metrics=["accuracy"])
        both.append(model)
    ours, theirs = both
    theirs.set_weights(ours.get_weights())
    return ours, theirs


@pytest.mark.parametrize(("x", "first"), MODELS.values(), ids=MODELS)
def test_the_same_history_and_weights(keras, x, first):
    ours, theirs = pair(keras, x, first)
    assert [w.shape for w in ours.get_weights()] == [w.shape for w in theirs.get_weights()]
    assert [w.dtype for w in ours.get_weights()] == [w.dtype for w in theirs.get_weights()]
    assert (ours.output_shape, ours.count_params()) == (theirs.output_shape, theirs.count_params())
    y = LABELS[: len(x)]
    options = {"batch_size": 8, "epochs": 3, "shuffle": False, "validation_split": 0.25, "verbose": 0}
    found, expected = ours.fit(x, y, **options).history, theirs.fit(x, y, **options).history
    assert list(found) == list(expected)
    for key, values in expected.items():
        np.testing.assert_allclose(found[key], values, rtol=1e-5, atol=1e-6, err_msg=key)
    for our, their in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(our, their, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(ours.predict(x), theirs.predict(x, verbose=0), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(ours.evaluate(x, y, verbose=0), theirs.evaluate(x, y, verbose=0), rtol=1e-4)


@pytest.mark.parametrize("settings", [{}, {"axis": None}, {"axis": (1, 2)}], ids=str)
def test_the_same_statistics(keras, settings):
    x = RNG.normal(50, 3, (40, 2, 3)).astype(np.float32)
    theirs = adapted(keras.layers, x, **settings)
    ours = Sequential([Input((2, 3)), adapted(layers, x, **settings)])
    for our, their in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(our, their, rtol=1e-5)
    np.testing.assert_allclose(ours.predict(x), theirs(x), rtol=1e-4, atol=1e-5)
