"""Every rule against its formula, written out once more in NumPy float64."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from ravine import optimizers, trees
from ravine.optimizers import (
    SGD,
    Adadelta,
    Adafactor,
    Adagrad,
    Adam,
    Adamax,
    AdamW,
    Lamb,
    Lion,
    Muon,
    Nadam,
    RMSprop,
    ScheduleFreeAdamW,
    schedules,
)

STEPS = 50
START = {
    "bias": np.array([0.3, -0.2, 1e-3, 2.0, -1.5]),
    "kernel": np.random.default_rng(0).normal(size=(4, 3)),
}


def gradients():
    """Neither constant nor of one size: some numbers are tiny, so that it shows where ε stands."""
    rng = np.random.default_rng(1)
    scale = {"bias": np.array([1.0, 3.0, 1e-6, 1e-2, 10.0]), "kernel": 10.0 ** rng.uniform(-6, 1, (4, 3))}
    return [{k: scale[k] * (rng.normal(size=w.shape) + 0.3) for k, w in START.items()} for _ in range(STEPS)]


GRADIENTS = gradients()


def walk(rule, params, grads):
    def body(carry, g):
        updates, state = rule.update(g, carry[1], carry[0])
        return (optax.apply_updates(carry[0], updates), state), None

    return jax.lax.scan(body, (params, rule.init(params)), grads)[0][0]


# Rules of one structure are one program; the functions of an optax transformation are part of its structure.
COMPILED = jax.jit(walk), jax.jit(walk, static_argnums=0)


def walked(rule, dtype=np.float64):
    """Where a Ravine rule or an optax transformation arrives, in 64 bits."""
    with jax.enable_x64(dtype == np.float64):
        params, grads = jax.tree.map(
            lambda a: np.asarray(a, dtype), (START, jax.tree.map(lambda *g: np.stack(g), *GRADIENTS))
        )
        foreign = isinstance(rule, optax.GradientTransformation)
        rule = rule if foreign else trees.as_leaves(rule, dtype)
        return jax.tree.map(np.asarray, COMPILED[foreign](rule, params, grads))


def reference(step, memory, start=START):
    """Where ``step(w, g, memory, t) -> w`` arrives; ``memory(w)`` makes each array's."""
    params = {k: np.array(w) for k, w in start.items()}
    memories = {k: memory(w) for k, w in params.items()}
    for t, grads in enumerate(GRADIENTS, 1):
        params = {k: step(w, grads[k], memories[k], t) for k, w in params.items()}
    return params


def zeros(*names):
    return lambda w: {name: np.zeros_like(w) for name in names}


def sgd(lr, momentum=0.0, nesterov=False, decay=0.0, l2=0.0, outside=False):
    """``lr`` is a number, or a function of the finished updates."""

    def step(w, g, m, t):
        eta = lr(t - 1) if callable(lr) else lr
        g = g + 2 * l2 * w
        w = w - eta * decay * w
        if outside:  # η beside the velocity instead of in it
            m["v"] = momentum * m["v"] - g
            return w + eta * m["v"]
        m["v"] = momentum * m["v"] - eta * g
        return w + (momentum * m["v"] - eta * g if nesterov else m["v"])

    return reference(step, zeros("v"))


def adagrad(lr, start, eps, outside=False):
    def step(w, g, m, t):
        m["s"] = m["s"] + g * g
        return w - lr * g / (np.sqrt(m["s"]) + eps if outside else np.sqrt(m["s"] + eps))

    return reference(step, lambda w: {"s": np.full_like(w, start)})


def rmsprop(lr, rho, eps, momentum=0.0, centered=False, decay=0.0, l2=0.0, outside=False):
    def step(w, g, m, t):
        g = g + 2 * l2 * w
        w = w - lr * decay * w
        m["s"] = rho * m["s"] + (1 - rho) * g * g
        m["a"] = rho * m["a"] + (1 - rho) * g
        s = m["s"] - m["a"] ** 2 if centered else m["s"]
        m["v"] = momentum * m["v"] - lr * g / (np.sqrt(s) + eps if outside else np.sqrt(s + eps))
        return w + m["v"]

    return reference(step, zeros("s", "a", "v"))


