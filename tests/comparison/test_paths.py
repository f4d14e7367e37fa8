"""Hyperparameters by path: which numbers a path means, and that setting them changes nothing else."""

import copy

import jax
import pytest

from ravine import Input, Sequential, callbacks, checks, layers, optimizers, regularizers
from ravine.comparison import paths
from ravine.optimizers.schedules import ExponentialDecay


def model(optimizer=None):
    made = Sequential(
        [
            Input((4,)),
            layers.Dense(3, kernel_regularizer=regularizers.L1L2(0.1, 0.2)),
            layers.Dropout(0.1),
            layers.Dense(3, kernel_regularizer=regularizers.L2(0.01), bias_regularizer=regularizers.L1(0.02)),
            layers.Dropout(0, name="late"),
            layers.Dense(2),
        ]
    )
    made.compile(optimizer or optimizers.SGD(0.1, momentum=0, gradient_accumulation_steps=2, clipnorm=1), "mse")
    return made


def scheduled():
    return model(optimizers.RMSprop(ExponentialDecay(0.1, decay_steps=10, decay_rate=0.5), momentum=0.3))


def watchers():
    return [callbacks.EarlyStopping(min_delta=0, patience=3, restore_best_weights=True)]


def numbers(made, callbacks=()):
    """Every number there is, by where JAX finds it, or by its attribute of a callback."""
    trees = {"optimizer": made.optimizer, "network": made.network}
    found = {
        name + jax.tree_util.keystr(place): leaf
        for name, tree in trees.items()
        for place, leaf in jax.tree.leaves_with_path(tree)
    }
    return found | {f"callback {i}.{k}": v for i, one in enumerate(callbacks) for k, v in vars(one).items()}


def structure(made):
    return jax.tree.structure((made.network, made.optimizer))


PATHS = [
    (model, "learning_rate", 0.5, {"optimizer.learning_rate": 0.5}),
    (model, "optimizer.learning_rate", 0.5, {"optimizer.learning_rate": 0.5}),
    (model, "clipnorm", 0.5, {"optimizer.clipnorm": 0.5}),
    # Numbers that were given as whole ones may become others, unless only whole ones mean anything.
    (model, "momentum", 0.9, {"optimizer.momentum": 0.9}),
    (model, "late.rate", 0.25, {"network.layers[3].rate": 0.25}),
    (model, "early_stopping.min_delta", 0.25, {"callback 0.min_delta": 0.25}),
    (model, "gradient_accumulation_steps", 3.7, {"optimizer.gradient_accumulation_steps": 4}),
    (model, "early_stopping.patience", 4.6, {"callback 0.patience": 5}),
    (model, "early_stopping.start_from_epoch", 1.4, {"callback 0.start_from_epoch": 1}),
    # A class means all its layers that have the number.
    (model, "dropout.rate", 0.25, {"network.layers[1].rate": 0.25, "network.layers[3].rate": 0.25}),
    (
        model,
        "dense.kernel_regularizer.l2",
        0.5,
        {"network.layers[0].kernel_regularizer.l2": 0.5, "network.layers[2].kernel_regularizer.l2": 0.5},
    ),
    (model, "dense.kernel_regularizer.l1", 0.5, {"network.layers[0].kernel_regularizer.l1": 0.5}),
    (model, "dense_1.kernel_regularizer.l2", 0.5, {"network.layers[2].kernel_regularizer.l2": 0.5}),
    (model, "dense_1.bias_regularizer.l1", 0.5, {"network.layers[2].bias_regularizer.l1": 0.5}),
    (scheduled, "learning_rate.decay_rate", 0.7, {"optimizer.learning_rate.decay_rate": 0.7}),
    (scheduled, "optimizer.learning_rate.decay_steps", 7.5, {"optimizer.learning_rate.decay_steps": 7.5}),
    (scheduled, "learning_rate.initial_learning_rate", 0.7, {"optimizer.learning_rate.initial_learning_rate": 0.7}),
    (scheduled, "rho", 0.7, {"optimizer.rho": 0.7}),
    (scheduled, "momentum", 0.7, {"optimizer.momentum": 0.7}),
]


