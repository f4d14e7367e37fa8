import dataclasses
import inspect
import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import special

from ravine import Input, Sequential, checks, losses, trees
from ravine.layers import Dense

# Keras hands NumPy its variables in a way that NumPy 2 will no longer take.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")

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


SIGNS = 2 * BITS - 1
COUNTS = RNG.integers(0, 5, (5, 3)).astype(float)
RATES = RNG.uniform(0.1, 4, size=(5, 3))
MAPS, GUESSES = (
    RNG.integers(0, 2, (5, 4, 2)).astype(float),
    RNG.uniform(0.01, 0.99, (5, 4, 2)),
)
SPARSE, ONE_PER_CLASS = "sparse_categorical_crossentropy", "categorical_crossentropy"


def huber(e, delta):
    return np.where(abs(e) <= delta, e**2 / 2, delta * abs(e) - delta**2 / 2).mean(axis=-1)


def smooth(y, s, classes):
    return y * (1 - s) + s / classes


def focal(y, p, gamma, alpha=None):
    q = y * p + (1 - y) * (1 - p)
    weight = 1 if alpha is None else y * alpha + (1 - y) * (1 - alpha)
    return -(weight * (1 - q) ** gamma * (y * np.log(p) + (1 - y) * np.log1p(-p))).mean(axis=-1)


def categorical_focal(y, p, gamma, alpha):
    p = p / p.sum(axis=-1, keepdims=True)
    return -(alpha * (1 - p) ** gamma * y * np.log(p)).sum(axis=-1)


def cosine(a, b, axis):
    lengths = np.linalg.norm(a, axis=axis) * np.linalg.norm(b, axis=axis)
    return (a * b).sum(axis=axis) / lengths


def dice(y, p, axis):
    return 1 - 2 * (y * p).sum(axis=axis) / (y.sum(axis=axis) + p.sum(axis=axis))


def tversky(y, p, a, b, axis):
    both = (y * p).sum(axis=axis)
    return 1 - both / (both + a * (y * (1 - p)).sum(axis=axis) + b * ((1 - y) * p).sum(axis=axis))


def circle(labels, vectors, gamma=80.0, margin=0.4, remove_diagonal=True):
    d = np.maximum(1 - vectors @ vectors.T, 0)
    same = labels[:, None] == labels
    near = same & ~np.eye(len(labels), dtype=bool) if remove_diagonal else same
    pull = special.logsumexp(np.where(near, gamma * (margin + d) * (d - margin), -np.inf), axis=1)
    push = special.logsumexp(np.where(same, -np.inf, gamma * np.maximum(1 + margin - d, 0) * (1 - margin - d)), axis=1)
    return np.logaddexp(0, pull + push)


def spelled(path):
    """What a way of classes reads: without repetitions, then without blanks."""
    return [c for c, before in zip(path, (None, *path), strict=False) if c != before and c]


def ctc(labels, logits):
    """By the definition: the sum over every way that reads the labels."""
    found = []
    for row, z in zip(labels, special.log_softmax(logits, axis=-1), strict=True):
        ways = [w for w in itertools.product(range(z.shape[1]), repeat=len(z)) if spelled(w) == [n for n in row if n]]
        found.append(-special.logsumexp([sum(z[t, c] for t, c in enumerate(way)) for way in ways]))
    return np.array(found)


