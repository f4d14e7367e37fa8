"""What cannot work is refused by name, before anything is trained, and the model can still be used."""

import numpy as np
import pytest

import ravine
from ravine import Input, Sequential, optimizers
from ravine.callbacks import Callback, EarlyStopping, Probe
from ravine.checks import RavineError, RavineTypeError, RavineValueError
from ravine.layers import Dense, Flatten

NAN, INF = float("nan"), float("inf")
RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(20, 6)), RNG.integers(0, 3, 20)
ONE_HOT = np.eye(3)[Y]


def put(array, index, value):
    """``array`` with one value changed."""
    array = array.copy()
    array[index] = value
    return array


class Misspelt(Callback):
    def on_epoch_ended(self, epoch, logs=None):
        raise AssertionError("never called")


# What fit is given instead of good data, and the beginning of what it says.
FIT = {
    "wrong rank": ({"x": X[0]}, r"x has 6 rows and y has 20"),
    "one sample without its batch": (
        {"x": X[0], "y": Y[:6]},
        r"x has samples of shape \(\): the model expected \(6,\)",
    ),
    "images for rows": (
        {"x": X.reshape(20, 3, 2)},
        r"x has samples of shape \(3, 2\): the model expected \(6,\), so x of shape \(None, 6\)",
    ),
    "wrong feature size": ({"x": X[:, :5]}, r"x has samples of shape \(5,\): the model expected \(6,\)"),
    "lengths that differ": ({"y": Y[:19]}, "x has 20 rows and y has 19: expected one target per sample"),
    "no targets": ({"y": None}, "y=None: expected targets"),
    "no data": ({"x": None}, "x=None is a NoneType: expected an array"),
    "a label too large": ({"y": put(Y, 4, 3)}, r"y\[4\]=3 is outside \[0, 3\): the model's last layer has 3 units"),
    "a negative label": ({"y": put(Y, 0, -1)}, r"y\[0\]=-1 is outside \[0, 3\)"),
    "labels that are no whole numbers": ({"y": Y + 0.5}, "y holds fractions"),
    "one-hot labels for a sparse loss": ({"y": ONE_HOT}, r"y has shape \(20, 3\).*one class index per sample"),
    "NaN in data": ({"x": put(X, (7, 2), NAN)}, r"x holds nan at index \(7, 2\) \(1 such values\): expected finite"),
    "infinity in data": ({"x": put(X, (0, 0), -INF)}, r"x holds -inf at index \(0, 0\)"),
    "NaN in targets": ({"y": put(Y.astype(float), 3, NAN)}, r"y holds nan at index \(3,\)"),
    "strings": ({"x": X.astype(str)}, r"x has dtype <U\d+ \(first value .*Encode strings and categories as numbers"),
    "string labels": ({"y": [["cat", "dog"][i % 2] for i in range(20)]}, r"y has dtype <U3 \(first value .*'cat'"),
    "objects": ({"x": np.array([[None] * 6] * 20)}, "x has dtype object"),
    "ragged rows": ({"x": [[1.0, 2.0], [3.0]]}, "x is ragged"),
    "empty arrays": ({"x": X[:0], "y": Y[:0]}, r"x is empty: it has shape \(0, 6\)"),
    "batch_size 0": ({"batch_size": 0}, "batch_size=0: expected an integer of at least 1"),
    "batch_size below 0": ({"batch_size": -32}, "batch_size=-32: expected an integer of at least 1"),
    "a fractional batch_size": ({"batch_size": 32.0}, "batch_size=32.0 is a float: expected an integer"),
    "epochs below 0": ({"epochs": -1}, "epochs=-1: expected an integer of at least 0"),
    "fractional epochs": ({"epochs": 2.5}, "epochs=2.5 is a float"),
    "initial_epoch below 0": ({"initial_epoch": -1}, "initial_epoch=-1"),
    "steps_per_epoch 0": ({"steps_per_epoch": 0}, "steps_per_epoch=0: expected an integer of at least 1"),
    "validation_split 1": (
        {"validation_split": 1.0},
        "validation_split=1.0: expected a finite number of at least 0 below 1",
    ),
    "validation_split below 0": ({"validation_split": -0.2}, "validation_split=-0.2: expected"),
    "validation_split NaN": ({"validation_split": NAN}, "validation_split=nan: expected"),
    "validation_split of several": (
        {"validation_split": np.array([0.1, 0.2])},
        r"validation_split=array\(\[0.1, 0.2\]\)",
    ),
    "validation_split of a string": ({"validation_split": "0.2"}, "validation_split='0.2' is a str"),
    "nothing to train on": (
        {"validation_split": 0.96},
        "validation_split=0.96 of 20 rows leaves 0 to train on and 20 to validate on",
    ),
    "nothing to validate on": (
        {"x": X[:1], "y": Y[:1], "validation_split": 0.1},
        "validation_split=0.1 of 1 rows leaves 0 to train on",
    ),
    "validation data that is no pair": ({"validation_data": X}, r"validation_data=.*expected \(x, y\) or"),
    "validation data of other shape": (
        {"validation_data": (X[:, :4], Y)},
        r"validation x has samples of shape \(4,\): the model expected \(6,\)",
    ),
    "validation data of differing lengths": (
        {"validation_data": (X, Y[:5])},
        "validation x has 20 rows and validation y",
    ),
    "validation labels too large": ({"validation_data": (X, Y + 1)}, r"validation y\[\d+\]=3 is outside \[0, 3\)"),
    "NaN in validation data": (
        {"validation_data": (put(X, (1, 1), NAN), Y)},
        r"validation x holds nan at index \(1, 1\)",
    ),
    "validation_freq 0": ({"validation_freq": 0}, "validation_freq=0"),
    "validation_steps 0": ({"validation_split": 0.5, "validation_steps": 0}, "validation_steps=0"),
    "validation_batch_size 0": ({"validation_batch_size": 0}, "validation_batch_size=0"),
    "validation_steps that nothing uses": (
        {"validation_steps": 0},
        "validation_steps=0: expected an integer",
    ),
    "validation_steps of a string": ({"validation_steps": "all"}, "validation_steps='all' is a str"),
    "validation_freq of a string": ({"validation_freq": "x"}, "validation_freq='x' is a str"),
    "validation_batch_size of a string": ({"validation_batch_size": "x"}, "validation_batch_size='x' is a str"),
    "validation_shuffle of a string": (
        {"validation_shuffle": "yes"},
        "validation_shuffle='yes': expected",
    ),
    "validation_shuffle of an array": ({"validation_shuffle": np.ones(3)}, r"validation_shuffle=array\("),
    "more epochs than 32 bits count": ({"epochs": 10**400}, "epochs=1000.*: expected an integer of at most 2147483647"),
    "an absurd batch_size": ({"batch_size": 2**63}, "batch_size=9223372036854775808: expected an integer of at most"),
    "absurd steps": ({"steps_per_epoch": 2**63}, "steps_per_epoch=9223372036854775808: expected an integer of at most"),
    "a masked array": ({"x": np.ma.masked_less(X, 0)}, "x is a masked array.*sample_weight=0"),
    "masked targets": ({"y": np.ma.masked_equal(Y, 0)}, "y is a masked array"),
    "complex numbers": ({"x": X + 1j}, "x has dtype complex128.*real and the imaginary parts"),
    "what float32 cannot hold": (
        {"x": put(X, (0, 1), 1e300)},
        r"x holds 1e\+300 at index \(0, 1\), too large",
    ),
    "weights of steps without steps": (
        {"sample_weight": np.ones((20, 3))},
        r"sample_weight has shape \(20, 3\): expected one weight per sample, \(20,\)\.",
    ),
    "a class of a fraction": ({"class_weight": {0.5: 1.0}}, "class_weight key=0.5: expected a class in"),
    "a function that needs arguments": ({"x": len, "y": None}, "expected a function without arguments"),
    "a verbosity of several": ({"verbose": np.ones(3)}, r"verbose=array\(.*: expected 'auto', 0, 1 or 2"),
    "too few sample weights": (
        {"sample_weight": [1.0]},
        r"sample_weight has shape \(1,\): expected one weight per sample",
    ),
    "negative sample weights": (
        {"sample_weight": -np.ones(20)},
        r"sample_weight\[0\]=-1: expected weights of at least 0",
    ),
    "an unknown class": ({"class_weight": {3: 2.0}}, r"class_weight key=3: expected a class in \[0, 3\)"),
    "two kinds of weights": (
        {"class_weight": {0: 2.0}, "sample_weight": np.ones(20)},
        "class_weight and sample_weight",
    ),
    "no callback": ({"callbacks": ["EarlyStopping"]}, r"callbacks\[0\]='EarlyStopping' is a str: expected an object"),
    "a callback's class": ({"callbacks": [EarlyStopping]}, r"callbacks\[0\]=.*Did you mean EarlyStopping\(\)\?"),
    "a misspelt hook": (
        {"callbacks": [Misspelt()]},
        r"Misspelt.on_epoch_ended is no hook.*Did you mean 'on_epoch_end'",
    ),
    "an unknown monitor": ({"callbacks": [EarlyStopping("vall_acc")]}, "monitor='vall_acc'"),
    "an unknown verbosity": ({"verbose": 3}, "verbose=3: expected 'auto', 0, 1 or 2"),
    "a shuffle that is no bool": ({"shuffle": "batch"}, "shuffle='batch' is a str: expected True or False"),
    "a probe of a layer that is not there": (
        {"callbacks": [Probe("hidden")]},
        "layers='hidden' is unknown.*Known names: dense, dense_1",
    ),
    "statistics of no batch normalization": (
        {"population_statistics": True},
        "population_statistics=True: expected a model with a BatchNormalization",
    ),
    "a negative seed": ({"seed": -1}, "seed=-1: expected an integer of at least 0"),
}