@pytest.mark.parametrize(("make", "path", "value", "changed"), PATHS, ids=[path for _, path, _, _ in PATHS])
def test_a_path_sets_its_numbers_and_no_others(make, path, value, changed):
    made, watching = make(), watchers()
    before, compiled = numbers(made, watching), structure(made)
    paths.check("tune", path, made, watching)
    paths.assign(made, watching, {path: value})
    after = numbers(made, watching)
    assert changed.keys() <= before.keys()
    assert after == before | changed
    assert {name: type(after[name]) for name in changed} == {name: type(number) for name, number in changed.items()}
    assert structure(made) == compiled


def test_paths_are_set_one_after_the_other():
    # Both regularizers of a layer are frozen, so that setting the one number makes anew what holds the other.
    made = model()
    given = {"dense.kernel_regularizer.l1": 0.3, "dense.kernel_regularizer.l2": 0.4, "dense_1.bias_regularizer.l1": 0.5}
    paths.assign(made, [], given)
    assert made.layers[0].kernel_regularizer == regularizers.L1L2(0.3, 0.4)
    assert made.layers[2].kernel_regularizer == regularizers.L2(0.4)
    assert made.layers[2].bias_regularizer == regularizers.L1(0.5)


def test_layers_of_the_class_that_have_none_keep_none():
    made = Sequential([Input((4,)), layers.ReLU(max_value=6), layers.Dense(2), layers.ReLU()])
    made.compile("sgd", "mse")
    compiled = structure(made)
    paths.check("tune", "re_lu.max_value", made, [])
    paths.assign(made, [], {"re_lu.max_value": 2.5})
    assert [made.layers[i].max_value for i in (0, 2)] == [2.5, None]
    assert structure(made) == compiled


def test_all_callbacks_of_a_class_are_set():
    watching = [callbacks.EarlyStopping(patience=1), callbacks.EarlyStopping("loss", patience=2)]
    paths.assign(model(), watching, {"early_stopping.patience": 7})
    assert [one.patience for one in watching] == [7, 7]


def test_the_numbers_of_a_callback_of_ones_own():
    class Lowering(callbacks.Callback):
        def __init__(self, factor, every, loud=True):
            self.factor, self.every, self.loud, self.seen = factor, every, loud, 3

    watching = [Lowering(0.5, every=2)]
    paths.assign(model(), watching, {"lowering.factor": 0.25, "lowering.every": 2.6})
    assert (watching[0].factor, watching[0].every) == (0.25, 3)
    for hidden in ("lowering.loud", "lowering.seen"):  # no number, and no argument
        with pytest.raises(checks.RavineValueError, match="is no hyperparameter"):
            paths.check("tune", hidden, model(), watching)


@pytest.mark.parametrize("make", [model, scheduled])
def test_a_copy_is_set_and_the_original_is_not(make):
    made, watching = make(), watchers()
    before = numbers(made, watching)
    copied, its = copy.deepcopy((made, watching))
    known = paths.places(made, watching)
    settable = [path for path, there in known.items() if any(place.value is not None for place in there)]
    paths.assign(copied, its, dict.fromkeys(settable, 0.75))
    assert numbers(made, watching) == before
    assert set(numbers(copied).values()) <= {
        0.75,
        1,
        0.99,
    }  # 1 where whole numbers go, 0.99 is idle


def test_objects_that_two_models_share_stay_as_they_were():
    decay, penalty = ExponentialDecay(0.1, 10, 0.5), regularizers.L2(0.01)
    first, second = (
        Sequential(
            [Input((4,)), layers.Dense(3, kernel_regularizer=penalty), layers.Dense(2, kernel_regularizer=penalty)]
        )
        for _ in range(2)
    )
    for made in (first, second):
        made.compile(optimizers.SGD(decay), "mse")
    paths.assign(first, [], {"learning_rate.decay_rate": 0.9, "dense_1.kernel_regularizer.l2": 0.5})
    assert first.optimizer.learning_rate == ExponentialDecay(0.1, 10, 0.9)
    assert [layer.kernel_regularizer.l2 for layer in first.layers] == [0.01, 0.5]
    assert second.optimizer.learning_rate == decay == ExponentialDecay(0.1, 10, 0.5)
    assert [layer.kernel_regularizer.l2 for layer in second.layers] == [0.01, 0.01]