def adam(lr, b1, b2, eps, amsgrad=False, decay=0.0, l2=0.0, keras=False):
    def step(w, g, m, t):
        g = g + 2 * l2 * w
        w = w - lr * decay * w
        m["m"] = b1 * m["m"] + (1 - b1) * g
        m["v"] = b2 * m["v"] + (1 - b2) * g * g
        m["max"] = np.maximum(m["max"], m["v"])
        v = m["max"] if amsgrad else m["v"]
        if keras:  # ε beside √v instead of √v̂
            return w - lr * np.sqrt(1 - b2**t) / (1 - b1**t) * m["m"] / (np.sqrt(v) + eps)
        return w - lr * (m["m"] / (1 - b1**t)) / (np.sqrt(v / (1 - b2**t)) + eps)

    return reference(step, zeros("m", "v", "max"))


def nadam(lr, b1, b2, eps, rate=1.0):
    def step(w, g, m, t):
        mu, after = (b1 * (1 - 0.5 * 0.96 ** (rate * k)) for k in (t, t + 1))
        m["p"] = m.get("p", 1.0) * mu
        m["m"] = b1 * m["m"] + (1 - b1) * g
        m["v"] = b2 * m["v"] + (1 - b2) * g * g
        m_hat = after * m["m"] / (1 - m["p"] * after) + (1 - mu) * g / (1 - m["p"])
        return w - lr * m_hat / (np.sqrt(m["v"] / (1 - b2**t)) + eps)

    return reference(step, zeros("m", "v"))


def adamax(lr, b1, b2, eps, within=False):
    def step(w, g, m, t):
        m["m"] = b1 * m["m"] + (1 - b1) * g
        if within:  # ε beside |g| within the maximum
            m["u"] = np.maximum(b2 * m["u"], np.abs(g) + eps)
            return w - lr / (1 - b1**t) * m["m"] / m["u"]
        m["u"] = np.maximum(b2 * m["u"], np.abs(g))
        return w - lr / (1 - b1**t) * m["m"] / (m["u"] + eps)

    return reference(step, zeros("m", "u"))


def adadelta(lr, rho, eps, outside=False):
    def root(x):
        return np.sqrt(x) + eps if outside else np.sqrt(x + eps)

    def step(w, g, m, t):
        m["s"] = rho * m["s"] + (1 - rho) * g * g
        move = -root(m["d"]) / root(m["s"]) * g
        m["d"] = rho * m["d"] + (1 - rho) * move * move
        return w + lr * move

    return reference(step, zeros("s", "d"))


def lion(lr, b1, b2, decay=0.0):
    def step(w, g, m, t):
        w = w - lr * decay * w - lr * np.sign(b1 * m["m"] + (1 - b1) * g)
        m["m"] = b2 * m["m"] + (1 - b2) * g
        return w

    return reference(step, zeros("m"))


def lamb(lr, b1, b2, eps, decay=0.0, within=0.0):
    def step(w, g, m, t):
        w = w - lr * decay * w
        m["m"] = b1 * m["m"] + (1 - b1) * g
        m["v"] = b2 * m["v"] + (1 - b2) * g * g
        r = m["m"] / (1 - b1**t) / (np.sqrt(m["v"] / (1 - b2**t)) + eps) + within * w
        return w - lr * np.sqrt((w**2).sum()) / np.sqrt((r**2).sum()) * r

    return reference(step, zeros("m", "v"))


def adafactor(lr, relative=True, k=-0.8, eps_1=1e-30, eps_2=1e-3, d=1.0, factored=True):
    def rms(x):
        return np.sqrt((x * x).mean())

    def step(w, g, m, t):
        beta, q = 1 - t**k, g * g + eps_1
        if w.ndim == 2 and factored:
            m["r"] = beta * m.get("r", 0) + (1 - beta) * q.mean(1)
            m["c"] = beta * m.get("c", 0) + (1 - beta) * q.mean(0)
            v = np.outer(m["r"], m["c"]) / m["r"].mean()
        else:
            v = m["v"] = beta * m.get("v", 0) + (1 - beta) * q
        u = g / np.sqrt(v)
        u = u / max(1, rms(u) / d)
        return w - max(eps_2, rms(w)) * (min(lr, t**-0.5) if relative else lr) * u

    return reference(step, lambda w: {})