@pytest.fixture
def model(tiny):
    """A trained model that a refusal must leave as it is, and usable."""
    model = tiny.model()
    tiny.fit(model, epochs=1)
    before = model.train_state()
    weights = model.get_weights()
    yield model
    for was, now in zip(weights, model.get_weights(), strict=True):
        np.testing.assert_array_equal(was, now)
    assert model.train_state().optimizer.step == before.optimizer.step
    _, history = tiny.fit(model, epochs=1)
    assert np.isfinite(history.history["loss"][0])


@pytest.mark.differs("labels-are-checked")
@pytest.mark.parametrize(("wrong", "expected"), FIT.values(), ids=FIT)
def test_fit(model, wrong, expected):
    with pytest.raises(RavineError, match=expected) as refused:
        model.fit(**({"x": X, "y": Y, "epochs": 2, "verbose": 0} | wrong))
    assert isinstance(refused.value, ValueError | TypeError)


DATA = ["wrong feature size", "lengths that differ", "no targets", "a label too large", "NaN in data", "strings"]
DATA += ["empty arrays", "one-hot labels for a sparse loss"]


@pytest.mark.parametrize("method", ["evaluate", "train_on_batch", "test_on_batch"])
@pytest.mark.parametrize("case", DATA)
def test_other_methods_that_take_targets(model, method, case):
    wrong, expected = FIT[case]
    with pytest.raises(RavineError, match=expected):
        getattr(model, method)(**({"x": X, "y": Y} | wrong))


