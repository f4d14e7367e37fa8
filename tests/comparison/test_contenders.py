"""From what a user gives to models that are ready to run."""

import copy
import functools
import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ravine import Input, Sequential, callbacks, checks, layers, losses, metrics, optimizers
from ravine.comparison import contenders
from ravine.optimizers.schedules import ExponentialDecay


def bare():
    return Sequential([Input((4,)), layers.Dense(3, activation="relu"), layers.Dropout(0.1), layers.Dense(2)])


def compiled(*args, **options):
    """A factory of models that are compiled so."""

    def build():
        model = bare()
        model.compile(*args, **options)
        return model

    return build


def used():
    model = bare()
    model.arrays()
    return model


def one(given, **common):
    """The one contender of a comparison."""
    (made,) = contenders.checked({"a": given}, {"model": bare, "loss": "mse", **common})
    return made


def kind(contender):
    return type(contender.model.optimizer).__name__


# What may be given.


def test_a_factory():
    made = one(compiled("adam", "mae"))
    assert (made.name, kind(made), made.model.compilation.loss) == ("a", "Adam", losses.MeanAbsoluteError())
    assert not made.model.has_weights


@pytest.mark.parametrize("given", ["adam", optimizers.Adam(0.5), {"optimizer": optimizers.Adam(0.5)}], ids=type)
def test_an_optimizer(given):
    made = one(given)
    assert kind(made) == "Adam"
    assert made.model.optimizer.learning_rate == (0.001 if given == "adam" else 0.5)
    assert [type(layer).__name__ for layer in made.model.layers] == ["Dense", "Dropout", "Dense"]


def test_an_optimizer_class_is_a_function_that_builds_no_model():
    with pytest.raises(
        checks.RavineTypeError, match=r"contenders\['a'\]: what its function builds=.*ravine.Sequential"
    ):
        one(optimizers.Adam)


def test_a_dict_of_settings_and_hyperparameters():
    stopper = callbacks.EarlyStopping("loss", patience=3)
    made = one(
        {
            "model": bare,
            "optimizer": "sgd",
            "loss": "mae",
            "metrics": ["mse"],
            "callbacks": [stopper],
            "batch_size": 7,
            "learning_rate": 0.25,
            "dropout.rate": 0.5,
            "early_stopping.patience": 4,
        }
    )
    assert made.batch_size == 7
    assert made.values == {"learning_rate": 0.25, "dropout.rate": 0.5, "early_stopping.patience": 4}
    model, (own,) = made.made({})
    assert (model.optimizer.learning_rate, model.layers[1].rate, own.patience) == (0.25, 0.5, 4)
    assert model.compilation.names == ("loss", "mse")
    assert model.compilation.loss == losses.MeanAbsoluteError()
    assert (stopper.patience, own.monitor) == (3, "loss")


def test_what_a_run_is_given_wins_over_the_contenders_own():
    made = one({"optimizer": "sgd", "learning_rate": 0.25, "dropout.rate": 0.5})
    model, _ = made.made({"learning_rate": 0.125})
    assert (model.optimizer.learning_rate, model.layers[1].rate) == (0.125, 0.5)


def test_an_empty_dict_is_what_is_common():
    made = one({}, optimizer="adam", metrics=["mae"], batch_size=9, callbacks=[callbacks.EarlyStopping("loss")])
    assert (kind(made), made.model.compilation.names, made.batch_size) == ("Adam", ("loss", "mae"), 9)
    assert [type(c) for c in made.callbacks] == [callbacks.EarlyStopping]


def test_without_an_optimizer_it_is_that_of_compile():
    assert kind(one({})) == "RMSprop"
    assert one({}).batch_size == 32


def test_contenders_keep_their_names_and_order():
    made = contenders.checked({"b": "sgd", "a": "adam", "ä 1": {}}, {"model": bare, "loss": "mse"})
    assert [side.name for side in made] == ["b", "a", "ä 1"]
    assert list(map(kind, made)) == ["SGD", "Adam", "RMSprop"]


# Whose settings hold.

READ = {
    "optimizer": kind,
    "loss": lambda made: type(made.model.compilation.loss).__name__,
    "metrics": lambda made: made.model.compilation.names[1:],
    "callbacks": lambda made: [c.patience for c in made.callbacks],
    "batch_size": lambda made: made.batch_size,
}


