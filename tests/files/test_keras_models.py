"""Models in files that Keras wrote, and in files that Keras reads."""

import json
import warnings
import zipfile

import numpy as np
import pytest

import ravine
from ravine import Input, Sequential, activations, constraints, layers, losses, metrics, optimizers, regularizers
from ravine.checks import RavineTypeError, RavineValueError
from ravine.layers.tokens import Tokens

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")


def halved(x, by=2.0):
    return x[:, 1:] / by


OWN_FUNCTIONS = {"halved": halved}
# A layer's name and arguments, and the shape of a sample.
CASES = [
    ("Dense", {"units": 3, "activation": "tanh"}, (4,)),
    ("Dense", {"units": 3, "use_bias": False, "kernel_initializer": "he_normal"}, (2, 4)),
    ("Dense", {"units": 3, "kernel_regularizer": "orthogonal_regularizer", "activity_regularizer": "l2"}, (4,)),
    ("Dense", {"units": 3, "kernel_constraint": "max_norm", "bias_constraint": "non_neg"}, (4,)),
    ("Dense", {"units": 3, "trainable": False, "name": "frozen"}, (4,)),
    ("Activation", {"activation": "softmax"}, (4,)),
    ("ReLU", {"max_value": 1.0, "negative_slope": 0.1, "threshold": 0.2}, (4,)),
    ("Softmax", {"axis": 1}, (3, 4)),
    ("LeakyReLU", {"negative_slope": 0.2}, (4,)),
    ("ELU", {"alpha": 0.5}, (4,)),
    ("PReLU", {"alpha_initializer": "ones", "shared_axes": [1]}, (3, 4)),
    ("Identity", {}, (4,)),
    ("Reshape", {"target_shape": [12]}, (3, 4)),
    ("Permute", {"dims": [2, 1]}, (3, 3)),
    ("RepeatVector", {"n": 3}, (4,)),
    ("Rescaling", {"scale": 0.5, "offset": 1.0}, (4,)),
    ("GlobalAveragePooling1D", {"keepdims": True}, (3, 4)),
    ("GlobalMaxPooling1D", {"keepdims": True}, (3, 4)),
    ("Flatten", {}, (3, 4)),
    ("BatchNormalization", {"epsilon": 0.1, "momentum": 0.7, "center": False}, (4,)),
    ("BatchNormalization", {"axis": 1, "beta_initializer": "ones"}, (3, 4)),
    ("BatchNormalization", {"trainable": False}, (4,)),
    ("LayerNormalization", {"axis": [1, 2], "gamma_regularizer": "l2"}, (3, 4)),
    ("GroupNormalization", {"groups": 2, "epsilon": 0.1}, (4,)),
    ("RMSNormalization", {"axis": [1, 2]}, (3, 4)),
    ("UnitNormalization", {}, (4,)),
    ("ActivityRegularization", {"l1": 0.1, "l2": 0.2}, (4,)),
    ("Dropout", {"rate": 0.3, "noise_shape": [None, 1], "seed": 3}, (4,)),
    ("AlphaDropout", {"rate": 0.3}, (4,)),
    ("GaussianDropout", {"rate": 0.3}, (4,)),
    ("GaussianNoise", {"stddev": 0.3, "seed": 2}, (4,)),
    ("Embedding", {"input_dim": 6, "output_dim": 3, "embeddings_regularizer": "l2"}, (4,)),
    ("Embedding", {"input_dim": 6, "output_dim": 3, "embeddings_constraint": "unit_norm", "trainable": False}, (2, 4)),
    ("CategoryEncoding", {"num_tokens": 6}, (4,)),
    ("CategoryEncoding", {"num_tokens": 6, "output_mode": "count"}, (4,)),
    ("CategoryEncoding", {"num_tokens": 6, "output_mode": "one_hot"}, (4,)),
    ("Normalization", {}, (4,)),
    ("Normalization", {"axis": None, "invert": True}, (3, 4)),
    ("Normalization", {"axis": [2, 1]}, (3, 4)),
    ("Normalization", {"mean": 1.5, "variance": 4.0}, (4,)),
    ("Normalization", {"axis": 1, "mean": [1.0, 2.0, 3.0], "variance": [0.5, 1.0, 0.0]}, (3, 4)),
    ("Normalization", {"axis": [1, 2], "mean": [[0.5, 0.25]] * 3, "variance": [[1.0, 2.0]] * 3}, (3, 2)),
    ("Rescaling", {"scale": [0.5, 0.25], "offset": [[1.0], [2.0], [3.0]]}, (3, 2)),
    ("Lambda", {"function": halved}, (4,)),
    ("Lambda", {"function": halved, "output_shape": (3,), "arguments": {"by": 4.0}}, (4,)),
]
"""Keras takes no lists where Ravine's arguments are tuples, so what is shared is written as JSON has it."""
IDS = [f"{i}-{name}" for i, (name, *_) in enumerate(CASES)]