@pytest.mark.parametrize("method", ["predict", "predict_on_batch"])
@pytest.mark.parametrize(
    "case", ["wrong feature size", "images for rows", "no data", "NaN in data", "strings", "objects"]
)
def test_other_methods_that_take_samples(model, method, case):
    wrong, expected = FIT[case]
    with pytest.raises(RavineError, match=expected):
        getattr(model, method)(wrong["x"])


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (lambda model: model.evaluate(X, Y, batch_size=0), "batch_size=0"),
        (lambda model: model.evaluate(X, Y, steps=-1), "steps=-1"),
        (lambda model: model.evaluate(X, Y, sample_weight=[1]), "sample_weight has shape"),
        (lambda model: model.predict(X, steps=0), "steps=0"),
        (lambda model: model.predict(X, verbose="yes"), "verbose='yes'"),
        (lambda model: model.predict(iter([X]), steps="all"), "steps='all' is a str"),
        (lambda model: model.evaluate(iter([(X, Y)]), steps=0), "steps=0"),
        (lambda model: model.evaluate(X, Y, return_dict="yes"), "return_dict='yes' is a str: expected True or False"),
        (lambda model: model.train_on_batch(X, Y, return_dict=np.ones(2)), r"return_dict=array\("),
        (lambda model: model.test_on_batch(X, Y, return_dict=1), "return_dict=1 is a int"),
        (lambda model: model(X, training="no"), "training='no' is a str"),
        (lambda model: model(X, training=True), "training=True: expected False"),
        (lambda model: model.summary(line_length="wide"), "line_length='wide' is a str"),
        (lambda model: model.summary(line_length=3), "line_length=3: expected an integer of at least 20"),
        (lambda model: model.summary(print_fn=3), "print_fn=3 is a int: expected a function of a text"),
        (lambda model: model.summary(print_fn=int), "print_fn=.*expected a function of a text"),
        (lambda model: model.get_layer(index=99), "layer=99: expected an index of 2 layers: dense, dense_1"),
        (lambda model: model.get_layer(index="1"), "index='1' is a str"),
        (lambda model: model.get_layer(3), "name=3 is a int: expected one of the names dense, dense_1"),
        (lambda model: model.get_layer(), "get_layer: expected a name or an index"),
        (
            lambda model: model.build((None, 5)),
            r"input_shape=\(None, 5\): expected \(None, 6\), which",
        ),
        (lambda model: model.build(5), "input_shape=5 is a int: expected the shape of a batch"),
        (lambda model: ravine.population_statistics("model", X), "model='model' is a str: expected a Sequential"),
        (lambda model: Input(), "expected a shape, or in its place a batch_shape"),
        (lambda model: Input((3,), batch_shape=(None, 3)), "expected a shape, or in its place a batch_shape"),
        (lambda model: Input(batch_shape=(0, 3)), r"batch_shape\[0\]=0"),
        (lambda model: Input(batch_shape=3), "batch_shape=3 is a int"),
        (lambda model: Input((3,), batch_size=0), "batch_size=0"),
        (lambda model: Input((3,), name=3), "name=3 is a int: expected a string"),
        (lambda model: Input((3,), dtype=Dense(2)), "dtype=Dense.*expected a type of real numbers"),
        (lambda model: ravine.utils.to_categorical([2**40]), r"1 labels of 1,099,511,627,777 classes are"),
        (lambda model: ravine.utils.to_categorical(np.ma.masked_equal([0, 1], 0)), "x is a masked array"),
        (lambda model: ravine.utils.normalize(X, order=np.ones(2)), r"order=array\("),
        (lambda model: ravine.utils.PyDataset(workers="many"), "workers='many' is a str"),
        (lambda model: ravine.utils.PyDataset(use_multiprocessing=1), "use_multiprocessing=1 is a int"),
        (lambda model: ravine.utils.PyDataset(max_queue_size=0), "max_queue_size=0"),
    ],
)
def test_other_arguments(model, call, expected):
    with pytest.raises(RavineError, match=expected):
        call(model)


