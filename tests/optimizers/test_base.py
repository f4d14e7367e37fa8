"""The contract of all optimizers: an optax transformation whose numbers are leaves."""

import dataclasses
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
import scipy.optimize

from ravine import checks, optimizers, trees
from ravine.optimizers import SGD, Adam, Muon, ScheduleFreeAdamW, schedules

RULES = [SGD(0.1, momentum=0.9), SGD(0.1, momentum=0.9, nesterov=True), *(rule(0.1) for rule in optimizers.RULES)]
contract = pytest.mark.parametrize("rule", RULES, ids=repr)

PARAMS = {"a": jnp.array([1.0, -2.0]), "b": (jnp.float32(3.0), jnp.ones((2, 2)))}


def test_every_optimizer_is_in_the_table():
    assert {type(rule) for rule in RULES} == set(optimizers.TABLE.values())


def loss(params):
    return sum((leaf**2).sum() for leaf in jax.tree.leaves(params))


@jax.jit
def descend(rule, params):
    """Five steps down ``loss``."""

    def body(carry, _):
        updates, state = rule.update(jax.grad(loss)(carry[0]), carry[1], carry[0])
        return (optax.apply_updates(carry[0], updates), state), None

    return jax.lax.scan(body, (params, rule.init(params)), None, length=5)[0]


@contract
def test_it_goes_downhill_and_counts(rule):
    params, state = descend(trees.as_leaves(rule), PARAMS)
    assert loss(params) < loss(PARAMS)
    assert jax.tree.structure(params) == jax.tree.structure(PARAMS)
    assert state.step == 5
    assert state.step.dtype == jnp.int32


@contract
def test_init_and_update_have_one_structure(rule):
    # A state must be able to travel through lax.scan.
    before = jax.eval_shape(rule.init, PARAMS)
    _, after = jax.eval_shape(rule.update, PARAMS, before, PARAMS)
    assert jax.tree.structure(before) == jax.tree.structure(after)
    assert jax.tree.map(jnp.shape, before) == jax.tree.map(jnp.shape, after)
    assert jax.tree.map(jnp.result_type, before) == jax.tree.map(jnp.result_type, after)


def everything(rule, value=1.0):
    """``rule`` with all that the base offers at once, in numbers that depend on ``value``."""
    averages = {} if rule is ScheduleFreeAdamW else {"use_ema": True, "ema_momentum": value / 10}
    overwritten = {} if rule is ScheduleFreeAdamW else {"ema_overwrite_frequency": int(value)}
    return rule(
        learning_rate=schedules.ExponentialDecay(0.1 * value, 10 * value, 0.5),
        weight_decay=0.1 * value,
        global_clipnorm=value,
        gradient_accumulation_steps=int(value) + 1,
        undecayed=("a",),
        **averages,
        **overwritten,
    )


@pytest.mark.parametrize("rule", optimizers.RULES, ids=lambda rule: rule.__name__)
def test_all_that_the_base_offers_is_one_program_and_one_structure(rule):
    traces = []

    @jax.jit
    def steps(rule, params):
        traces.append(rule)

        def body(carry, _):
            updates, state = rule.update(carry[0], carry[1], carry[0])
            return (optax.apply_updates(carry[0], updates), state), None

        return jax.lax.scan(body, (params, rule.init(params)), None, length=6)[0]

    ends = [steps(trees.as_leaves(everything(rule, value)), PARAMS) for value in (1, 2.0, np.float64(4))]
    assert len(traces) == 1
    # Six batches, in twos, threes and fives.
    assert [int(state.step) for _, state in ends] == [3, 2, 1]
    assert len({float(params["a"][0]) for params, _ in ends}) == 3