def muon(lr, momentum, nesterov, rate, decay, adam_decay, by_adam=lambda w: w.ndim != 2):
    a, b, c = 3.4445, -4.7750, 2.0315

    def step(w, g, m, t):
        if by_adam(w):
            w = w - lr * adam_decay * w
            m["m"] = 0.9 * m["m"] + 0.1 * g
            m["v"] = 0.999 * m["v"] + 0.001 * g * g
            return w - lr * m["m"] / (1 - 0.9**t) / (np.sqrt(m["v"] / (1 - 0.999**t)) + 1e-7)
        w = w - lr * decay * w
        m["m"] = momentum * m["m"] + g
        x = g + momentum * m["m"] if nesterov else m["m"]
        x = x / (np.sqrt((x * x).sum()) + 1e-7)
        for _ in range(5):
            s = x.T @ x  # of the tall matrix: the same polynomial from the right
            x = a * x + x @ (b * s + c * s @ s)
        return w - lr * (1 if rate is None else rate * max(w.shape) ** 0.5) * x

    return reference(step, zeros("m", "v"))


def schedule_free(lr, b1, b2, eps, warmup=0, decay=0.0, keras=False):
    """The weights y at which the next gradient would be taken."""

    def step(y, g, m, t):
        if "z" not in m:
            m |= {"z": y, "x": y, "total": 0.0}
        gamma = lr * (min(1, t / warmup) if warmup else 1)
        m["v"] = b2 * m["v"] + (1 - b2) * g * g
        m["z"] = m["z"] - gamma * g / (np.sqrt(m["v"] / (1 - b2**t)) + eps) - gamma * decay * y
        m["total"] += gamma**2
        c = 1 / t if keras else gamma**2 / m["total"]
        m["x"] = (1 - c) * m["x"] + c * m["z"]
        return (1 - b1) * m["z"] + b1 * m["x"]

    return reference(step, zeros("v"))


