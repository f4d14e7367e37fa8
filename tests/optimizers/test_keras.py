"""Every rule, every feature of the base and every schedule beside the Keras wheel's own."""

import inspect

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ravine import optimizers, trees
from ravine.optimizers import SGD, Adafactor, Adagrad, Adam, AdamW, RMSprop, ScheduleFreeAdamW, schedules

STEPS = 12
START = {"bias": np.float32([0.3, -0.2, 2.0]), "kernel": np.random.default_rng(0).normal(size=(4, 3)).astype("f")}


def gradients(scale=1.0):
    rng = np.random.default_rng(1)
    return [{k: (scale * rng.normal(size=w.shape)).astype("f") for k, w in START.items()} for _ in range(STEPS)]


# One function for all of them: rules of one structure are one program.
update = jax.jit(lambda rule, *args: rule.update(*args))


def ours(rule, finish=False, scale=1.0, before=None, batches=STEPS):
    rule = trees.as_leaves(rule)
    params = jax.tree.map(jnp.asarray, START)
    state = rule.init(params)
    for t, g in enumerate(gradients(scale)[:batches], 1):
        if before is not None:
            before(rule, t)
        updates, state = update(rule, g, state, params)
        params = jax.tree.map(jnp.add, params, updates)
    return rule.evaluation_params(params, state) if finish else params


def theirs(keras, rule, finish=False, scale=1.0):
    variables = [keras.Variable(w, name=name) for name, w in START.items()]
    rule.build(variables)
    apply = rule.apply
    if rule.gradient_accumulation_steps:
        # Keras would compile both branches of its condition anew at every step.
        step = jax.jit(rule.stateless_apply)

        def apply(g, variables):
            found = step([v.value for v in rule.variables], g, [v.value for v in variables])
            for variable, value in zip([*variables, *rule.variables], [*found[0], *found[1]], strict=True):
                variable.assign(value)

    for g in gradients(scale):
        apply([jnp.asarray(g[name]) for name in START], variables)
    if finish:
        rule.finalize_variable_values(variables)
    return {name: np.asarray(v) for name, v in zip(START, variables, strict=True)}


def assert_near(a, b, rtol=2e-5):
    for name in START:
        np.testing.assert_allclose(a[name], b[name], rtol=rtol, atol=1e-6, err_msg=name)


# Where Keras's formula is another, the arguments that make the two agree; the others are in tests of their own.
ARGUMENTS = {
    "Adagrad": {"initial_accumulator_value": 0.1},
    "Muon": {"exclude_layers": []},
    "Adam": {"epsilon": 1e-10},
    "AdamW": {"epsilon": 1e-10},
}


@pytest.mark.parametrize("rule", optimizers.RULES, ids=lambda rule: rule.__name__)
def test_a_rule_with_its_defaults(keras, rule):
    name = rule.__name__
    arguments = ARGUMENTS.get(name, {})
    own = {k: tuple(v) if isinstance(v, list) else v for k, v in arguments.items()}
    expected = theirs(keras, getattr(keras.optimizers, name)(learning_rate=0.05, **arguments))
    assert_near(ours(rule(learning_rate=0.05, **own)), expected, 2e-4 if name == "Muon" else 2e-5)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("SGD", {"momentum": 0.9}),
        ("SGD", {"momentum": 0.9, "nesterov": True}),
        ("SGD", {"momentum": 0.9, "weight_decay": 0.1}),
        ("RMSprop", {"rho": 0.8, "momentum": 0.5}),
        ("RMSprop", {"centered": True, "epsilon": 1e-3}),
        ("Adam", {"amsgrad": True, "beta_2": 0.9}),
        ("AdamW", {"weight_decay": 0.3}),
        ("Lion", {"beta_1": 0.5, "weight_decay": 0.1}),
        ("SGD", {"clipnorm": 0.5}),
        ("SGD", {"clipvalue": 0.3}),
        ("SGD", {"global_clipnorm": 0.5}),
        ("SGD", {"global_clipnorm": 1e6}),
        ("SGD", {"momentum": 0.9, "gradient_accumulation_steps": 3}),
        ("SGD", {"gradient_accumulation_steps": 3, "clipvalue": 0.1, "weight_decay": 0.2}),
        ("SGD", {"use_ema": True, "ema_momentum": 0.7}),
        ("Adam", {"use_ema": True, "ema_momentum": 0.7, "ema_overwrite_frequency": 5}),
        ("Adam", {"use_ema": True, "ema_momentum": 0.9, "ema_overwrite_frequency": 1}),
        ("Adamax", {"beta_1": 0.5, "clipnorm": 0.5, "weight_decay": 0.1}),
        ("Nadam", {"beta_1": 0.5, "global_clipnorm": 1.0}),
        ("Adagrad", {"initial_accumulator_value": 0.5, "epsilon": 1e-2}),
        ("Adadelta", {"rho": 0.5, "epsilon": 1e-2, "clipvalue": 0.5}),
        ("RMSprop", {"weight_decay": 0.2, "global_clipnorm": 1.0, "gradient_accumulation_steps": 2}),
        ("ScheduleFreeAdamW", {"beta_1": 0.8, "epsilon": 1e-3}),
        ("Muon", {"weight_decay": 0.3, "adam_weight_decay": 0.1, "ns_steps": 3, "momentum": 0.5}),
        ("Adafactor", {"clip_threshold": 0.5}),
        ("Lamb", {"weight_decay": 0.1}),
        ("Muon", {"adam_lr_ratio": 0.5, "nesterov": False, "rms_rate": None}),
    ],
    ids=str,
)
def test_an_argument(keras, name, arguments):
    expected = theirs(keras, getattr(keras.optimizers, name)(learning_rate=0.05, **arguments), finish=True)
    # Schedule-Free's weights to use are the mean x here, while Keras leaves y behind.
    finish = name != "ScheduleFreeAdamW"
    assert_near(ours(getattr(optimizers, name)(learning_rate=0.05, **arguments), finish=finish), expected, 2e-4)