def test_every_layer_is_in_the_table():
    classes = {n for n, c in vars(layers).items() if isinstance(c, type) and issubclass(c, layers.Layer)}
    assert {name for name, _, _ in CASES} == classes - {"Layer"}


def stacked(library, name, arguments, shape):
    """The layer between others, twice where one can follow the other, so that numbering by class matters."""
    first = getattr(library.layers, name)(**arguments)
    second = getattr(library.layers, name)(**{k: v for k, v in arguments.items() if k != "name"})
    middle = [library.layers.Dense(shape[-1])] if name in ("Dense", "Flatten") else []
    last = [] if name in ("Flatten", "RepeatVector", "Embedding", "CategoryEncoding", "Lambda") else [second]
    whole = name in ("Embedding", "CategoryEncoding")
    start = library.Input(shape, dtype="int32" if whole else "float32")
    return library.Sequential([start, first, *middle, *last], name="stacked")


def randomized(theirs):
    """Keras's model with other weights than the initial ones."""
    rng = np.random.default_rng(0)
    theirs.set_weights([rng.uniform(0.5, 1.5, w.shape).astype(w.dtype) for w in theirs.get_weights()])
    for layer in theirs.layers:
        getattr(layer, "finalize_state", lambda: None)()  # Normalization computes with copies of its weights
    return theirs


def layer_configs(path):
    with zipfile.ZipFile(path) as archive:
        described = json.loads(archive.read("config.json"))["config"]["layers"][1:]
    return [layer["config"] | {"name": None} for layer in described]


def plain(value):
    """A configuration without what only Keras writes: its own objects for names, None and defaults."""
    if isinstance(value, dict) and "class_name" in value:
        return value["class_name"].replace("_", "").lower(), plain(value["config"])
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items() if v not in (None, False)}
    return value


def names(model):
    return model.layer_names if isinstance(model, Sequential) else [layer.name for layer in model.layers]


def assert_same_layers(first, second):
    for a, b in zip(first.get_weights(), second.get_weights(), strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)
    assert names(first) == names(second)
    assert [layer.trainable for layer in first.layers] == [layer.trainable for layer in second.layers]


def assert_weights_travel(source, target, path):
    source.save_weights(path)
    target.set_weights([0 * w for w in target.get_weights()])
    target.load_weights(path)
    assert_same_layers(source, target)


@pytest.mark.parametrize(("name", "arguments", "shape"), CASES, ids=IDS)
def test_a_layer_travels_both_ways(keras, adopt, tmp_path, name, arguments, shape):
    theirs = randomized(stacked(keras, name, {"name": "first"} | arguments, shape))
    theirs.save(tmp_path / "theirs.keras")
    loaded = ravine.load_model(tmp_path / "theirs.keras", OWN_FUNCTIONS)
    assert_same_layers(loaded, theirs)
    ours = adopt(stacked(ravine, name, {"name": "first"} | arguments, shape), theirs.get_weights())
    ours.save(tmp_path / "ours.keras")
    read = keras.models.load_model(tmp_path / "ours.keras", OWN_FUNCTIONS)
    assert read.name == "stacked"
    assert read.inputs[0].dtype == theirs.inputs[0].dtype
    assert_same_layers(ravine.load_model(tmp_path / "ours.keras", OWN_FUNCTIONS), read)

    x = np.random.default_rng(1).normal(size=(5, *shape)).astype("f")
    if isinstance(ours.layers[0], Tokens):
        x = (10 * abs(x)).astype("int32") % 6
    expected = theirs(x, training=False)
    for found in (loaded.predict(x), read(x, training=False)):
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)

    # What Keras reads from our file, it writes as what it writes of its own model.
    read.save(tmp_path / "again.keras")
    for found, wanted in zip(*(layer_configs(tmp_path / f"{n}.keras") for n in ("again", "theirs")), strict=True):
        assert plain(found) == plain(wanted)
    assert_weights_travel(theirs, loaded, tmp_path / "m.weights.h5")
    assert_weights_travel(ours, read, tmp_path / "m.weights.h5")

    ours.save(tmp_path / "ours.safetensors")
    again = ravine.load_model(tmp_path / "ours.safetensors", OWN_FUNCTIONS)
    assert_same_layers(again, ours)
    assert_weights_travel(ours, again, tmp_path / "w.safetensors")