@contract
def test_it_is_an_optax_transformation(rule):
    chain = optax.chain(optax.clip(0.5), rule)
    state = chain.init(PARAMS)
    updates, state = chain.update(jax.tree.map(lambda w: 100 * w, PARAMS), state, PARAMS)
    clipped = jax.tree.map(lambda w: 0.5 * jnp.sign(w), PARAMS)
    expected, _ = rule.update(clipped, rule.init(PARAMS), PARAMS)
    jax.tree.map(np.testing.assert_allclose, updates, expected)


@contract
def test_other_values_are_no_other_program(rule):
    traces = []

    @jax.jit
    def step(rule, params):
        traces.append(rule)
        return rule.update(params, rule.init(params), params)[0]

    for value in (0, 1, 0.25, np.float64(0.5)):
        step.trace(
            trees.as_leaves(jax.tree.map(lambda _, v=value: v, rule)), PARAMS
        )  # what is traced once is compiled once
    assert len(traces) == 1


@pytest.mark.parametrize(
    "options",
    [
        {"weight_decay": 0.1},
        {"clipnorm": 1.0},
        {"clipvalue": 1.0},
        {"global_clipnorm": 1.0},
        {"use_ema": True, "ema_overwrite_frequency": 3},
        {"gradient_accumulation_steps": 2},
        {"learning_rate": schedules.CosineDecay(0.1, 100, warmup_target=0.2, warmup_steps=10)},
        {"learning_rate": schedules.PiecewiseConstantDecay([5, 7], [1.0, 0.5, 0.2])},
        {"learning_rate": schedules.CosineDecayRestarts(0.1, 100)},
    ],
    ids=str,
)
def test_other_values_of_the_base_are_no_other_program(options):
    test_other_values_are_no_other_program(SGD(**{"learning_rate": 0.1, "momentum": 0.9} | options))
    test_init_and_update_have_one_structure(SGD(**{"learning_rate": 0.1, "momentum": 0.9} | options))


def bowl(w):
    return w[0] ** 2 + 4 * w[1] ** 2 - w[0] * w[1]


def rosenbrock(w):
    return (1 - w[0]) ** 2 + 100 * (w[1] - w[0] ** 2) ** 2


def logistic(w, jnp=jnp):
    x = np.random.default_rng(0).normal(size=(40, 2))
    y = x @ np.array([2.0, -1.0]) > 0.3
    return jnp.mean(jnp.logaddexp(0, jnp.where(y, -1, 1) * (x @ w))) + 0.01 * (w**2).sum()


LEAST = {bowl: 0.0, rosenbrock: 0.0, logistic: scipy.optimize.minimize(lambda w: logistic(w, np), [0, 0]).fun}


# Learning rates at which each rule comes near the minimum of all three.
RATES = {"SGD": 1e-3, "Adagrad": 0.5, "Adadelta": 5.0, "Lion": 2e-3, "Adafactor": 0.1, "ScheduleFreeAdamW": 0.05}


@pytest.mark.parametrize("rule", optimizers.RULES, ids=lambda rule: rule.__name__)
def test_it_minimises_three_objectives(rule):
    for J, start in ((bowl, (-5.0, 4.0)), (rosenbrock, (0.5, 0.5)), (logistic, (0.0, 0.0))):
        options = {"momentum": 0.9} if rule is SGD else {}
        rate = RATES.get(rule.__name__, 0.02) * (30 if rule is SGD and J is not rosenbrock else 1)
        optimizer = trees.as_leaves(rule(learning_rate=rate, **options))

        @jax.jit
        def run(optimizer, w, J=J):
            def body(carry, _):
                updates, state = optimizer.update(jax.grad(J)(carry[0]), carry[1], carry[0])
                return (carry[0] + updates, state), None

            (w, state), _ = jax.lax.scan(body, (w, optimizer.init(w)), None, length=2000)
            return optimizer.evaluation_params(w, state)

        found, least = float(J(run(optimizer, jnp.array(start)))), LEAST[J]
        assert found - least < 0.1 * (float(J(jnp.array(start))) - least), (J.__name__, found)


