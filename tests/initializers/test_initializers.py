import jax
import numpy as np
import pytest
from scipy import stats

from ravine import Input, Sequential, checks, initializers, layers

KEY = jax.random.key(0)
SHAPE = (50, 400)
CUT = 0.87962566103423978

# An initializer, its arguments, and the distribution of what it draws.
DRAWN = [
    ("RandomNormal", {}, stats.norm(0, 0.05)),
    ("RandomNormal", {"mean": 1.0, "stddev": 2.0}, stats.norm(1, 2)),
    ("TruncatedNormal", {}, stats.truncnorm(-2, 2, 0, 0.05)),
    ("TruncatedNormal", {"mean": -1.0, "stddev": 0.5}, stats.truncnorm(-2, 2, -1, 0.5)),
    ("RandomUniform", {}, stats.uniform(-0.05, 0.1)),
    ("RandomUniform", {"minval": 1.0, "maxval": 3.0}, stats.uniform(1, 2)),
]


def truncated(variance):
    deviation = np.sqrt(variance) / CUT
    return stats.truncnorm(-2, 2, 0, deviation)


def uniform(variance):
    bound = np.sqrt(3 * variance)
    return stats.uniform(-bound, 2 * bound)


DRAWN += [
    ("GlorotUniform", {}, uniform(2 / 450)),
    ("GlorotNormal", {}, truncated(2 / 450)),
    ("HeUniform", {}, uniform(2 / 50)),
    ("HeNormal", {}, truncated(2 / 50)),
    ("LecunUniform", {}, uniform(1 / 50)),
    ("LecunNormal", {}, truncated(1 / 50)),
    ("HeNormal", {"input_axes": [1], "output_axes": [0]}, truncated(2 / 400)),
    ("VarianceScaling", {}, truncated(1 / 50)),
    ("VarianceScaling", {"scale": 3.0, "mode": "fan_out", "distribution": "uniform"}, uniform(3 / 400)),
    ("VarianceScaling", {"mode": "fan_avg", "distribution": "normal"}, truncated(1 / 225)),
    ("VarianceScaling", {"distribution": "untruncated_normal"}, stats.norm(0, np.sqrt(1 / 50))),
]
IDS = [f"{i}-{name}" for i, (name, *_) in enumerate(DRAWN)]


def assert_drawn_from(weights, distribution):
    # 20,000 draws: a right one is refused once in ten thousand times, one of 3 % too wide a spread almost always.
    weights = np.asarray(weights, float)
    assert stats.kstest(weights.ravel(), distribution.cdf).pvalue > 1e-4
    assert weights.std() == pytest.approx(distribution.std(), rel=0.03)
    low, high = distribution.support()
    spare = 1e-5 * distribution.std()
    assert low - spare <= weights.min() <= weights.max() <= high + spare


@pytest.mark.parametrize(("name", "settings", "distribution"), DRAWN, ids=IDS)
def test_the_distribution_is_the_formulas(name, settings, distribution):
    weights = getattr(initializers, name)(**settings)(KEY, SHAPE)
    assert weights.shape == SHAPE
    assert weights.dtype == np.float32
    assert_drawn_from(weights, distribution)


@pytest.mark.parametrize(("name", "settings", "distribution"), DRAWN, ids=IDS)
def test_the_distribution_is_that_of_keras(name, settings, distribution, keras):
    assert_drawn_from(getattr(keras.initializers, name)(**settings, seed=0)(SHAPE), distribution)


@pytest.mark.differs("initializer-seeds")
@pytest.mark.parametrize(("name", "settings", "distribution"), DRAWN, ids=IDS)
def test_a_key_decides_and_so_does_a_seed(name, settings, distribution):
    cls = getattr(initializers, name)
    if "input_axes" not in settings:
        assert cls(**settings)(KEY, (5,)).shape == (5,)  # any of them draws a bias
    draw = cls(**settings)
    np.testing.assert_array_equal(draw(KEY, (3, 4)), draw(KEY, (3, 4)))
    assert (draw(KEY, (3, 4)) != draw(jax.random.key(1), (3, 4))).all()
    seeded, other = cls(**settings, seed=1), cls(**settings, seed=2)
    np.testing.assert_array_equal(seeded(KEY, (3, 4)), seeded(KEY, (3, 4)))
    assert (seeded(KEY, (3, 4)) != draw(KEY, (3, 4))).all()
    assert (seeded(KEY, (3, 4)) != other(KEY, (3, 4))).all()


