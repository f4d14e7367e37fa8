import numpy as np
import pytest

from ravine import checks
from ravine.checks import RavineError, RavineTypeError, RavineValueError


def test_errors_are_python_errors_too():
    assert issubclass(RavineValueError, ValueError)
    assert issubclass(RavineTypeError, TypeError)
    assert issubclass(RavineValueError, RavineError)
    assert issubclass(RavineTypeError, RavineError)


def test_reject_names_the_argument_what_came_and_what_was_expected():
    with pytest.raises(RavineValueError, match=r"^units=0: expected an integer of at least 1\.$"):
        checks.reject("units", 0, "an integer of at least 1")
    with pytest.raises(RavineTypeError, match=r"^units='8' is a str: expected an integer\.$"):
        checks.reject_type("units", "8", "an integer")


def test_a_long_value_is_cut():
    assert checks.shown("x" * 78) == repr("x" * 78)
    assert len(checks.shown("x" * 79)) == 80
    assert checks.shown(list(range(1000))).endswith("...")
    assert checks.shown(10**5000) == "<int>"
    assert checks.shown(np.eye(2)) == "array([[1., 0.], [0., 1.]])"


@pytest.mark.parametrize(
    ("name", "hint"), [("sigmiod", " Did you mean 'sigmoid'?"), ("SIGMOID", " Did you mean 'sigmoid'?"), ("zzz", "")]
)
def test_nearest(name, hint):
    assert checks.nearest(name, ["relu", "sigmoid", "softmax"]) == hint


def test_a_question_ends_a_sentence():
    with pytest.raises(RavineTypeError, match=r"expected a layer\. Did you mean Dense\(\)\?$"):
        checks.reject_type("layers[0]", 3, "a layer. Did you mean Dense()?")


def test_what_is_unrelated_is_not_offered():
    assert checks.nearest("Conv2D", ["Dense", "Flatten", "Dropout"]) == ""
    assert checks.nearest("weights", ["heights"], 0.9) == ""


def test_look_up():
    table = {"mse": 1, "mae": 2}
    assert checks.look_up("loss", "mae", table) == 2
    with pytest.raises(RavineValueError, match=r"loss='msa' is unknown. Did you mean '.*'\? Known names: mae, mse\."):
        checks.look_up("loss", "msa", table)
    for value in (None, ["mse"], 3):
        with pytest.raises(RavineTypeError, match="expected one of the names mae, mse"):
            checks.look_up("loss", value, table)


@pytest.mark.parametrize(("value", "result"), [(1, 1), (np.int64(7), 7), (np.uint8(255), 255)])
def test_integer_accepts(value, result):
    assert checks.integer("n", value, least=1) == result
    assert type(checks.integer("n", value, least=1)) is int


@pytest.mark.parametrize(
    ("value", "error"),
    [(0, RavineValueError), (-1, RavineValueError), (1.0, RavineTypeError), (True, RavineTypeError)]
    + [(value, RavineTypeError) for value in ("1", None, [1], np.array([1]))],
)
def test_integer_refuses(value, error):
    with pytest.raises(error, match=r"^n=.*expected an integer of at least 1\.$"):
        checks.integer("n", value, least=1)


@pytest.mark.parametrize("value", [2**31, 10**400, 10**5000], ids=["32 bits", "long", "longer"])
def test_integer_refuses_what_32_bits_cannot_hold(value):
    with pytest.raises(RavineValueError, match=r"^n=.*: expected an integer of at most 2147483647\.$"):
        checks.integer("n", value, least=1)
    assert checks.integer("n", 2**40, least=1, most=2**40) == 2**40


@pytest.mark.parametrize("value", [10**400, 10**5000, 1e39, -1e300], ids=["long", "longer", "1e39", "-1e300"])
def test_number_refuses_what_float32_cannot_hold(value):
    with pytest.raises(RavineValueError, match=r"^m=.*: expected a finite number\.$"):
        checks.number("m", value)


@pytest.mark.parametrize("value", [np.array(1j), np.array(None), np.datetime64("2020"), np.array("1"), np.True_])
def test_number_refuses_arrays_of_one_that_is_no_number(value):
    with pytest.raises(RavineTypeError, match=r"^m=.*: expected a finite number\.$"):
        checks.number("m", value)


@pytest.mark.parametrize("value", [0, 0.5, np.float32(0.5), np.array(0.25), np.int8(0)])
def test_number_accepts(value):
    assert checks.number("m", value, least=0, below=1) == float(value)
    assert type(checks.number("m", value, least=0, below=1)) is float


@pytest.mark.parametrize(
    ("value", "error"),
    [(value, RavineValueError) for value in (-1e-9, 1, 1.5, float("nan"), float("inf"))]
    + [(value, RavineTypeError) for value in ("0.5", True, None, [0.5], np.array([0.5]), 1j)],
)
def test_number_refuses(value, error):
    with pytest.raises(error, match=r"^m=.*expected a finite number of at least 0 below 1\.$"):
        checks.number("m", value, least=0, below=1)


def test_boolean():
    assert checks.boolean("b", True) is True
    for value in (1, 0, "False", None):
        with pytest.raises(RavineTypeError, match=r"^b=.*expected True or False\.$"):
            checks.boolean("b", value)


def test_a_warning_is_about_the_line_outside_ravine(tiny):
    import inspect

    from ravine.callbacks import EarlyStopping

    with pytest.warns(UserWarning, match="which this run does not have") as caught:
        tiny.model().fit(tiny.x, tiny.y, verbose=0, callbacks=[EarlyStopping("lost", mode="min")])
    line = inspect.currentframe().f_lineno - 1
    assert (caught[0].filename, caught[0].lineno) == (__file__, line)