def test_numbers_may_be_assigned():
    rule = SGD(0.1)
    rule.learning_rate = 0.01
    rule.momentum = 0.5
    assert rule == SGD(0.01, momentum=0.5)
    rule.learning_rate = schedules.ExponentialDecay(0.1, 10, 0.5)
    rule.learning_rate = lambda step: 0.1 / (step + 1)
    assert isinstance(rule.learning_rate, schedules.Function)
    for misspelt, nearest in (("learning_rat", "learning_rate"), ("Momentum", "momentum"), ("clip_norm", "clipnorm")):
        with pytest.raises(AttributeError, match=rf"SGD has no '{misspelt}'. Did you mean '{nearest}'\?"):
            setattr(rule, misspelt, 0.1)
    for name, value in (("nesterov", True), ("use_ema", True), ("gradient_accumulation_steps", 2), ("weight_decay", 1)):
        with pytest.raises(AttributeError, match=f"{name}=.*belongs to the compiled program"):
            setattr(rule, name, value)
        assert getattr(rule, name) == getattr(SGD(), name)


# Where numbers end is float16's to find, which ends at 65,504 and has no 1e-8.
@pytest.mark.parametrize("dtype", [pytest.param(jnp.bfloat16, marks=pytest.mark.slow), jnp.float16])
@pytest.mark.parametrize("rule", optimizers.RULES, ids=lambda rule: rule.__name__)
def test_half_precision_survives_all_that_the_base_offers(rule, dtype):
    params = jax.tree.map(lambda w: w.astype(dtype), PARAMS)

    @jax.jit
    def steps(rule, params):
        def body(carry, _):
            # Gradients wider than their weights, as mixed precision may have them.
            wide = jax.tree.map(lambda w: w.astype(jnp.float32), carry[0])
            updates, state = rule.update(wide, carry[1], carry[0])
            return (jax.tree.map(jnp.add, carry[0], updates), state), None  # scan refuses another type

        return jax.lax.scan(body, (params, rule.init(params)), None, length=6)[0]

    end, state = steps(trees.as_leaves(everything(rule)), params)
    assert {w.dtype for w in jax.tree.leaves((end, state.slots, state.sums, state.averages))} == {jnp.dtype(dtype)}
    assert all(bool(jnp.isfinite(w).all()) for w in jax.tree.leaves((end, state.slots)))
    assert float(jnp.abs(end["b"][1] - params["b"][1]).max()) > 0


@pytest.mark.parametrize("rule", optimizers.RULES, ids=lambda rule: rule.__name__)
def test_gradients_of_zero_move_nothing_to_nan(rule):
    # Dead units have such gradients; where a rule divides by their size, ε and the norms' guards must hold.
    zeros = jax.tree.map(np.zeros_like, PARAMS)
    moves = jax.jit(lambda rule, w: rule.update(zeros, rule.init(w), w)[0])
    for weights in (zeros, PARAMS):
        assert all(np.isfinite(u).all() for u in jax.tree.leaves(moves(trees.as_leaves(rule(0.1)), weights)))


def test_half_precision_weights_keep_their_type():
    params = jax.tree.map(lambda w: w.astype(jnp.bfloat16), PARAMS)
    for rule in optimizers.RULES:
        optimizer = rule(0.1, use_ema=rule is SGD)
        updates, state = jax.eval_shape(lambda w, o=optimizer: o.update(w, o.init(w), w), params)
        assert {u.dtype for u in jax.tree.leaves(updates)} == {jnp.dtype(jnp.bfloat16)}
        assert {s.dtype for s in jax.tree.leaves((state.slots, state.averages))} <= {jnp.dtype(jnp.bfloat16)}