PAIRED = np.array([0, 1, 0, 1, 1])
VECTORS = REAL / np.linalg.norm(REAL, axis=1, keepdims=True)
WORDS = np.array([[1, 2], [2, 2], [1, 0], [0, 0], [2, 1]])
STEPS = 2 * RNG.normal(size=(5, 4, 3))
P = CHANCES[range(5), LABELS]
LOGARITHMS = np.log1p(COUNTS) - np.log1p(RATES)
# name, arguments, targets, outputs, the value of each sample in float64
CASES = [
    ("mean_squared_error", {}, REAL, UNIT, ((REAL - UNIT) ** 2).mean(axis=1)),
    ("mean_absolute_error", {}, REAL, UNIT, np.abs(REAL - UNIT).mean(axis=1)),
    ("mean_absolute_percentage_error", {}, REAL, UNIT, 100 * np.abs((REAL - UNIT) / REAL).mean(axis=1)),
    ("mean_squared_logarithmic_error", {}, COUNTS + 1, RATES, ((np.log1p(COUNTS + 1) - np.log1p(RATES)) ** 2).mean(1)),
    ("mean_squared_logarithmic_error", {}, COUNTS, RATES, (LOGARITHMS**2).mean(axis=1)),
    ("huber", {}, REAL, UNIT, huber(UNIT - REAL, 1)),
    ("huber", {"delta": 0.3}, REAL, UNIT, huber(UNIT - REAL, 0.3)),
    ("log_cosh", {}, REAL, UNIT, np.log(np.cosh(UNIT - REAL)).mean(axis=1)),
    ("log_cosh", {}, 30 * REAL, UNIT, np.logaddexp(30 * REAL - UNIT, UNIT - 30 * REAL).mean(axis=1) - np.log(2)),
    ("cosine_similarity", {}, REAL, UNIT, -cosine(REAL, UNIT, 1)),
    ("cosine_similarity", {"axis": 1}, MAPS + 0.1, GUESSES, -cosine(MAPS + 0.1, GUESSES, 1).mean(axis=1)),
    ("hinge", {}, BITS, REAL, np.maximum(1 - SIGNS * REAL, 0).mean(axis=1)),
    ("hinge", {}, SIGNS, REAL, np.maximum(1 - SIGNS * REAL, 0).mean(axis=1)),
    ("squared_hinge", {}, BITS, REAL, (np.maximum(1 - SIGNS * REAL, 0) ** 2).mean(axis=1)),
    ("squared_hinge", {}, SIGNS, REAL, (np.maximum(1 - SIGNS * REAL, 0) ** 2).mean(axis=1)),
    (
        "categorical_hinge",
        {},
        ONE_HOT,
        REAL,
        np.maximum(((1 - ONE_HOT) * REAL).max(axis=1) - REAL[range(5), LABELS] + 1, 0),
    ),
    ("kl_divergence", {}, SOFT, CHANCES, (SOFT * np.log(SOFT / CHANCES)).sum(axis=1)),
    ("kl_divergence", {}, ONE_HOT, CHANCES, -np.log(P) + 2 * 1e-7 * np.log(1e-7)),
    ("poisson", {}, COUNTS, RATES, (RATES - COUNTS * np.log(RATES)).mean(axis=1)),
    ("binary_crossentropy", {}, BITS, UNIT, binary(BITS, UNIT)),
    ("binary_crossentropy", {}, UNIT, CHANCES, binary(UNIT, CHANCES)),
    ("binary_crossentropy", {"from_logits": True}, BITS, REAL, binary(BITS, special.expit(REAL))),
    ("binary_crossentropy", {"label_smoothing": 0.2}, BITS, UNIT, binary(smooth(BITS, 0.2, 2), UNIT)),
    (
        "binary_crossentropy",
        {"from_logits": True, "label_smoothing": 0.2},
        BITS,
        REAL,
        binary(smooth(BITS, 0.2, 2), special.expit(REAL)),
    ),
    ("binary_focal_crossentropy", {}, BITS, UNIT, focal(BITS, UNIT, 2)),
    (
        "binary_focal_crossentropy",
        {"apply_class_balancing": True, "alpha": 0.3, "gamma": 0.5},
        BITS,
        UNIT,
        focal(BITS, UNIT, 0.5, 0.3),
    ),
    (
        "binary_focal_crossentropy",
        {"from_logits": True, "label_smoothing": 0.1},
        BITS,
        REAL,
        focal(smooth(BITS, 0.1, 2), special.expit(REAL), 2),
    ),
    ("categorical_crossentropy", {}, ONE_HOT, CHANCES, categorical(ONE_HOT, CHANCES)),
    ("categorical_crossentropy", {}, SOFT, UNIT, categorical(SOFT, UNIT)),
    ("categorical_crossentropy", {"from_logits": True}, SOFT, REAL, categorical(SOFT, CHANCES)),
    ("categorical_crossentropy", {"label_smoothing": 0.3}, ONE_HOT, UNIT, categorical(smooth(ONE_HOT, 0.3, 3), UNIT)),
    (
        "categorical_crossentropy",
        {"from_logits": True, "label_smoothing": 0.3},
        ONE_HOT,
        REAL,
        categorical(smooth(ONE_HOT, 0.3, 3), CHANCES),
    ),
    ("categorical_focal_crossentropy", {}, ONE_HOT, UNIT, categorical_focal(ONE_HOT, UNIT, 2, 0.25)),
    (
        "categorical_focal_crossentropy",
        {"alpha": [0.2, 0.5, 0.3], "gamma": 1.0, "label_smoothing": 0.1},
        ONE_HOT,
        UNIT,
        categorical_focal(smooth(ONE_HOT, 0.1, 3), UNIT, 1, [0.2, 0.5, 0.3]),
    ),
    (
        "categorical_focal_crossentropy",
        {"from_logits": True},
        ONE_HOT,
        REAL,
        categorical_focal(ONE_HOT, CHANCES, 2, 0.25),
    ),
    ("sparse_categorical_crossentropy", {}, LABELS, CHANCES, categorical(ONE_HOT, CHANCES)),
    ("sparse_categorical_crossentropy", {}, LABELS[:, None], UNIT, categorical(ONE_HOT, UNIT)),
    ("sparse_categorical_crossentropy", {"from_logits": True}, LABELS, REAL, categorical(ONE_HOT, CHANCES)),
    ("categorical_generalized_cross_entropy", {"q": 0.5}, LABELS, CHANCES, (1 - P**0.5) / 0.5),
    ("categorical_generalized_cross_entropy", {"q": 0.9}, LABELS, CHANCES, (1 - P**0.9) / 0.9),
    ("circle", {}, PAIRED, VECTORS, circle(PAIRED, VECTORS)),
    (
        "circle",
        {"gamma": 3.0, "margin": 0.2, "remove_diagonal": False},
        LABELS[:, None],
        VECTORS,
        circle(LABELS, VECTORS, 3.0, 0.2, remove_diagonal=False),
    ),
    ("ctc", {}, WORDS, STEPS, ctc(WORDS, STEPS)),
    ("ctc", {}, WORDS[:, :1], STEPS[:, :1], ctc(WORDS[:, :1], STEPS[:, :1])),
    ("dice", {}, MAPS, GUESSES, np.full(5, dice(MAPS, GUESSES, None))),
    ("dice", {"axis": (1, 2)}, MAPS, GUESSES, dice(MAPS, GUESSES, (1, 2))),
    ("dice", {"axis": 1}, MAPS, GUESSES, dice(MAPS, GUESSES, 1).mean(axis=1)),
    ("tversky", {}, MAPS, GUESSES, np.full(5, dice(MAPS, GUESSES, None))),
    ("tversky", {"alpha": 0.3, "beta": 0.9}, MAPS, GUESSES, np.full(5, tversky(MAPS, GUESSES, 0.3, 0.9, None))),
    (
        "tversky",
        {"alpha": 0.3, "beta": 0.9, "axis": (1, 2)},
        MAPS,
        GUESSES,
        tversky(MAPS, GUESSES, 0.3, 0.9, (1, 2)),
    ),
]
IDS = [f"{i}-{name}" for i, (name, *_) in enumerate(CASES)]


