"""A descent is the optimizer's own update, recorded."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ravine import checks, objectives, optimizers
from ravine.landscape import descend
from ravine.optimizers import SGD, Adagrad, Adam, Lamb, RMSprop, ScheduleFreeAdamW, schedules

NAG = SGD(0.01, momentum=0.9, nesterov=True)

# What the lecture printed, and what the J it plotted and the J it printed give in float64.
LECTURE = [
    (SGD(0.01), ("-0.663", "-0.107"), (-0.66352, -0.10671), (-0.6005, -0.1823)),
    (SGD(0.01, momentum=0.9), ("-0.020", "-0.0230"), (-0.01991, -0.02301), (-0.00265, -0.01325)),
    (NAG, ("-0.00850", "-0.00174"), (-0.00850, -0.00174), (-0.00060, 0.00028)),
]


@pytest.mark.parametrize(("rule", "published", "plotted", "printed"), LECTURE, ids=["sgd", "momentum", "nag"])
def test_the_figures_of_the_lecture(rule, published, plotted, printed):
    end = descend("lecture_plotted", rule, (-5, 4), 100).points[-1]
    for digits, expected, computed in zip(published, plotted, end, strict=True):
        unit = 10.0 ** -len(digits.split(".")[1])
        assert abs(float(digits) - computed) <= unit
        assert computed == pytest.approx(expected, abs=0.5e-5)
    end = descend("lecture_printed", rule, (-5, 4), 100).points[-1]
    for digits, expected, computed in zip(published, printed, end, strict=True):
        assert computed == pytest.approx(expected, abs=0.6e-4)
        assert abs(float(digits) - computed) > 10.0 ** -len(digits.split(".")[1])


def test_nag_of_the_textbook_and_of_keras_are_one_algorithm():
    """The textbook's w and Keras's θ = w + m·v, each written out; the second is what Ravine trains."""
    m, eta = 0.9, 0.01

    def gradient(x):
        return np.array([2 * x[0] - x[1], 8 * x[1] - x[0]])

    w, v = np.array([-5.0, 4.0]), np.zeros(2)
    textbook, ahead = [w], [w]
    for _ in range(100):
        v = m * v - eta * gradient(w + m * v)
        w = w + v
        textbook.append(w)
        ahead.append(w + m * v)
    theta, v = np.array([-5.0, 4.0]), np.zeros(2)
    keras = [theta]
    for _ in range(100):
        g = gradient(theta)
        v = m * v - eta * g
        theta = theta + m * v - eta * g
        keras.append(theta)
    np.testing.assert_allclose(ahead, keras, rtol=1e-12, atol=1e-12)
    ours = descend("lecture_plotted", NAG, (-5, 4), 100)
    np.testing.assert_allclose(ours.points, textbook, rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(ours.look_ahead, keras, rtol=1e-11, atol=1e-12)
    assert np.abs(ours.points - ours.look_ahead).max() > 0.1


def test_64_bits_leave_the_global_setting_alone():
    assert not jax.config.jax_enable_x64
    t = descend("ravine", "adam", steps=3)
    assert {a.dtype for a in t.to_numpy().values()} == {np.dtype(np.float64)}
    assert not jax.config.jax_enable_x64
    assert jnp.zeros(1).dtype == np.float32
    assert descend("ravine", "adam", steps=3, dtype=np.float32).points.dtype == np.float32


@pytest.mark.parametrize("rule", optimizers.RULES, ids=lambda rule: rule.__name__)
def test_it_is_the_update_that_trains_networks(rule):
    rule = rule(learning_rate=0.001)
    J = objectives.get("rosenbrock")
    t = descend(J, rule, (-1.2, 1.0), 7, dtype=np.float32)
    w = jnp.array([-1.2, 1.0])
    state = rule.init(w)
    for i in range(7):
        g = J.gradient(w)
        np.testing.assert_allclose(t.gradients[i], g, rtol=1e-3, atol=1e-3)
        update, state = rule.update(g, state, w)
        w = w + update
        np.testing.assert_allclose(t.points[i + 1], rule.point(w, state.slots[0]), rtol=1e-4, atol=1e-5)
        for recorded, slot in zip(t.slots, state.slots[0], strict=True):
            np.testing.assert_allclose(recorded[i + 1], slot, rtol=1e-3, atol=1e-5)
        assert t.values[i + 1] == pytest.approx(float(J(t.points[i + 1])), rel=1e-4)
    assert (t.look_ahead is not None) == rule.looks_ahead


# A rule of single numbers, one of norms, one with a point of its own; that `vmap` is a loop of every rule is tested
# with the rules.
FEW = {SGD, Lamb, ScheduleFreeAdamW}


@pytest.mark.parametrize(
    "rule",
    [r if r in FEW else pytest.param(r, marks=pytest.mark.slow) for r in optimizers.RULES],
    ids=lambda rule: rule.__name__,
)
def test_many_runs_are_as_many_single_ones(rule):
    starts = np.array([[-1.0, 2.0], [0.5, 0.5], [2.0, -1.0]])
    rates = [0.01, 0.02, 0.05]
    together = descend("noisy_beale", rule(learning_rate=rates), starts, 5, seed=[1, 2, 3])
    assert together.runs == len(together) == 3
    for i, rate in enumerate(rates):
        alone = descend("noisy_beale", rule(learning_rate=rate), starts[i], 5, seed=i + 1)
        assert alone.runs is None
        for name, array in together[i].to_numpy().items():
            np.testing.assert_allclose(array, alone.to_numpy()[name], rtol=1e-9, atol=1e-12, err_msg=name)


def test_one_list_is_enough_for_many_runs():
    t = descend("ravine", SGD([0.01, 0.05], momentum=np.array([0.0, 0.9])), steps=4)
    assert t.points.shape == (2, 5, 2)
    assert t.gradients.shape == (2, 4, 2)
    assert t.values.shape == (2, 5)
    assert descend("noisy_ravine", "sgd", steps=4, seed=range(3)).runs == 3
    assert descend("ravine", "sgd", [[1, 2]], steps=4).runs == 1


def test_other_numbers_compile_nothing():
    def count():
        traced.append(0)

    traced = []

    def J(x):
        count()
        return (x**2).sum()

    objective = objectives.Objective(J)
    descend(objective, Adam(0.1), (1, 2), 6)
    first = len(traced)
    for rate, beta in ((0.2, 0.5), (1, 0), (0.03, 0.99)):
        descend(objective, Adam(rate, beta), (rate, 1), 6)
    # The check of the objective traces it too, once a call; the descent does not.
    assert len(traced) == first + 3


def test_noise_is_of_its_size_and_of_its_seed():
    still = SGD(0.0)
    t = descend(objectives.noisy("ravine", 0.5), still, (1.0, 1.0), 4000, seed=3)
    noise = t.gradients - np.array([0.1, 10.0])
    np.testing.assert_allclose(noise.std(0), 0.5, rtol=0.05)
    np.testing.assert_allclose(noise.mean(0), 0, atol=0.03)
    assert abs(np.corrcoef(noise.T)[0, 1]) < 0.05
    assert abs(np.corrcoef(noise[1:, 0], noise[:-1, 0])[0, 1]) < 0.05
    again = descend(objectives.noisy("ravine", 0.5), still, (1.0, 1.0), 4000, seed=3)
    np.testing.assert_array_equal(t.gradients, again.gradients)
    other = descend(objectives.noisy("ravine", 0.5), still, (1.0, 1.0), 4000, seed=4)
    assert (t.gradients != other.gradients).all()
    assert (t.values == t.values[0]).all()  # J itself is told without noise


def test_effective_learning_rates():
    sgd = descend("ravine", SGD(0.1), steps=3)
    np.testing.assert_allclose(sgd.rates, 0.1)
    adagrad = descend("ravine", Adagrad(0.5, epsilon=0.0), steps=50)
    expected = 0.5 / np.sqrt((adagrad.gradients**2).cumsum(0))
    np.testing.assert_allclose(adagrad.rates, expected, rtol=1e-9)
    np.testing.assert_allclose(np.diff(adagrad.points, axis=0), -expected * adagrad.gradients, rtol=1e-6)
    assert (np.diff(adagrad.rates, axis=0) <= 0).all()  # why Adagrad stalls
    rmsprop = descend("ravine", RMSprop(0.01), steps=200)
    assert (np.diff(rmsprop.rates[-20:], axis=0) > 0).any()


def test_a_schedule_is_walked():
    falling = schedules.PiecewiseConstantDecay([1], [0.1, 0.05])
    t = descend("ravine", SGD(falling), steps=4)
    np.testing.assert_allclose(t.rates[:, 0], [0.1, 0.1, 0.05, 0.05], rtol=1e-6)
    t = descend("ravine", SGD(lambda step: 0.1 / (1 + step)), steps=3)
    np.testing.assert_allclose(t.rates[:, 0], [0.1, 0.05, 0.1 / 3], rtol=1e-6)


def test_divergence_is_told():
    t = descend("lecture_plotted", SGD(10.0), steps=400)
    assert 20 < t.diverged < 400
    assert np.isfinite(t.values[t.diverged - 1])
    assert not np.isfinite(t.values[t.diverged])
    many = descend("lecture_plotted", SGD([0.01, 10.0]), steps=400)
    assert list(many.diverged) == [-1, t.diverged]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"optimizer": SGD(-0.1)}, "learning_rate=-0.1: expected a finite number of at least 0"),
        ({"optimizer": SGD(float("nan"))}, "learning_rate=nan"),
        ({"optimizer": SGD([0.1, float("nan")])}, "learning_rate=nan"),
        ({"optimizer": SGD([0.1, -0.5])}, "learning_rate=-0.5"),
        ({"optimizer": SGD([[0.1]])}, "learning_rate=.*expected a number, or a list of one number a run"),
        ({"optimizer": SGD(0.1, momentum=1.0)}, "momentum=1.0"),
        ({"optimizer": SGD(0.1, momentum=[0.5, 1.0])}, "momentum=1.0"),
        ({"optimizer": Adam(beta_2=1.0)}, "beta_2=1.0"),
        ({"optimizer": Adam(clipnorm=1.0, clipvalue=1.0)}, "clipnorm=1.0, clipvalue=1.0: expected at most one"),
        ({"optimizer": SGD(lambda step: jnp.where(step > 5, jnp.nan, 0.1))}, "it gives nan at step 6"),
        ({"optimizer": "adm"}, "optimizer='adm' is unknown. Did you mean 'adam'"),
        ({"optimizer": SGD(0.1, gradient_accumulation_steps=2)}, "gradient_accumulation_steps=2"),
        ({"objective": "ravin"}, "Did you mean 'ravine'"),
        ({"objective": lambda x: x}, "expected one real number"),
        ({"start": (1, 2, 3)}, r"start has shape \(3,\): expected a point of 2"),
        ({"start": [[[1, 2]]]}, r"start has shape \(1, 1, 2\)"),
        ({"start": np.zeros((0, 2))}, r"start has shape \(0, 2\)"),
        ({"start": (1, float("inf"))}, "start=.*finite"),
        ({"start": "here"}, "start='here'"),
        ({"steps": 0}, "steps=0"),
        ({"steps": 2**30, "start": np.zeros((2, 2)).tolist()}, "steps=1073741824: expected at most 134,217,728"),
        ({"seed": -1}, "seed=-1"),
        ({"dtype": np.float16}, "dtype=.*float64 or float32"),
        (
            {"optimizer": SGD([0.1, 0.2]), "start": np.zeros((3, 2))},
            "same number of runs everywhere, got 3 of start, 2 of optimizer's learning_rate",
        ),
    ],
)
def test_what_cannot_work_is_refused(arguments, message):
    arguments = {"objective": "ravine", "optimizer": "sgd", "steps": 10} | arguments
    with pytest.raises(checks.RavineError, match=message):
        descend(**arguments)


def test_only_a_rule_whose_steps_can_be_told_descends():
    import optax

    with pytest.raises(checks.RavineTypeError, match=r"expected a name or one of ravine\.optimizers"):
        descend("ravine", optax.sgd(0.1))


def test_schedule_free_shows_its_mean():
    t = descend("ravine", ScheduleFreeAdamW(0.1), steps=30)
    z = t.slots[0]
    np.testing.assert_allclose(t.points[1:], np.cumsum(z[1:], 0) / np.arange(1, 31)[:, None], rtol=1e-9)
