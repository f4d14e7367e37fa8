"""Broken, foreign and hostile files of models: one error that names the file, and nothing changed."""

import copy
import io
import json
import resource
import struct
import zipfile

import h5py
import numpy as np
import pytest

import ravine
from ravine.checks import RavineTypeError, RavineValueError
from ravine.files.archive import write_archive

CONFIG, METADATA, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"


@pytest.fixture(scope="module")
def members(small, tmp_path_factory):
    path = tmp_path_factory.mktemp("whole") / "m.keras"
    small.save(path)
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture
def refused(members, tmp_path):
    """Write changed members to a file and expect the error."""

    def check(expected, changed, **options):
        path = tmp_path / "bad.keras"
        with path.open("wb") as file:
            write_archive(file, {name: content for name, content in (members | changed).items() if content is not None})
        with pytest.raises(RavineValueError, match=expected) as error:
            ravine.load_model(path, **options)
        assert str(error.value).startswith(f"{path}: ")
        return path

    return check


def edited(members, *path, value):
    """The configuration with another value at a path."""
    config = json.loads(members[CONFIG])
    place = config
    for key in path[:-1]:
        place = place[key]
    if value is KeyError:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return {CONFIG: json.dumps(config).encode()}


LAYER = ("config", "layers", 1)
DENSE = (*LAYER, "config")
RULE = ("compile_config", "optimizer")


def layer(kind, **arguments):
    return {"class_name": kind, "config": arguments}


RELU = {"module": "builtins", "class_name": "function", "config": "relu"}
LAYERS = {
    "code of a lambda": (
        layer("Lambda", name="l", function={"class_name": "__lambda__", "config": {"code": "x"}}),
        r"layers\[0\].function: a lambda is in the file as code, .* custom_objects={'l': function}",
    ),
    "a lambda without a function": (layer("Lambda"), "Lambda needs 'function', which is missing"),
    "a function of no name": (
        layer("Lambda", function={"config": [1]}),
        r"function=\[1\]: expected the name of a function",
    ),
    "a function that is none": (layer("Lambda", function="relu"), "function='relu': expected an object"),
    "a function to import": (
        layer("Lambda", function={"module": "os", "class_name": "function", "config": "system"}),
        "Ravine has no function system",
    ),
    "arguments that are none": (layer("Lambda", function=RELU, arguments=[1]), r"arguments=\[1\]: expected an object"),
    "an argument that is none": (
        layer("Lambda", function=RELU, arguments={"a": {}}),
        "expected numbers, names or lists",
    ),
    "an argument too many": (
        layer("Lambda", function=RELU, arguments={"a": 1}),
        "function: it fails on a batch of shape",
    ),
    "a shape that is broken": (
        layer("Lambda", function=RELU, output_shape=[9]),
        r"output_shape=\(9,\): expected \(6,\)",
    ),
    "a mask": (layer("Lambda", function=RELU, mask="x"), "mask='x' is a str"),
    "an array that is none": (
        layer("Rescaling", scale={"class_name": "__numpy__", "config": {"value": "x"}}),
        "scale='x' is a str",
    ),
    "an array without values": (
        layer("Rescaling", scale={"class_name": "__tensor__", "config": 3}),
        "expected an object",
    ),
    "a ragged array": (layer("Rescaling", scale=[[1], [2, 3]]), "scale is ragged"),
    "a mean of another shape": (layer("Normalization", mean=[1, 2], variance=[1, 2]), r"mean has shape \(2,\)"),
    "a mean alone": (layer("Normalization", mean=1.0), "variance=None, but mean is given"),
    "a masking embedding": (
        layer("Embedding", input_dim=2, output_dim=2, mask_zero=True),
        "mask_zero=True: expected False",
    ),
    "an adapter": (layer("Embedding", input_dim=2, output_dim=2, lora_rank=3), "Ravine's Embedding has no lora_rank=3"),
}


