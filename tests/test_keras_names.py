"""Every public name of Keras's losses, metrics, activations and the like is here, or left out for a reason."""

import pytest

import ravine

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
