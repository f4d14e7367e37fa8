"""Every public name of Keras's losses, metrics, activations and the like is here, or left out for a reason."""

import re
import subprocess
import sys
import textwrap

import pytest

import ravine
from ravine import checks, keras_names

OF_FILES = "configurations are read by ravine.load_model"
LEFT_OUT = {
    "activations": {"deserialize": OF_FILES, "serialize": OF_FILES},
    "initializers": {
        "deserialize": OF_FILES,
        "serialize": OF_FILES,
    },
    "constraints": {"deserialize": OF_FILES, "serialize": OF_FILES},
    "losses": {
        "deserialize": OF_FILES,
        "serialize": OF_FILES,
    },
    "metrics": {
        "deserialize": OF_FILES,
        "serialize": OF_FILES,
        "Sum": "of values that are fed to it by hand: neither Keras nor Ravine can compile a model with it",
    },
    "regularizers": {"deserialize": OF_FILES, "serialize": OF_FILES},
}


@pytest.mark.parametrize("module", LEFT_OUT)
def test_every_name_of_keras_is_here_or_left_out_for_a_reason(module, keras):
    theirs = {name for name in dir(getattr(keras, module)) if not name.startswith("_")}
    ours = {name for name in dir(getattr(ravine, module)) if not name.startswith("_")}
    assert theirs - ours == set(LEFT_OUT[module])


@pytest.mark.parametrize("module", LEFT_OUT)
def test_names_mean_the_same_kind_of_thing(module, keras):
    for name in set(dir(getattr(keras, module))) - set(LEFT_OUT[module]):
        if not name.startswith("_"):
            pair = getattr(getattr(ravine, module), name), getattr(getattr(keras, module), name)
            assert [isinstance(thing, type) for thing in pair] in ([True, True], [False, False]), name


def test_losses_by_name(keras):
    from keras.src.losses import ALL_OBJECTS_DICT

    of_classes = {"Loss", "LossFunctionWrapper"}
    for name in set(ALL_OBJECTS_DICT) - set(LEFT_OUT["losses"]) - of_classes:
        assert isinstance(ravine.losses.get(name), ravine.losses.Loss)


def test_activations_by_name(keras):
    from keras.src.activations import ALL_OBJECTS_DICT

    assert set(ALL_OBJECTS_DICT) - set(ravine.activations.TABLE) == {"threshold"}  # which needs its numbers


def test_initializers_by_name(keras):
    from keras.src.initializers import ALL_OBJECTS_DICT

    left_out = {*LEFT_OUT["initializers"], "Initializer", "initializer"}
    for name in set(ALL_OBJECTS_DICT) - left_out:
        assert isinstance(ravine.initializers.get(name), ravine.initializers.Rule)


MODULES = ["", *LEFT_OUT, "layers", "optimizers", "optimizers.schedules", "callbacks", "datasets", "utils", "models"]
MODULES += ["saving", "ops"]


def module_of(library, name):
    for part in name.split("."):
        library = getattr(library, part) if part else library
    return library


def public(thing):
    return {name for name in dir(thing) if not name.startswith("_")}


@pytest.mark.parametrize("name", MODULES)
def test_every_name_of_keras_is_here_or_has_its_sentence(keras, name):
    ours, holder = module_of(ravine, name), name or "ravine"
    for theirs in public(module_of(keras, name)):
        if hasattr(ours, theirs):
            assert theirs not in keras_names.hints(holder), "there, and in the list of what is not"
            continue
        assert name == "ops" or theirs in keras_names.hints(holder), theirs
        called = f"{name}.{theirs}" if name else theirs
        with pytest.raises(
            checks.RavineAttributeError, match=rf"^Ravine has no {re.escape(called)}( \(yet\))?(; .*)?\.$"
        ):
            getattr(ours, theirs)


