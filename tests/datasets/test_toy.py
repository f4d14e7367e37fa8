import numpy as np
import pytest

from ravine.checks import RavineError
from ravine.datasets import noisy_sine, spirals, two_moons

MADE = {"two_moons": two_moons, "spirals": spirals, "noisy_sine": noisy_sine}
every_set = pytest.mark.parametrize("make", MADE.values(), ids=MADE)


def test_two_moons_without_noise_are_two_half_circles():
    x, y = two_moons(500, noise=0)
    first, second = x[y == 0], x[y == 1]
    np.testing.assert_allclose(np.hypot(*first.T), 1, atol=1e-6)
    np.testing.assert_allclose(np.hypot(*(second - [1, 0.5]).T), 1, atol=1e-6)
    assert (first[:, 1] >= 0).all()
    assert (second[:, 1] <= 0.5).all()
    for moon, middle in ((first, 0), (second, 1)):  # both ends and the middle are there
        assert (np.histogram(moon[:, 0], [middle - 1, middle - 0.9, middle + 0.9, middle + 1])[0] > 10).all()


@pytest.mark.parametrize(("classes", "turns"), [(2, 1.0), (3, 0.5), (5, 2.25)])
def test_spirals_without_noise_wind_as_they_say(classes, turns):
    x, y = spirals(300, classes, noise=0, turns=turns)
    radius = np.hypot(*x.T)
    angle = 2 * np.pi * (turns * radius / 3 + y / classes)
    np.testing.assert_allclose(x, radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1), atol=1e-4)
    assert radius.min() < 0.5
    assert 2.9 < radius.max() <= 3
    # As many of them beyond half of the radius as there is area, hence about as much of the arm.
    assert 0.65 < (radius > 1.5).mean() < 0.85


def test_a_sine_without_noise_is_a_sine():
    x, y = noisy_sine(500, noise=0)
    np.testing.assert_allclose(y, np.sin(np.pi * x.astype(float)), atol=1e-6)
    assert -1 <= x.min() < -0.95
    assert 0.95 < x.max() <= 1


def test_shapes_and_types():
    for x, y in (two_moons(), spirals()):
        assert (x.shape, x.dtype, y.shape, y.dtype) == ((200, 2), np.float32, (200,), np.int32)
    x, y = noisy_sine()
    assert (x.shape, x.dtype, y.shape, y.dtype) == ((100, 1), np.float32, (100, 1), np.float32)


@pytest.mark.parametrize(
    ("y", "counts"),
    [
        (two_moons(10)[1], [5, 5]),
        (two_moons(11)[1], [6, 5]),
        (two_moons(2)[1], [1, 1]),
        (spirals(11, 3)[1], [4, 4, 3]),
        (spirals(7, 7)[1], [1] * 7),
    ],
    ids=["even", "odd", "two", "three classes", "one each"],
)
def test_classes_are_balanced(y, counts):
    assert np.bincount(y).tolist() == counts


@pytest.mark.parametrize("make", [two_moons, spirals], ids=["two_moons", "spirals"])
def test_the_classes_come_in_random_order(make):
    _, y = make(200)
    assert 70 < (np.diff(y) != 0).sum() < 130


@every_set
def test_a_seed_repeats_its_numbers_and_another_gives_others(make):
    for mine, again, other in zip(make(50, seed=3), make(50, seed=3), make(50, seed=4), strict=True):
        np.testing.assert_array_equal(mine, again, strict=True)
        assert (mine != other).any()


@every_set
def test_noise_is_normal_and_moves_the_same_points(make):
    still, little, more = (np.concatenate(make(2000, noise=noise), axis=None) for noise in (0, 0.1, 0.3))
    np.testing.assert_allclose(more - still, 3 * (little - still), atol=2e-6)
    moved = (little - still)[little != still]
    assert moved.std() == pytest.approx(0.1, rel=0.05)
    assert moved.mean() == pytest.approx(0, abs=0.01)
    assert (np.abs(moved) < 0.1).mean() == pytest.approx(0.683, abs=0.03)


@pytest.mark.parametrize(
    ("make", "options", "message"),
    [
        (two_moons, {"samples": 1}, "samples=1: expected an integer of at least 2"),
        (two_moons, {"samples": 10.0}, r"samples=10\.0 is a float"),
        (two_moons, {"noise": -0.1}, "noise=-0.1: expected a finite number of at least 0"),
        (two_moons, {"seed": -1}, "seed=-1: expected an integer of at least 0"),
        (two_moons, {"seed": None}, "seed=None is a NoneType"),
        (spirals, {"samples": 2, "classes": 3}, "samples=2: expected an integer of at least 3"),
        (two_moons, {"samples": 2**63}, "samples=9223372036854775808: expected an integer of at most 16777216"),
        (two_moons, {"noise": 1e300}, "noise=1e[+]300: expected a finite number of at least 0 of at most 1e[+]30"),
        (two_moons, {"seed": 2**64}, "seed=18446744073709551616: expected an integer of at most"),
        (spirals, {"samples": 2**40}, "samples=1099511627776: expected an integer of at most"),
        (spirals, {"classes": 2**40}, "classes=1099511627776: expected an integer of at most"),
        (noisy_sine, {"samples": 2**40}, "samples=1099511627776: expected an integer of at most"),
        (spirals, {"classes": 1}, "classes=1: expected an integer of at least 2"),
        (spirals, {"turns": 0}, "turns=0: expected a finite number above 0"),
        (spirals, {"noise": float("nan")}, "noise=nan: expected a finite number"),
        (noisy_sine, {"samples": 0}, "samples=0: expected an integer of at least 1"),
        (noisy_sine, {"noise": "0.1"}, "noise='0.1' is a str"),
        (noisy_sine, {"seed": 0.5}, "seed=0.5 is a float"),
    ],
    ids=lambda part: getattr(part, "__name__", None) or str(part),
)
def test_arguments_that_cannot_work(make, options, message):
    with pytest.raises(RavineError, match=message):
        make(**options)
