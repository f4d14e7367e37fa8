import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import special

from ravine import checks, losses, trees

RNG = np.random.default_rng(0)
REAL = RNG.normal(size=(5, 3)) * 2
UNIT = RNG.uniform(0.01, 0.99, size=(5, 3))
CHANCES = special.softmax(REAL, axis=1)
LABELS = np.array([0, 2, 1, 2, 0])
ONE_HOT = np.eye(3)[LABELS]
SOFT = special.softmax(RNG.normal(size=(5, 3)), axis=1)
BITS = RNG.integers(0, 2, (5, 3)).astype(float)


def binary(y, p):
    return -(y * np.log(p) + (1 - y) * np.log1p(-p)).mean(axis=-1)


def categorical(y, p):
    return -(y * np.log(p / p.sum(axis=-1, keepdims=True))).sum(axis=-1)


# name, arguments, targets, outputs, the value of each sample in float64
CASES = [
    ("mean_squared_error", {}, REAL, UNIT, ((REAL - UNIT) ** 2).mean(axis=1)),
    ("mean_absolute_error", {}, REAL, UNIT, np.abs(REAL - UNIT).mean(axis=1)),
    ("binary_crossentropy", {}, BITS, UNIT, binary(BITS, UNIT)),
    ("binary_crossentropy", {}, UNIT, CHANCES, binary(UNIT, CHANCES)),
    ("binary_crossentropy", {"from_logits": True}, BITS, REAL, binary(BITS, special.expit(REAL))),
    ("categorical_crossentropy", {}, ONE_HOT, CHANCES, categorical(ONE_HOT, CHANCES)),
    ("categorical_crossentropy", {}, SOFT, UNIT, categorical(SOFT, UNIT)),
    ("categorical_crossentropy", {"from_logits": True}, SOFT, REAL, categorical(SOFT, CHANCES)),
    ("sparse_categorical_crossentropy", {}, LABELS, CHANCES, categorical(ONE_HOT, CHANCES)),
    ("sparse_categorical_crossentropy", {}, LABELS[:, None], UNIT, categorical(ONE_HOT, UNIT)),
    ("sparse_categorical_crossentropy", {"from_logits": True}, LABELS, REAL, categorical(ONE_HOT, CHANCES)),
]
IDS = [f"{i}-{name}" for i, (name, *_) in enumerate(CASES)]


def as_given(y, outputs):
    """Targets and outputs in the types that a run holds them in."""
    return jnp.asarray(y, jnp.int32 if y.dtype.kind == "i" else jnp.float32), jnp.asarray(outputs, jnp.float32)


@jax.jit
def values_and_gradient(loss, y, outputs):
    """The value of each sample, and the gradient of their mean."""
    return loss.values(y, outputs), jax.grad(lambda outputs: loss.values(y, outputs).mean())(outputs)


@pytest.mark.parametrize(("name", "options", "y", "outputs", "expected"), CASES, ids=IDS)
def test_values(name, options, y, outputs, expected):
    values, _ = values_and_gradient(losses.TABLE[name](**options), *as_given(y, outputs))
    np.testing.assert_allclose(values, expected, rtol=1e-5)


@pytest.mark.parametrize(("name", "options", "y", "outputs", "expected"), CASES, ids=IDS)
def test_values_and_gradients_are_keras(name, options, y, outputs, expected, keras):
    y, outputs = as_given(y, outputs)

    def score(outputs):
        values = getattr(keras.losses, name)(y, outputs, **options)
        return values.mean(), values

    values, gradient = values_and_gradient(losses.TABLE[name](**options), y, outputs)
    their_gradient, their_values = jax.jit(jax.grad(score, has_aux=True))(outputs)
    np.testing.assert_allclose(values, their_values, rtol=1e-5)
    np.testing.assert_allclose(gradient, their_gradient, rtol=1e-5, atol=1e-7)


def test_aliases():
    assert losses.get("mse") == losses.get("mean_squared_error") == losses.MeanSquaredError()
    assert losses.get("mae") == losses.get("mean_absolute_error") == losses.MeanAbsoluteError()


@pytest.mark.parametrize("name", ["mse", "mae", "binary_crossentropy"])
def test_a_last_axis_of_one_may_be_left_out(name):
    y, outputs = as_given(BITS[:, 0], UNIT[:, :1])
    loss = losses.get(name)
    np.testing.assert_array_equal(loss.values(y, outputs), loss.values(y[:, None], outputs))
    assert loss.values(y, outputs).shape == (5,)


@pytest.mark.parametrize("name", ["mse", "mae", "binary_crossentropy"])
def test_every_axis_but_the_first_is_averaged(name):
    y, outputs = as_given(BITS, UNIT)
    loss = losses.get(name)
    np.testing.assert_allclose(loss.values(y, outputs), loss.values(y[..., None], outputs[..., None]), rtol=1e-6)


CROSSENTROPIES = [
    (losses.BinaryCrossentropy(), BITS, special.expit),
    (losses.CategoricalCrossentropy(), ONE_HOT, lambda z: special.softmax(z, axis=-1)),
    (losses.SparseCategoricalCrossentropy(), LABELS, lambda z: special.softmax(z, axis=-1)),
]