def test_clipping_clips():
    assert np.abs(ours(SGD(0.05))["bias"] - ours(SGD(0.05, clipvalue=0.3))["bias"]).max() > 0.01


def test_departures_are_departures(keras):
    """What docs/optimizers.md says to differ does, so that an agreement some day does not go unnoticed."""

    def differ(ours_, theirs_):
        a, b = ours(ours_), theirs(keras, theirs_)
        return max(np.abs(a[k] - b[k]).max() for k in START) > 1e-3

    k = keras.optimizers
    assert differ(ScheduleFreeAdamW(0.05, warmup_steps=6), k.ScheduleFreeAdamW(0.05, warmup_steps=6))
    assert differ(ScheduleFreeAdamW(0.05, weight_decay=0.5), k.ScheduleFreeAdamW(0.05, weight_decay=0.5))
    assert differ(Adafactor(0.9, relative_step=False), k.Adafactor(0.9, relative_step=False))
    assert not differ(Adafactor(0.9), k.Adafactor(0.9, relative_step=False))
    assert differ(Adagrad(0.05), k.Adagrad(0.05))


def test_schedules_and_averages_follow_the_updates_here_and_the_batches_in_keras(keras):
    # Twelve batches are four updates, after batches 2, 5, 8 and 11.
    batches = keras.optimizers.schedules.PiecewiseConstantDecay([3, 6, 9], [0.4, 0.3, 0.2, 0.1])
    updates = schedules.PiecewiseConstantDecay([0, 1, 2], [0.4, 0.3, 0.2, 0.1])
    expected = theirs(keras, keras.optimizers.SGD(batches, momentum=0.5, gradient_accumulation_steps=3))
    assert_near(ours(SGD(updates, 0.5, gradient_accumulation_steps=3)), expected)
    options = {"use_ema": True, "ema_momentum": 0.7, "gradient_accumulation_steps": 3}
    averaged = theirs(keras, keras.optimizers.SGD(0.05, **options), finish=True)
    assert np.abs(ours(SGD(0.05, **options), finish=True)["bias"] - averaged["bias"]).max() > 1e-3
    # One average an update, the first of the first updated weights alone.
    path = [ours(SGD(0.05, gradient_accumulation_steps=3), batches=3 * n)["bias"] for n in (1, 2, 3, 4)]
    average = path[0]
    for w in path[1:]:
        average = 0.7 * average + 0.3 * w
    np.testing.assert_allclose(ours(SGD(0.05, **options), finish=True)["bias"], average, rtol=1e-5)


def test_excluded_from_weight_decay(keras):
    rule = AdamW(0.05, 0.5, epsilon=1e-10)
    rule.exclude_from_weight_decay(var_names=["bias"])
    reference = keras.optimizers.AdamW(0.05, 0.5, epsilon=1e-10)
    reference.exclude_from_weight_decay(var_names=["bias"])
    expected = theirs(keras, reference)
    assert_near(ours(rule), expected)
    assert_near(ours(AdamW(0.05, 0.5, epsilon=1e-10, undecayed=lambda path, w: w.ndim == 1)), expected)
    assert np.abs(ours(AdamW(0.05, 0.5))["bias"] - expected["bias"]).max() > 0.01