LOSSES = {
    "mse": ("mse", (4,), None),
    "mae": (losses.MeanAbsoluteError(), (4,), None),
    "crossentropy": ("ce", (1,), 2),
    "binary": (losses.BinaryCrossentropy(from_logits=True), (1,), 2),
    "one-hot": ("categorical_crossentropy", (3,), None),
    "sparse": (losses.SparseCategoricalCrossentropy(from_logits=True), (), 3),
}


@pytest.mark.parametrize("case", LOSSES)
def test_losses_and_metrics_travel(keras, adopt, tmp_path, case):
    loss, shape, classes = LOSSES[case]
    width = shape[0] if shape else classes
    rng = np.random.default_rng(0)
    x = rng.normal(size=(8, 5)).astype("f")
    y = rng.integers(0, classes, (8, *shape)) if classes else np.eye(width, dtype="f")[rng.integers(0, width, 8)]
    ours = Sequential([Input((5,)), layers.Dense(width, kernel_regularizer="l2")])
    adopt(ours, [rng.normal(size=(5, width)), np.zeros(width)])
    watched = ["accuracy", losses.MeanSquaredError(), metrics.BinaryAccuracy(threshold=0.3, name="over")]
    # Beside logits an accuracy without a threshold is another in Keras (docs/differences.md, metrics-of-logits).
    ours.compile("sgd", loss, loss_weights=0.5, metrics=watched[1:] if case == "binary" else watched[:1])
    expected = ours.evaluate(x, y, verbose=0, return_dict=True)
    ours.save(tmp_path / "ours.keras")
    theirs = keras.models.load_model(tmp_path / "ours.keras")
    found = theirs.evaluate(x, y, verbose=0, return_dict=True)
    assert found == pytest.approx(expected, rel=1e-5)
    theirs.save(tmp_path / "theirs.keras")
    again = ravine.load_model(tmp_path / "theirs.keras").evaluate(x, y, verbose=0, return_dict=True)
    assert again == pytest.approx(expected, rel=1e-6)
    assert set(again) == set(expected)


@pytest.mark.parametrize("wrapped", [False, True])
def test_losses_that_keras_has_other_names_for(keras, tmp_path, wrapped):
    theirs = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    loss = keras.losses.mean_squared_error if wrapped else "MSE"
    theirs.compile("sgd", loss, metrics=[keras.metrics.MeanAbsoluteError(name="far"), "mse"], weighted_metrics=["mae"])
    theirs.save(tmp_path / "m.keras")
    ours = ravine.load_model(tmp_path / "m.keras")
    assert ours.compilation.loss == losses.MeanSquaredError()
    assert ours.compilation.names == ("loss", "far", "mse", "mae")


@pytest.mark.parametrize(
    "guard",
    [
        {"kernel_regularizer": regularizers.OrthogonalRegularizer(0.25, "columns")},
        {"kernel_regularizer": regularizers.L1(0.25), "bias_regularizer": regularizers.L2(0.5)},
        {"kernel_constraint": constraints.MinMaxNorm(0.5, 2.0, 0.5, axis=1)},
        {"kernel_constraint": constraints.UnitNorm(axis=[0, 1])},
    ],
    ids=str,
)
def test_regularizers_and_constraints_travel_both_ways(keras, adopt, tmp_path, guard):
    ours = adopt(Sequential([Input((4,)), layers.Dense(3, **guard)]), [np.ones((4, 3)), np.zeros(3)])
    ours.save(tmp_path / "m.keras")
    keras.models.load_model(tmp_path / "m.keras").save(tmp_path / "m.keras")
    loaded = ravine.load_model(tmp_path / "m.keras").layers[0]
    for name, value in guard.items():
        back = getattr(loaded, name)
        assert type(back) is type(value)
        for field in vars(value):
            assert np.all(np.asarray(getattr(back, field)) == np.asarray(getattr(value, field)))