@pytest.mark.parametrize(("loss", "y", "link"), CROSSENTROPIES)
def test_on_logits_is_the_same_loss(loss, y, link):
    y, outputs = as_given(y, link(REAL))
    assert loss.on_logits() == type(loss)(from_logits=True) == loss.on_logits().on_logits()
    on_logits = loss.on_logits().values(y, jnp.float32(REAL))
    np.testing.assert_allclose(on_logits, loss.values(y, outputs), rtol=1e-5)


@pytest.mark.parametrize(("loss", "y", "link"), CROSSENTROPIES)
@given(z=arrays(np.float32, (5, 3), elements=st.floats(-(2.0**100), 2.0**100, width=32)))
def test_never_infinite(loss, y, link, z):
    values, gradient = values_and_gradient(loss.on_logits(), *as_given(y, z))
    assert jnp.isfinite(values).all()
    assert (values >= 0).all()
    assert jnp.isfinite(gradient).all()


@pytest.mark.parametrize(("loss", "y", "link"), CROSSENTROPIES)
def test_certain_and_wrong_is_finite_from_probabilities_too(loss, y, link):
    y, outputs = as_given(y, 1 - ONE_HOT if y.ndim == 1 else 1 - y)
    assert jnp.isfinite(loss.values(y, outputs)).all()
    # A certain answer is right or wrong by EPSILON at most: -log(1e-7) is 16.1.
    assert loss.values(y, outputs).max() < 17


def test_on_logits_keeps_other_settings():
    @trees.tree
    class Smoothed(losses.Crossentropy):
        smoothing: float = 0.0

    assert Smoothed(smoothing=0.1).on_logits() == Smoothed(from_logits=True, smoothing=0.1)


SPARSE, ONE_PER_CLASS = "sparse_categorical_crossentropy", "categorical_crossentropy"


@pytest.mark.parametrize(
    ("name", "y", "output_shape"),
    [
        ("mse", np.zeros((4, 3)), (3,)),
        ("mse", np.zeros(4), (1,)),
        ("mse", np.zeros((4, 2, 3)), (2, 3)),
        ("binary_crossentropy", np.array([0, 1, 1, 0]), (1,)),
        ("binary_crossentropy", np.array([[0.0, 0.5], [1, 1]]), (2,)),
        (ONE_PER_CLASS, np.eye(3), (3,)),
        (SPARSE, np.array([0, 2, 1]), (3,)),
        (SPARSE, np.array([[0.0], [2.0]]), (3,)),
        (SPARSE, np.array([[0, 2], [1, 1]]), (2, 3)),
    ],
)
def test_check_accepts(name, y, output_shape):
    losses.get(name).check(y, output_shape)


@pytest.mark.parametrize(
    ("name", "y", "output_shape", "expected"),
    [
        ("mse", np.zeros((4, 2)), (3,), r"y has shape \(4, 2\) but the model's output is \(None, 3\).*\(4, 3\)"),
        ("mse", np.zeros(4), (3,), "MeanSquaredError compares the two element by element"),
        ("mae", np.zeros((4, 1, 3)), (3,), r"Expected y of shape \(4, 3\)"),
        ("binary_crossentropy", np.array([0, 2]), (1,), r"y holds values from 0 to 2.*targets in \[0, 1\]"),
        ("binary_crossentropy", np.array([-1.0, 1.0]), (1,), "y holds values from -1 to 1"),
        ("binary_crossentropy", np.zeros(3), (3,), "y has shape"),
        (ONE_PER_CLASS, np.array([0, 1]), (3,), r"one-hot targets with 3 columns.*'sparse_categorical_crossentropy'"),
        (ONE_PER_CLASS, np.full((2, 3), 2.0), (3,), "expected probabilities"),
        (ONE_PER_CLASS, np.zeros((2, 1)), (1,), "with one unit a softmax is always 1"),
        (SPARSE, np.zeros(2), (1,), "one output per class.*with one unit a softmax is always 1"),
        (SPARSE, np.eye(3), (3,), "one class index per sample. For one-hot targets use 'categorical_crossentropy'"),
        (SPARSE, np.zeros((3, 2)), (3,), r"one class index per sample\.$"),
        (SPARSE, np.zeros(3), (28, 3), r"one class index per sample\. Is a Flatten\(\) missing from the model\?$"),
        (ONE_PER_CLASS, np.eye(3), (28, 3), r"Is a Flatten\(\) missing from the model\?$"),
        (SPARSE, np.array([0.5]), (3,), "y holds fractions"),
        (SPARSE, np.array([0, 3]), (3,), r"y\[1\]=3 is outside \[0, 3\).*labels run from 0 to 2"),
        (SPARSE, np.array([[0], [-1]]), (3,), r"y\[1\]=-1 is outside \[0, 3\)"),
    ],
)
def test_check_refuses(name, y, output_shape, expected):
    with pytest.raises(checks.RavineValueError, match=expected):
        losses.get(name).check(y, output_shape)


def test_get():
    loss = losses.MeanSquaredError()
    assert losses.get(loss) is loss
    with pytest.raises(checks.RavineValueError, match=r"loss='MSE' is unknown. Did you mean 'mse'\?"):
        losses.get("MSE")
    for wrong in (losses.MeanSquaredError, np.mean, None):
        with pytest.raises(checks.RavineTypeError, match=r"loss=.*expected a name such as 'mse' or an object"):
            losses.get(wrong)