@pytest.mark.parametrize(
    ("key", "own", "of_model", "common", "expected"),
    [
        ("optimizer", "sgd", "adam", "lion", "SGD"),
        ("optimizer", None, "adam", "lion", "Adam"),
        ("optimizer", None, None, "lion", "Lion"),
        ("optimizer", "sgd", None, "lion", "SGD"),
        ("loss", "mae", "mse", "binary_crossentropy", "MeanAbsoluteError"),
        ("loss", None, "mse", "binary_crossentropy", "MeanSquaredError"),
        ("loss", None, None, "binary_crossentropy", "BinaryCrossentropy"),
        ("metrics", ["mae"], ["mse"], ["binary_accuracy"], ("mae",)),
        ("metrics", [], ["mse"], ["binary_accuracy"], ()),
        ("metrics", None, ["mse"], ["binary_accuracy"], ("mse",)),
        ("metrics", None, None, ["binary_accuracy"], ("binary_accuracy",)),
        ("callbacks", [callbacks.EarlyStopping(patience=1)], None, [callbacks.EarlyStopping(patience=2)], [1]),
        ("callbacks", [], None, [callbacks.EarlyStopping(patience=2)], []),
        ("callbacks", None, None, callbacks.EarlyStopping(patience=2), [2]),
        ("batch_size", 7, None, 9, 7),
        ("batch_size", None, None, 9, 9),
        ("batch_size", None, None, None, 32),
    ],
)
def test_ones_own_settings_win_over_the_models_and_those_over_common_ones(key, own, of_model, common, expected):
    build = bare if of_model is None else compiled(**{"loss": "mse", key: of_model})
    made = one({"model": build, key: own}, **{"loss": "mse", key: common})
    assert READ[key](made) == expected


def test_the_models_other_choices_stay():
    build = compiled("adam", "mse", loss_weights=2.0, weighted_metrics=["mae"])
    made = one({"model": build, "optimizer": "sgd"})
    assert kind(made) == "SGD"
    assert made.model.compilation.loss_weight == 2.0
    assert made.model.compilation.names == ("loss", "mae")


# What cannot work.


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (bare(), r"contenders\['a'\]=.* is a Sequential: expected a function that builds the model"),
        (3, r"contenders\['a'\]=3 is a int: expected a function that builds a model, an optimizer, or a dict"),
        (None, r"contenders\['a'\]=None is a NoneType: expected a function"),
        (
            lambda: "model",
            r"contenders\['a'\]: what its function builds='model' is a str: expected a ravine.Sequential",
        ),
        (lambda: None, r"contenders\['a'\]: what its function builds=None"),
        ({"model": bare()}, r"contenders\['a'\]: model=.* is a Sequential: expected a function that builds the model"),
        ({"model": "mlp"}, r"contenders\['a'\]: model='mlp' is a str: expected a function"),
        (used, r"contenders\['a'\]: its model has weights already; expected none, since each run draws its own"),
        ({"batch_size": 0}, r"contenders\['a'\]: batch_size=0: expected an integer of at least 1"),
        ({"batch_size": 7.5}, r"contenders\['a'\]: batch_size=7.5 is a float"),
        ({"optimizer": "sdg"}, r"'sdg' is unknown\. Did you mean 'sgd'\?"),
        ({"loss": "mea"}, r"'mea' is unknown\."),
        ({"callbacks": [3]}, r"callbacks\[0\]=3 is a int"),
        (
            {"optimiser": "sgd"},
            r"contenders\['a'\]: 'optimiser' is unknown\. Did you mean 'optimizer'\? Expected one of",
        ),
        ({"dropot.rate": 0.5}, r"contenders\['a'\]: 'dropot.rate' is unknown\. Did you mean 'dropout.rate'\?"),
        ({"batchsize": 3}, r"contenders\['a'\]: 'batchsize' is unknown\. Did you mean 'batch_size'\?"),
        ({3: 1}, r"contenders\['a'\]=3: expected keys that are strings: model, optimizer"),
        ({"optimizer": "sgd", "clipnorm": 1.0}, r"contender 'a': 'clipnorm' is None, so .* give it a value first"),
        ({"dropout.rate": "half"}, r"contenders\['a'\]\['dropout.rate'\]='half' is a str: expected a finite number"),
        ({"dropout.rate": float("nan")}, r"contenders\['a'\]\['dropout.rate'\]=nan: expected a finite number"),
        ({"dropout.rate": None}, r"contenders\['a'\]\['dropout.rate'\]=None is a NoneType"),
        (
            {"dropout.rate": 1.0},
            r"contenders\['a'\], contender 'a': rate=1.0: expected a finite number of at least 0 below",
        ),
        ({"optimizer": "sgd", "momentum": 1.5}, r"contenders\['a'\], contender 'a': momentum=1.5: expected"),
        ({"learning_rate": -0.1}, r"contenders\['a'\], contender 'a': learning_rate=-0.1: expected"),
        (
            {"callbacks": [callbacks.EarlyStopping()], "early_stopping.patience": -1},
            r"contenders\['a'\], contender 'a': patience=-1: expected an integer of at least 0",
        ),
        (
            {"optimizer": optimizers.SGD(ExponentialDecay(0.1, 10, 0.5)), "learning_rate.decay_steps": 0},
            r"contenders\['a'\], contender 'a': decay_steps=0: expected",
        ),
    ],
    ids=lambda given: given if isinstance(given, str) else "",
)
def test_what_cannot_work_says_so(given, message):
    with pytest.raises(checks.RavineError, match=message):
        one(given)