def test_a_model_without_layers_or_shape_is_not_saved(tmp_path):
    with pytest.raises(RavineValueError, match="does not know its input's shape"):
        Sequential([layers.Dense(3)]).save(tmp_path / "m.keras")
    with pytest.raises(RavineValueError, match="the model has no layers"):
        Sequential([Input((3,))]).save(tmp_path / "m.keras")
    assert not list(tmp_path.iterdir())


def test_a_model_that_keras_never_built_has_no_weights_here(keras, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        keras.Sequential([keras.layers.Dense(3, "relu")]).save(tmp_path / "m.keras")
    loaded = ravine.load_model(tmp_path / "m.keras")
    assert not loaded.built
    assert loaded.predict(np.ones((2, 5))).shape == (2, 3)


def test_a_model_that_keras_built_from_data(keras, tmp_path):
    theirs = keras.Sequential([keras.layers.Dense(3, "relu"), keras.layers.Dense(2)])
    x = np.random.default_rng(0).normal(size=(4, 5)).astype("f")
    expected = np.asarray(theirs(x))
    theirs.save(tmp_path / "m.keras")
    np.testing.assert_allclose(ravine.load_model(tmp_path / "m.keras").predict(x), expected, atol=1e-6)


def test_compile_false_leaves_training_behind(tiny, small, tmp_path):
    small.save(tmp_path / "m.keras")
    loaded = ravine.load_model(tmp_path / "m.keras", compile=False)
    assert not loaded.compiled
    np.testing.assert_array_equal(loaded.predict(tiny.x), small.predict(tiny.x))


def test_an_uncompiled_model(keras, tmp_path):
    model = Sequential([Input((4,)), layers.Dense(3)])
    model.save(tmp_path / "m.keras")
    assert not ravine.load_model(tmp_path / "m.keras").compiled
    assert not keras.models.load_model(tmp_path / "m.keras").compiled


def test_an_optax_transformation_stays_behind(tiny, tmp_path):
    import optax

    model = tiny.model(optimizer=optax.sgd(0.1))
    with pytest.warns(UserWarning, match="FromOptax holds functions"):
        model.save(tmp_path / "m.keras")
    assert not ravine.load_model(tmp_path / "m.keras").compiled


def doubled(x):
    return 2 * x


def penalty_of_mine(w):
    return (w**2).sum()


def rate(step):
    return 0.5 / (step + 1)


@pytest.fixture
def with_functions(tmp_path):
    """A file of a model with functions of its own in four places."""
    model = Sequential([Input((4,)), layers.Dense(3, activation=doubled, kernel_regularizer=penalty_of_mine)])
    model.compile(optimizers.SGD(rate, undecayed=("bias",), weight_decay=0.1), "mse")
    model.save(tmp_path / "m.keras")
    return model, tmp_path / "m.keras"


OWN = {"doubled": doubled, "penalty_of_mine": penalty_of_mine, "rate": rate}


def test_functions_are_handed_over(with_functions):
    model, path = with_functions
    loaded = ravine.load_model(path, custom_objects=OWN)
    assert loaded.layers[0].activation is doubled
    assert loaded.layers[0].kernel_regularizer == model.layers[0].kernel_regularizer
    assert loaded.optimizer.learning_rate == model.optimizer.learning_rate
    assert loaded.optimizer.undecayed == ("bias",)
    x = np.ones((2, 4), "f")
    np.testing.assert_array_equal(loaded.predict(x), model.predict(x))


@pytest.mark.parametrize("missing", OWN)
def test_a_function_that_is_not_handed_over_is_named(with_functions, missing):
    _, path = with_functions
    with pytest.raises(RavineValueError, match=rf"m.keras: .*{missing}.*custom_objects={{'{missing}': ...}}"):
        ravine.load_model(path, {name: f for name, f in OWN.items() if name != missing})


def test_a_lambda_has_no_name(tmp_path):
    model = Sequential([Input((4,)), layers.Dense(3, activation=lambda x: x)])
    with pytest.raises(RavineValueError, match=r"dense.activation=<function .*: expected a function with a name"):
        model.save(tmp_path / "m.keras")


def test_code_of_keras_is_not_executed(keras, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = keras.Sequential([keras.Input((4,)), keras.layers.Activation(lambda x: x)])
        model.save(tmp_path / "m.keras")
    with pytest.raises(RavineValueError, match="a lambda is in the file as code, which is never executed"):
        ravine.load_model(tmp_path / "m.keras")


def touched(x):
    return 3 * x


def test_code_in_a_lambda_layer_is_not_executed_but_may_be_handed_over(keras, tmp_path):
    theirs = keras.Sequential([keras.Input((4,)), keras.layers.Lambda(lambda x: 3 * x, name="thrice")])
    theirs.save(tmp_path / "m.keras")
    message = r"layers\[0\].function: a lambda is in the file as code, .* custom_objects={'thrice': function}, or build"
    for own in ({}, {"touched": touched}, {"thrice": 3}):
        with pytest.raises(RavineValueError, match=message):
            ravine.load_model(tmp_path / "m.keras", own)
    loaded = ravine.load_model(tmp_path / "m.keras", {"thrice": touched})
    np.testing.assert_array_equal(loaded.predict(np.ones((2, 4), "f")), np.full((2, 4), 3))


def test_functions_of_lambda_layers(keras, tmp_path):
    ours = Sequential(
        [Input((4,)), layers.Lambda(activations.softplus), layers.Lambda(touched, output_shape=same_shape)]
    )
    ours.save(tmp_path / "m.keras")
    own = {"touched": touched, "same_shape": same_shape}
    x = np.ones((2, 4), "f")
    for loaded in (ravine.load_model(tmp_path / "m.keras", own), keras.models.load_model(tmp_path / "m.keras", own)):
        np.testing.assert_allclose(outputs(loaded, x), 3 * np.log1p(np.e) * x, rtol=1e-6)
    for name in own:
        with pytest.raises(RavineValueError, match=f"has no function {name}.*custom_objects={{'{name}': ...}}"):
            ravine.load_model(tmp_path / "m.keras", {n: f for n, f in own.items() if n != name})
    with pytest.raises(RavineValueError, match=r"lambda.function=<function .*: expected a function with a name"):
        Sequential([Input((4,)), layers.Lambda(lambda x: x)]).save(tmp_path / "m.keras")


def same_shape(shape):
    return shape


def outputs(model, x):
    return model.predict(x) if isinstance(model, Sequential) else np.asarray(model(x))


@pytest.mark.parametrize("ending", [".keras", ".safetensors"])
def test_statistics_of_the_data_stay_with_the_layer(tmp_path, ending):
    model = Sequential([Input((3,)), layers.Normalization(name="scaled")])
    with pytest.raises(RavineValueError, match="Normalization has no mean and variance yet"):
        model.save(tmp_path / f"m{ending}")
    x = np.random.default_rng(0).normal(3, 2, (9, 3)).astype("f")
    model.layers[0].adapt(x)
    model.save(tmp_path / f"m{ending}")
    loaded = ravine.load_model(tmp_path / f"m{ending}")
    for found in (loaded, loaded.untrained()):
        np.testing.assert_array_equal(found.predict(x), model.predict(x))


def test_an_array_among_the_arguments_of_keras(keras, tmp_path):
    theirs = keras.Sequential([keras.Input((3,)), keras.layers.Rescaling(np.float64([1, 2, 3]), keras.ops.ones(3))])
    theirs.save(tmp_path / "m.keras")
    x = np.ones((2, 3), "f")
    np.testing.assert_array_equal(ravine.load_model(tmp_path / "m.keras").predict(x), theirs(x))


def test_a_file_is_always_loaded_safely(small, same, tmp_path):
    small.save(tmp_path / "m.keras")
    same(ravine.load_model(tmp_path / "m.keras", safe_mode=True), small)
    with pytest.raises(RavineValueError, match=r"safe_mode=False: expected True, since code .* never executed"):
        ravine.load_model(tmp_path / "m.keras", safe_mode=False)
    with pytest.raises(RavineTypeError, match="safe_mode=None is a NoneType"):
        ravine.load_model(tmp_path / "m.keras", safe_mode=None)


def test_a_function_of_keras_is_handed_over(keras, tmp_path):
    theirs = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation=doubled)])
    theirs.save(tmp_path / "m.keras")
    x = np.ones((2, 4), "f")
    loaded = ravine.load_model(tmp_path / "m.keras", custom_objects={"doubled": doubled})
    np.testing.assert_allclose(loaded.predict(x), np.asarray(theirs(x)), atol=1e-6)


