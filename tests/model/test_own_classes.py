"""Classes of a user's own that lack what Ravine's form asks for: one sentence that says what to do."""

import jax.numpy as jnp
import numpy as np
import pytest

from ravine import (
    Sequential,
    checks,
    constraints,
    initializers,
    layers,
    losses,
    metrics,
    optimizers,
    regularizers,
    trees,
)

X = np.ones((8, 4), np.float32)
DECORATE = "is no class of Ravine's form: decorate it with @ravine.trees.tree"


def fitted(loss="mse", optimizer="sgd", metric=None, **options):
    model = Sequential([layers.Dense(4, **options)])
    model.compile(optimizer, loss, metrics=None if metric is None else [metric])
    return model.fit(X, X, verbose=0, seed=0).history["loss"]


class Loss(losses.Loss):
    def values(self, y, outputs):
        return jnp.abs(y - outputs).mean(-1)


class Metric(metrics.Metric):
    def values(self, y, outputs):
        return jnp.abs(y - outputs).mean(-1)


class Rule(optimizers.Optimizer):
    def delta(self, g, slots, w, lr, t):
        return -lr * g, slots


class Regularizer(regularizers.Regularizer):
    def __init__(self, rate):
        self.rate = rate

    def __call__(self, w):
        return self.rate * w.sum()


class Constraint(constraints.MaxNorm):
    pass


class Schedule(optimizers.schedules.Schedule):
    def __call__(self, step):
        return 0.1


class Initializer(initializers.Rule):
    def __init__(self, value):
        self.value = value

    def __call__(self, key, shape):
        return jnp.full(shape, self.value)


UNDECORATED = {
    "loss: Loss": lambda: {"loss": Loss()},
    r"metrics\[0\]: Metric": lambda: {"metric": Metric()},
    "optimizer: Rule": lambda: {"optimizer": Rule(0.1)},
    "kernel_regularizer: Regularizer": lambda: {"kernel_regularizer": Regularizer(0.1)},
    "activity_regularizer: Regularizer": lambda: {"activity_regularizer": Regularizer(0.1)},
    "kernel_constraint: Constraint": lambda: {"kernel_constraint": Constraint(1)},
    "learning_rate: Schedule": lambda: {"optimizer": optimizers.SGD(Schedule())},
}


@pytest.mark.parametrize("words", UNDECORATED)
def test_a_class_without_the_decorator(words):
    with pytest.raises(checks.RavineTypeError, match=f"^{words} {DECORATE}"):
        fitted(**UNDECORATED[words]())


def test_an_initializer_whose_setting_is_no_field_would_be_taken_for_another():
    with pytest.raises(
        checks.RavineTypeError, match="kernel_initializer: Initializer holds what is no field: decorate"
    ):
        fitted(kernel_initializer=Initializer(2))


@trees.tree
class KerasLoss(losses.Loss):
    def call(self, y, outputs):
        return jnp.abs(y - outputs).mean(-1)


@trees.tree
class KerasMetric(metrics.Metric):
    def update_state(self, y, outputs, sample_weight=None):
        pass


@trees.tree
class KerasRule(optimizers.Optimizer):
    def update_step(self, gradient, variable, learning_rate):
        pass


@trees.tree
class Slotted(optimizers.Optimizer):
    def init_slots(self, w):
        return (jnp.zeros_like(w),)

    def delta(self, g, slots, w, lr, t):
        return -lr * g, slots


@trees.tree
class Unwritten(regularizers.Regularizer):
    pass


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"loss": KerasLoss()}, r"loss: KerasLoss computes nothing: expected a method values\(self, y"),
        ({"metric": KerasMetric()}, r"metrics\[0\]: KerasMetric computes nothing: expected a method values\("),
        ({"optimizer": KerasRule(0.1)}, r"optimizer: KerasRule computes nothing: expected a method delta\(self, g"),
        ({"optimizer": Slotted(0.1)}, r"optimizer: nobody calls Slotted\.init_slots\. Expected slots\(self, w\)"),
        (
            {"kernel_regularizer": Unwritten()},
            r"kernel_regularizer: Unwritten computes nothing: expected .* __call__\(",
        ),
    ],
    ids=str,
)
def test_a_method_of_another_name(options, words):
    with pytest.raises(checks.RavineTypeError, match=words):
        fitted(**options)


def test_classes_of_ravine_s_form_train():
    made = {name: trees.tree(type(name, (cls,), {})) for name, cls in {"L": Loss, "M": Metric}.items()}
    rule = trees.tree(type("R", (Rule,), {}))
    assert fitted(made["L"](), rule(0.1), made["M"]()) == pytest.approx(fitted("mae", optimizers.SGD(0.1)))


@pytest.mark.parametrize("rule", optimizers.RULES)
@pytest.mark.parametrize(
    ("name", "way"),
    [("lr", "Use learning_rate="), ("decay", "InverseTimeDecay"), ("eps", "Use epsilon="), ("clipnrm", "'clipnorm'")],
)
def test_an_argument_under_its_other_name(rule, name, way):
    with pytest.raises(checks.RavineTypeError, match=rf"^{rule.__name__} takes no {name}=\..*{way}"):
        rule(**{name: 0.1})


def test_patterns_may_be_a_list_as_in_keras():
    assert fitted(optimizer=optimizers.Muon(exclude_layers=["0/kernel"])) == fitted(
        optimizer=optimizers.Muon(exclude_layers=("0/kernel",))
    )
    assert fitted(optimizer=optimizers.AdamW(undecayed=["bias"])) == fitted(
        optimizer=optimizers.AdamW(undecayed=("bias",))
    )