# Models, losses and targets that cannot fit.
PAIRS = {
    "softmax of one unit": (
        (1, "softmax"),
        "sparse_categorical_crossentropy",
        np.zeros(20, int),
        r"one output per class.*with one unit a softmax is always 1. Use Dense\(number of classes, activation='softmax"
        r"'\).*Dense\(1, activation='sigmoid'\) with loss='binary_crossentropy'",
    ),
    "softmax of one unit, one-hot": (
        (1, "softmax"),
        "categorical_crossentropy",
        np.ones((20, 1)),
        "with one unit a softmax",
    ),
    "labels for a one-hot loss": (
        (3, "softmax"),
        "categorical_crossentropy",
        Y,
        "expected one-hot targets with 3 columns. For class indices use 'sparse_categorical_crossentropy'",
    ),
    "too few columns": ((3, "softmax"), "categorical_crossentropy", ONE_HOT[:, :2], "one-hot targets with 3 columns"),
    "no probabilities": (
        (3, "softmax"),
        "categorical_crossentropy",
        2 * ONE_HOT,
        "y holds values from 0 to 2.*probabilities",
    ),
    "three classes for a sigmoid": (
        (1, "sigmoid"),
        "binary_crossentropy",
        Y,
        r"y holds values from 0 to 2.*targets in \[0, 1\]",
    ),
    "signs for a sigmoid": ((1, "sigmoid"), "binary_crossentropy", np.sign(X[:, 0]), "y holds values from -1 to 1"),
    "labels for several sigmoids": ((3, "sigmoid"), "binary_crossentropy", Y, r"y has shape \(20,\).*\(None, 3\)"),
    "one number for three outputs": (
        (3, None),
        "mse",
        X[:, 0],
        r"MeanSquaredError compares.*Expected y of shape \(20, 3\)",
    ),
    "two numbers for three outputs": ((3, None), "mae", X[:, :2], r"MeanAbsoluteError compares.*y of shape \(20, 3\)"),
}


