import jax
import numpy as np
import pytest

from ravine import checks, initializers

KEY = jax.random.key(0)
SHAPE = (50, 400)
VARIANCES = {
    "zeros": 0,
    "glorot_uniform": 2 / 450,
    "glorot_normal": 2 / 450,
    "he_uniform": 2 / 50,
    "he_normal": 2 / 50,
    "lecun_normal": 1 / 50,
}


def test_every_initializer_is_in_the_table():
    assert {*VARIANCES, "ones"} == set(initializers.TABLE)


@pytest.mark.parametrize("name", VARIANCES)
def test_moments_and_bounds(name):
    weights = np.asarray(initializers.get(name)(KEY, SHAPE), float)
    variance = VARIANCES[name]
    # 20,000 draws: the standard errors are under 1 % of the variance, and 0.007 standard deviations of the mean.
    assert weights.shape == SHAPE
    assert abs(weights.mean()) <= 0.03 * np.sqrt(variance)
    assert weights.var() == pytest.approx(variance, rel=0.05)
    bound = np.sqrt(3 * variance) if name.endswith("uniform") else 2 * np.sqrt(variance) / 0.8796
    assert 0.98 * bound <= np.abs(weights).max() <= 1.0001 * bound


def test_ones():
    np.testing.assert_array_equal(initializers.get("ones")(KEY, (2, 3)), np.ones((2, 3)))


@pytest.mark.parametrize("name", sorted(set(VARIANCES) - {"zeros"}))
def test_a_key_decides(name):
    draw = initializers.get(name)
    np.testing.assert_array_equal(draw(KEY, (3, 4)), draw(KEY, (3, 4)))
    assert (draw(KEY, (3, 4)) != draw(jax.random.key(1), (3, 4))).all()


@pytest.mark.parametrize(
    ("shape", "expected"), [((7,), (7, 7)), ((3, 5), (3, 5)), ((3, 3, 4, 5), (36, 45))], ids=["bias", "dense", "conv"]
)
def test_fans_are_those_of_keras(shape, expected, keras):
    assert initializers.fans(shape) == expected
    from keras.src.initializers.random_initializers import compute_fans

    assert compute_fans(shape) == expected


@pytest.mark.parametrize("name", initializers.TABLE)
def test_any_initializer_draws_a_bias(name):
    assert initializers.get(name)(KEY, (5,)).shape == (5,)


def test_get():
    assert initializers.get(initializers.ones) is initializers.ones
    with pytest.raises(checks.RavineValueError, match=r"initializer='he_norm' is unknown. Did you mean 'he_normal'\?"):
        initializers.get("he_norm")
    for wrong in (None, type):
        with pytest.raises(checks.RavineTypeError, match=r"initializer=.* is a .*: expected a name or a function"):
            initializers.get(wrong)
