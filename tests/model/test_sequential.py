import re
import subprocess
import sys
import textwrap

import numpy as np
import pytest

import ravine
from ravine import Sequential, losses, optimizers, seeds
from ravine.layers import Activation, Dense, Softmax
from ravine.training import legs


@pytest.fixture(autouse=True)
def _unseeded(monkeypatch):
    monkeypatch.setattr(seeds, "_sequence", None)


def same(first, second):
    return all(np.array_equal(a, b) for a, b in zip(first.get_weights(), second.get_weights(), strict=True))


# Determinism


def test_a_seed_decides_everything(tiny):
    (first, history), (second, again) = tiny.fit(seed=3), tiny.fit(seed=3)
    assert same(first, second)
    assert history.history == again.history
    other, different = tiny.fit(seed=4)
    assert not same(first, other)
    assert history.history != different.history


def test_set_random_seed_decides_everything(tiny):
    def run(seed):
        ravine.utils.set_random_seed(seed)
        return [tiny.fit(seed=None) for _ in range(2)]

    (first, _), (second, _) = run(5)
    (first_again, _), (second_again, _) = run(5)
    assert same(first, first_again)
    assert same(second, second_again)
    assert not same(first, second)
    assert not same(first, run(6)[0][0])


def test_a_run_tells_the_seed_it_drew(tiny):
    model, history = tiny.fit(seed=None)
    assert same(model, tiny.fit(seed=history.seed)[0])


def test_initial_weights_and_the_order_of_batches_are_streams_of_their_own(tiny):
    first, other = tiny.model(), tiny.model()
    other.set_weights(first.get_weights())
    tiny.fit(first, seed=3)
    tiny.fit(other, seed=4)
    assert not same(first, other)  # the order alone
    unshuffled = [tiny.model(), tiny.model()]
    unshuffled[1].set_weights(unshuffled[0].get_weights())
    for seed, model in enumerate(unshuffled):
        tiny.fit(model, seed=seed, shuffle=False)
    assert same(*unshuffled)


@pytest.mark.parametrize("seconds", [1e-9, 1e9])
def test_the_length_of_legs_does_not_matter(tiny, monkeypatch, seconds):
    usual, expected = tiny.fit(epochs=20)
    monkeypatch.setattr(legs, "LEG_SECONDS", seconds)
    model, history = tiny.fit(epochs=20)
    assert same(model, usual)
    assert history.history == expected.history


PROGRAM = textwrap.dedent(
    """
    import hashlib, sys
    sys.path.insert(0, "tests")
    from conftest import Tiny
    import ravine

    def digest(model, history):
        data = b"".join(w.tobytes() for w in model.get_weights()) + repr(history.history).encode()
        return hashlib.sha256(data).hexdigest()

    def digests():
        ravine.utils.set_random_seed(11)
        return digest(*Tiny().fit(seed=7)), digest(*Tiny().fit(seed=None))
    """
)


def test_another_process_gives_the_same_bits(pytestconfig):
    names = {}
    exec(PROGRAM, names)
    here = names["digests"]()
    command = [sys.executable, "-c", PROGRAM + "print(*digests())"]
    there = subprocess.run(command, cwd=pytestconfig.rootpath, capture_output=True, text=True, check=True)
    assert tuple(there.stdout.split()) == here
    assert here[0] != here[1]


# Crossentropy of large logits


@pytest.mark.parametrize(
    ("layers", "loss", "y"),
    [
        ([Dense(3, activation="softmax")], "sparse_categorical_crossentropy", [1]),
        pytest.param([Dense(3), Activation("softmax")], "sparse_categorical_crossentropy", [1], marks=pytest.mark.slow),
        ([Dense(3), Softmax()], "categorical_crossentropy", [[0, 1, 0]]),
        ([Dense(3, activation="sigmoid")], "binary_crossentropy", [[0, 1, 0]]),
        pytest.param([Dense(3)], losses.BinaryCrossentropy(from_logits=True), [[0, 1, 0]], marks=pytest.mark.slow),
    ],
)
def test_a_model_that_is_sure_and_wrong_has_a_large_finite_loss(layers, loss, y):
    model = Sequential([ravine.Input((1,)), *(type(layer)(**settings(layer)) for layer in layers)])
    model.compile(optimizers.SGD(0.1), loss=loss)
    model.set_weights([np.array([[1e4, -1e4, 0.0]]), np.zeros(3)])
    x = np.ones((1, 1))
    # The exact loss: the distance of the right logit from the largest, or the mean of both wrong ones.
    exact = 2e4 if "sparse" in str(loss).lower() or loss == "categorical_crossentropy" else (2e4 + np.log(2)) / 3
    assert model.evaluate(x, y, verbose=0) == pytest.approx(exact, rel=1e-6)
    model.train_on_batch(x, y)
    assert all(np.isfinite(w).all() for w in model.get_weights())


def settings(layer):
    return {name: value for name, value in vars(layer).items() if not name.startswith("_")}


# What evaluation and prediction return


@pytest.fixture
def model(tiny):
    model = tiny.model()
    tiny.fit(model, epochs=1)
    return model