def test_an_assigned_number_is_no_other_program():
    traces, rule = [], Adam(0.1, weight_decay=0.1, use_ema=True)

    @jax.jit
    def step(rule, params):
        traces.append(rule)
        return rule.update(params, rule.init(params), params)[0]

    before = step(trees.as_leaves(rule), PARAMS)
    rule.learning_rate, rule.beta_1, rule.weight_decay, rule.ema_momentum = 1, 0, 0.25, np.float64(0.5)
    after = step(trees.as_leaves(rule), PARAMS)
    assert len(traces) == 1
    assert float(jnp.abs(after["a"] - before["a"]).max()) > 0.1


@pytest.mark.parametrize("undecayed", [("a",), ("^a$", "nothing"), lambda path, w: path == "a"])
def test_patterns_and_functions_name_what_does_not_decay(undecayed):
    rule = Adam(0.1, weight_decay=1.0, undecayed=undecayed)
    zero = jax.tree.map(jnp.zeros_like, PARAMS)
    updates, _ = rule.update(zero, rule.init(PARAMS), PARAMS)
    np.testing.assert_array_equal(updates["a"], 0)
    np.testing.assert_allclose(updates["b"][1], -0.1 * PARAMS["b"][1], rtol=1e-6)


def test_paths_name_what_does_not_decay():
    seen = []

    def excluded(path, w):
        seen.append((path, w.shape))
        return path == "b/0"

    rule = SGD(0.1, weight_decay=1.0, undecayed=excluded)
    zero = jax.tree.map(jnp.zeros_like, PARAMS)
    updates, _ = rule.update(zero, rule.init(PARAMS), PARAMS)
    assert set(seen) == {("a", (2,)), ("b/0", ()), ("b/1", (2, 2))}
    assert float(updates["b"][0]) == 0
    np.testing.assert_allclose(updates["a"], -0.1 * PARAMS["a"])
    with pytest.raises(checks.RavineValueError, match=r"var_list=.*name the arrays in var_names"):
        rule.exclude_from_weight_decay([1])


