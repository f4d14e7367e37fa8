import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ravine import checks, objectives

every = pytest.mark.parametrize("objective", objectives.OBJECTIVES, ids=lambda o: o.name)

# Written out in NumPy once more: value at the point (1.3, -0.7).
AT = {
    "lecture_plotted": 1.69 + 4 * 0.49 + 0.91,
    "lecture_printed": 1.69 + 2 * 0.49 + 0.91,
    "ravine": 1.69 / 20 + 5 * 0.49,
    "rosenbrock": 0.09 + 100 * (-0.7 - 1.69) ** 2,
    "beale": (1.5 - 1.3 - 0.91) ** 2 + (2.25 - 1.3 + 1.3 * 0.49) ** 2 + (2.625 - 1.3 - 1.3 * 0.343) ** 2,
    "himmelblau": (1.69 - 0.7 - 11) ** 2 + (1.3 + 0.49 - 7) ** 2,
    "rastrigin": 20 + 1.69 - 10 * np.cos(2.6 * np.pi) + 0.49 - 10 * np.cos(1.4 * np.pi),
    "saddle": 1.69 - 0.49 + 0.25 * 0.7**4,
    "plateau": 1 - np.exp(-(1.69 + 0.49) / 2),
}


@every
def test_its_formula(objective):
    assert float(objective(jnp.array([1.3, -0.7]))) == pytest.approx(AT[objective.name], rel=1e-5)


@every
def test_its_minima_are_minima(objective):
    with jax.enable_x64(True):
        seen = jax.jit(jax.vmap(lambda m: (objective(m), objective.gradient(m), jax.hessian(objective)(m))))
        values, gradients, curvatures = seen(np.array(objective.minima))
        assert np.ptp(values) < 1e-12
        np.testing.assert_allclose(gradients, 0, atol=1e-9)
        assert (np.linalg.eigvalsh(curvatures) > 0).all()


@every
@given(where=st.tuples(st.floats(0, 1), st.floats(0, 1)))
def test_nothing_in_its_domain_is_lower(objective, where):
    x = [low + part * (high - low) for part, (low, high) in zip(where, objective.domain, strict=True)]
    least = float(objective(jnp.array(objective.minima[0])))
    assert float(objective(jnp.array(x))) >= least - 1e-4


@every
def test_its_start_and_minima_are_in_its_domain(objective):
    for point in (objective.start, *objective.minima):
        assert all(low <= p <= high for p, (low, high) in zip(point, objective.domain, strict=True))


def test_the_gradient_of_the_lecture():
    x = np.array([1.3, -0.7], np.float32)
    plotted, printed = (objectives.get(f"lecture_{n}").gradient(x) for n in ("plotted", "printed"))
    np.testing.assert_allclose(plotted, [2 * 1.3 + 0.7, 8 * -0.7 - 1.3], rtol=1e-6)
    np.testing.assert_allclose(printed, [2 * 1.3 + 0.7, 4 * -0.7 - 1.3], rtol=1e-6)


def test_get():
    assert objectives.get("beale") is objectives.TABLE["beale"]
    assert objectives.get("noisy_beale").noise == 1
    assert objectives.noisy("beale", 0.25).noise == 0.25
    assert objectives.noisy("beale").domain == objectives.get("beale").domain

    def bowl(x):
        return (x**2).sum()

    assert objectives.get(bowl).name == "bowl"
    assert float(objectives.get(bowl)(np.array([1.0, 2.0]))) == 5


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ("beal", checks.RavineValueError, r"objective='beal' is unknown. Did you mean 'beale'\?"),
        ("noisy_beal", checks.RavineValueError, r"Did you mean 'beale'\?"),
        (3, checks.RavineTypeError, "objective=3 is a int: expected a name or a function"),
        (lambda x: x, checks.RavineValueError, r"expected one real number for a vector \[2\], got shape \(2,\)"),
        (lambda x: x[0] > 0, checks.RavineValueError, "got shape .* of bool"),
        (lambda x: 1.0 if x[0] > 0 else 0.0, checks.RavineTypeError, "that JAX can trace; it failed: Python.s if"),
        (lambda x, y: x, checks.RavineTypeError, "it failed: TypeError"),
        (lambda x: x[0] @ x, checks.RavineTypeError, "it failed"),
        (
            objectives.Objective(_f := objectives.OBJECTIVES[0].function, domain=((1, 0), (0, 1))),
            checks.RavineValueError,
            "domain of x1=0: expected a finite number above 1",
        ),
        (objectives.Objective(_f, noise=-1.0), checks.RavineValueError, "noise=-1.0"),
    ],
)
def test_what_cannot_be_descended_is_refused(given, error, message):
    with pytest.raises(error, match=message):
        objectives.get(given)
