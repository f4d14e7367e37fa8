"""What a contender is made of, as JSON: the same for the same, another for another."""

import functools
import json
import os

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ravine import Input, Sequential, callbacks, layers, losses, metrics, optimizers, regularizers
from ravine.comparison.describing import checksum, described, model_described
from ravine.optimizers.schedules import ExponentialDecay


def text(value):
    return json.dumps(described(value), allow_nan=False)


def defined(source, **values):
    """What ``source`` defines as ``it``, as if a new process had read it: nothing of it is shared with another."""
    space = {"__name__": "lab", **values}
    exec(source, space)
    return space["it"]


CLOSURE = "def outer(k):\n    return lambda x: k * x\nit = outer({})"
NESTED = "def it(x):\n    return (lambda y: y {} 2)(x)"


@pytest.mark.parametrize(
    "source",
    [
        "it = lambda key, shape: 0",
        "def it(x, k=2, *, n=3):\n    return k * x ** n",
        CLOSURE.format(2),
        CLOSURE.format("None"),
        CLOSURE.format((1, "a")),
        NESTED.format("*"),
        "class Squares:\n    def __call__(self, x):\n        return x * x\nit = Squares()",
        "def half(x):\n    return x / 2\nit = lambda x: half(x)",
        "it = lambda x: x in {'a', 'b', 'c', 'd', 'e', 'f'}",
    ],
)
def test_what_is_defined_twice_gives_the_same_text(source):
    assert text(defined(source)) == text(defined(source))
    assert text(defined(source)) == text(defined("# moved down\n\n" + source))


