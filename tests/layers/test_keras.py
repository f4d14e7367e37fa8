"""Every layer beside Keras's: outputs and gradients, in training and at inference, and the arguments' names."""

import inspect
import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ravine import layers
from ravine.layers.tokens import Tokens


def halved(x, by=2.0, training=False):
    """What a Lambda does in the table: half of it in training."""
    return x[:, 1:] / (by if training else 1.0)


# A layer's name and arguments, and the shape of a sample. Layers that draw have a file of their own.
CASES = [
    ("Dense", {"units": 3, "activation": "tanh"}, (4,)),
    ("Dense", {"units": 3, "use_bias": False}, (2, 4)),
    ("Activation", {"activation": "softmax"}, (4,)),
    ("ReLU", {"max_value": 1.0, "negative_slope": 0.1, "threshold": 0.2}, (4,)),
    ("Softmax", {"axis": 1}, (3, 4)),
    ("Flatten", {}, (3, 4)),
    ("BatchNormalization", {}, (4,)),
    ("BatchNormalization", {"epsilon": 0.1, "momentum": 0.7, "center": False}, (4,)),
    ("BatchNormalization", {"axis": 1, "scale": False}, (3, 4)),
    ("BatchNormalization", {"axis": -2}, (2, 3, 4)),
    ("BatchNormalization", {"trainable": False}, (4,)),
    ("LayerNormalization", {}, (4,)),
    ("LayerNormalization", {"axis": 1, "center": False}, (3, 4)),
    ("LayerNormalization", {"axis": [1, 2], "epsilon": 0.1}, (3, 4)),
    ("LayerNormalization", {"scale": False}, (2, 3)),
    ("GroupNormalization", {"groups": 2}, (4,)),
    ("GroupNormalization", {"groups": 3, "axis": 1, "epsilon": 0.1}, (6, 2)),
    ("GroupNormalization", {"groups": -1, "scale": False}, (3, 4)),
    ("GroupNormalization", {"groups": 1, "center": False}, (2, 3, 4)),
    ("RMSNormalization", {}, (4,)),
    ("RMSNormalization", {"axis": [1, 2], "epsilon": 0.1}, (3, 4)),
    ("UnitNormalization", {}, (4,)),
    ("UnitNormalization", {"axis": [1, 2]}, (3, 4)),
    ("ActivityRegularization", {"l1": 0.1, "l2": 0.2}, (4,)),
    ("ReLU", {}, (4,)),
    ("Softmax", {"axis": [1, 2]}, (3, 4)),
    ("LeakyReLU", {}, (4,)),
    ("LeakyReLU", {"negative_slope": 0.01}, (3, 4)),
    ("ELU", {}, (4,)),
    ("ELU", {"alpha": 0.3, "activity_regularizer": "l2"}, (4,)),
    ("PReLU", {}, (3, 4)),
    ("PReLU", {"shared_axes": [1]}, (3, 4)),
    ("PReLU", {"shared_axes": 2, "trainable": False}, (3, 4)),
    ("Identity", {}, (3, 4)),
    ("Reshape", {"target_shape": (2, -1)}, (3, 4)),
    ("Reshape", {"target_shape": [12, 1]}, (3, 4)),
    ("Permute", {"dims": (2, 1)}, (3, 4)),
    ("Permute", {"dims": [3, 1, 2]}, (2, 3, 4)),
    ("RepeatVector", {"n": 3}, (4,)),
    ("Lambda", {"function": halved}, (4,)),
    ("Lambda", {"function": halved, "output_shape": (3,), "arguments": {"by": 3.0}}, (4,)),
    ("Embedding", {"input_dim": 6, "output_dim": 3}, (4,)),
    ("Embedding", {"input_dim": 6, "output_dim": 3, "trainable": False}, (2, 4)),
    ("CategoryEncoding", {"num_tokens": 6}, (4,)),
    ("CategoryEncoding", {"num_tokens": 6, "output_mode": "count"}, (4,)),
    ("CategoryEncoding", {"num_tokens": 6, "output_mode": "one_hot"}, (4,)),
    ("CategoryEncoding", {"num_tokens": 6, "output_mode": "one_hot"}, (1,)),
    ("CategoryEncoding", {"num_tokens": 6, "output_mode": "one_hot"}, (3, 1)),
    ("Rescaling", {"scale": 0.1}, (4,)),
    ("Rescaling", {"scale": [0.1, 0.2, 0.3, 0.4], "offset": -1}, (3, 4)),
    ("Normalization", {}, (4,)),
    ("Normalization", {"axis": None}, (3, 4)),
    ("Normalization", {"axis": [2, 1], "invert": True}, (3, 4)),
    ("Normalization", {"axis": 1, "mean": [1.0, 2.0, 3.0], "variance": [0.5, 1.0, 0.0]}, (3, 4)),
    ("Normalization", {"mean": 1.5, "variance": 4.0, "invert": True}, (3, 4)),
    ("Normalization", {"axis": [1, 2], "mean": [1, 2, 3, 4], "variance": [1, 2, 3, 4]}, (3, 4)),
    ("GlobalAveragePooling1D", {}, (3, 4)),
    ("GlobalAveragePooling1D", {"data_format": "channels_first", "keepdims": True}, (3, 4)),
    ("GlobalMaxPooling1D", {}, (3, 4)),
    ("GlobalMaxPooling1D", {"data_format": "channels_first", "keepdims": True}, (3, 4)),
]
# At inference they have Keras's outputs too.
DRAWING = {"AlphaDropout": {"rate": 0.3}, "Dropout": {"rate": 0.3}}
DRAWING |= {"GaussianDropout": {"rate": 0.3}, "GaussianNoise": {"stddev": 0.3}}
TRAINED = [(*case, (False, True)) for case in CASES]
TRAINED += [(name, settings, (4,), (False,)) for name, settings in DRAWING.items()]