EXACT = [
    ("Zeros", {}, (3, 4)),
    ("Ones", {}, (3, 4)),
    ("Constant", {}, (5,)),
    ("Constant", {"value": 2.5}, (3, 4)),
    ("Identity", {}, (3, 4)),
    ("Identity", {"gain": -2.0}, (4, 4)),
]
WAVES = [
    {},
    {"side": "imag", "scaling": "spectrum", "periodic": True},
    {"window": None, "side": "imag"},
    {"window": "hamming", "scaling": None},
    {"window": [1.0, 2.0, -1.0, 0.5, 1.0, 1.0, 1.0, 1.0], "scaling": "spectrum"},
]


@pytest.mark.parametrize(("name", "settings", "shape"), EXACT)
def test_what_is_not_drawn_is_that_of_keras(name, settings, shape, keras):
    expected = np.asarray(getattr(keras.initializers, name)(**settings)(shape))
    np.testing.assert_array_equal(getattr(initializers, name)(**settings)(KEY, shape), expected)


@pytest.mark.parametrize("settings", WAVES, ids=str)
def test_waves_are_those_of_keras(settings, keras):
    rule = initializers.get(initializers.STFT(**settings))
    theirs = keras.initializers.STFT(**{n: np.float32(v) if isinstance(v, list) else v for n, v in settings.items()})
    np.testing.assert_allclose(rule(KEY, (8, 1, 5)), theirs((8, 1, 5)), rtol=1e-5, atol=1e-5)
    assert hash(rule) == hash(initializers.STFT(**settings))


def test_every_initializer_is_in_a_table():
    covered = {name for name, *_ in DRAWN} | {name for name, *_ in EXACT} | {"Orthogonal", "STFT"}
    assert covered == {cls.__name__ for cls in initializers.TABLE.values()}


@pytest.mark.parametrize("shape", [(6, 4), (4, 6), (5, 5), (2, 3, 4), (2, 2, 9)])
def test_orthogonal(shape):
    q = np.asarray(initializers.Orthogonal(gain=3.0)(KEY, shape)).reshape(-1, shape[-1]) / 3
    product = q.T @ q if q.shape[0] >= q.shape[1] else q @ q.T
    np.testing.assert_allclose(product, np.eye(min(q.shape)), atol=1e-6)


def test_every_orthogonal_matrix_is_equally_likely():
    draw = initializers.Orthogonal()
    found = np.asarray(jax.vmap(lambda key: draw(key, (3, 3)))(jax.random.split(KEY, 4000)))
    # Each entry of a Haar-distributed matrix has mean 0 and variance 1/3.
    np.testing.assert_allclose(found.mean(axis=0), np.zeros((3, 3)), atol=0.04)
    np.testing.assert_allclose(found.var(axis=0), np.full((3, 3), 1 / 3), atol=0.03)


@pytest.mark.parametrize("name", initializers.TABLE)
def test_names(name, keras):
    cls = initializers.TABLE[name]
    assert initializers.get(name) == initializers.get(cls.__name__) == initializers.get(cls) == cls()
    assert getattr(initializers, name) is cls
    from keras.src.initializers import ALL_OBJECTS_DICT

    assert cls.__name__ == ALL_OBJECTS_DICT[name].__name__


@pytest.mark.parametrize(
    ("alias", "expected"),
    [("one", "Ones"), ("zero", "Zeros"), ("normal", "RandomNormal"), ("uniform", "RandomUniform")],
)
def test_aliases(alias, expected, keras):
    assert type(initializers.get(alias)).__name__ == expected == type(keras.initializers.get(alias)).__name__


def test_an_initializer_is_a_value():
    rules = [cls() for cls in initializers.TABLE.values()]
    assert len(set(rules)) == len(rules)
    assert initializers.HeNormal() == initializers.HeNormal()
    assert initializers.HeNormal() != initializers.HeNormal(seed=1)
    assert hash(initializers.HeNormal(input_axes=[0], output_axes=[1])) == hash(
        initializers.HeNormal(input_axes=(0,), output_axes=(1,))
    )
    with pytest.raises(AttributeError):
        initializers.HeNormal().seed = 3


def test_names_draw_what_they_drew_as_functions():
    # The figures of the documentation were drawn with these numbers.
    bound = np.sqrt(6 / 450)
    expected = bound * jax.random.uniform(KEY, SHAPE, minval=-1.0)
    np.testing.assert_allclose(initializers.get("glorot_uniform")(KEY, SHAPE), expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((), (1, 1)), ((7,), (7, 7)), ((3, 5), (3, 5)), ((3, 3, 4, 5), (36, 45))],
    ids=["scalar", "bias", "dense", "conv"],
)
def test_fans_are_those_of_keras(shape, expected, keras):
    assert initializers.fans(shape) == expected
    from keras.src.initializers.random_initializers import compute_fans

    assert compute_fans(shape) == expected