@pytest.mark.parametrize("case", LAYERS)
def test_layers_that_cannot_work(members, refused, case):
    described, expected = LAYERS[case]
    refused(expected, edited(members, *LAYER, value=described))


EDITS = {
    "no class": (("class_name",), KeyError, "config.json.class_name=None: expected the name of a class"),
    "a class that is no name": (("class_name",), ["Sequential"], "class_name=.*expected the name of a class"),
    "another model": (("class_name",), "Functional", "holds a Functional model"),
    "no config": (("config",), None, "config=None: expected an object"),
    "no layers": (("config", "layers"), [], r"layers=\[\]: expected a list of 1 to"),
    "layers that are no list": (("config", "layers"), {"a": 1}, "layers=.*expected a list"),
    "too many layers": (("config", "layers"), [{}] * 5000, "expected a list of 1 to 4096 layers"),
    "a layer that is none": (LAYER, 3, r"layers\[0\]=3: expected an object"),
    "an unknown layer": ((*LAYER, "class_name"), "Conv2D", r"layers\[0\]: Ravine has no layer Conv2D"),
    "a misspelt layer": ((*LAYER, "class_name"), "Dens", "has no layer Dens. Did you mean 'Dense'"),
    "a base class": ((*LAYER, "class_name"), "Layer", "has no layer Layer"),
    "a loss for a layer": ((*LAYER, "class_name"), "MeanSquaredError", "MeanSquaredError is a loss: expected a layer"),
    "a module to import": ((*LAYER,), {"class_name": "system", "module": "os", "config": {}}, "no layer system"),
    "a function for a layer": ((*LAYER,), {"class_name": "function", "config": "eval"}, "no function eval"),
    "code for a layer": ((*LAYER, "class_name"), "__lambda__", "never executed"),
    "a second input": ((*LAYER, "class_name"), "InputLayer", r"layers\[0\]: an InputLayer goes first"),
    "a missing argument": ((*DENSE, "units"), KeyError, r"layers\[0\]: Dense needs 'units', which is missing"),
    "an unknown argument": ((*DENSE, "frobnicate"), 3, "Ravine's Dense has no frobnicate=3"),
    "a private argument": ((*DENSE, "_owner"), 3, "Ravine's Dense has no _owner=3"),
    "an argument of another type": ((*DENSE, "units"), "4", "units='4' is a str: expected an integer"),
    "a fraction": ((*DENSE, "units"), 4.5, "units=4.5 is a float: expected an integer"),
    "no units": ((*DENSE, "units"), 0, "units=0: expected an integer of at least 1"),
    "negative units": ((*DENSE, "units"), -4, "units=-4: expected"),
    "other units": ((*DENSE, "units"), 5, r"layers/dense/vars/0 has shape \(6, 4\): expected \(6, 5\)"),
    "huge units": ((*DENSE, "units"), 10**8, "model.weights.h5 has .* bytes: the model's arrays take at least"),
    "absurd units": ((*DENSE, "units"), 10**18, "units=1000000000000000000: expected an integer of at most"),
    "a truth that is a text": ((*DENSE, "use_bias"), "False", "use_bias='False' is a str: expected True or False"),
    "no bias": ((*DENSE, "use_bias"), False, r"layers/dense has 2 arrays: the layer dense expected 1"),
    "an unknown activation": ((*DENSE, "activation"), "magic", "no activation magic"),
    "a nested activation": ((*DENSE, "activation"), [[[]]], "expected the name of an activation"),
    "an activation with code": ((*DENSE, "activation"), {"value": ["4wEAAA", None, None]}, "never executed"),
    "an unknown initializer": ((*DENSE, "kernel_initializer"), "magic", "no initializer magic"),
    "a private initializer": ((*DENSE, "kernel_initializer"), "__builtins__", "no initializer __builtins__"),
    "a helper for an initializer": ((*DENSE, "kernel_initializer"), "fans", "no initializer fans"),
    "an unknown regularizer": ((*DENSE, "kernel_regularizer"), "l3", "kernel_regularizer='l3' is unknown"),
    "a negative regularizer": (
        (*DENSE, "kernel_regularizer"),
        {"class_name": "L2", "config": {"l2": -1}},
        "l2=-1: expected a finite number of at least 0",
    ),
    "a constraint that is a loss": (
        (*DENSE, "kernel_constraint"),
        {"class_name": "MeanSquaredError", "config": {}},
        "MeanSquaredError is a loss: expected a constraint",
    ),
    "a slash in a name": ((*DENSE, "name"), "../a", "name='../a': expected a name without '/'"),
    "a name that is none": ((*DENSE, "name"), 3, "name=3 is a int: expected a name"),
    "two of a name": ((*DENSE, "name"), "dense_1", "name='dense_1': expected a name that no other layer"),
    "half precision": ((*DENSE, "dtype"), "float16", "Ravine's Dense has no dtype='float16', only 'float32'"),
    "an input without shape": (
        ("config", "layers", 0, "config", "batch_shape"),
        None,
        "batch_shape=None: expected the shape of a batch",
    ),
    "an input of no size": (("config", "layers", 0, "config", "batch_shape"), [None, 0], "at least 1"),
    "an input of fractions": (("config", "layers", 0, "config", "batch_shape"), [None, 2.5], "is a float"),
    "an input of texts": (("config", "layers", 0, "config", "batch_shape"), [None, "6"], "is a str"),
    "an open input": (("config", "layers", 0, "config", "batch_shape"), [None, None], "sizes for all axes"),
    "a huge input": (
        ("config", "layers", 0, "config", "batch_shape"),
        [None, 10**12],
        r"batch_shape\[1\]=1000000000000: expected an integer of at most",
    ),
    "another input": (("config", "layers", 0, "config", "batch_shape"), [None, 7], r"expected \(7, 4\)"),
    "sparse inputs": (("config", "layers", 0, "config", "sparse"), True, "InputLayer has no sparse=True"),
    "what compile was given as text": (("compile_config",), "sgd", "compile_config='sgd': expected an object"),
    "an unknown argument of compile": (("compile_config", "frob"), 1, "Ravine's compile has no frob=1"),
    "an unknown optimizer": ((*RULE, "class_name"), "Ftrl", "no optimizer Ftrl.*compile=False"),
    "an optimizer that is none": (RULE, 3, "optimizer=3: expected an object"),
    "a base of optimizers": ((*RULE, "class_name"), "Optimizer", "no optimizer Optimizer"),
    "a negative rate": ((*RULE, "config", "learning_rate"), -1.0, "learning_rate=-1.0: expected a finite number"),
    "a rate that is text": ((*RULE, "config", "learning_rate"), "x", "learning_rate='x' is a str"),
    "a momentum too large": ((*RULE, "config", "momentum"), 1.5, "momentum=1.5: expected"),
    "a momentum that is a list": ((*RULE, "config", "momentum"), [0.5], "momentum=.* is a list"),
    "another momentum": ((*RULE, "config", "momentum"), 0.0, "the file has what .* remembers, not what SGD does"),
    "more slots": ((*RULE, "config", "use_ema"), True, "the file has what .* remembers, not what SGD does"),
    "two ways to clip": ((*RULE, "config", "clipnorm"), {"a": 1}, "clipnorm"),
    "an unknown loss": (("compile_config", "loss"), "magic", "no loss magic"),
    "a loss that is a number": (("compile_config", "loss"), 3, "loss=3 is a int"),
    "a loss with an argument": (
        ("compile_config", "loss", "config", "label_smoothing"),
        1.5,
        "label_smoothing=1.5: expected a finite number of at least 0 of at most 1",
    ),
    "a reduction": (("compile_config", "loss", "config", "reduction"), "magic", "reduction='magic'"),
    "metrics that are text": (("compile_config", "metrics"), "accuracy", "metrics='accuracy': expected a list"),
    "a metric that is a number": (("compile_config", "metrics"), [3], r"metrics\[0\]=3 is a int"),
    "an unknown metric": (("compile_config", "metrics"), ["magic"], "no metric magic"),
    "a metric twice": (("compile_config", "metrics"), ["mse", "mse"], "'mse' is there twice"),
    "a weight that is text": (("compile_config", "loss_weights"), "x", "loss_weights='x' is a str"),
}