CASES = {
    "sgd": (SGD(0.05), lambda: sgd(0.05)),
    "momentum": (SGD(0.05, momentum=0.9), lambda: sgd(0.05, 0.9)),
    "nesterov": (SGD(0.05, momentum=0.9, nesterov=True), lambda: sgd(0.05, 0.9, True)),
    "sgd with decay": (SGD(0.05, 0.9, weight_decay=0.3), lambda: sgd(0.05, 0.9, decay=0.3)),
    "nesterov under a schedule": (
        SGD(schedules.ExponentialDecay(0.1, 10, 0.5), 0.9, nesterov=True, weight_decay=0.1),
        lambda: sgd(lambda t: 0.1 * 0.5 ** (t / 10), 0.9, True, 0.1),
    ),
    "momentum under a schedule": (
        SGD(schedules.InverseTimeDecay(0.1, 10, 2.0), 0.9),
        lambda: sgd(lambda t: 0.1 / (1 + 2 * t / 10), 0.9),
    ),
    "adagrad": (Adagrad(0.1, epsilon=1e-3), lambda: adagrad(0.1, 0.0, 1e-3)),
    "adagrad from 0.1": (Adagrad(0.1, 0.1), lambda: adagrad(0.1, 0.1, 1e-7)),
    "rmsprop": (RMSprop(0.01, epsilon=1e-3), lambda: rmsprop(0.01, 0.9, 1e-3)),
    "rmsprop with momentum": (RMSprop(0.01, 0.8, momentum=0.7), lambda: rmsprop(0.01, 0.8, 1e-7, 0.7)),
    "rmsprop centered": (
        RMSprop(0.01, momentum=0.5, centered=True, epsilon=1e-3),
        lambda: rmsprop(0.01, 0.9, 1e-3, 0.5, True),
    ),
    "rmsprop with decay": (RMSprop(0.01, weight_decay=0.3), lambda: rmsprop(0.01, 0.9, 1e-7, decay=0.3)),
    "adam": (Adam(0.01, 0.8, 0.99, 1e-3), lambda: adam(0.01, 0.8, 0.99, 1e-3)),
    "adam, defaults": (Adam(), lambda: adam(0.001, 0.9, 0.999, 1e-7)),
    "amsgrad": (Adam(0.01, beta_2=0.9, amsgrad=True), lambda: adam(0.01, 0.9, 0.9, 1e-7, amsgrad=True)),
    "adamw": (AdamW(0.01), lambda: adam(0.01, 0.9, 0.999, 1e-7, decay=0.004)),
    "adam with decay": (Adam(0.01, weight_decay=0.5), lambda: adam(0.01, 0.9, 0.999, 1e-7, decay=0.5)),
    "amsgrad with decay": (
        AdamW(0.01, 0.3, beta_2=0.9, epsilon=1e-3, amsgrad=True),
        lambda: adam(0.01, 0.9, 0.9, 1e-3, amsgrad=True, decay=0.3),
    ),
    "adamw, its decay": (AdamW(0.01, 0.5), lambda: adam(0.01, 0.9, 0.999, 1e-7, decay=0.5)),
    "nadam": (Nadam(0.01, epsilon=1e-3), lambda: nadam(0.01, 0.9, 0.999, 1e-3)),
    "adamax": (Adamax(0.01, epsilon=1e-3), lambda: adamax(0.01, 0.9, 0.999, 1e-3)),
    "adadelta": (Adadelta(1.0, epsilon=1e-3), lambda: adadelta(1.0, 0.95, 1e-3)),
    "lion": (Lion(0.01, weight_decay=0.5), lambda: lion(0.01, 0.9, 0.99, 0.5)),
    "lion without decay": (Lion(0.01, 0.5, 0.8), lambda: lion(0.01, 0.5, 0.8)),
    "lamb without decay": (Lamb(0.01), lambda: lamb(0.01, 0.9, 0.999, 1e-7)),
    "lamb": (Lamb(0.01, epsilon=1e-3, weight_decay=0.3), lambda: lamb(0.01, 0.9, 0.999, 1e-3, 0.3)),
    "adafactor": (Adafactor(0.3), lambda: adafactor(0.3)),
    "adafactor, not relative": (Adafactor(0.3, relative_step=False), lambda: adafactor(0.3, False)),
    "adafactor, its numbers": (
        Adafactor(0.3, -0.5, 1e-9, 0.5, 0.7),
        lambda: adafactor(0.3, k=-0.5, eps_1=1e-9, eps_2=0.5, d=0.7),
    ),
    "muon": (Muon(0.02), lambda: muon(0.02, 0.95, True, 0.2, 0.004, 0.004)),
    "muon, plain": (
        Muon(0.02, nesterov=False, rms_rate=None, weight_decay=0.1, adam_weight_decay=None),
        lambda: muon(0.02, 0.95, False, None, 0.1, 0.0),
    ),
    "muon, excluded": (
        Muon(0.02, exclude_layers=("ker",)),
        lambda: muon(0.02, 0.95, True, 0.2, 0.004, 0.004, by_adam=lambda w: True),
    ),
    "schedule-free": (ScheduleFreeAdamW(0.01), lambda: schedule_free(0.01, 0.9, 0.999, 1e-8)),
    "schedule-free, warm-up": (
        ScheduleFreeAdamW(0.01, epsilon=1e-3, warmup_steps=20, weight_decay=0.3),
        lambda: schedule_free(0.01, 0.9, 0.999, 1e-3, 20, 0.3),
    ),
}


def distance(a, b):
    """The largest relative difference of two trees."""
    return max(np.max(np.abs(a[k] - b[k]) / np.maximum(np.abs(b[k]), 1e-3)) for k in a)


def test_every_rule_has_a_case():
    assert {type(rule) for rule, _ in CASES.values()} == set(optimizers.RULES)


@pytest.mark.parametrize("case", CASES)
def test_it_is_its_formula(case):
    rule, formula = CASES[case]
    assert distance(walked(rule), formula()) < 1e-9


FIRST = {type(rule): case for case, (rule, _) in reversed(CASES.items())}.values()


@pytest.mark.parametrize("case", [c if c in FIRST else pytest.param(c, marks=pytest.mark.slow) for c in CASES])
def test_32_bits_are_near_it(case):
    rule, formula = CASES[case]
    assert distance(walked(rule, np.float32), formula()) < 2e-2