def test_evaluate_by_name_and_in_order(tiny, model):
    values = model.evaluate(tiny.x, tiny.y, verbose=0)
    assert [type(value) for value in values] == [float, float]
    assert model.evaluate(tiny.x, tiny.y, verbose=0, return_dict=True) == dict(
        zip(["loss", "accuracy"], values, strict=True)
    )
    probabilities = model.predict(tiny.x)
    assert values[0] == pytest.approx(-np.log(probabilities[range(20), tiny.y]).mean(), rel=1e-5)
    assert values[1] == pytest.approx((probabilities.argmax(axis=1) == tiny.y).mean())


def test_evaluate_says_what_it_returns(tiny, model, capsys):
    loss, accuracy = model.evaluate(tiny.x, tiny.y)
    line = capsys.readouterr().out
    assert re.fullmatch(rf"1/1 - \S+ \S+/step - loss: {loss:.4f} - accuracy: {accuracy:.4f}\n", line)


def test_evaluate_on_the_first_batches(tiny, model):
    first = model.evaluate(tiny.x[:16], tiny.y[:16], verbose=0)
    assert model.evaluate(tiny.x, tiny.y, batch_size=8, steps=2, verbose=0) == first
    assert model.predict(tiny.x, batch_size=8, steps=2).shape == (16, 3)


def test_evaluation_in_pieces_is_the_whole(tiny, model, monkeypatch):
    whole = model.evaluate(tiny.x, tiny.y, verbose=0)
    monkeypatch.setattr("ravine.model.fitting.EVALUATION_ROWS", 8)
    assert model.evaluate(tiny.x, tiny.y, verbose=0) == pytest.approx(whole, rel=1e-6)


@pytest.mark.parametrize("rows", [1, 3, 8, 20])
def test_prediction_does_not_depend_on_what_else_is_predicted(tiny, model, monkeypatch, rows):
    whole = model.predict(tiny.x)
    assert whole.dtype == np.float32
    np.testing.assert_allclose(whole.sum(axis=1), np.ones(20), rtol=1e-6)
    np.testing.assert_allclose(model.predict(tiny.x[:rows]), whole[:rows], rtol=1e-6)
    np.testing.assert_allclose(model.predict_on_batch(tiny.x[:rows]), whole[:rows], rtol=1e-6)
    monkeypatch.setattr("ravine.model.fitting.EVALUATION_ROWS", 8)
    np.testing.assert_allclose(model.predict(tiny.x), whole, rtol=1e-6)


def test_a_model_predicts_without_being_compiled(tiny):
    assert Sequential([Dense(2)]).predict(tiny.x).shape == (20, 2)


def test_evaluation_and_prediction_change_nothing(tiny, model):
    before = model.get_weights()
    model.evaluate(tiny.x, tiny.y, verbose=0)
    model.test_on_batch(tiny.x, tiny.y)
    model.predict(tiny.x)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


def test_callbacks_hear_of_predictions_and_change_none(tiny, model):
    outputs = []
    hears = ravine.callbacks.LambdaCallback(on_predict_batch_end=lambda batch, logs: outputs.append(logs["outputs"]))
    predicted = model.predict(tiny.x, batch_size=8, callbacks=[hears])
    assert [len(part) for part in outputs] == [8, 8, 4]
    np.testing.assert_array_equal(np.concatenate(outputs), predicted)
    np.testing.assert_allclose(predicted, model.predict(tiny.x), rtol=1e-6)


def test_batch_by_batch_is_fit(tiny):
    model, other = tiny.model(), tiny.model()
    other.set_weights(model.get_weights())
    _, history = tiny.fit(model, epochs=2, shuffle=False)
    for epoch in range(2):
        values = [
            other.train_on_batch(tiny.x[rows], tiny.y[rows]) for rows in (slice(0, 8), slice(8, 16), slice(16, 20))
        ]
        expected = [history.history[key][epoch] for key in ("loss", "accuracy")]
        assert np.average(values, axis=0, weights=[8, 8, 4]) == pytest.approx(expected, rel=1e-5)
    for ours, theirs in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)


def test_lists_and_bytes_are_data(tiny):
    images = np.random.default_rng(0).integers(0, 256, (20, 6), dtype=np.uint8)
    results = []
    for x in (images, images.astype(np.float64), images.tolist()):
        results.append(tiny.fit(x=x, y=tiny.y.tolist(), epochs=1)[1].history["loss"][0])
    assert results[1] == results[2] == pytest.approx(results[0], rel=1e-6)


def test_validation_data_win_over_a_split_and_may_be_used_in_part(tiny):
    model, history = tiny.fit(
        epochs=1, validation_split=0.25, validation_data=(tiny.x, tiny.y), validation_steps=2, validation_batch_size=5
    )
    assert history.params["steps"] == 3  # nothing was split off
    expected = model.evaluate(tiny.x[:10], tiny.y[:10], verbose=0)
    assert [history.history["val_loss"][0], history.history["val_accuracy"][0]] == pytest.approx(expected, rel=1e-6)


def test_a_batch_size_beyond_the_data_is_one_batch(tiny):
    assert tiny.fit(batch_size=1000, epochs=1)[1].params["steps"] == 1


def test_a_model_may_be_retrained_with_another_last_layer(tiny):
    model, _ = tiny.fit(epochs=1)
    kernel = model.layers[0].kernel
    model.pop()
    model.add(Dense(5, activation="softmax"))
    np.testing.assert_array_equal(model.layers[0].kernel, kernel)
    model.train_on_batch(tiny.x, tiny.y)
    assert model.predict_on_batch(tiny.x).shape == (20, 5)