@pytest.mark.parametrize("case", EDITS)
def test_configurations_that_cannot_work(members, refused, case):
    path, value, expected = EDITS[case]
    refused(expected, edited(members, *path, value=value))


def test_json_that_is_none(members, refused):
    refused("config.json is no valid JSON", {CONFIG: members[CONFIG][:-5]})
    refused("config.json is nested too deep|no valid JSON", {CONFIG: b'{"config":' * 50_000})
    refused("NaN stands where a number is expected", {CONFIG: members[CONFIG].replace(b'"units": 4', b'"units": NaN')})
    refused("one key twice", {CONFIG: members[CONFIG].replace(b'"units": 4', b'"units": 4, "units": 4')})
    refused("config.json has 5000000 bytes: expected|declares 5000000 bytes", {CONFIG: b" " * 5_000_000})
    refused("config.json holds", {CONFIG: b"[]"})


@pytest.mark.parametrize("deep", [10, 100, 900])
def test_values_nested_deep(members, refused, deep):
    value = 1
    for _ in range(deep):
        value = [value]
    refused("bad.keras: ", edited(members, *DENSE, "units", value=value))
    refused(
        "bad.keras: ",
        edited(members, *DENSE, "kernel_initializer", value={"class_name": "Zeros", "config": {"a": value}}),
    )