# What a wrong formula would give: the table's tolerance must tell it from the right one.
WRONG = {
    "no momentum": ("momentum", lambda: sgd(0.05)),
    "nesterov left out": ("nesterov", lambda: sgd(0.05, 0.9)),
    "decay in the velocity": ("sgd with decay", lambda: sgd(0.05, 0.9, l2=0.15)),
    "decay through adam": ("adamw, its decay", lambda: adam(0.01, 0.9, 0.999, 1e-7, l2=0.25)),
    "decay through rmsprop": ("rmsprop with decay", lambda: rmsprop(0.01, 0.9, 1e-7, l2=0.15)),
    "rmsprop without its decay": ("rmsprop with decay", lambda: rmsprop(0.01, 0.9, 1e-7)),
    "rmsprop without momentum": ("rmsprop with momentum", lambda: rmsprop(0.01, 0.8, 1e-7)),
    "rmsprop not centered": ("rmsprop centered", lambda: rmsprop(0.01, 0.9, 1e-3, 0.5)),
    "η outside the velocity": (
        "momentum under a schedule",
        lambda: sgd(lambda t: 0.1 / (1 + 2 * t / 10), 0.9, outside=True),
    ),
    "a schedule counted from 1": (
        "momentum under a schedule",
        lambda: sgd(lambda t: 0.1 / (1 + 2 * (t + 1) / 10), 0.9),
    ),
    "adagrad's ε outside": ("adagrad", lambda: adagrad(0.1, 0.0, 1e-3, outside=True)),
    "rmsprop's ε outside": ("rmsprop", lambda: rmsprop(0.01, 0.9, 1e-3, outside=True)),
    "adam's ε beside √v": ("adam", lambda: adam(0.01, 0.8, 0.99, 1e-3, keras=True)),
    "adam without momentum": ("adam", lambda: adam(0.01, 0.0, 0.99, 1e-3)),
    "adadelta's ε outside": ("adadelta", lambda: adadelta(1.0, 0.95, 1e-3, outside=True)),
    "adamax's ε in the maximum": ("adamax", lambda: adamax(0.01, 0.9, 0.999, 1e-3, within=True)),
    "nadam's slow schedule": ("nadam", lambda: nadam(0.01, 0.9, 0.999, 1e-3, rate=0.004)),
    "lion's decay left out": ("lion", lambda: lion(0.01, 0.9, 0.99)),
    "lion's rates swapped": ("lion", lambda: lion(0.01, 0.99, 0.9, 0.5)),
    "lamb's decay in its direction": ("lamb", lambda: lamb(0.01, 0.9, 0.999, 1e-3, within=0.3)),
    "adafactor not factored": ("adafactor", lambda: adafactor(0.3, factored=False)),
    "adafactor not relative": ("adafactor", lambda: adafactor(0.3, relative=False)),
    "muon's nesterov left out": ("muon", lambda: muon(0.02, 0.95, False, 0.2, 0.004, 0.004)),
    "muon's decay left out": ("muon, plain", lambda: muon(0.02, 0.95, False, None, 0.0, 0.0)),
    "every step averaged alike": (
        "schedule-free, warm-up",
        lambda: schedule_free(0.01, 0.9, 0.999, 1e-3, 20, 0.3, keras=True),
    ),
    "warm-up left out": ("schedule-free, warm-up", lambda: schedule_free(0.01, 0.9, 0.999, 1e-3, 0, 0.3)),
    "amsgrad left out": ("amsgrad", lambda: adam(0.01, 0.9, 0.9, 1e-7)),
    "accumulator from 0": ("adagrad from 0.1", lambda: adagrad(0.1, 0.0, 1e-7)),
}


@pytest.mark.parametrize("mistake", WRONG)
def test_a_wrong_formula_would_be_found(mistake):
    case, formula = WRONG[mistake]
    assert distance(walked(CASES[case][0]), formula()) > 1e-4


@pytest.mark.parametrize("rule", [r for r in optimizers.RULES if r is not ScheduleFreeAdamW], ids=lambda r: r.__name__)
def test_weights_decay_first_and_the_rule_moves_them_from_there(rule):
    """Whatever the rule: (1 − ηλ)·w takes the place of w. For Schedule-Free the decay is part of z's step."""
    options = {"adam_weight_decay": 0.5} if rule is Muon else {}
    plain = {"adam_weight_decay": None} if rule is Muon else {}
    with jax.enable_x64(True):
        w, g = (jax.tree.map(jnp.asarray, a) for a in (START, GRADIENTS[0]))

        @jax.jit
        def moved(rule, w):
            return jax.tree.map(jnp.add, w, rule.update(g, rule.init(w), w)[0])

        found = moved(trees.as_leaves(rule(0.1, weight_decay=0.5, **options), np.float64), w)
        shrunk = jax.tree.map(lambda w: (1 - 0.1 * 0.5) * w, w)
        expected = moved(trees.as_leaves(rule(0.1, weight_decay=None, **plain), np.float64), shrunk)
        undecayed = moved(trees.as_leaves(rule(0.1, weight_decay=None, **plain), np.float64), w)
        assert distance(found, expected) < 1e-9
        assert distance(found, undecayed) > 1e-3