def as_given(y, outputs):
    """Targets and outputs in the types that a run holds them in."""
    return jnp.asarray(y, jnp.int32 if y.dtype.kind == "i" else jnp.float32), jnp.asarray(outputs, jnp.float32)


@jax.jit
def values_and_gradient(loss, y, outputs):
    """The value of each sample, and the gradient of their mean."""
    return loss.values(y, outputs), jax.grad(lambda outputs: loss.values(y, outputs).mean())(outputs)


def of_all_cases(of_case):
    """What ``of_case`` gives for each case, all in one program: one for each would take several times as long."""
    options = [(name, options) for name, options, *_ in CASES]
    given = [as_given(y, outputs) for *_, y, outputs, _ in CASES]
    return jax.jit(lambda given: [of_case(*o, *g) for o, g in zip(options, given, strict=True)])(given)


@pytest.fixture(scope="module")
def ours():
    """For each case the value of each sample, the gradient of their mean, and the value of the function."""

    def of_case(name, options, y, outputs):
        found = values_and_gradient(losses.TABLE[name](**options), y, outputs)
        return *found, getattr(losses, name)(y, outputs, **options)

    return of_all_cases(of_case)


@pytest.fixture(scope="module")
def theirs(keras):
    """For each case the gradient of the mean of Keras's value, and the value."""

    def of_case(name, options, y, outputs):
        def score(outputs):
            values = getattr(keras.losses, name)(y, outputs, **options)
            return values.mean(), values

        return jax.grad(score, has_aux=True)(outputs)

    return of_all_cases(of_case)