@pytest.mark.parametrize("name", [CONFIG, METADATA, WEIGHTS])
def test_a_missing_member(refused, name):
    refused(f"the archive has no member '{name}'", {name: None})


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ({"keras_version": "4.0.0"}, "written by Keras 4.0.0: Ravine reads the files of Keras 3"),
        ({"keras_version": "2.15.0"}, "written by Keras 2.15.0"),
        ({"keras_version": "3.99.0", "ravine_format": 2}, "has Ravine's format 2: this Ravine knows up to 1"),
        ({"keras_version": "3.15.0", "ravine_format": "x"}, "has Ravine's format 'x'"),
        ({"keras_version": 3}, "keras_version=3: expected a version such as"),
        ({}, "keras_version=None: expected a version"),
        ([], r"metadata.json holds \[\]: expected an object"),
    ],
)
def test_versions(refused, metadata, expected):
    refused(expected, {METADATA: json.dumps(metadata).encode()})


def test_arrays_of_a_model_without_a_shape(members, refused):
    config = json.loads(members[CONFIG])
    del config["config"]["layers"][0], config["config"]["build_input_shape"]
    refused("layers/dense has arrays, but the configuration does not say", {CONFIG: json.dumps(config).encode()})
    config["config"]["layers"] = []
    refused("expected a list of 1 to", {CONFIG: json.dumps(config).encode()})


def test_a_newer_keras_3_is_read(members, tmp_path):
    with (tmp_path / "m.keras").open("wb") as file:
        write_archive(file, members | {METADATA: b'{"keras_version": "3.99.0", "more": 1}', "assets/a.txt": b"x"})
    assert ravine.load_model(tmp_path / "m.keras").built


def weights(members, change):
    file = io.BytesIO(members[WEIGHTS])
    with h5py.File(file, "r+") as opened:
        change(opened)
    return {WEIGHTS: file.getvalue()}


def put(file, path, value):
    del file[path]
    file[path] = value