def test_classes_of_ones_own(tmp_path):
    from ravine import trees

    @trees.tree(frozen=False)
    class Scaled(layers.Layer):
        factor: float = 1.0

        def apply(self, params, stats, x, *, key, training):
            return self.factor * x, stats

    @trees.tree
    class Far(losses.Loss):
        power: float = 2.0

        def values(self, y, outputs):
            return losses.per_sample(abs(y - outputs) ** self.power)

    @trees.tree(frozen=False)
    class Signs(optimizers.Optimizer):
        def delta(self, g, slots, w, lr, t):
            return -lr * np.sign(1) * g, slots

    model = Sequential([Input((3,)), Scaled(3.0), layers.Dense(1)])
    model.compile(Signs(0.1), Far(3.0), metrics=[Far(1.0)])
    model.save(tmp_path / "m.keras")
    own = {"Scaled": Scaled, "Far": Far, "Signs": Signs}
    loaded = ravine.load_model(tmp_path / "m.keras", own)
    assert loaded.layers[0].factor == 3
    assert loaded.compilation.loss == Far(3.0)
    assert loaded.compilation.names == model.compilation.names
    assert type(loaded.optimizer) is Signs
    for name in own:
        with pytest.raises(RavineValueError, match=f"Ravine has no .* {name}.*custom_objects"):
            ravine.load_model(tmp_path / "m.keras", {n: c for n, c in own.items() if n != name})