def test_update_needs_the_parameters():
    with pytest.raises(checks.RavineTypeError, match=r"SGD.update: expected the parameters as its third argument"):
        SGD().update(PARAMS, SGD().init(PARAMS))


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (lambda: SGD(-0.1), "learning_rate=-0.1: expected a finite number of at least 0"),
        (lambda: SGD("fast"), "learning_rate='fast' is a str"),
        (lambda: SGD(momentum=1.0), "momentum=1.0"),
        (lambda: Adam(beta_1=1.0), "beta_1=1.0: expected a finite number of at least 0 below 1"),
        (lambda: Adam(beta_2=-0.1), "beta_2=-0.1"),
        (lambda: Adam(epsilon=float("nan")), "epsilon=nan"),
        (lambda: Adam(amsgrad=1), "amsgrad=1 is a int"),
        (lambda: optimizers.RMSprop(rho=1), "rho=1"),
        (lambda: optimizers.RMSprop(momentum=1.5), "momentum=1.5"),
        (lambda: optimizers.Adagrad(initial_accumulator_value=-1), "initial_accumulator_value=-1"),
        (lambda: optimizers.Adadelta(rho=2), "rho=2"),
        (lambda: optimizers.Adamax(beta_2=1), "beta_2=1"),
        (lambda: optimizers.Nadam(beta_1=1), "beta_1=1"),
        (lambda: optimizers.Lion(beta_1=1), "beta_1=1"),
        (lambda: optimizers.Lamb(epsilon=-1), "epsilon=-1"),
        (lambda: optimizers.Adafactor(clip_threshold=0), "clip_threshold=0: expected a finite number above 0"),
        (lambda: optimizers.Adafactor(beta_2_decay=0), "beta_2_decay=0: expected a finite number below 0"),
        (lambda: Muon(ns_steps=0), "ns_steps=0"),
        (lambda: Muon(ns_steps=2.5), "ns_steps=2.5 is a float"),
        (lambda: Muon(exclude_layers="kernel"), "exclude_layers='kernel' is a str: expected a tuple of regular"),
        (lambda: Muon(exclude_layers=("(",)), r"exclude_layers='\(': expected regular expressions"),
        (lambda: Muon(adam_weight_decay=-1), "adam_weight_decay=-1"),
        (lambda: optimizers.Adafactor(relative_step=1), "relative_step=1 is a int: expected True or False"),
        (lambda: optimizers.RMSprop(centered="no"), "centered='no' is a str"),
        (lambda: SGD(use_ema=1), "use_ema=1 is a int"),
        (lambda: SGD(use_ema=True, ema_momentum=-0.1), "ema_momentum=-0.1"),
        (lambda: SGD(use_ema=True, ema_overwrite_frequency=0), "ema_overwrite_frequency=0: expected an integer"),
        (lambda: SGD(clipnorm=1, global_clipnorm=1), "clipnorm=1, global_clipnorm=1: expected at most one way"),
        (lambda: SGD(clipnorm=-1), "clipnorm=-1: expected a finite number above 0"),
        (lambda: SGD(None), "learning_rate=None is a NoneType"),
        (lambda: SGD(True), "learning_rate=True is a bool"),
        (lambda: SGD([0.1]), r"learning_rate=\[0.1\] is a list"),
        (
            lambda: SGD(schedules.CosineDecay(0.1, 10), gradient_accumulation_steps="2"),
            "gradient_accumulation_steps='2' is a str: expected an integer of at least 1",
        ),
        (lambda: SGD(schedules.CosineDecay), "it failed: TypeError"),
        (lambda: optimizers.Muon(momentum=1), "momentum=1"),
        (lambda: optimizers.ScheduleFreeAdamW(beta_1=0), "beta_1=0: expected a finite number above 0 below 1"),
        (lambda: optimizers.ScheduleFreeAdamW(use_ema=True), "use_ema=True: expected False"),
        (lambda: SGD(weight_decay=-1), "weight_decay=-1"),
        (lambda: SGD(clipnorm=1, clipvalue=1), "clipnorm=1, clipvalue=1: expected at most one way to clip"),
        (lambda: SGD(clipvalue=0), "clipvalue=0: expected a finite number above 0"),
        (lambda: SGD(use_ema=True, ema_momentum=1.1), "ema_momentum=1.1"),
        (lambda: SGD(gradient_accumulation_steps=0), "gradient_accumulation_steps=0"),
        (lambda: SGD(gradient_accumulation_steps=1.5), "gradient_accumulation_steps=1.5 is a float"),
        (lambda: SGD(undecayed="bias"), "undecayed='bias' is a str: expected a tuple of regular expressions"),
        (lambda: SGD(undecayed=("(",)), r"undecayed='\(': expected regular expressions"),
        (lambda: SGD(lambda step: jnp.nan), "it gives nan at step 0; expected a finite number of at least 0"),
        (lambda: SGD(lambda step: -1.0), "it gives -1 at step 0"),
        (lambda: SGD(lambda step: jnp.ones(2)), r"expected one number for a step, got shape \(2,\)"),
        (lambda: SGD(lambda step: 0.1 if step > 3 else 0.2), "that JAX can trace; it failed: Python.s if"),
        (lambda: SGD(lambda: 0.1), "it failed: TypeError"),
        (lambda: SGD(schedules.ExponentialDecay(-1, 10, 0.5)), "initial_learning_rate=-1"),
        (lambda: SGD(schedules.CosineDecay(0.1, 0)), "decay_steps=0: expected a finite number above 0"),
        (lambda: SGD(schedules.CosineDecay(0.1, 10, warmup_steps=5)), "warmup_target=None"),
        (lambda: SGD(schedules.CosineDecayRestarts(0.1, 10, t_mul=0.5)), "t_mul=0.5"),
        (lambda: SGD(schedules.PiecewiseConstantDecay([5], [0.1])), r"values=\[0.1\]: expected 2 of them"),
        (lambda: SGD(schedules.PiecewiseConstantDecay([5, 3], [1, 1, 1])), r"boundaries\[1\]=3"),
        (lambda: SGD(schedules.PiecewiseConstantDecay(5, [1, 1])), "boundaries=5 is a int"),
    ],
)
def test_what_cannot_work_is_refused(rule, message):
    with pytest.raises(checks.RavineError, match=message):
        optimizers.get(rule())
    with pytest.raises(checks.RavineError, match=message):
        rule().init(PARAMS)