def test_without_a_model():
    message = (
        r"contenders\['a'\]: there is no model; expected a function that builds one, here or as model=\.\.\. for all"
    )
    with pytest.raises(checks.RavineValueError, match=message):
        one("sgd", model=None)


@pytest.mark.parametrize("given", [bare, compiled("sgd"), "sgd", {"loss": None}])
def test_without_a_loss(given):
    message = r"contenders\['a'\]: there is no loss; compile the model, or give compare\(\.\.\., loss=\.\.\.\)"
    with pytest.raises(checks.RavineValueError, match=message):
        one(given, loss=None)


@pytest.mark.parametrize(
    ("monitor", "message"),
    [
        (
            "val_acuracy",
            r"EarlyStopping watches 'val_acuracy', which its runs do not have\. Did you mean 'val_accuracy'\?",
        ),
        ("val_mae", r"EarlyStopping watches 'val_mae', .* They have: accuracy, loss, val_accuracy, val_loss\."),
        ("test_loss", r"EarlyStopping watches 'test_loss'"),
    ],
)
def test_early_stopping_that_watches_what_is_not_there(monitor, message):
    stopper = callbacks.EarlyStopping(monitor, mode="max")
    for given, common in (({"callbacks": [stopper]}, {}), ({}, {"callbacks": [stopper]})):
        with pytest.raises(checks.RavineValueError, match=rf"contenders\['a'\]: {message}"):
            one(given, metrics=["accuracy"], **common)


@pytest.mark.parametrize("monitor", ["loss", "val_loss", "accuracy", "val_accuracy"])
def test_early_stopping_that_watches_what_is_there(monitor):
    made = one({"callbacks": callbacks.EarlyStopping(monitor)}, metrics=["accuracy"])
    assert made.callbacks[0].monitor == monitor


@pytest.mark.parametrize("name", ["", "  ", "NaN", "Infinity", "-Infinity", 3, None, ("a",)])
def test_names_that_cannot_be_told_apart_later(name):
    with pytest.raises(
        checks.RavineValueError, match=r"contenders=.*: expected names that are strings, and not those of"
    ):
        contenders.checked({"b": bare, name: bare}, {"loss": "mse"})


