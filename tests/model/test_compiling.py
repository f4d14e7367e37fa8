import numpy as np
import pytest

from ravine import Sequential, losses, metrics, optimizers
from ravine.checks import RavineTypeError, RavineValueError
from ravine.layers import Dense
from ravine.layers.network import Network
from ravine.model.compiling import Compiled

SPARSE = "sparse_categorical_crossentropy"


def checked(optimizer="sgd", loss=SPARSE, loss_weights=None, metrics_given=None, weighted_metrics=None):
    return Compiled.checked(optimizer, loss, loss_weights, metrics_given, weighted_metrics)


def task(compiled, activation="softmax", y_shape=(5,)):
    return compiled.task("fit", Network((Dense(3, activation=activation),)), y_shape, (3,))


def test_names():
    assert checked().names == ("loss",)
    assert checked(metrics_given="accuracy").names == ("loss", "accuracy")
    compiled = checked(metrics_given=["acc", metrics.BinaryAccuracy()], weighted_metrics=["accuracy"])
    assert compiled.names == ("loss", "acc", "binary_accuracy", "accuracy")
    twice = checked(metrics_given=["accuracy"], weighted_metrics=["accuracy", "mse"])
    assert twice.names == ("loss", "accuracy", "weighted_accuracy", "mse")


def test_directions():
    compiled = checked(metrics_given=["accuracy", "mae"], weighted_metrics=["accuracy"])
    assert compiled.directions(task(compiled)) == {
        "loss": "min",
        "accuracy": "max",
        "mae": "min",
        "weighted_accuracy": "max",
    }


@pytest.mark.parametrize("weights", [0.5, [0.5], (0.5,), np.float32(0.5)])
def test_loss_weights(weights):
    assert checked(loss_weights=weights).loss_weight == 0.5


def test_a_crossentropy_reads_the_logits_of_its_link():
    found = task(checked())
    assert found.network.link == "softmax"
    assert found.loss == losses.SparseCategoricalCrossentropy(from_logits=True)


@pytest.mark.parametrize(
    ("loss", "activation"),
    [
        (SPARSE, None),
        (SPARSE, "sigmoid"),
        ("binary_crossentropy", "softmax"),
        ("mse", "softmax"),
        (losses.SparseCategoricalCrossentropy(from_logits=True), None),
    ],
)
def test_other_pairs_stay_as_they_are(loss, activation):
    compiled = checked(loss=loss)
    found = task(compiled, activation)
    assert found.network.link is None
    assert found.loss == compiled.loss


def test_a_softmax_and_from_logits_are_one_too_many():
    compiled = checked(loss=losses.SparseCategoricalCrossentropy(from_logits=True))
    with pytest.warns(UserWarning, match="from_logits=True, but the model ends with a softmax"):
        found = task(compiled)
    assert found.network.link is None  # as written, and as in Keras


def test_the_accuracy_fits_the_targets():
    compiled = checked(metrics_given=["accuracy"], weighted_metrics=["accuracy"])
    found = task(compiled)
    assert found.metrics == found.weighted_metrics == (metrics.SparseCategoricalAccuracy(),)
    assert task(compiled, y_shape=(5, 3)).metrics == (metrics.CategoricalAccuracy(),)


def test_without_a_loss_nothing_is_trained():
    with pytest.raises(
        RavineValueError, match=r"fit: the model was compiled without a loss; call model.compile\(loss="
    ):
        task(checked(loss=None))


@pytest.mark.parametrize(
    ("arguments", "error", "expected"),
    [
        ({"optimizer": "rmsporp"}, RavineValueError, "optimizer='rmsporp' is unknown. Did you mean 'rmsprop'"),
        ({"optimizer": optimizers.SGD(-1)}, RavineValueError, "learning_rate=-1: expected"),
        ({"optimizer": optimizers.SGD}, RavineTypeError, "optimizer=.*is a type"),
        ({"loss": "crossentrpy"}, RavineValueError, "loss='crossentrpy' is unknown. Did you mean"),
        ({"loss": 3}, RavineTypeError, "loss=3 is a int: expected a name such as 'mse', an object such as"),
        ({"loss": losses.Huber(-1)}, RavineValueError, "delta=-1: expected a finite number above 0"),
        ({"loss_weights": "1"}, RavineTypeError, "loss_weights='1' is a str"),
        ({"loss_weights": [1, 2]}, RavineTypeError, r"loss_weights=\[1, 2\] is a list"),
        ({"loss_weights": float("nan")}, RavineValueError, "loss_weights=nan"),
        (
            {"metrics_given": ["acuracy"]},
            RavineValueError,
            r"metrics\[0\]='acuracy' is unknown. Did you mean 'accuracy'",
        ),
        ({"metrics_given": {"a": "mse"}}, RavineTypeError, r"metrics\[0\]=\{'a': 'mse'\} is a dict"),
        ({"metrics_given": ["mse", "mse"]}, RavineValueError, "metrics: 'mse' is there twice"),
        ({"metrics_given": [metrics.BinaryAccuracy(name="loss")]}, RavineValueError, "metrics: 'loss' is there twice"),
        ({"weighted_metrics": [3]}, RavineTypeError, r"weighted_metrics\[0\]=3 is a int"),
    ],
)
def test_what_cannot_work_is_refused(arguments, error, expected):
    with pytest.raises(error, match=expected):
        checked(**arguments)


class Plain(losses.Loss):
    def values(self, y, outputs):
        return y[:, 0] - outputs[:, 0]


class PlainMetric(metrics.Metric):
    def values(self, y, outputs):
        return y[:, 0] - outputs[:, 0]


@pytest.mark.parametrize(
    ("argument", "given"), [("loss", Plain()), ("metrics", [PlainMetric()]), ("weighted_metrics", [PlainMetric()])]
)
def test_a_class_without_the_decorator(tiny, argument, given):
    with pytest.raises(RavineTypeError, match=rf"^{argument}.*is no class of Ravine's form: decorate it with @ravine"):
        tiny.model(**{argument: given})


def test_compiled_tells_whether_it_was(tiny):
    assert tiny.model().compiled is True
    assert Sequential([Dense(3)]).compiled is False
    assert tiny.model().metrics_names == ["loss", "accuracy"]