@pytest.mark.parametrize("case", range(len(CASES)), ids=IDS)
def test_values(case, ours):
    np.testing.assert_allclose(ours[case][0], CASES[case][-1], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("case", range(len(CASES)), ids=IDS)
def test_values_and_gradients_are_keras(case, ours, theirs):
    (values, gradient, of_function), (their_gradient, expected) = ours[case], theirs[case]
    np.testing.assert_allclose(of_function, expected, rtol=1e-5, atol=1e-6)
    by_sample = expected.reshape(5, -1).mean(axis=1) if expected.ndim else np.full(5, expected)
    np.testing.assert_allclose(values, by_sample, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(gradient, their_gradient, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("function", "cls"), losses.FUNCTIONS.items(), ids=lambda value: value.__name__)
def test_a_function_knows_its_class(function, cls):
    assert losses.get(function) == losses.get(function.__name__) == losses.TABLE[function.__name__]() == cls()


def test_every_loss_has_a_case():
    assert {name for name, *_ in CASES} == {f.__name__ for f in losses.FUNCTIONS}


@pytest.mark.parametrize("cls", losses.FUNCTIONS.values(), ids=lambda cls: cls.__name__)
def test_arguments_have_the_names_order_and_defaults_of_keras(cls, keras):
    expected = dict(inspect.signature(getattr(keras.losses, cls.__name__)).parameters)
    # The axis of the classes is the last one, and dtypes are those of the run.
    left_out = {"dtype", "name"} | ({"axis"} if "rossentropy" in cls.__name__ else set())
    expected = {name: p.default for name, p in expected.items() if name not in left_out}
    found = {name: p.default for name, p in inspect.signature(cls).parameters.items() if name != "name"}
    if cls is losses.CategoricalGeneralizedCrossEntropy:
        assert found.pop("from_logits") is False  # what its link with a softmax takes
    if cls is losses.SparseCategoricalCrossentropy:
        assert found.pop("label_smoothing") is None  # which Keras has for one-hot targets alone
    assert found == expected
    positional = [name for name in expected if name != "reduction" and (name, "axis") != ("axis", None)]
    assert [name for name in found if name in positional] == positional


@pytest.mark.parametrize(
    ("name", "cls"),
    [
        ("mse", losses.MeanSquaredError),
        ("MSE", losses.MeanSquaredError),
        ("mae", losses.MeanAbsoluteError),
        ("MAPE", losses.MeanAbsolutePercentageError),
        ("msle", losses.MeanSquaredLogarithmicError),
        ("bce", losses.BinaryCrossentropy),
        ("KLD", losses.KLDivergence),
        ("Huber", losses.Huber),
        ("SparseCategoricalCrossentropy", losses.SparseCategoricalCrossentropy),
    ],
)
def test_aliases(name, cls, keras):
    assert losses.get(name) == losses.get(cls) == losses.get(cls()) == cls()
    assert keras.losses.get(name) is not None


@pytest.mark.parametrize("name", ["crossentropy", "ce", "CE"])
@pytest.mark.parametrize(
    ("y_shape", "output_shape", "expected"),
    [
        ((5,), (1,), losses.BinaryCrossentropy),
        ((5, 1), (1,), losses.BinaryCrossentropy),
        ((5,), (3,), losses.SparseCategoricalCrossentropy),
        ((5, 1), (3,), losses.SparseCategoricalCrossentropy),
        ((5, 3), (3,), losses.CategoricalCrossentropy),
        ((5, 7), (7, 3), losses.SparseCategoricalCrossentropy),
        ((5, 7, 1), (7, 3), losses.SparseCategoricalCrossentropy),
        ((5, 7, 3), (7, 3), losses.CategoricalCrossentropy),
    ],
)
def test_the_crossentropy_that_fits_is_that_of_keras(name, y_shape, output_shape, expected, keras):
    from keras.src.trainers.compile_utils import get_loss

    assert losses.get(name).fitted(y_shape, output_shape) == expected()
    theirs = get_loss(name, np.zeros(y_shape), np.zeros((5, *output_shape)))
    assert losses.get(theirs.fn.__name__) == expected()
    assert losses.get("mse").fitted(y_shape, output_shape) == losses.get("mse")


def test_training_with_the_crossentropy_that_fits(tiny):
    short = tiny.model(loss="crossentropy")
    for y, name in ((tiny.y, "sparse_categorical_crossentropy"), (np.eye(3)[tiny.y], "categorical_crossentropy")):
        long = tiny.model(loss=name)
        tasks = [model.compilation.task("fit", model.network, y.shape, (3,)) for model in (short, long)]
        assert jax.tree.structure(tasks[0]) == jax.tree.structure(tasks[1])  # one program
        assert (tasks[0].network.link, tasks[0].loss) == ("softmax", losses.get(name).on_logits())
    with pytest.raises(checks.RavineValueError, match=r"metrics\[0\]='crossentropy' is unknown"):
        tiny.model(metrics=["crossentropy"])  # nor does Keras know it


@pytest.mark.parametrize("cls", losses.FUNCTIONS.values(), ids=lambda cls: cls.__name__)
def test_numbers_are_leaves_and_choices_are_structure(cls):
    numbers = {"delta", "alpha", "beta", "gamma", "margin", "q", "label_smoothing"}
    assert {k.name for (k,), _ in jax.tree_util.tree_leaves_with_path(cls())} <= numbers
    for name in numbers & set(inspect.signature(cls).parameters):
        structures = {jax.tree.structure(cls(**{name: value})) for value in (0.25, 0.75)}
        assert len(structures) == 1


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
    (losses.BinaryFocalCrossentropy(gamma=0.5), BITS, special.expit),
    (losses.CategoricalFocalCrossentropy(gamma=0.5), ONE_HOT, lambda z: special.softmax(z, axis=-1)),
    (losses.CategoricalGeneralizedCrossEntropy(), LABELS, lambda z: special.softmax(z, axis=-1)),
]


@pytest.mark.parametrize(("loss", "y", "link"), CROSSENTROPIES)
def test_on_logits_is_the_same_loss(loss, y, link):
    y, outputs = as_given(y, link(REAL))
    assert loss.on_logits() == dataclasses.replace(loss, from_logits=True) == loss.on_logits().on_logits()
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
    with pytest.raises(checks.RavineValueError, match=r"loss='msee' is unknown. Did you mean 'mse'\?"):
        losses.get("msee")
    for wrong in (int, 3, None):
        with pytest.raises(checks.RavineTypeError, match=r"loss=.*expected a name such as 'mse', an object such as"):
            losses.get(wrong)


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        (losses.Huber(delta=0), "delta=0: expected a finite number above 0"),
        (losses.BinaryCrossentropy(label_smoothing=1.5), "label_smoothing=1.5: .* of at least 0 of at most 1"),
        (losses.CategoricalCrossentropy(label_smoothing=-0.1), "label_smoothing=-0.1"),
        (losses.BinaryCrossentropy(from_logits="yes"), "from_logits='yes' is a str"),
        (losses.BinaryFocalCrossentropy(alpha=2), "alpha=2: expected a finite number of at least 0 of at most 1"),
        (losses.BinaryFocalCrossentropy(gamma=-1), "gamma=-1"),
        (losses.BinaryFocalCrossentropy(apply_class_balancing=1), "apply_class_balancing=1 is a int"),
        (losses.CategoricalFocalCrossentropy(alpha=[0.2, -1]), "alpha=-1"),
        (losses.CategoricalGeneralizedCrossEntropy(q=1), "q=1: expected a finite number above 0 below 1"),
        (losses.SparseCategoricalCrossentropy(ignore_class=0.5), "ignore_class=0.5 is a float"),
        (losses.CosineSimilarity(axis="x"), "axis='x' is a str: expected an integer"),
        (losses.Dice(axis=()), r"axis=\(\) is a tuple: expected None, an integer or several"),
        (losses.Tversky(alpha=-1), "alpha=-1"),
        (losses.Tversky(beta="much"), "beta='much' is a str"),
        (losses.Circle(gamma=0), "gamma=0: expected a finite number above 0"),
        (losses.Circle(margin=1), "margin=1: expected a finite number above 0 below 1"),
        (losses.Circle(remove_diagonal=0), "remove_diagonal=0 is a int"),
        (
            losses.MeanSquaredError(reduction="none"),
            "reduction='none': expected one of .* training needs a single number",
        ),
        (losses.MeanSquaredError(reduction="mena"), "reduction='mena' is unknown. Did you mean 'mean'"),
        (losses.MeanSquaredError(name=3), "loss.name=3 is a int"),
    ],
)
def test_settings_that_cannot_work(loss, expected):
    with pytest.raises(checks.RavineError, match=expected):
        losses.get(loss)