def test_every_layer_is_in_the_table():
    classes = {n for n, c in vars(layers).items() if isinstance(c, type) and issubclass(c, layers.Layer)}
    assert {name for name, *_ in TRAINED} == classes - {"Layer"}


def pair(keras, name, arguments, shape, rng):
    """Ours and Keras's with the same random arrays, which our side holds as parameters and statistics."""
    ours, theirs = getattr(layers, name)(**arguments), getattr(keras.layers, name)(**arguments)
    theirs.build((None, *shape))
    ours.check()
    ours.check_input(shape)
    params, stats = ours.init(jax.random.key(0), shape)
    params, stats = (
        {k: jnp.asarray(rng.uniform(0.5, 1.5, v.shape), v.dtype) for k, v in arrays.items()}
        for arrays in (params, stats)
    )
    held = params | stats
    theirs.set_weights([held[n] for n in ours.variable_names if n in held])
    getattr(theirs, "finalize_state", lambda: None)()  # Normalization computes with copies of its weights
    return ours, theirs, params, stats


def samples(layer, shape, rng):
    """Five rows that the layer takes; whole numbers as floats, so that both sides have gradients."""
    if isinstance(layer, Tokens):
        return jnp.asarray(rng.integers(0, layer.limit(), (5, *shape)), jnp.float32)
    return jnp.asarray(rng.normal(1, 2, size=(5, *shape)), jnp.float32)


def test_arrays_stand_in_the_order_of_keras(keras):
    for name, arguments, shape in CASES:
        _, theirs, params, stats = pair(keras, name, arguments, shape, np.random.default_rng(0))
        assert [w.name for w in theirs.weights] == [
            n for n in getattr(layers, name).variable_names if n in params | stats
        ]