def test_equal_initializers_share_a_program(tiny, compilations):
    def model():
        dense = [
            layers.Dense(4, kernel_initializer=initializers.HeNormal(), bias_initializer=initializers.Constant(0.1)),
            layers.Dense(3, activation="softmax", kernel_initializer=initializers.Orthogonal(gain=0.5)),
        ]
        made = Sequential([Input((6,)), *dense])
        made.compile("sgd", "sparse_categorical_crossentropy")
        return made

    tiny.fit(model())
    compilations.clear()
    tiny.fit(model())
    assert "train_member" not in compilations


def test_get():
    def mine(key, shape):
        return jax.numpy.ones(shape)

    assert initializers.get(mine) is mine
    rule = initializers.HeNormal(seed=3)
    assert initializers.get(rule) is rule
    with pytest.raises(checks.RavineValueError, match=r"initializer='he_norm' is unknown. Did you mean 'he_normal'\?"):
        initializers.get("he_norm")
    for wrong in (None, int, 3):
        with pytest.raises(checks.RavineTypeError, match=r"initializer=.* is a .*: expected a name, an object"):
            initializers.get(wrong)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (initializers.RandomNormal(stddev=-1), "stddev=-1: expected a finite number of at least 0"),
        (initializers.RandomNormal(mean=float("nan")), "mean=nan"),
        (initializers.TruncatedNormal(stddev="wide"), "stddev='wide' is a str"),
        (initializers.RandomUniform(minval=1.0, maxval=0.0), "maxval=0.0: expected a finite number of at least 1"),
        (initializers.VarianceScaling(scale=0.0), "scale=0.0: expected a finite number above 0"),
        (initializers.VarianceScaling(mode="fan_on"), "mode='fan_on' is unknown. Did you mean 'fan_in'"),
        (initializers.VarianceScaling(distribution="uniforn"), "Did you mean 'uniform'"),
        (initializers.Constant(np.ones(3)), "value=.* is a ndarray: expected a finite number"),
        (initializers.Identity(gain=float("inf")), "gain=inf"),
        (initializers.STFT(side="both"), "side='both' is unknown"),
        (initializers.STFT(scaling="densty"), "Did you mean 'density'"),
        (initializers.STFT(periodic=1), "periodic=1 is a int"),
        (initializers.STFT(window="hamm1ng"), "window='hamm1ng': expected a name that scipy.signal.get_window knows"),
        (initializers.STFT(window=3), "window=3 is a int: expected a name, numbers or None"),
        (initializers.HeNormal(seed=-1), "seed=-1: expected an integer of at least 0"),
        (initializers.HeNormal(seed=2**32), r"expected an integer below 2\*\*32"),
        (initializers.HeNormal(seed=0.5), "seed=0.5 is a float"),
        (initializers.HeNormal(input_axes=[0]), "expected both or neither"),
        (
            initializers.HeNormal(input_axes="a", output_axes="b"),
            "input_axes='a' is a str: expected a list of integers",
        ),
    ],
)
def test_settings_that_cannot_work(rule, expected):
    with pytest.raises(checks.RavineError, match=expected):
        initializers.get(rule)
    with pytest.raises(checks.RavineError, match=expected):
        Sequential([layers.Dense(2, kernel_initializer=rule, input_shape=(3,))])


@pytest.mark.parametrize(
    ("rule", "shape", "expected"),
    [
        (initializers.Identity(), (3,), r"Identity makes matrices only, but the array has shape \(3,\)"),
        (initializers.Identity(), (2, 2, 2), "Identity makes matrices only"),
        (initializers.Orthogonal(), (3,), r"Orthogonal needs an array of two axes or more.*\(3,\)"),
        (
            initializers.STFT(),
            (3, 4),
            r"STFT makes arrays of shape \(steps, 1, bands\) with two bands or more, not \(3, 4\)",
        ),
        (initializers.STFT(window=[1.0, 2.0]), (3, 1, 4), "window has 2 values: expected 3"),
        (initializers.HeNormal(input_axes=[0], output_axes=[2]), (3, 4), r"no axis 2 in an array of shape \(3, 4\)"),
    ],
)
def test_arrays_that_an_initializer_cannot_make(rule, shape, expected):
    with pytest.raises(checks.RavineValueError, match=expected):
        rule(KEY, shape)