@pytest.mark.parametrize(
    ("loss", "y", "output_shape", "expected"),
    [
        (losses.KLDivergence(), np.full((2, 3), 2.0), (3,), "y holds values from 2 to 2: kl_divergence expected prob"),
        (losses.Poisson(), np.array([1, -1]), (1,), "poisson expected counts, which are at least 0"),
        (losses.MeanSquaredLogarithmicError(), np.array([-1.0]), (1,), "expected targets of at least 0"),
        (losses.Hinge(), np.array([0, 1, 2]), (1,), "hinge expected targets of -1 and 1, or of 0 and 1"),
        (losses.SquaredHinge(), np.array([-1, 0, 1]), (1,), "squared_hinge expected targets of -1 and 1"),
        (losses.CategoricalHinge(), LABELS, (3,), r"y has shape \(5,\)"),
        (losses.BinaryFocalCrossentropy(), np.array([3]), (1,), r"expected targets in \[0, 1\]"),
        (losses.CategoricalFocalCrossentropy(), LABELS, (3,), "one-hot .* use 'sparse_categorical_crossentropy'"),
        (losses.CategoricalFocalCrossentropy([1, 2]), ONE_HOT, (3,), "alpha=.*or one for each of the 3 classes"),
        (losses.CategoricalGeneralizedCrossEntropy(), ONE_HOT, (3,), "expected one class index per sample"),
        (losses.CategoricalGeneralizedCrossEntropy(), np.array([3]), (3,), r"y\[0\]=3 is outside \[0, 3\)"),
        (losses.SparseCategoricalCrossentropy(ignore_class=-1), np.array([-2]), (3,), r"y\[0\]=-2 is outside"),
        (losses.CosineSimilarity(axis=2), ONE_HOT, (3,), r"axis=2: expected an axis of \(None, 3\) other than"),
        (losses.CosineSimilarity(axis=0), ONE_HOT, (3,), "axis=0"),
        (losses.Dice(), np.array([2.0]), (1,), r"dice expected targets in \[0, 1\]"),
        (losses.Dice(axis=(1, 3)), ONE_HOT, (3,), r"axis=\(1, 3\): expected axes of \(None, 3\)"),
        (losses.Tversky(axis=3), ONE_HOT, (3,), "axis=3"),
        (losses.Circle(), ONE_HOT, (3,), r"y has shape \(5, 3\) .*: circle expected one label per sample and outputs"),
        (losses.Circle(), LABELS, (2, 3), r"circle expected .* outputs of shape \(None, features\)"),
        (losses.Circle(), UNIT[:, 0], (3,), "y holds fractions: circle expected labels"),
        (losses.CTC(), LABELS, (4, 3), r"ctc expected y of shape \(rows, labels\)"),
        (losses.CTC(), WORDS, (3,), r"ctc expected .* outputs of shape \(None, steps, classes\)"),
        (losses.CTC(), WORDS, (4, 2), r"y\[0\]=2 is outside \[0, 2\)"),
        (losses.CTC(), WORDS[:, ::-1], (4, 3), r"y\[2\] has label 1 after a 0, which ends the labels"),
        (losses.CTC(), WORDS, (2, 3), r"y\[1\] takes 3 steps, .* model's output \(None, 2, 3\) has 2"),
    ],
)
def test_targets_that_do_not_fit(loss, y, output_shape, expected):
    with pytest.raises(checks.RavineValueError, match=expected):
        loss.check(y, output_shape)