IMAGES = {
    "a missing array": (lambda f: f.__delitem__("layers/dense/vars/1"), "layers/dense has 1 arrays: the layer dense"),
    "an array too many": (lambda f: f.__setitem__("layers/dense/vars/2", 1.0), "layers/dense has 3 arrays"),
    "a missing layer": (lambda f: f.__delitem__("layers/dense_1"), "layers/dense_1 has 0 arrays"),
    "another shape": (lambda f: put(f, "layers/dense/vars/0", np.ones((4, 6), "f")), r"shape \(4, 6\): expected"),
    "another dtype": (lambda f: put(f, "layers/dense/vars/1", np.ones(4, int)), "dtype int64: expected floats"),
    "a link": (lambda f: put(f, "layers/dense/vars/1", h5py.ExternalLink("/etc/passwd", "x")), "is a link"),
    "a fractional count": (lambda f: put(f, "optimizer/vars/0", 1.5), "dtype float64: expected integers"),
    "a negative count": (lambda f: put(f, "optimizer/vars/0", -1), r"its count of batches=-1"),
    "a huge count": (lambda f: put(f, "optimizer/vars/0", 2**40), "its count of batches=1099511627776"),
    "a rate that is none": (lambda f: put(f, "optimizer/vars/1", np.float32("nan")), "its learning rate=nan"),
    "a negative rate": (lambda f: put(f, "optimizer/vars/1", np.float32(-1)), "its learning rate=-1"),
    "a missing slot": (lambda f: f.__delitem__("optimizer/vars/5"), "optimizer has 5 arrays: SGD expected 6"),
    "a slot of another shape": (lambda f: put(f, "optimizer/vars/2", np.ones(3, "f")), r"shape \(3,\): expected"),
}


@pytest.mark.parametrize("case", IMAGES)
def test_arrays_that_do_not_fit(members, refused, small, tiny, case):
    change, expected = IMAGES[case]
    changed = weights(members, change)
    path = refused(expected, changed)
    model = tiny.model()
    model.train_on_batch(tiny.x, tiny.y)
    before, state, rate = model.get_weights(), model.train_state(), model.optimizer.learning_rate
    (path.parent / "bad.weights.h5").write_bytes(changed[WEIGHTS])
    for name in "bad.keras", "bad.weights.h5":
        if case == "a missing slot":  # as where other layers were frozen
            with pytest.warns(UserWarning, match=f"it starts anew: {expected}"):
                tiny.model().load_weights(path.parent / name)
            continue
        with pytest.raises(RavineValueError, match=f"{name}: .*{expected}"):
            model.load_weights(path.parent / name)
    for was, now in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(was, now)
    assert model.train_state().optimizer is state.optimizer
    assert model.optimizer.learning_rate == rate


def test_weights_that_are_no_numbers_are_what_a_run_left(members, tmp_path):
    """A run that was lost has them: they are read as they are."""
    changed = weights(members, lambda f: put(f, "layers/dense/vars/1", np.full(4, np.nan, "f")))
    with (tmp_path / "m.keras").open("wb") as file:
        write_archive(file, members | changed)
    assert np.isnan(ravine.load_model(tmp_path / "m.keras").get_weights()[1]).all()


@pytest.mark.parametrize("ending", [".keras", ".safetensors", ".weights.h5"])
@pytest.mark.parametrize(
    "content", [b"", b"x", b"PK\5\6" + bytes(18), b"\x89HDF\r\n\x1a\n", bytes(5000), b"\xff" * 5000]
)
def test_foreign_files(tiny, tmp_path, ending, content):
    path = tmp_path / f"m{ending}"
    path.write_bytes(content)
    model = tiny.model()
    with pytest.raises(RavineValueError, match=f"m{ending}: "):
        model.load_weights(path)
    if ending != ".weights.h5":
        with pytest.raises(RavineValueError, match=f"m{ending}: "):
            ravine.load_model(path)