@pytest.mark.parametrize(("last", "loss", "y", "expected"), PAIRS.values(), ids=PAIRS)
def test_pairs_that_cannot_fit(last, loss, y, expected):
    units, activation = last
    model = Sequential([Input((6,)), Dense(units, activation=activation)])
    model.compile("sgd", loss=loss)
    before = model.get_weights()
    with pytest.raises(RavineValueError, match=expected):
        model.fit(X, y, verbose=0)
    for was, now in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(was, now)


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        ("categorical_accuracy", "categorical_accuracy expected one-hot targets with 3 columns"),
        ("binary_accuracy", "binary_accuracy compares the two element by element"),
        ("mse", "MeanSquaredError compares the two element by element"),
    ],
)
@pytest.mark.parametrize("argument", ["metrics", "weighted_metrics"])
def test_metrics_that_cannot_fit(tiny, argument, metric, expected):
    model = tiny.model(**{argument: [metric]})
    with pytest.raises(RavineValueError, match=expected):
        tiny.fit(model)


@pytest.mark.differs("eager-runs")
# Names that are unknown, with the nearest that is known.
@pytest.mark.parametrize(
    ("wrong", "error", "expected"),
    [
        (
            {"loss": "sparse_categorical_crosentropy"},
            RavineValueError,
            "Did you mean 'sparse_categorical_crossentropy'",
        ),
        ({"loss": "rmse"}, RavineValueError, "loss='rmse' is unknown. Did you mean 'mse'"),
        ({"optimizer": "sgdd"}, RavineValueError, "optimizer='sgdd' is unknown. Did you mean 'sgd'"),
        ({"optimizer": "zzz"}, RavineValueError, "optimizer='zzz' is unknown. Known names: .*sgd"),
        ({"metrics": ["acuracy"]}, RavineValueError, r"metrics\[0\]='acuracy' is unknown. Did you mean 'accuracy'"),
        (
            {"weighted_metrics": "accurcy"},
            RavineValueError,
            r"weighted_metrics\[0\]='accurcy' is unknown. Did you mean",
        ),
        (
            {"optimizer": optimizers.SGD(momentum=1)},
            RavineValueError,
            "momentum=1: expected a finite number of at least 0",
        ),
        ({"run_eagerly": True}, RavineValueError, "run_eagerly=True: expected False"),
        ({"run_eagerly": "no"}, RavineTypeError, "run_eagerly='no' is a str: expected True or False"),
        ({"steps_per_execution": 0}, RavineValueError, "steps_per_execution=0: expected an integer of at least 1"),
        ({"steps_per_execution": "many"}, RavineTypeError, "steps_per_execution='many' is a str"),
        ({"jit_compile": "yes"}, RavineTypeError, "jit_compile='yes' is a str: expected True, False or 'auto'"),
        ({"auto_scale_loss": None}, RavineTypeError, "auto_scale_loss=None is a NoneType: expected True or False"),
        ({"loss_weights": 10**400}, RavineValueError, "loss_weights=1000.*: expected a finite number"),
        ({"metrics": [ravine.metrics.MeanIoU("a")]}, RavineTypeError, "num_classes='a' is a str: expected an integer"),
        (
            {"metrics": [ravine.metrics.MeanIoU(2**40)]},
            RavineValueError,
            "num_classes=1099511627776: expected an integer",
        ),
        ({"loss": Flatten()}, RavineTypeError, r"loss=Flatten\(.*not a layer"),
        ({"metrics": [Flatten()]}, RavineTypeError, r"metrics\[0\]=Flatten\(.*not a layer"),
        ({"weighted_metrics": Flatten()}, RavineTypeError, r"weighted_metrics\[0\]=Flatten\(.*not a layer"),
    ],
)
def test_compile(model, tiny, wrong, error, expected):
    with pytest.raises(error, match=expected):
        model.compile(**({"optimizer": "sgd", "loss": "sparse_categorical_crossentropy"} | wrong))
    # The model is still compiled as it was.
    assert len(model.evaluate(tiny.x, tiny.y, verbose=0)) == 2