@pytest.mark.differs("adam-epsilon")
def test_adam_adds_epsilon_elsewhere(keras):
    """Ravine to √v̂, Keras to √v: Keras's ε is ε / √(1 − β₂ᵗ) here, another one in every update."""
    eps, scale = 1e-3, 1e-2
    expected = theirs(keras, keras.optimizers.Adam(0.05, epsilon=eps), scale=scale)
    difference = max(np.abs(ours(Adam(0.05, epsilon=eps), scale=scale)[k] - expected[k]).max() for k in START)
    assert difference > 0.01

    def scaled(rule, t):
        rule.epsilon = np.float32(eps / np.sqrt(1 - 0.999**t))

    assert_near(ours(Adam(0.05, epsilon=eps), scale=scale, before=scaled), expected, 1e-4)
    # With β₂ = 0 the two places are one.
    expected = theirs(keras, keras.optimizers.Adam(0.05, beta_2=0.0, epsilon=eps), scale=scale)
    assert_near(ours(Adam(0.05, beta_2=0.0, epsilon=eps), scale=scale), expected)


@pytest.mark.differs("adagrad-start")
def test_adagrad_starts_from_zero_here(keras):
    expected = theirs(keras, keras.optimizers.Adagrad(0.05, initial_accumulator_value=0.0))
    assert_near(ours(Adagrad(0.05)), expected)


def test_a_momentum_of_none_is_a_momentum_of_zero():
    assert_near(ours(RMSprop(0.05)), ours(RMSprop(0.05, momentum=0.0)), 1e-6)


SCHEDULES = [
    ("ExponentialDecay", (0.1, 10, 0.5), {}),
    ("ExponentialDecay", (0.1, 10, 0.5), {"staircase": True}),
    ("InverseTimeDecay", (0.1, 10, 0.5), {}),
    ("InverseTimeDecay", (0.1, 10, 0.5), {"staircase": True}),
    ("PolynomialDecay", (0.1, 20), {}),
    ("PolynomialDecay", (0.1, 20, 0.01), {"power": 2.0}),
    ("PolynomialDecay", (0.1, 20, 0.01), {"power": 0.5, "cycle": True}),
    ("PolynomialDecay", (0.01, 10, 0.1), {"power": 3.0, "cycle": True}),
    ("CosineDecay", (0.1, 30), {}),
    ("CosineDecay", (0.1, 30), {"alpha": 0.2}),
    ("CosineDecay", (0.0, 30), {"warmup_target": 0.1, "warmup_steps": 10}),
    ("CosineDecay", (0.05, 30), {"alpha": 0.1, "warmup_target": 0.1, "warmup_steps": 7}),
    ("CosineDecayRestarts", (0.1, 10), {}),
    ("CosineDecayRestarts", (0.1, 10), {"t_mul": 1.0, "m_mul": 0.8}),
    ("CosineDecayRestarts", (0.1, 10), {"t_mul": 1.5, "m_mul": 0.5, "alpha": 0.1}),
    ("CosineDecayRestarts", (0.1, 10), {"t_mul": 1.5}),
    ("CosineDecayRestarts", (0.1, 7), {"t_mul": 1.0, "alpha": 0.3}),
    ("PiecewiseConstantDecay", ([5, 20], [0.1, 0.05, 0.01]), {}),
    ("PiecewiseConstantDecay", ([0], [0.1, 0.2]), {}),
]


@pytest.mark.parametrize(("name", "args", "kwargs"), SCHEDULES, ids=str)
def test_a_schedule(keras, name, args, kwargs):
    schedule = getattr(schedules, name)(*args, **kwargs)
    reference = getattr(keras.optimizers.schedules, name)(*args, **kwargs)
    schedule.check()
    steps = np.array([*range(45), *range(68, 73), 100, 1000, 100_000])
    rates = [jax.jit(jax.vmap(s))(steps) for s in (trees.as_leaves(schedule), reference)]
    for step, found, expected in zip(steps, *np.asarray(rates), strict=True):
        # A restart that falls on a step: Keras's logarithm may round it to the period before, where η is least.
        if name == "CosineDecayRestarts" and abs(found - expected) > 1e-4:
            assert found > expected
            assert step in {10, 30, 70, 25}
            continue
        assert found == pytest.approx(expected, rel=2e-4, abs=1e-7), step


@pytest.mark.parametrize("name", sorted({name for name, _, _ in SCHEDULES}))
def test_a_schedule_has_the_arguments_of_keras(keras, name):
    expected = inspect.signature(getattr(keras.optimizers.schedules, name)).parameters
    for argument, parameter in inspect.signature(getattr(schedules, name)).parameters.items():
        assert parameter.default == expected[argument].default, argument


def test_a_schedule_drives_an_optimizer_as_in_keras(keras):
    arguments = (0.1, 4, 0.5)
    expected = theirs(keras, keras.optimizers.SGD(keras.optimizers.schedules.ExponentialDecay(*arguments)))
    assert_near(ours(SGD(schedules.ExponentialDecay(*arguments))), expected)