def test_other_endings(tiny, tmp_path):
    model = tiny.model()
    calls = {
        r".keras or .safetensors": (model.save, ravine.load_model),
        r".weights.h5 or .safetensors": (model.save_weights,),
        r".weights.h5 or .keras or .safetensors": (model.load_weights,),
    }
    for expected, functions in calls.items():
        for function in functions:
            with pytest.raises(RavineValueError, match=f"path=.*m.h5': expected a name that ends with {expected}"):
                function(tmp_path / "m.h5")
    with pytest.raises(FileNotFoundError):
        ravine.load_model(tmp_path / "m.keras")


def test_weights_of_other_files(keras, members, tiny, tmp_path):
    """Other files of HDF5: a legacy model of Keras, a file of nothing."""
    with h5py.File(tmp_path / "m.weights.h5", "w") as file:
        file.create_group("model_weights/dense/dense")["kernel:0"] = np.zeros((60, 40), "f")
    with pytest.raises(RavineValueError, match=r"m.weights.h5: layers/dense has 0 arrays"):
        tiny.model().load_weights(tmp_path / "m.weights.h5")


def test_a_weights_file_that_is_too_large_is_not_read(tiny, tmp_path):
    with (tmp_path / "m.weights.h5").open("wb") as file:
        file.truncate(2**40)  # a hole
    with pytest.raises(RavineValueError, match=r"m.weights.h5: it has 1099511627776 bytes: .* at most"):
        tiny.model().load_weights(tmp_path / "m.weights.h5")


def test_a_model_file_that_is_too_large_is_not_read(members, tmp_path):
    """An archive that declares a member of a terabyte, and has it: as a hole."""
    path = tmp_path / "m.keras"
    with path.open("wb") as file:
        write_archive(file, {METADATA: members[METADATA], CONFIG: members[CONFIG]})
        whole = path.read_bytes() if file.flush() is None else b""
    directory = whole.index(b"PK\1\2")
    size, start = 2**40, directory
    with path.open("r+b") as file:
        name = WEIGHTS.encode()
        extra = struct.pack("<HHQQQ", 1, 24, size, size, start)
        file.seek(start)
        file.write(
            struct.pack("<IHHHHHIIIHH", 0x04034B50, 45, 0, 0, 0, 0, 0, 2**32 - 1, 2**32 - 1, len(name), 0) + name
        )
        file.seek(start + 30 + len(name) + size)
        at = file.tell()
        entry = struct.pack(
            "<IBBHHHHHIIIHHHHHII",
            0x02014B50, 45, 3, 45, 0, 0, 0, 0, 0, 2**32 - 1, 2**32 - 1, len(name), len(extra), 0, 0, 0, 0, 2**32 - 1,
        )  # fmt: skip
        entries = whole[directory : whole.index(b"PK\5\6")] + entry + name + extra
        file.write(entries)
        file.write(struct.pack("<IQHHIIQQQQ", 0x06064B50, 44, 45, 45, 0, 0, 3, 3, len(entries), at))
        file.write(struct.pack("<IIQI", 0x07064B50, 0, at + len(entries), 1))
        file.write(struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 3, 3, len(entries), 2**32 - 1, 0))
    with pytest.raises(RavineValueError, match=r"its member model.weights.h5 has 1099511627776 bytes: .* at most"):
        ravine.load_model(path)


@pytest.mark.skipif(not hasattr(resource, "getrusage"), reason="no such count here")
def test_a_hostile_architecture_takes_no_memory(members, refused):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    config = json.loads(members[CONFIG])
    layer = config["config"]["layers"][1]
    layer["config"]["units"] = 2**15
    config["config"]["layers"][1:] = [
        copy.deepcopy(layer) | {"config": layer["config"] | {"name": f"d{i}"}} for i in range(200)
    ]
    refused("arrays take at least", {CONFIG: json.dumps(config).encode()})
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # KiB


def test_custom_objects_that_are_none(members, tmp_path):
    with (tmp_path / "m.keras").open("wb") as file:
        write_archive(file, members)
    with pytest.raises(RavineTypeError, match=r"custom_objects=\[1\] is a list"):
        ravine.load_model(tmp_path / "m.keras", custom_objects=[1])