IGNORING = losses.SparseCategoricalCrossentropy(ignore_class=-1)


@pytest.mark.parametrize("labels", [[0, -1, 1, -1, 2], [-1] * 5, [0, 1, 2, 0, 1]])
@pytest.mark.parametrize("weights", [None, [0.5, 1, 2, 3, 0]])
def test_a_class_to_ignore_counts_for_nothing(labels, weights, keras):
    y, outputs = as_given(np.array(labels), CHANCES)
    IGNORING.check(np.array(labels), (3,))
    weights = None if weights is None else jnp.float32(weights)
    theirs = keras.losses.SparseCategoricalCrossentropy(ignore_class=-1)(y, outputs, sample_weight=weights)
    found = IGNORING.reduced(IGNORING.values(y, outputs), weights)
    np.testing.assert_allclose(found, theirs, rtol=1e-5)


@pytest.mark.parametrize("reduction", losses.base.REDUCTIONS)
@pytest.mark.parametrize("weights", [None, [0.5, 1, 2, 3, 0]])
def test_samples_that_circle_compares_with_nothing_are_not_counted(reduction, weights, keras):
    y, outputs = as_given(LABELS, VECTORS)  # 1 is there once
    weights = None if weights is None else jnp.float32(weights)
    loss = losses.Circle(reduction=reduction)
    loss.check(LABELS, (3,))
    theirs = keras.losses.Circle(reduction=reduction)(y, outputs, sample_weight=weights)
    np.testing.assert_allclose(loss.reduced(loss.values(y, outputs), weights), theirs, rtol=1e-5)
    for labels in (jnp.arange(5), jnp.zeros(5, int)):  # all different, all the same
        values, gradient = values_and_gradient(loss, labels, outputs)
        assert not values.any()
        assert not gradient.any()
        assert loss.reduced(values, weights) == 0