HARMLESS = [
    {"jit_compile": None},
    {"jit_compile": True},
    {"steps_per_execution": "auto"},
    {"steps_per_execution": 8},
    {"run_eagerly": None},
    {"auto_scale_loss": False},
]


@pytest.mark.parametrize("given", HARMLESS, ids=str)
def test_what_changes_nothing_is_taken_as_in_keras(tiny, given):
    tiny.model(**given)


# Of what a comparison has in common, also where no contender takes it.
COMMON = {
    "optimizer": ("sgdd", "optimizer='sgdd' is unknown"),
    "loss": ("rmse", "loss='rmse' is unknown"),
    "metrics": (["acuracy"], r"metrics\[0\]='acuracy' is unknown"),
    "callbacks": ([3], r"callbacks\[0\]=3 is a int"),
    "batch_size": (0, "batch_size=0"),
    "out": (3, "out=3 is a int: expected the path of a file"),
    "tune": ({3: ravine.uniform(0.1, 0.2)}, "tune key=3 is a int: expected the name of a hyperparameter"),
}


@pytest.mark.parametrize("argument", COMMON)
def test_compare(tiny, argument):
    wrong, expected = COMMON[argument]
    own = {"model": tiny.model, "optimizer": "sgd", "loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]}
    own |= {"callbacks": [EarlyStopping("loss")], "batch_size": 5}
    with pytest.raises(RavineError, match=expected):
        ravine.compare({"a": own}, X, Y, epochs=1, verbose=0, **{argument: wrong})


def test_an_unknown_activation():
    with pytest.raises(RavineValueError, match=r"activation='sotfmax' is unknown. Did you mean 'softmax'"):
        Sequential([Dense(10, activation="sotfmax")])


@pytest.mark.parametrize("method", ["fit", "evaluate", "train_on_batch", "test_on_batch"])
def test_before_compile(tiny, method):
    model = Sequential([Input((6,)), Dense(3)])
    with pytest.raises(RavineValueError, match=f"{method}: the model is not compiled; call model.compile"):
        getattr(model, method)(tiny.x, tiny.y)
    with pytest.raises(RavineValueError, match="the model is not compiled"):
        _ = model.optimizer


@pytest.mark.parametrize("method", ["fit", "evaluate", "train_on_batch"])
def test_without_a_loss(tiny, method):
    model = Sequential([Input((6,)), Dense(3)])
    model.compile("sgd")
    with pytest.raises(RavineValueError, match=f"{method}: the model was compiled without a loss"):
        getattr(model, method)(tiny.x, tiny.y)
    assert model.predict(tiny.x).shape == (20, 3)


@pytest.mark.parametrize("layers", [[], [Input((6,))]])
def test_without_layers(tiny, layers):
    model = Sequential(layers)
    model.compile("sgd", "mse")
    for call in (lambda: model.fit(tiny.x, tiny.y), lambda: model.predict(tiny.x)):
        with pytest.raises(RavineValueError, match="The model has no layers"):
            call()


def lazy():
    model = Sequential([Flatten(), Dense(3, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model


@pytest.mark.parametrize("method", ["fit", "evaluate", "train_on_batch", "test_on_batch"])
def test_a_model_takes_no_shape_from_data_that_it_refuses(tiny, method):
    model = lazy()
    with pytest.raises(RavineValueError, match=r"y\[0\]=9 is outside"):
        getattr(model, method)(np.zeros((4, 2)), np.full(4, 9))
    assert not model.built
    tiny.fit(model, epochs=1)
    assert model.input_shape == (None, 6)


def test_a_model_takes_no_shape_from_a_pair_of_which_it_refuses_one(tiny):
    model = lazy()
    for validation_data in ((tiny.x[:, :2], tiny.y), (tiny.x, tiny.y + 1)):
        with pytest.raises(RavineValueError, match=r"^validation [xy]"):
            tiny.fit(model, validation_data=validation_data)
        assert not model.built


def test_a_refused_run_takes_no_seed(tiny):
    seeds = []
    for refuse in (False, True):
        ravine.utils.set_random_seed(3)
        model = tiny.model()
        model.get_weights()
        if refuse:
            with pytest.raises(RavineValueError):
                tiny.fit(model, y=tiny.y + 1, seed=None)
        seeds.append(tiny.fit(model, epochs=1, seed=None)[1].seed)
    assert seeds[0] == seeds[1]