LACKING = {
    "a layer": (lambda k: [k.layers.Conv1D(2, 2)], (4, 3), {}, r"layers\[0\]: Ravine has no layer Conv1D"),
    "an argument": (
        lambda k: [k.layers.BatchNormalization(renorm=True)],
        (4,),
        {},
        r"layers\[0\]: Ravine's BatchNormalization has no renorm=True",
    ),
    "a dtype": (lambda k: [k.layers.Dense(2, dtype="mixed_float16")], (4,), {}, "has no dtype='mixed_float16', only"),
    "a shape": (lambda k: [k.layers.Dense(2)], (None, 4), {}, r"batch_shape=.*expected sizes for all axes"),
    "an optimizer": (lambda k: [k.layers.Dense(2)], (4,), {"optimizer": "ftrl"}, "has no optimizer Ftrl"),
    "a loss": (lambda k: [k.layers.Dense(2)], (4,), {"loss": penalty_of_mine}, "has no loss penalty_of_mine"),
    "a metric": (lambda k: [k.layers.Dense(2)], (4,), {"metrics": ["fbeta_score"]}, "has no metric fbeta_score"),
}


@pytest.mark.parametrize("case", LACKING)
def test_what_ravine_lacks_is_named(keras, tmp_path, case):
    make, shape, compiling, expected = LACKING[case]
    theirs = keras.Sequential([keras.Input(shape), *make(keras)])
    theirs.compile(**({"optimizer": "sgd", "loss": "mse"} | compiling))
    theirs.save(tmp_path / "m.keras")
    with pytest.raises(RavineValueError, match=f"m.keras: .*{expected}") as refused:
        ravine.load_model(tmp_path / "m.keras")
    if compiling:
        assert "compile=False" in str(refused.value)
        assert ravine.load_model(tmp_path / "m.keras", compile=False).built


def test_other_models_are_named(keras, tmp_path):
    inputs = keras.Input((4,))
    keras.Model(inputs, keras.layers.Dense(2)(inputs)).save(tmp_path / "m.keras")
    with pytest.raises(RavineValueError, match="holds a Functional model: Ravine has Sequential ones only"):
        ravine.load_model(tmp_path / "m.keras")