@pytest.mark.parametrize(
    "source",
    [
        "def half(x):\n    return x / 2\ndef it(x, f=half):\n    return f(x)",
        "def half(x):\n    return x / 2\n" + CLOSURE.format("(half, half)"),
    ],
    ids=["default", "closure"],
)
def test_functions_that_hold_functions_give_the_same_text_too(source):
    kept = defined(source)  # still there, so that the second is at another address
    assert text(kept) == text(defined(source))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("it = lambda x: 2 * x", "it = lambda x: 3 * x"),
        ("it = lambda x: 2 * x", "it = lambda x: 2 + x"),
        ("it = lambda x: x.sum()", "it = lambda x: x.max()"),
        ("it = lambda x: 'a'", "it = lambda x: 'b'"),
        ("it = lambda x, k=2: k * x", "it = lambda x, k=3: k * x"),
        ("def it(x):\n    return x", "def that(x):\n    return x\nit = that"),
        (CLOSURE.format(2), CLOSURE.format(3)),
        (CLOSURE.format(2), CLOSURE.format(2.5)),
        (CLOSURE.format((1, 2)), CLOSURE.format((1, 3))),
        pytest.param("it = lambda x, *, k=2: k * x", "it = lambda x, *, k=3: k * x"),
        pytest.param(NESTED.format("*"), NESTED.format("+")),
        pytest.param(
            "import numpy\n" + CLOSURE.format("numpy.ones(2)"),
            "import numpy\n" + CLOSURE.format("numpy.zeros(2)"),
        ),
        pytest.param(CLOSURE.format("lambda y: 2 * y"), CLOSURE.format("lambda y: 3 * y")),
        pytest.param(
            "import functools\nit = functools.partial(pow, 2)",
            "import functools\nit = functools.partial(pow, 3)",
        ),
        pytest.param("import jax\nit = jax.jit(lambda x: 2 * x)", "import jax\nit = jax.jit(lambda x: 3 * x)"),
        pytest.param(
            "class Power:\n    def __init__(self, n):\n        self.n = n\n    __call__ = pow\nit = Power(2)",
            "class Power:\n    def __init__(self, n):\n        self.n = n\n    __call__ = pow\nit = Power(3)",
        ),
    ],
)
def test_another_function_gives_another_text(first, second):
    assert text(defined(first)) != text(defined(second))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (True, True),
        ("adam", "adam"),
        (np.int64(3), 3),
        (np.float32(0.5), 0.5),
        ((1, [2.5, None]), [1, [2.5, None]]),
        ({"a": (1,), 2: np.float64(3)}, {"a": [1], "2": 3.0}),
        (regularizers.L1L2(0.1, 0.2), {"class": "L1L2", "l1": 0.1, "l2": 0.2}),
        (jnp.tanh, "jax.numpy.tanh"),
        (float, "builtins.float"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_values_as_json_takes_them(value, expected):
    found = described(value)
    assert found == expected
    assert type(found) is type(expected)


def test_ravines_own_functions_go_by_name():
    from ravine import activations

    assert described(activations.get("relu")) == "activations.relu"


def test_objects_are_their_class_and_fields_without_what_is_none():
    found = described(optimizers.SGD(ExponentialDecay(0.1, 10, 0.5), momentum=0.9))
    assert found["class"] == "SGD"
    assert found["momentum"] == 0.9
    assert found["learning_rate"] == {
        "class": "ExponentialDecay",
        "initial_learning_rate": 0.1,
        "decay_steps": 10,
        "decay_rate": 0.5,
        "staircase": False,
    }
    assert "clipnorm" not in found
    assert described(optimizers.SGD(clipnorm=1.0))["clipnorm"] == 1.0


def test_callbacks_are_their_arguments_and_not_where_they_stand():
    stopper = callbacks.EarlyStopping(patience=3)
    before = described(stopper)
    assert (before["class"], before["patience"], before["monitor"]) == ("EarlyStopping", 3, "val_loss")
    stopper.wait, stopper.best = 2, 0.5
    assert described(stopper) == before
    assert described(callbacks.EarlyStopping(patience=4)) != before


ARRAY = np.arange(6, dtype=np.float32).reshape(2, 3)


@pytest.mark.parametrize(
    "same", [ARRAY.copy(), np.asfortranarray(ARRAY), jnp.asarray(ARRAY), np.repeat(ARRAY, 2, 1)[:, ::2]]
)
def test_equal_arrays_have_one_checksum(same):
    assert checksum(same) == checksum(ARRAY)
    assert text(same) == text(ARRAY) == f'"array {checksum(ARRAY)}"'


@pytest.mark.parametrize(
    "other",
    [
        ARRAY.T,
        ARRAY.ravel(),
        ARRAY.astype(np.float64),
        ARRAY.astype(np.int32),
        ARRAY.view(np.int32),  # the same bytes
        ARRAY + np.float32(1e-6),
        ARRAY[:1],
        ARRAY[:0],
    ],
)
def test_other_arrays_have_another(other):
    assert checksum(other) != checksum(ARRAY)


def test_checksums_of_empty_arrays_and_of_single_numbers():
    assert checksum(np.zeros((0, 2))) != checksum(np.zeros((0, 3)))
    assert checksum(np.float32(1)) != checksum(np.float32(2))
    assert len({checksum((ARRAY, ARRAY + 1)), checksum((ARRAY + 1, ARRAY)), checksum((ARRAY,))}) == 3


def model(units=3, activation="relu", rate=0.1, trainable=True, regularizer=None, inputs=4, name=None, **compiling):
    made = Sequential(
        [
            Input((inputs,)),
            layers.Dense(units, activation=activation, kernel_regularizer=regularizer, name=name),
            layers.Dropout(rate),
            layers.Dense(2, trainable=trainable),
        ]
    )
    made.compile(**({"optimizer": optimizers.SGD(0.1), "loss": "mse", "metrics": ["mae"]} | compiling))
    return made


@pytest.mark.parametrize(
    "other",
    [
        {"units": 4},
        {"activation": "tanh"},
        {"activation": lambda x: x},
        {"rate": 0.2},
        {"trainable": False},
        {"regularizer": "l2"},
        {"regularizer": regularizers.L2(0.5)},
        {"inputs": 5},
        {"optimizer": optimizers.SGD(0.2)},
        {"optimizer": optimizers.SGD(0.1, nesterov=True)},
        {"optimizer": optimizers.Adam(0.1)},
        {"optimizer": optimizers.SGD(lambda step: 0.1)},
        {"loss": "mae"},
        {"loss": losses.BinaryCrossentropy(from_logits=True)},
        {"loss_weights": 2.0},
        {"metrics": None},
        {"metrics": [metrics.BinaryAccuracy(threshold=0.25)]},
        {"weighted_metrics": ["mse"]},
    ],
    ids=lambda given: "-".join(given),
)
def test_another_model_has_another_description(other):
    same, different = json.dumps(model_described(model())), json.dumps(model_described(model(**other)))
    assert json.dumps(model_described(model())) == same
    assert different != same
    assert different == json.dumps(model_described(model(**other)))
    assert " at 0x" not in different


def test_a_layers_name_is_a_label():
    assert model_described(model(name="first")) == model_described(model())


class Watcher(callbacks.Callback):
    def __init__(self, seen):
        self.seen = seen


class Bound:
    def scaled(self, x):
        return 2 * x

    def __call__(self, x):
        return x


@pytest.mark.parametrize(
    "value",
    [
        object(),
        Bound(),
        Bound().scaled,
        len,
        functools.partial(len),
        jax.jit(lambda x: x),
        jax.nn.relu,
        np.add,
        lambda x, default=Bound(): default(x),  # noqa: B008
        Watcher(object()),
        Watcher({"a": [lambda x: x, ARRAY, Bound]}),
        optimizers.SGD(lambda step: 0.1, undecayed=lambda path, array: True),
        layers.Dense(2, kernel_initializer=lambda key, shape: 0, activation=jnp.tanh),
    ],
    ids=lambda value: type(value).__name__,
)
def test_whatever_it_is_json_takes_it_and_no_address_shows(value):
    assert " at 0x" not in text(value)


def test_the_order_of_a_set_counts_for_nothing():
    import subprocess
    import sys

    script = (
        "from ravine.comparison.describing import described\n"
        "print(described(lambda x: x in {'a', 'b', 'c', 'd', 'e', 'f', 'g'}))"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", script], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(said) == 1


def test_a_class_of_the_users_own_is_told_by_its_code():
    source = (
        "from ravine.callbacks import Callback\nclass Own(Callback):\n    def on_epoch_end(self, e, logs=None):\n"
        "        {}\nit = Own()"
    )
    assert text(defined(source.format("pass"))) == text(defined(source.format("pass")))
    assert text(defined(source.format("pass"))) != text(defined(source.format("self.model.stop_training = e > 1")))
