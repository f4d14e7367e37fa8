"""Models of words, categories and features on scales of their own beside Keras's."""

import jax.numpy as jnp
import numpy as np
import pytest

from ravine import Input, Sequential, layers, optimizers

# Keras hands NumPy its variables in a way that NumPy 2 will no longer take.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")

RNG = np.random.default_rng(0)
# Batches of one size, in training and in validation, since Keras compiles its operations for each.
ROWS, BATCH = 24, 8
WORDS = RNG.integers(0, 30, (ROWS, 7), np.int32)
FEATURES = RNG.normal([100, -3, 0.01], [20, 1, 0.001], (ROWS, 3)).astype(np.float32)
LABELS = RNG.integers(0, 3, ROWS)


def mean_of_words(x):
    return jnp.mean(x, axis=1)


def adapted(library, data, **settings):
    layer = library.Normalization(**settings)
    layer.adapt(data)
    return layer


# For each model what it is fed, and its first layers in a library. Six of them have all layers between them.
QUICK = ["embedding and the largest", "embedding of bytes, kept whole", "words in rows of rows"]
QUICK += ["counts", "features", "images"]
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
        WORDS.reshape(ROWS // 2, 2, 7),
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
        RNG.integers(0, 256, (ROWS, 2, 3)).astype(np.uint8),
        lambda k: [k.Rescaling(1 / 127.5, offset=-1), k.Flatten(), k.Dense(4), k.PReLU()],
    ),
}


def pair(keras, adopt, x, first):
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
    return adopt(ours, theirs.get_weights()), theirs


@pytest.mark.parametrize(
    ("x", "first"),
    [pytest.param(*made, id=name, marks=() if name in QUICK else pytest.mark.slow) for name, made in MODELS.items()],
)
def test_the_same_history_and_weights(keras, adopt, x, first):
    ours, theirs = pair(keras, adopt, x, first)
    assert [w.shape for w in ours.get_weights()] == [w.shape for w in theirs.get_weights()]
    assert [w.dtype for w in ours.get_weights()] == [w.dtype for w in theirs.get_weights()]
    assert (ours.output_shape, ours.count_params()) == (theirs.output_shape, theirs.count_params())
    y, held_out = LABELS[: len(x)], (x[-BATCH:], LABELS[len(x) - BATCH : len(x)])
    rows = len(x) // BATCH * BATCH
    options = {"batch_size": BATCH, "epochs": 2, "shuffle": False, "validation_data": held_out, "verbose": 0}
    found, expected = (model.fit(x[:rows], y[:rows], **options).history for model in (ours, theirs))
    assert sorted(found) == sorted(expected)
    for key, values in expected.items():
        np.testing.assert_allclose(found[key], values, rtol=1e-5, atol=1e-6, err_msg=key)
    for our, their in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(our, their, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(ours.predict(held_out[0]), theirs(held_out[0], training=False), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("settings", [{}, {"axis": None}, {"axis": (1, 2)}], ids=str)
def test_the_same_statistics(keras, settings):
    x = RNG.normal(50, 3, (ROWS, 2, 3)).astype(np.float32)
    theirs = adapted(keras.layers, x, **settings)
    ours = Sequential([Input((2, 3)), adapted(layers, x, **settings)])
    for our, their in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(our, their, rtol=1e-5)
    np.testing.assert_allclose(ours.predict(x), theirs(x), rtol=1e-4, atol=1e-5)