def test_circle_compares_with_others_too(keras):
    y, outputs = as_given(PAIRED, VECTORS)
    others = jnp.int32([1, 0, 1]), outputs[2:]
    for remove in (True, False):
        expected = keras.losses.circle(y, outputs, *others, remove_diagonal=remove)
        np.testing.assert_allclose(losses.circle(y, outputs, *others, remove_diagonal=remove), expected, rtol=1e-5)


def test_ctc_stays_finite_for_long_and_wrong_sequences(keras):
    y = jnp.asarray(RNG.integers(1, 5, (5, 2)))
    outputs = jnp.float32(500 * RNG.normal(size=(5, 40, 5)))
    values, gradient = values_and_gradient(losses.CTC(), y, outputs)
    np.testing.assert_allclose(values, jax.jit(keras.losses.ctc)(y, outputs), rtol=1e-5)
    assert jnp.isfinite(gradient).all()


@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "mean", "sum", "mean_with_sample_weight"])
@pytest.mark.parametrize("weights", [None, [0.5, 1, 2, 3, 0], [0, 0, 0, 0, 0]])
def test_reductions_are_those_of_keras(reduction, weights, keras):
    y, outputs = as_given(REAL, UNIT)
    weights = None if weights is None else jnp.float32(weights)
    loss = losses.MeanSquaredError(reduction=reduction)
    theirs = keras.losses.MeanSquaredError(reduction=reduction)(y, outputs, sample_weight=weights)
    np.testing.assert_allclose(loss.reduced(loss.values(y, outputs), weights), theirs, rtol=1e-5)