OPTAX = {
    "sgd": (SGD(0.05), lambda: optax.sgd(0.05)),
    "momentum": (SGD(0.05, momentum=0.9), lambda: optax.sgd(0.05, momentum=0.9)),
    "nesterov": (SGD(0.05, 0.9, nesterov=True), lambda: optax.sgd(0.05, momentum=0.9, nesterov=True)),
    "adagrad": (Adagrad(0.1, 0.1), lambda: optax.adagrad(0.1, 0.1, eps=1e-7)),
    "rmsprop": (RMSprop(0.01, epsilon=1e-3), lambda: optax.rmsprop(0.01, eps=1e-3)),
    "centered": (RMSprop(0.01, centered=True, epsilon=1e-3), lambda: optax.rmsprop(0.01, eps=1e-3, centered=True)),
    "adam": (Adam(0.01, epsilon=1e-3), lambda: optax.adam(0.01, eps=1e-3)),
    "adamw": (AdamW(0.01, 0.1, epsilon=1e-3), lambda: optax.adamw(0.01, eps=1e-3, weight_decay=0.1)),
    "adamax": (Adamax(0.01, epsilon=0.0), lambda: optax.adamax(0.01, eps=0.0)),
    "adadelta": (Adadelta(1.0, 0.9, 1e-3), lambda: optax.adadelta(1.0, rho=0.9, eps=1e-3)),
    "lion": (Lion(0.01), lambda: optax.lion(0.01, weight_decay=0.0)),
    "lion with decay": (Lion(0.01, weight_decay=0.1), lambda: optax.lion(0.01, weight_decay=0.1)),
    "lamb": (Lamb(0.01, epsilon=1e-3), lambda: optax.lamb(0.01, eps=1e-3)),
    "clipvalue": (Adam(0.01, epsilon=1e-8, clipvalue=0.5), lambda: optax.chain(optax.clip(0.5), optax.adam(0.01))),
    "global_clipnorm": (
        SGD(0.05, global_clipnorm=0.5),
        lambda: optax.chain(optax.clip_by_global_norm(0.5), optax.sgd(0.05)),
    ),
    "accumulation": (
        SGD(0.05, momentum=0.9, gradient_accumulation_steps=4),
        lambda: optax.MultiSteps(optax.sgd(0.05, momentum=0.9), 4).gradient_transformation(),
    ),
    "schedule": (
        SGD(optax.exponential_decay(0.1, 10, 0.5)),
        lambda: optax.sgd(optax.exponential_decay(0.1, 10, 0.5)),
    ),
}


@pytest.mark.parametrize("case", OPTAX)
def test_it_is_that_of_optax(case):
    ours, theirs = OPTAX[case]
    # optax computes some powers in 32 bits, whatever the weights have.
    assert distance(walked(ours), walked(theirs())) < 1e-6


@pytest.mark.parametrize(("rule", "agrees"), [(SGD, True), (Adam, False), (RMSprop, False)])
def test_l2_is_weight_decay_with_sgd_alone(rule, agrees):
    """The textbook's λ_decay = 2ηλ_L2, which is Ravine's weight_decay = 2·l2, on trained weights."""
    l2 = 0.05

    def train(rule, l2):
        def loss(w):
            return ((w - jnp.array([1.0, -2.0, 30.0])) ** 2 * jnp.array([1.0, 0.1, 0.01])).sum() + l2 * (w**2).sum()

        rule, w = trees.as_leaves(rule), jnp.array([0.5, 0.5, 0.5])

        def body(carry, _):
            updates, state = rule.update(jax.grad(loss)(carry[0]), carry[1], carry[0])
            return (carry[0] + updates, state), None

        return jax.lax.scan(body, (w, rule.init(w)), None, length=200)[0][0]

    regularized = train(rule(0.02), l2)
    decayed = train(rule(0.02, weight_decay=2 * l2), 0.0)
    difference = float(jnp.abs(regularized / decayed - 1).max())
    assert (difference < 1e-5) if agrees else (difference > 0.01)