OBJECTS = {
    "Sequential": lambda k: compiled(k),
    "Layer": lambda k: compiled(k).layers[0],
    "Optimizer": lambda k: k.optimizers.SGD(momentum=0.9),
    "Loss": lambda k: k.losses.MeanSquaredError(),
    "Metric": lambda k: k.metrics.AUC(),
}


def compiled(library):
    model = library.Sequential([library.Input((2,)), library.layers.Dense(3)])
    model.compile("sgd", "mse")
    return model


@pytest.mark.parametrize("holder", OBJECTS)
def test_every_attribute_of_keras_is_here_or_has_its_sentence(keras, holder):
    ours, theirs = OBJECTS[holder](ravine), OBJECTS[holder](keras)  # a layer's model is gone, as its arrays are
    for name in public(theirs) - {"kernel", "bias"}:
        if hasattr(ours, name):
            assert name not in keras_names.hints(holder) or holder == "Layer", name
            continue
        assert name in keras_names.hints(holder), name
        with pytest.raises(checks.RavineAttributeError, match=rf"has no attribute '{name}' \(yet\)(; .*)?\.$"):
            getattr(ours, name)


def test_what_is_listed_is_kerass(keras):
    for holder in MODULES[1:]:
        assert keras_names.hints(holder).keys() - {"*"} - public(module_of(keras, holder)) <= TENSORFLOWS


TENSORFLOWS = {f"reduce_{name}" for name in ("all", "any", "max", "mean", "min", "prod", "sum")} | {"Sequence"}


def test_imports_say_it_too():
    for module, name in (("layers", "Conv2D"), ("callbacks", "TensorBoard"), ("utils", "pad_sequences")):
        hint = re.escape(keras_names.hints(module)[name])
        with pytest.raises(ImportError, match=rf"^Ravine has no {module}.{name} \(yet\); {hint}\.$"):
            exec(f"from ravine.{module} import {name}")
    with pytest.raises(ImportError, match=r"^Ravine has no Model \(yet\)"):
        exec("from ravine import Model")
    assert not hasattr(ravine.layers, "Conv2D")
    assert getattr(ravine.layers, "Conv2D", None) is None


@pytest.mark.parametrize(
    ("module", "name", "expected"),
    [
        ("layers", "Dens", r"^Ravine has no layers.Dens\. Did you mean 'Dense'\?$"),
        ("layers", "flatten_", r"Did you mean 'Flatten'\?$"),
        ("layers", "Tensor", r"^Ravine has no layers.Tensor\.$"),
        ("optimizers", "Adams", r"Did you mean 'Adam'\?$"),
        ("", "Sequentail", r"Did you mean 'Sequential'\?$"),
        ("", "nonsense", r"^Ravine has no nonsense\.$"),
    ],
)
def test_a_name_that_neither_has(module, name, expected):
    with pytest.raises(AttributeError, match=expected):
        getattr(module_of(ravine, module), name)


def test_overriding_what_is_never_called_is_refused():
    for name in ("call", "train_step", "test_step", "predict_step", "compute_loss", "make_train_function"):
        with pytest.raises(checks.RavineTypeError, match=rf"^Mine.{name} would never be called: .*use "):
            type("Mine", (ravine.Sequential,), {name: lambda self, *_: None})
    own = type("Mine", (ravine.Sequential,), {"summarized": lambda self: self.name, "compile": lambda self: None})
    assert own([]).summarized() == "sequential"


def test_ravine_under_the_name_of_keras():
    code = """
        from ravine import keras
        import ravine, ravine.keras.layers
        from ravine.keras import Sequential, layers
        from ravine.keras.layers import Dense
        from ravine.keras.datasets.mnist import load_data
        from ravine.keras.optimizers.schedules import CosineDecay
        assert keras is ravine is ravine.keras
        assert layers is ravine.layers and Dense is ravine.layers.Dense and Sequential is ravine.Sequential
        assert load_data is ravine.datasets.mnist.load_data
        assert keras.optimizers.schedules.CosineDecay is CosineDecay
        assert isinstance(Sequential([Dense(1)]), keras.models.Sequential)
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=True)