# Those that may be negative, or are below 0 by nature.
ANY_SIGN = {"muon_a", "muon_b", "muon_c", "beta_2_decay"}
NUMBERS = [
    (rule, f.name) for rule in optimizers.RULES for f in dataclasses.fields(rule) if f.metadata.get("role") != "static"
]


@pytest.mark.parametrize(("rule", "name"), NUMBERS, ids=lambda value: getattr(value, "__name__", value))
def test_no_number_may_be_nonsense(rule, name):
    optimizers.get(rule())
    wrong = [float("nan"), float("inf"), -float("inf"), "0.1", True, [0.1]]
    for value in wrong + ([] if name in ANY_SIGN else [-0.5]):
        with pytest.raises(checks.RavineError, match=f"^{name}="):
            optimizers.get(rule(**{name: value}))


def test_a_schedule_that_fails_later_is_refused_before_training(tiny):
    # 20 rows in batches of 8 are 3 steps an epoch.
    late = SGD(lambda step: jnp.where(step < 8, 0.1, jnp.nan))
    model = tiny.model(optimizer=late)
    weights = model.get_weights() if model.weights else None
    with pytest.raises(checks.RavineValueError, match="it gives nan at step 8"):
        tiny.fit(model, epochs=3)
    if weights is not None:
        for before, after in zip(weights, model.get_weights(), strict=True):
            np.testing.assert_array_equal(before, after)
    tiny.fit(model, epochs=2)
    with pytest.raises(checks.RavineValueError, match="it gives nan at step 8"):
        tiny.fit(model, epochs=1)


@contract
def test_vmap_is_a_loop(rule):
    rates = np.float32([0.0, 0.01, 0.1, 0.3])

    def run(rate):
        return descend(replace(trees.as_leaves(rule), learning_rate=rate), PARAMS)[0]

    together = jax.vmap(run)(rates)
    for i, rate in enumerate(rates):
        alone = run(rate)
        jax.tree.map(lambda t, a, i=i: np.testing.assert_allclose(t[i], a, rtol=1e-6), together, alone)


@contract
def test_a_learning_rate_of_zero_stands_still(rule):
    params, _ = descend(trees.as_leaves(replace(rule, learning_rate=0)), PARAMS)
    # Schedule-Free's mean of equal points is rounded.
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-6), params, PARAMS)


@pytest.mark.parametrize("rate", [-0.1, float("nan"), float("inf")])
@contract
def test_a_wrong_learning_rate_is_refused(rule, rate):
    with pytest.raises(checks.RavineValueError, match=f"learning_rate={rate}: expected a finite number of at least 0"):
        optimizers.get(replace(rule, learning_rate=rate))


def test_get():
    assert optimizers.get("sgd") == optimizers.get("SGD") == SGD()
    rule = SGD(0.3)
    assert optimizers.get(rule) is rule
    with pytest.raises(checks.RavineValueError, match=r"optimizer='sdg' is unknown. Did you mean 'sgd'\?"):
        optimizers.get("sdg")
    for misspelt, nearest in (("AdamWW", "adamw"), ("rms_prop", "rmsprop"), ("schedule_free", "schedulefreeadamw")):
        with pytest.raises(checks.RavineValueError, match=rf"is unknown. Did you mean '{nearest}'\?"):
            optimizers.get(misspelt)
    for wrong in (SGD, None, 0.1, optax.sgd):
        with pytest.raises(checks.RavineTypeError, match=r"optimizer=.*expected a name such as 'sgd', an object"):
            optimizers.get(wrong)