@pytest.mark.parametrize("given", [{}, None, bare, [bare], {"a"}], ids=["empty", "none", "function", "list", "set"])
def test_contenders_come_by_name(given):
    with pytest.raises(
        checks.RavineTypeError, match=r"contenders=.*: expected a dict of at least one name and contender"
    ):
        contenders.checked(given, {"loss": "mse"})


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("dropot.rate", r"tune, contender 'a': 'dropot.rate' is no hyperparameter\. Did you mean 'dropout.rate'\?"),
        ("clipnorm", r"tune, contender 'a': 'clipnorm' is None"),
        ("batch_size", r"tune, contender 'a': 'batch_size' is no hyperparameter"),
    ],
)
def test_a_path_that_a_contender_does_not_have(path, message):
    made = one("sgd")
    made.check_path("tune", "dropout.rate")
    with pytest.raises(checks.RavineValueError, match=message):
        made.check_path("tune", path)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"dropout.rate": 1.0}, r"rate=1.0: expected"),
        ({"learning_rate": -1.0}, r"learning_rate=-1.0: expected"),
        ({"early_stopping.patience": -3.2}, r"patience=-3: expected"),
        ({"dropout.rate": 0.5, "momentum": 1.0}, r"momentum=1.0: expected"),
    ],
    ids=lambda given: "-".join(given) if isinstance(given, dict) else "",
)
def test_values_that_a_contender_would_not_take(values, message):
    made = one({"optimizer": "sgd", "callbacks": [callbacks.EarlyStopping()]})
    made.check_values(
        "tune", {"dropout.rate": 0.5, "learning_rate": 0.1, "momentum": 0.0, "early_stopping.patience": 3}
    )
    with pytest.raises(checks.RavineValueError, match=rf"^tune, contender 'a': {message}"):
        made.check_values("tune", values)


# Copies.


@pytest.fixture
def full():
    return one(
        {
            "optimizer": optimizers.SGD(ExponentialDecay(0.1, 10, 0.5), momentum=0.9),
            "metrics": [metrics.BinaryAccuracy()],
            "callbacks": [callbacks.EarlyStopping(patience=3)],
            "dropout.rate": 0.25,
        }
    )


def numbers(model, watching):
    leaves = [(jax.tree_util.keystr(k), v) for k, v in jax.tree.leaves_with_path((model.network, model.optimizer))]
    return leaves, [dict(vars(callback)) for callback in watching]


def test_copies_share_nothing_that_can_change(full):
    (first, its), (second, others) = full.made({}), full.made({})
    for a, b in ((first, second), (first, full.model)):
        assert a is not b
        assert a.optimizer is not b.optimizer
        assert a.compilation is not b.compilation
        assert all(x is not y for x, y in zip(a.layers, b.layers, strict=True))
        kept = [{id(part) for part in vars(model).values() if isinstance(part, list | dict)} for model in (a, b)]
        assert kept[0].isdisjoint(kept[1])
    assert its[0] is not others[0]
    assert its[0] is not full.callbacks[0]


def test_what_happens_to_a_copy_leaves_the_prototype_and_other_copies_alone(full):
    prototype, other = numbers(full.model, full.callbacks), full.made({})
    before = numbers(*other)
    model, watching = full.made({})
    model.arrays(seed=1)
    model.layers[0].trainable = False
    model.layers[1].rate = 0.75
    model.optimizer.momentum = 0.5
    model.optimizer.learning_rate = 0.5
    model.compile("adam", "mae")
    model.add(layers.Dense(1))
    watching[0].wait, watching[0].patience = 2, 9
    assert numbers(full.model, full.callbacks) == prototype
    assert numbers(*other) == before
    assert numbers(*full.made({})) == before
    assert not full.model.has_weights
    assert not other[0].has_weights


def test_a_copy_shows_its_own_weights(full):
    (first, _), (second, _) = full.made({}), full.made({})
    first.arrays(seed=1)
    second.arrays(seed=2)
    kernels = [model.layers[0].kernel for model in (first, second)]
    np.testing.assert_array_equal(kernels[0], first.get_weights()[0])
    assert not np.array_equal(*kernels)


def test_the_prototype_has_the_numbers_that_the_factory_gave(full):
    # What a contender sets is set in each copy, so that its description is that of what trains.
    assert full.model.layers[1].rate == 0.1
    assert full.made({})[0].layers[1].rate == 0.25
    assert full.described()["layers"][1]["rate"] == 0.25


def test_what_the_user_gave_is_neither_changed_nor_looked_at_again():
    optimizer, stopper = optimizers.SGD(0.1), callbacks.EarlyStopping(patience=3)
    sides = contenders.checked(
        {"a": {"optimizer": optimizer, "learning_rate": 0.5}, "b": optimizer},
        {"model": bare, "loss": "mse", "callbacks": [stopper]},
    )
    optimizer.learning_rate = 0.9
    assert [side.made({})[0].optimizer.learning_rate for side in sides] == [0.5, 0.1]
    sides[0].made({"early_stopping.patience": 9})
    assert (stopper.patience, optimizer.learning_rate) == (3, 0.9)


