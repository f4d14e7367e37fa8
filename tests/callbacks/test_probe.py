"""What a probe records: beside NumPy and a gradient by hand, without touching the run."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ravine import Input, Sequential, checks, optimizers
from ravine.callbacks import EarlyStopping, Probe
from ravine.layers import BatchNormalization, Dense, Dropout


def values(history, key):
    return history.probes[key]


def test_percentiles_are_those_of_the_pre_activations_after_each_epoch(tiny):
    model, history = tiny.fit(epochs=4, callbacks=[Probe("dense", percentiles=(0, 25, 50, 100))])
    z = model.activations(tiny.x, "dense", before_activation=True)
    for p in (0, 25, 50, 100):
        assert len(values(history, f"dense/pre_activation_p{p}")) == 4
        assert values(history, f"dense/pre_activation_p{p}")[-1] == pytest.approx(np.percentile(z, p), rel=1e-4)


def test_norms_are_those_of_the_loss_on_the_rows_looked_at(tiny):
    model, history = tiny.fit(epochs=3, callbacks=[Probe(rows=7)])

    def loss(weights):
        kernel, bias, last, shift = weights
        logits = jax.nn.sigmoid(tiny.x[:7] @ kernel + bias) @ last + shift
        return -jnp.take_along_axis(jax.nn.log_softmax(logits), tiny.y[:7, None], 1).mean()

    weights = model.get_weights()
    grads = jax.grad(loss)(weights)
    for i, name in enumerate(("dense", "dense_1")):
        for key, arrays in (("gradient_norm", grads), ("weight_norm", weights)):
            expected = np.sqrt(sum(np.square(a).sum() for a in arrays[2 * i : 2 * i + 2]))
            assert values(history, f"{name}/{key}")[-1] == pytest.approx(expected, rel=1e-4)


def test_by_default_all_layers_with_weights(tiny):
    _, history = tiny.fit(epochs=5, validation_split=0.25, callbacks=[Probe()])
    kinds = ("pre_activation_p15", "pre_activation_p50", "pre_activation_p85", "gradient_norm", "weight_norm")
    assert list(history.probes) == [f"{name}/{kind}" for name in ("dense", "dense_1") for kind in kinds]
    assert {type(v) for column in history.probes.values() for v in column} == {float}
    assert set(history.history) == {"accuracy", "loss", "val_accuracy", "val_loss"}


def test_one_unit_and_no_percentiles(tiny):
    model, history = tiny.fit(callbacks=[Probe("dense_1", percentiles=[50], unit=2), Probe("dense", percentiles=())])
    z = model.activations(tiny.x, "dense_1", before_activation=True)[:, 2]
    assert values(history, "dense_1/unit_2/pre_activation_p50")[-1] == pytest.approx(np.median(z), rel=1e-4)
    assert [key for key in history.probes if key.startswith("dense/")] == ["dense/gradient_norm", "dense/weight_norm"]


def test_a_run_is_the_same_bits_with_and_without_probes(tiny):
    plain, expected = tiny.fit(epochs=5, validation_split=0.25)
    model, history = tiny.fit(epochs=5, validation_split=0.25, callbacks=[Probe()])
    assert history.history == expected.history
    for a, b in zip(plain.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_several_probes_early_stopping_and_validation_go_together(tiny):
    stopper = EarlyStopping("val_loss", patience=1)
    probes = [Probe("dense", percentiles=[50]), Probe("dense_1", percentiles=[10, 90])]
    _, history = tiny.fit(epochs=60, validation_data=(-tiny.x, tiny.y), callbacks=[probes[0], stopper, probes[1]])
    assert 1 < len(history.epoch) < 60
    assert {len(column) for column in history.probes.values()} == {len(history.epoch)}
    assert "dense_1/pre_activation_p90" in history.probes


def test_short_epochs_give_more_points(tiny):
    _, history = tiny.fit(epochs=6, steps_per_epoch=1, callbacks=[Probe("dense")])
    assert len(set(values(history, "dense/weight_norm"))) == 6


def build(*layers):
    model = Sequential([Input((6,)), *layers, Dense(3, activation="softmax")])
    model.compile(optimizers.SGD(0.1), "sparse_categorical_crossentropy")
    return model


def test_it_looks_in_training_mode_and_leaves_statistics_alone(tiny):
    def trained(*probes):
        model = build(Dense(4, name="a"), BatchNormalization(name="bn"), Dropout(0.9, name="drop"))
        return tiny.fit(model, x=tiny.x + 20, batch_size=20, callbacks=list(probes))

    model, history = trained(Probe(["bn", "drop"], percentiles=[20, 50, 80]))
    # By the batch's own statistics these are near the middle; by moving averages they would still be far away.
    assert -1.5 < values(history, "bn/pre_activation_p20")[-1] < 0 < values(history, "bn/pre_activation_p80")[-1] < 1.5
    assert [values(history, f"drop/pre_activation_p{p}")[-1] for p in (20, 50, 80)] == [0, 0, 0]  # most are dropped
    assert "drop/weight_norm" not in history.probes
    other, _ = trained()
    for a, b in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_frozen_layer_has_no_norms(tiny):
    model = build(Dense(4, name="frozen", trainable=False), Dense(4, name="free"))
    _, history = tiny.fit(model, callbacks=[Probe(["frozen", "free"], percentiles=[50])])
    assert set(history.probes) == {
        "frozen/pre_activation_p50",
        "free/pre_activation_p50",
        "free/gradient_norm",
        "free/weight_norm",
    }


@pytest.mark.parametrize("probe", [Probe(), Probe([]), Probe("frozen", percentiles=())], ids=range(3))
def test_a_probe_that_would_record_nothing_is_refused(tiny, probe):
    model = build(Dense(4, name="frozen"))
    model.trainable = False
    with pytest.raises(checks.RavineValueError, match="callbacks: a probe would record nothing; expected layers"):
        tiny.fit(model, callbacks=[Probe("frozen", percentiles=[50]), probe])
    _, history = tiny.fit(model, callbacks=[Probe("frozen", percentiles=[50])])
    assert len(values(history, "frozen/pre_activation_p50")) == 3


@pytest.mark.parametrize(
    ("probe", "message"),
    [
        (lambda: [Probe("dens")], r"layers='dens' is unknown. Did you mean 'dense'\? Known names: dense, dense_1"),
        (lambda: [Probe(["dense", "dense_2"])], r"layers='dense_2' is unknown"),
        (lambda: [Probe("dense", unit=4)], "unit=4: expected one of the 4 units of 'dense', counted from 0"),
        (lambda: [Probe(), Probe("dense")], "callbacks: two probes record 'dense/gradient_norm'"),
        (lambda: [Probe([])], "callbacks: a probe would record nothing"),
    ],
    ids=range(5),
)
def test_what_a_model_does_not_have_is_refused_before_training(tiny, probe, message):
    model = tiny.model()
    before = model.get_weights()
    with pytest.raises(checks.RavineValueError, match=message):
        tiny.fit(model, callbacks=probe())
    for was, now in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(was, now)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"layers": 3}, "layers=3 is a int: expected a layer's name, or several"),
        ({"percentiles": 50}, "percentiles=50 is a int: expected numbers in"),
        ({"percentiles": [101]}, "percentiles=101: expected"),
        ({"percentiles": [float("nan")]}, "percentiles=nan"),
        ({"unit": -1}, "unit=-1"),
        ({"unit": 0.5}, "unit=0.5"),
        ({"rows": 1}, "rows=1: expected an integer of at least 2"),
    ],
)
def test_arguments_that_cannot_work(arguments, message):
    with pytest.raises(checks.RavineError, match=message):
        Probe(**arguments)