def test_a_function_of_ones_own(tiny, adopt):
    def square(y, outputs):
        return (y - outputs) ** 2  # [batch, outputs]

    def whole(y, outputs):
        return jnp.mean((y - outputs) ** 2)

    def trained(loss, weights):
        model = adopt(small("sgd", loss), [np.ones((6, 1)), np.ones(1)])
        assert model.compilation.loss == losses.get(loss)
        return [model.train_on_batch(tiny.x, tiny.x[:, 0], sample_weight=weights) for _ in range(3)]

    weights = np.linspace(0, 2, 20)
    np.testing.assert_allclose(trained(square, weights), trained("mse", weights), rtol=1e-6)
    np.testing.assert_allclose(trained(whole, None), trained("mse", None), rtol=1e-6)


def small(optimizer, loss):
    model = Sequential([Input((6,)), Dense(1)])
    model.compile(optimizer, loss)
    return model


def broken(y, outputs):
    return y @ outputs @ y


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda y, outputs: 0, "expected a function that gives floats"),
        (lambda y, outputs: outputs[1:], "expected a function of y and outputs to an array"),
        (lambda y, outputs: (y, outputs), "expected a function of y and outputs to an array"),
        (lambda y, outputs: outputs > y, "expected a function that gives floats"),
        (lambda y: y, "failed for y of shape .* TypeError: .*takes 1 positional argument but 2 were given"),
        (broken, r"loss=<function broken at .*> failed for y of shape \(20,\) and outputs of shape \(20, 1\)"),
    ],
)
def test_functions_that_cannot_work_are_refused_before_training(function, expected, tiny):
    with pytest.raises(checks.RavineValueError, match=expected):
        tiny.fit(small("sgd", function), y=tiny.x[:, 0])


WATCHED = [
    ("BinaryFocalCrossentropy", {"gamma": 1.5}, "sigmoid"),
    ("CategoricalCrossentropy", {"label_smoothing": 0.2}, "softmax"),
    ("Hinge", {"reduction": "sum"}, "tanh"),
    *(
        pytest.param(*case, marks=pytest.mark.slow)
        for case in (
            ("Circle", {"gamma": 2.0}, None),
            ("Huber", {"delta": 0.1}, None),
            ("BinaryCrossentropy", {"label_smoothing": 0.2}, "sigmoid"),
            ("CategoricalFocalCrossentropy", {}, "softmax"),
            ("Dice", {"axis": 1}, "sigmoid"),
            ("KLDivergence", {}, "softmax"),
        )
    ),
]


@pytest.mark.parametrize(("name", "settings", "activation"), WATCHED)
def test_training_is_that_of_keras(name, settings, activation, tiny, keras, adopt):
    targets = tiny.y if name == "Circle" else np.eye(3, dtype=np.float32)[tiny.y]
    ours = Sequential([Input((6,)), Dense(3, activation=activation)])
    theirs = keras.Sequential([keras.Input((6,)), keras.layers.Dense(3, activation=activation)])
    adopt(ours, theirs.get_weights())
    # Batches of one size, in training and in validation, since Keras compiles its steps for each.
    histories, weights, held_out = [], np.linspace(0, 2, 20)[:16], (tiny.x[-8:], targets[-8:])
    for model, library in ((ours, losses), (theirs, keras.losses)):
        model.compile("sgd", getattr(library, name)(**settings))
        common = {"batch_size": 8, "epochs": 2, "verbose": 0, "shuffle": False, "validation_data": held_out}
        histories.append(model.fit(tiny.x[:16], targets[:16], sample_weight=weights, **common).history)
    for key in histories[1]:
        np.testing.assert_allclose(histories[0][key], histories[1][key], rtol=1e-5, atol=1e-6, err_msg=key)


def test_label_smoothing_and_its_like_are_no_compilation(tiny, compilations):
    def train(smoothing):
        loss = losses.CategoricalCrossentropy(label_smoothing=smoothing)
        return tiny.model(loss=loss, metrics=None).train_on_batch(tiny.x, np.eye(3)[tiny.y])

    first = train(0.0)
    compilations.clear()
    assert train(0.1) != first
    assert compilations == []