@pytest.mark.parametrize(
    "path",
    [
        "weight_decay",
        "optimizer.weight_decay",
        "clipvalue",
        "dense_2.kernel_regularizer",
    ],
)
def test_what_is_none_needs_a_number_first(path):
    with pytest.raises(checks.RavineValueError, match=rf"^tune: '{path}' is None, so .*; give it a value first\.$"):
        paths.check("tune", path, model(), watchers())


@pytest.mark.parametrize(
    ("path", "near"),
    [
        ("learning_rat", "learning_rate"),
        ("Momentum", "momentum"),
        ("optimiser.momentum", "optimizer.momentum"),
        ("dropot.rate", "dropout.rate"),
        ("lat.rate", "late.rate"),
        ("dense.kernel_regulariser.l2", "dense.kernel_regularizer.l2"),
        ("early_stoping.patience", "early_stopping.patience"),
    ],
)
def test_an_unknown_path_gives_the_nearest(path, near):
    with pytest.raises(
        checks.RavineValueError, match=rf"^tune: '{path}' is no hyperparameter\. Did you mean '{near}'\?"
    ):
        paths.check("tune", path, model(), watchers())


@pytest.mark.parametrize(
    "path",
    [
        "",
        "dense",
        "dense.units",  # a choice that belongs to the program
        "dense.name",
        "nesterov",
        "use_ema",
        "learning_rate.decay_rate",  # there is no schedule
        "dense_3.kernel_regularizer.l2",
        "dense_2.kernel_regularizer.l2",
        "early_stopping.monitor",
        "early_stopping.restore_best_weights",  # True is no number
        "early_stopping.verbose",
        "early_stopping.wait",
        "batch_size",
    ],
)
def test_what_is_no_hyperparameter(path):
    with pytest.raises(checks.RavineValueError, match=rf"^tune: '{path}' is no hyperparameter\."):
        paths.check("tune", path, model(), watchers())


def test_an_unknown_path_lists_those_that_there_are():
    with pytest.raises(checks.RavineValueError) as caught:
        paths.check("tune", "nothing", model(), watchers())
    listed = str(caught.value).split("There are: ")[1].rstrip(".").split(", ")
    assert listed == sorted(listed)
    assert {"learning_rate", "momentum", "dropout.rate", "late.rate", "early_stopping.patience"} <= set(listed)
    assert not {name for name in listed if name.startswith("optimizer.") or name == "weight_decay"}


def test_a_schedule_in_place_of_a_learning_rate_is_no_number():
    with pytest.raises(checks.RavineValueError, match="'learning_rate' is no hyperparameter"):
        paths.check("tune", "learning_rate", scheduled(), [])


@pytest.mark.parametrize(
    ("first", "second"),
    [("dropout.rate", "dropout_1.rate"), ("learning_rate", "optimizer.learning_rate")],
)
def test_two_paths_to_one_number_are_refused(first, second):
    made = Sequential([Input((4,)), layers.Dropout(0.1), layers.Dropout(0.2), layers.Dense(2)])
    made.compile("sgd", "mse")
    with pytest.raises(checks.RavineValueError, match=f"tune: '{first}' and '{second}' set the same number"):
        paths.check_apart("tune", [first, second], made, [])
    paths.check_apart("tune", ["dropout_1.rate", "learning_rate"], made, [])


def test_an_average_that_is_not_kept_has_no_numbers():
    made = Sequential([Input((4,)), layers.Dense(2)])
    for use_ema in (False, True):
        made.compile(optimizers.SGD(0.1, use_ema=use_ema), "mse")
        assert ("ema_momentum" in paths.places(made, [])) is use_ema


def test_whole_numbers_are_told_as_they_are_set():
    found = paths.rounded(model(), watchers(), {"early_stopping.patience": 4.6, "learning_rate": 0.25})
    assert found == {"early_stopping.patience": 5.0, "learning_rate": 0.25}
