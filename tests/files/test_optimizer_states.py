"""What an optimizer remembers travels, so that training goes on in the other tool with the same next losses."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import ravine
from ravine import Input, Sequential, layers, optimizers
from ravine.files import slots

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")

# Where the two formulas differ, the arguments with which they agree (docs/optimizers.md).
RULES = [
    ("SGD", {}),
    ("SGD", {"momentum": 0.9}),
    ("SGD", {"momentum": 0.9, "nesterov": True, "weight_decay": 0.1, "clipnorm": 0.5}),
    ("SGD", {"momentum": 0.9, "gradient_accumulation_steps": 2}),
    ("Adam", {"epsilon": 1e-10}),
    ("Adam", {"epsilon": 1e-10, "amsgrad": True, "beta_2": 0.9}),
    ("AdamW", {"epsilon": 1e-10, "weight_decay": 0.3}),
    ("RMSprop", {}),
    ("RMSprop", {"momentum": 0.5}),
    ("RMSprop", {"momentum": 0.5, "centered": True, "epsilon": 1e-3}),
    ("RMSprop", {"centered": True, "epsilon": 1e-3, "gradient_accumulation_steps": 2}),
    ("Adagrad", {"initial_accumulator_value": 0.1}),
    ("Adadelta", {"epsilon": 1e-2}),
    ("Adamax", {}),
    ("Nadam", {"epsilon": 1e-10}),
    ("Lion", {}),
    ("Lamb", {"epsilon": 1e-10}),
    ("Muon", {"exclude_layers": [], "adam_weight_decay": None, "epsilon": 1e-10}),
]
QUICK = [1, 4, 8]  # of the others, each compiles a program of its own
TABLE = pytest.mark.parametrize(
    ("name", "arguments"),
    [rule if i in QUICK else pytest.param(*rule, marks=pytest.mark.slow) for i, rule in enumerate(RULES)],
    ids=str,
)
RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(12, 5)).astype("f"), RNG.integers(0, 3, 12)


ANEW = ["Adafactor", "ScheduleFreeAdamW"]  # of these Keras keeps other numbers


def test_every_rule_that_keras_has_is_in_a_table(keras):
    assert {getattr(optimizers, name) for name, _ in RULES} == set(slots.BLOCKS)
    shared = {rule.__name__ for rule in optimizers.RULES if hasattr(keras.optimizers, rule.__name__)}
    assert shared == {name for name, _ in RULES} | set(ANEW)


def trained(library, optimizer, batches=3):
    """A model with arrays of several shapes, after an odd number of batches."""
    model = library.Sequential(
        [
            library.Input((5,)),
            library.layers.Dense(4, "tanh"),
            library.layers.BatchNormalization(),
            library.layers.Dense(3),
        ]
    )
    rng = np.random.default_rng(1)
    model.set_weights([rng.uniform(0.2, 1.0, w.shape).astype("f") for w in model.get_weights()])
    loss = library.losses.SparseCategoricalCrossentropy(from_logits=True)
    eagerly = {"run_eagerly": True} if library is not ravine else {}
    model.compile(optimizer, loss, **eagerly)
    for _ in range(batches):
        model.train_on_batch(X, Y)
    return model


def next_losses(model, steps=3):
    if not isinstance(model, Sequential):
        model.run_eagerly = True  # compilation takes longer than these steps
    return [float(np.asarray(model.train_on_batch(X, Y)).reshape(-1)[0]) for _ in range(steps)]


def assert_goes_on(first, second):
    """Both train on alike; the model that was saved is not touched before."""
    np.testing.assert_allclose(next_losses(second), next_losses(first), rtol=2e-5)
    for a, b in zip(second.get_weights(), first.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-4, atol=2e-5)


def numbered(model):
    """The model, whose optimizer remembers another number at each place; what Keras keeps once is one number."""
    variables, rule = model.arrays(), model.optimizer
    state = rule.init(variables[0])
    rng = np.random.default_rng(2)
    state = jax.tree.map(lambda a: jnp.asarray(rng.uniform(0.1, 1, a.shape), a.dtype) if a.dtype == "f4" else a, state)
    state = dataclasses.replace(state, step=jnp.int32(5), slots=slots._shared(rule, state.slots, [0]))
    model.restore(variables, state)
    return model


def remembered(model):
    return slots.as_list(
        model.optimizer, model.train_state().optimizer, slots.keras_order(model.layers, model.arrays()[0])
    )


@pytest.mark.parametrize(("name", "arguments"), RULES, ids=str)
def test_every_number_travels_both_ways(keras, tmp_path, name, arguments):
    own = {k: tuple(v) if isinstance(v, list) else v for k, v in arguments.items()}
    ours = numbered(trained(ravine, getattr(optimizers, name)(learning_rate=0.05, **own), batches=0))
    ours.save(tmp_path / "m.keras")
    theirs = keras.models.load_model(tmp_path / "m.keras")
    for found, expected in zip(theirs.optimizer.variables, remembered(ours), strict=True):
        np.testing.assert_array_equal(found, expected)
    theirs.save(tmp_path / "again.keras")
    again = ravine.load_model(tmp_path / "again.keras")
    for found, expected in zip(remembered(again), remembered(ours), strict=True):
        np.testing.assert_array_equal(found, expected)


@TABLE
def test_keras_hands_over(keras, tmp_path, name, arguments):
    theirs = trained(keras, getattr(keras.optimizers, name)(learning_rate=0.05, **arguments))
    theirs.save(tmp_path / "m.keras")
    assert_goes_on(theirs, ravine.load_model(tmp_path / "m.keras"))


@TABLE
def test_ravine_hands_over(keras, tmp_path, name, arguments):
    own = {k: tuple(v) if isinstance(v, list) else v for k, v in arguments.items()}
    ours = trained(ravine, getattr(optimizers, name)(learning_rate=0.05, **own))
    ours.save(tmp_path / "m.keras")
    theirs = keras.models.load_model(tmp_path / "m.keras")
    batches = 3
    assert int(theirs.optimizer._iterations.numpy()) == batches
    assert_goes_on(ours, theirs)


@pytest.mark.slow
@pytest.mark.parametrize("ending", [".keras", ".safetensors"])
@pytest.mark.parametrize("rule", optimizers.RULES, ids=lambda rule: rule.__name__)
def test_ravine_goes_on_with_the_same_bits(tmp_path, rule, ending):
    ours = trained(ravine, rule(learning_rate=0.05))
    ours.save(tmp_path / f"m{ending}")
    loaded = ravine.load_model(tmp_path / f"m{ending}")
    if rule is optimizers.ScheduleFreeAdamW:  # its y comes from x by rounding
        np.testing.assert_allclose(next_losses(loaded), next_losses(ours), rtol=1e-5)
        return
    assert next_losses(loaded) == next_losses(ours)
    for a, b in zip(loaded.get_weights(), ours.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_averages_of_weights_travel(keras, tmp_path):
    arguments = {"learning_rate": 0.05, "momentum": 0.9, "use_ema": True, "ema_momentum": 0.7}
    theirs = trained(keras, keras.optimizers.SGD(**arguments))
    theirs.save(tmp_path / "m.keras")
    ours = ravine.load_model(tmp_path / "m.keras")
    assert next_losses(ours) == pytest.approx(next_losses(theirs), rel=2e-5)
    theirs.optimizer.finalize_variable_values(theirs.trainable_variables)
    for a, b in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)  # Ravine shows the averages


SCHEDULES = [
    ("ExponentialDecay", (0.1, 2, 0.5)),
    ("CosineDecay", (0.1, 10)),
    ("PiecewiseConstantDecay", ([1, 4], [0.1, 0.05, 0.01])),
    ("PolynomialDecay", (0.1, 20)),
    ("InverseTimeDecay", (0.1, 5, 0.5)),
    ("CosineDecayRestarts", (0.1, 3)),
]


def test_every_schedule_is_in_the_table():
    schedules = optimizers.schedules
    of_keras = {n for n, c in vars(schedules).items() if isinstance(c, type) and issubclass(c, schedules.Schedule)}
    assert {name for name, _ in SCHEDULES} == of_keras - {"Schedule", "Function"}


@pytest.mark.parametrize(("name", "arguments"), SCHEDULES, ids=str)
def test_the_rates_of_schedules_travel_both_ways(keras, tmp_path, name, arguments):
    ours = trained(ravine, optimizers.SGD(getattr(optimizers.schedules, name)(*arguments)), batches=0)
    ours.save(tmp_path / "m.keras")
    theirs = keras.models.load_model(tmp_path / "m.keras")
    theirs.save(tmp_path / "again.keras")
    again = ravine.load_model(tmp_path / "again.keras").optimizer.learning_rate
    for step in (0, 1, 4, 9):
        expected = ours.optimizer.learning_rate(step)
        np.testing.assert_allclose(theirs.optimizer._learning_rate(step), expected, rtol=1e-6)
        np.testing.assert_allclose(again(step), expected, rtol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "arguments"), SCHEDULES, ids=str)
def test_schedules_travel_both_ways(keras, tmp_path, name, arguments):
    ours = trained(ravine, optimizers.SGD(getattr(optimizers.schedules, name)(*arguments), momentum=0.5))
    ours.save(tmp_path / "m.keras")
    theirs = keras.models.load_model(tmp_path / "m.keras")
    theirs.save(tmp_path / "again.keras")
    again = ravine.load_model(tmp_path / "again.keras")
    expected = next_losses(ours)
    assert next_losses(theirs) == pytest.approx(expected, rel=2e-5)
    assert next_losses(again) == pytest.approx(expected, rel=2e-5)


def test_a_learning_rate_that_was_assigned_travels(keras, tmp_path):
    ours = trained(ravine, optimizers.SGD(0.05, momentum=0.9))
    ours.optimizer.learning_rate = 0.01
    ours.save(tmp_path / "m.keras")
    assert ravine.load_model(tmp_path / "m.keras").optimizer.learning_rate == 0.01
    theirs = keras.models.load_model(tmp_path / "m.keras")
    theirs.optimizer.learning_rate = 0.003
    theirs.save(tmp_path / "m.keras")
    assert ravine.load_model(tmp_path / "m.keras").optimizer.learning_rate == pytest.approx(0.003)


def test_frozen_layers_have_no_slots(keras, tmp_path):
    ours = trained(ravine, optimizers.Adam(0.05, epsilon=1e-10), batches=0)
    ours.layers[0].trainable = False
    numbered(ours).save(tmp_path / "m.keras")
    theirs = keras.models.load_model(tmp_path / "m.keras")
    theirs.save(tmp_path / "again.keras")
    again = ravine.load_model(tmp_path / "again.keras")
    assert len(theirs.optimizer.variables) == 2 + 2 * 4
    assert not again.layers[0].trainable
    for found in (theirs.optimizer.variables, remembered(again)):
        for number, expected in zip(found, remembered(ours), strict=True):
            np.testing.assert_array_equal(number, expected)


def test_an_optimizer_that_has_not_begun(keras, tmp_path):
    theirs = trained(keras, keras.optimizers.Adagrad(0.05), batches=0)
    theirs.save(tmp_path / "m.keras")
    count, rate, *accumulators = remembered(ravine.load_model(tmp_path / "m.keras"))
    assert (count, rate) == (0, np.float32(0.05))
    for accumulator in accumulators:
        assert (accumulator == np.float32(0.1)).all()  # where Keras's start
    fresh = trained(ravine, optimizers.Adagrad(0.05), batches=0)
    fresh.save(tmp_path / "m.keras")
    for found, expected in zip(
        keras.models.load_model(tmp_path / "m.keras").optimizer.variables, remembered(fresh), strict=True
    ):
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("name", ANEW)
def test_what_keras_keeps_otherwise_starts_anew(keras, tmp_path, name):
    theirs = trained(keras, getattr(keras.optimizers, name)(0.05), batches=0)
    theirs.optimizer.build(theirs.trainable_variables)
    theirs.save(tmp_path / "m.keras")
    with pytest.warns(UserWarning, match=f"What {name} remembers is not in the file"):
        loaded = ravine.load_model(tmp_path / "m.keras")
    assert loaded.train_state().optimizer.step == 0
    numbered(trained(ravine, getattr(optimizers, name)(0.05), batches=0)).save(tmp_path / "m.keras")
    with pytest.warns(UserWarning, match="Skipping variable loading for optimizer"):
        keras.models.load_model(tmp_path / "m.keras")


def test_weights_files_take_the_optimizer_along(keras, tmp_path):
    theirs = trained(keras, keras.optimizers.Adam(0.05, epsilon=1e-10))
    theirs.save_weights(tmp_path / "m.weights.h5")
    ours = trained(ravine, optimizers.Adam(0.05, epsilon=1e-10), batches=0)
    ours.load_weights(tmp_path / "m.weights.h5")
    assert_goes_on(theirs, ours)


OTHERS = {
    "another rule": (optimizers.Adam(0.05), optimizers.SGD(0.1)),
    "slots of the same shapes": (optimizers.Adam(0.05), optimizers.Adamax(0.1)),
    "one slot each": (optimizers.SGD(0.05, momentum=0.9), optimizers.RMSprop(0.1)),
    "other choices of one rule": (optimizers.RMSprop(0.05, momentum=0.9), optimizers.RMSprop(0.1, centered=True)),
    "averages and sums": (optimizers.Adam(0.05, use_ema=True), optimizers.Adam(0.1, gradient_accumulation_steps=2)),
    "more slots": (optimizers.Adam(0.05, amsgrad=True), optimizers.Adam(0.1)),
}


@pytest.mark.differs("slots-of-another-rule")
@pytest.mark.parametrize("ending", [".weights.h5", ".keras", ".safetensors"])
@pytest.mark.parametrize("case", OTHERS)
def test_slots_of_one_rule_never_become_those_of_another(tmp_path, case, ending):
    first, second = OTHERS[case]
    source = trained(ravine, first, batches=1)
    (source.save_weights if ending == ".weights.h5" else source.save)(tmp_path / f"m{ending}")
    ours = trained(ravine, second, batches=0)
    with pytest.warns(UserWarning, match=f"What {type(second).__name__} remembers is not in the file.* starts anew"):
        ours.load_weights(tmp_path / f"m{ending}")
    for a, b in zip(ours.get_weights(), source.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    state = ours.train_state().optimizer
    assert state.step == 0
    assert not any(np.any(slot) for slot in jax.tree.leaves(state.slots) if slot.ndim)
    assert ours.optimizer.learning_rate == 0.1


def test_keras_s_name_tells_the_rule(keras, tmp_path):
    trained(keras, keras.optimizers.Adam(0.05), batches=1).save(tmp_path / "m.keras")
    ours = trained(ravine, optimizers.Adamax(0.1), batches=0)
    with pytest.warns(UserWarning, match="it starts anew: the file has what Adam remembers, not what Adamax does"):
        ours.load_weights(tmp_path / "m.keras")


def test_a_rule_whose_memory_has_a_form_of_its_own_is_told(tiny, tmp_path):
    model = Sequential([Input((5,)), layers.Dense(3)])
    model.compile(optax.adam(0.1), "mse")
    with pytest.warns(UserWarning, match="save: what FromOptax remembers has a form of its own"):
        model.save_weights(tmp_path / "m.weights.h5")
    trained(ravine, optimizers.Adam(0.05), batches=1)
    other = Sequential([Input((5,)), layers.Dense(3)])
    other.compile("adam", "mse")
    other.save_weights(tmp_path / "m.weights.h5")
    with pytest.warns(UserWarning, match="What FromOptax remembers is not in the file, so it starts anew"):
        model.load_weights(tmp_path / "m.weights.h5")


def test_weights_of_an_uncompiled_model_leave_nothing_to_remember(tmp_path):
    plain = Sequential([Input((5,)), layers.Dense(3)])
    plain.save_weights(tmp_path / "m.weights.h5")
    ours = Sequential([Input((5,)), layers.Dense(3)])
    ours.compile(optimizers.SGD(0.05, momentum=0.9), "mse")
    ours.train_on_batch(X, np.ones((12, 3), "f"))
    ours.load_weights(tmp_path / "m.weights.h5")
    assert ours.train_state().optimizer.step == 0
    np.testing.assert_array_equal(ours.get_weights()[0], plain.get_weights()[0])