@pytest.mark.parametrize(
    ("name", "arguments", "shape", "modes"), TRAINED, ids=lambda v: re.sub(" at 0x[0-9a-f]+", "", str(v))
)
def test_outputs_and_gradients_are_those_of_keras(keras, name, arguments, shape, modes):
    rng = np.random.default_rng(0)  # one of its own: the numbers do not depend on which tests ran before
    ours, theirs, params, stats = pair(keras, name, arguments, shape, rng)
    x = samples(ours, shape, rng)
    along = jnp.asarray(rng.normal(size=(5, *ours.output_shape(shape))), jnp.float32)
    names = [w.name for w in theirs.weights]

    def our_value(params, x, training):
        y, after = ours.apply(params, stats, x, key=None, training=training)
        return (y * along).sum() + ours.penalty(params, y), (y, after)

    def their_value(params, x, training):
        if isinstance(ours, Tokens):
            x = x.astype(jnp.int32)
        held = params | stats
        trained = [held[w.name] for w in theirs.trainable_variables]
        others = [held.get(w.name, w.value) for w in theirs.non_trainable_variables]  # a seed's stays
        options = {"training": training} if "training" in inspect.signature(theirs.call).parameters else {}
        y, others = theirs.stateless_call(trained, others, x, **options)
        after = dict(zip([w.name for w in theirs.non_trainable_variables], others, strict=False))
        # A stateless call leaves the activities' penalty to the trainer, which divides it by the rows.
        penalty = theirs.activity_regularizer(y) / len(y) if theirs.activity_regularizer else 0.0
        return (y * along).sum() + penalty, (y, {n: after[n] for n in names if n in stats})

    @jax.jit
    def in_each_mode(params, x):
        functions = (jax.grad(f, (0, 1), has_aux=True) for f in (our_value, their_value))
        return [[f(params, x, training) for training in modes] for f in functions]

    found, expected = map(jax.tree.leaves, in_each_mode(params, x))
    for ours_now, theirs_now in zip(found, expected, strict=True):
        np.testing.assert_allclose(ours_now, theirs_now, rtol=1e-5, atol=2e-6)


@pytest.mark.parametrize("arguments", [{}, {"axis": 1, "momentum": 0.8}], ids=str)
def test_moving_averages_over_several_steps_are_those_of_keras(keras, arguments):
    rng = np.random.default_rng(0)
    ours, theirs, params, stats = pair(keras, "BatchNormalization", arguments, (3, 4), rng)
    for step in range(5):
        x = jnp.asarray(rng.normal(step, 1 + step, size=(6, 3, 4)), jnp.float32)
        y, stats = ours.apply(params, stats, x, key=None, training=True)
        np.testing.assert_allclose(y, theirs(x, training=True), rtol=1e-5, atol=2e-6)
        for name in stats:
            np.testing.assert_allclose(stats[name], getattr(theirs, name), rtol=1e-5)
    inference, kept = ours.apply(params, stats, x, key=None, training=False)
    np.testing.assert_allclose(inference, theirs(x, training=False), rtol=1e-5, atol=2e-6)
    assert kept is stats


# Arguments of Keras that are not offered: for devices, for masks, and batch renormalization.
NOT_OFFERED = {
    "renorm",
    "renorm_clipping",
    "renorm_momentum",
    "kwargs",
    "lora_rank",
    "lora_alpha",
    "quantization_config",
}
NOT_OFFERED |= {"data_format", "dtype"}  # every layer takes the one dtype


@pytest.mark.parametrize("name", sorted({name for name, *_ in TRAINED}))
def test_arguments_have_the_names_and_defaults_of_keras(keras, name):
    ours, theirs = (inspect.signature(getattr(m, name)).parameters for m in (layers, keras.layers))
    expected = {n: p.default for n, p in theirs.items() if n not in NOT_OFFERED or (n in ours and n != "dtype")}
    assert {n: ours[n].default for n in expected} == expected
    common = {"name", "input_shape", "trainable", "activity_regularizer", "dtype", "input_dim", "input_length"}
    assert set(ours) - set(expected) <= common


def test_every_layer_has_a_name_of_keras(keras):
    # What Keras has beyond these is in ravine.keras_names, which tests/test_keras_names.py compares.
    assert set(layers.__all__) <= set(dir(keras.layers))
