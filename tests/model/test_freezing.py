"""Frozen layers, and numbers of layers that are assigned between two fits."""

import copy
import pickle

import numpy as np
import pytest

from ravine import Input, Sequential, callbacks, checks, optimizers, regularizers
from ravine.layers import BatchNormalization, Dense, Dropout


def build(optimizer=None, **first):
    model = Sequential(
        [
            Input((6,)),
            Dense(5, activation="tanh", name="first", **first),
            BatchNormalization(name="bn"),
            Dropout(0.2, name="drop"),
            Dense(3, activation="softmax", name="last"),
        ]
    )
    model.compile(optimizer or optimizers.Adam(0.1, weight_decay=0.1), "sparse_categorical_crossentropy")
    return model


def changed(model, before):
    """Which arrays are others than ``before``."""
    return {name for name, array in model.named_weights.items() if not np.array_equal(array, before[name])}


@pytest.mark.differs("frozen-from-next-fit")
def test_a_frozen_layer_stays_whatever_the_optimizer_does(tiny):
    model = build(optimizers.SGD(0.1, momentum=0.9, weight_decay=0.1, use_ema=True), kernel_regularizer="l2")
    model.get_layer("first").trainable = False
    before = model.named_weights
    tiny.fit(model, epochs=2)
    model.train_on_batch(tiny.x, tiny.y)
    assert changed(model, before) == {n for n in before if not n.startswith("first")}


def test_a_frozen_batch_normalization_normalizes_by_what_it_keeps(tiny):
    model = build()
    tiny.fit(model)
    model.get_layer("bn").trainable = False
    before = model.named_weights
    tiny.fit(model)
    assert changed(model, before) == {"first/kernel", "first/bias", "last/kernel", "last/bias"}


def test_freezing_is_counted_and_undone(tiny):
    model, lines = build(), []
    everything, order = model.count_params(), list(model.named_weights)
    model.get_layer("first").trainable = False
    assert model.trainable
    model.trainable = False
    assert not model.trainable
    assert not any(layer.trainable for layer in model.layers)
    model.summary(print_fn=lines.append)
    assert "Trainable params: 0 (0.00 B)" in lines[0]
    assert model.count_params() == everything
    before = model.named_weights
    assert list(before) == order
    tiny.fit(model)
    assert changed(model, before) == set()
    model.trainable = True
    assert changed(model, before) == set()
    tiny.fit(model)
    assert changed(model, before) == set(order)


def test_frozen_from_the_start(tiny):
    model = build(trainable=False)
    tiny.fit(model, epochs=0)
    before = model.named_weights
    tiny.fit(model)
    assert "first/kernel" not in changed(model, before)
    assert list(before)[:2] == ["first/kernel", "first/bias"]
    free = build()
    tiny.fit(free, epochs=0)
    np.testing.assert_array_equal(
        free.named_weights["first/kernel"], before["first/kernel"]
    )  # the same seed draws them


def test_the_optimizer_starts_anew_only_where_something_changed(tiny):
    model = build()
    tiny.fit(model, epochs=2)
    model.get_layer("drop").trainable = True
    assert model.train_state().optimizer.step == 6
    model.get_layer("first").trainable = False
    assert model.train_state().optimizer.step == 0
    assert len(model.train_state().optimizer.slots) == 4


@pytest.mark.parametrize("frozen_before", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_what_a_callback_freezes_or_frees_holds_from_the_next_fit_on(tiny, frozen_before):
    class Turn(callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.get_layer("first").trainable = frozen_before

    model, plain = build(trainable=not frozen_before), build(trainable=not frozen_before)
    stopper = callbacks.EarlyStopping("loss", patience=9, restore_best_weights=True)
    tiny.fit(model, epochs=3, callbacks=[Turn(), stopper])
    tiny.fit(plain, epochs=3, callbacks=[callbacks.EarlyStopping("loss", patience=9, restore_best_weights=True)])
    before = model.named_weights
    assert changed(plain, before) == set()
    assert list(before) == list(plain.named_weights)
    tiny.fit(model, epochs=1)
    assert ("first/kernel" in changed(model, before)) == frozen_before


@pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))], ids=["copy", "pickle"]
)
def test_a_copy_is_frozen_where_the_model_is_and_free_where_it_is_freed(tiny, copied):
    model = build()
    tiny.fit(model)
    model.get_layer("first").trainable = False
    twin = copied(model)
    assert not twin.get_layer("first").trainable
    twin.get_layer("first").trainable = True
    before, other = twin.named_weights, model.named_weights
    tiny.fit(twin)
    assert "first/kernel" in changed(twin, before)
    assert changed(model, other) == set()
    assert not model.get_layer("first").trainable


def test_a_layer_that_is_popped_takes_its_freedom_with_it():
    model = build()
    last = model.pop()
    last.trainable = False
    assert not Sequential([Input((5,)), last]).trainable


def test_numbers_hold_from_the_next_fit_on(tiny):
    model = build(optimizers.SGD(0.0), kernel_regularizer=regularizers.L2(0.0))
    _, plain = tiny.fit(model, epochs=1)
    model.get_layer("first").kernel_regularizer = regularizers.L2(0.5)
    _, penalized = tiny.fit(model, epochs=1)
    expected = 0.5 * np.square(model.named_weights["first/kernel"]).sum()
    assert penalized.history["loss"][0] - plain.history["loss"][0] == pytest.approx(expected, rel=1e-3)
    model.get_layer("drop").rate = 0.9
    _, dropped = tiny.fit(model, epochs=1)
    assert dropped.history["loss"] != penalized.history["loss"]


def test_an_assigned_penalty_that_fits_no_array_is_refused_by_name(tiny):
    model = build()
    tiny.fit(model, epochs=1)
    model.get_layer("first").bias_regularizer = "orthogonal"
    before = model.get_weights()
    for method in ("fit", "evaluate", "train_on_batch", "test_on_batch"):
        with pytest.raises(
            checks.RavineValueError, match=r"bias_regularizer: OrthogonalRegularizer compares .* \(5,\)"
        ):
            getattr(model, method)(tiny.x, tiny.y)
    for was, now in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(was, now)
    model.get_layer("first").bias_regularizer = None
    tiny.fit(model, epochs=1)


def test_a_name_may_be_assigned_and_nonsense_may_not(tiny):
    model = build()
    model.get_layer("first").bias_regularizer = "l1"
    assert model.get_layer("first").bias_regularizer == regularizers.L1()
    for name, value in (("units", 7), ("activation", "relu"), ("name", "other"), ("input_shape", (3,))):
        with pytest.raises(AttributeError, match=f"{name}=.*cannot be changed in place.*a new Dense"):
            setattr(model.get_layer("first"), name, value)
    with pytest.raises(AttributeError, match=r"Dropout has no setting 'rte'. Did you mean 'rate'\?"):
        model.get_layer("drop").rte = 0.3
    for wrong in (1, "no", None):
        with pytest.raises(checks.RavineTypeError, match="trainable="):
            model.get_layer("first").trainable = wrong
        with pytest.raises(checks.RavineTypeError, match="trainable="):
            model.trainable = wrong
    model.get_layer("drop").rate = 1.5
    before = model.get_weights()
    for call in (lambda: tiny.fit(model), lambda: model.evaluate(tiny.x, tiny.y)):
        with pytest.raises(checks.RavineValueError, match=r"rate=1\.5: expected"):
            call()
    for was, now in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(was, now)