def test_a_factory_that_returns_one_model_each_time_does_not_mix_contenders():
    model = bare()
    sides = contenders.checked({"a": "sgd", "b": "adam"}, {"model": lambda: model, "loss": "mse"})
    assert list(map(kind, sides)) == ["SGD", "Adam"]


def times(k):
    return lambda x: k * x


class Scaled:
    def __init__(self, by):
        self.by = by

    def __call__(self, x):
        return self.by * x


@pytest.mark.parametrize(
    "function",
    [
        lambda x: 2 * x,
        times(2),
        jax.nn.gelu,
        jnp.tanh,
        jax.nn.relu,
        jax.jit(lambda x: 2 * x),
        functools.partial(jax.nn.leaky_relu, negative_slope=0.1),
        Scaled(2),
    ],
    ids=["lambda", "closure", "gelu", "tanh", "relu", "jit", "partial", "object"],
)
def test_functions_are_the_same_ones_in_every_copy(function):
    def build():
        return Sequential(
            [
                Input((4,)),
                layers.Dense(2, activation=function, kernel_initializer=lambda key, shape: jnp.zeros(shape)),
                layers.Dense(2, kernel_regularizer=lambda w: w.sum()),
            ]
        )

    optimizer = optimizers.SGD(lambda step: 0.1, undecayed=lambda path, array: "bias" in path)
    made = one({"model": build, "optimizer": optimizer, "loss": losses.BinaryCrossentropy()})
    (first, _), (second, _) = made.made({}), made.made({})
    assert first.layers[0].activation is second.layers[0].activation is function
    assert first.layers[0].kernel_initializer is second.layers[0].kernel_initializer
    assert first.optimizer.undecayed is optimizer.undecayed
    for part in ("network", "optimizer"):
        structures = [jax.tree.structure(getattr(model, part)) for model in (made.model, first, second)]
        assert structures[0] == structures[1] == structures[2]
        assert len(set(structures)) == 1


def test_another_value_is_no_other_structure(full):
    models = [
        full.made({"dropout.rate": rate, "momentum": 0.5, "learning_rate.decay_rate": 0.3})[0] for rate in (0, 0.5)
    ]
    for part in ("network", "optimizer"):
        assert len({jax.tree.structure(getattr(model, part)) for model in (*models, full.model)}) == 1


# Descriptions.


def test_described(full):
    found = full.described()
    assert json.loads(json.dumps(found)) == found
    assert list(found) == [
        "input_shape",
        "layers",
        "optimizer",
        "loss",
        "loss_weight",
        "metrics",
        "callbacks",
        "batch_size",
    ]
    assert [layer["class"] for layer in found["layers"]] == ["Dense", "Dropout", "Dense"]
    assert (found["optimizer"]["class"], found["batch_size"]) == ("SGD", 32)
    assert found["callbacks"][0]["patience"] == 3
    assert full.described() == found
    assert copy.deepcopy(full).described() == found


@pytest.mark.parametrize(
    "other",
    [
        {"dropout.rate": 0.5},
        {"batch_size": 7},
        {"callbacks": [callbacks.EarlyStopping()]},
        {"loss": "mae"},
        {"metrics": ["mae"]},
        {"optimizer": "adam"},
        {"model": compiled("sgd", "mae")},
        {"model": lambda: Sequential([Input((4,)), layers.Dense(2)])},
    ],
    ids=lambda given: "-".join(given),
)
def test_other_contenders_have_another_description(other):
    assert one(other).described() != one({}).described()
    assert one(other).described() == one(other).described()


def test_a_hyperparameter_and_the_same_number_in_the_model_are_one_description():
    same = Sequential([Input((4,)), layers.Dense(3, activation="relu"), layers.Dropout(0.5), layers.Dense(2)])
    assert one({"dropout.rate": 0.5}).described() == one(lambda: copy.deepcopy(same)).described()


def test_other_functions_of_jax_have_another_description():
    def build(activation):
        return lambda: Sequential([Input((4,)), layers.Dense(2, activation=activation)])

    assert one(build(jnp.tanh)).described() != one(build(jnp.sin)).described()
