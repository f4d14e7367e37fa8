"""What has a name of ``keras.ops`` gives what Keras's gives, in values, shapes and types."""

import inspect

import jax
import numpy as np
import pytest

import ravine
from ravine import ops

RNG = np.random.default_rng(0)
X = RNG.normal(size=(3, 4)).astype(np.float32)
Y = RNG.normal(size=(3, 4)).astype(np.float32)
LOW = RNG.uniform(-0.9, 0.9, (3, 4)).astype(np.float32)
HIGH = RNG.uniform(1, 3, (3, 4)).astype(np.float32)
WHOLE = RNG.integers(-3, 4, (3, 4)).astype(np.int32)
TRUE, OTHER = X > 0, Y > 0
PLACES = np.array([2, 0], np.int32)
NOT_FINITE = np.array([1, np.nan, np.inf, -np.inf], np.float32)


def words(text):
    return text.split()


REDUCTIONS = {
    name: [
        ((X,), {}),
        ((X, 1), {}),
        ((X, -1, True), {}),
        ((WHOLE,), {"axis": 0, "keepdims": True}),
        *([((TRUE, 0), {})] if name not in ("logsumexp", "median") else []),
        *([((X, 0), {"initial": 0.5})] if name in ("max", "min") else []),
    ]
    for name in words("all amax amin any argmax argmin logsumexp max mean median min prod std sum var")
}
ANY_NUMBERS = words(
    "abs absolute arctan arcsinh ceil copy cos cosh elu erf exp expm1 floor hard_sigmoid identity isfinite isinf isnan "
    "leaky_relu log_sigmoid log_softmax logical_not negative ones_like ravel relu relu6 round selu shape sigmoid sign "
    "silu sin sinh size softmax softplus softsign sort argsort square squeeze stop_gradient tan tanh transpose trunc "
    "zeros_like gelu ndim convert_to_numpy convert_to_tensor array diag trace tril triu cumsum cumprod count_nonzero "
    "average flip diff diagonal"
)
PAIRS = words(
    "add arctan2 divide equal greater greater_equal isclose less less_equal logaddexp maximum minimum multiply "
    "not_equal power subtract true_divide vdot"
)

# For each name the calls to compare: arguments by place and by name.
CALLS = {
    **REDUCTIONS,
    **{name: [((X,), {})] for name in ANY_NUMBERS},
    **{name: [((X, Y), {}), ((X, 2.0), {})] for name in PAIRS},
    **{name: [((HIGH,), {})] for name in words("arccosh log log10 log1p log2 reciprocal rsqrt sqrt")},
    **{name: [((LOW,), {})] for name in words("arccos arcsin arctanh erfinv")},
    **{name: [((TRUE, OTHER), {})] for name in words("logical_and logical_or logical_xor")},
    "append": [((X, Y), {}), ((X, Y, 1), {})],
    "arange": [((4,), {}), ((1, 7, 2), {}), ((3,), {"dtype": "float32"})],
    "average": [((X,), {}), ((X, 1), {}), ((X,), {"axis": 0, "weights": HIGH})],
    "broadcast_to": [((X[0], (2, 4)), {})],
    "cast": [((X, "int32"), {}), ((TRUE, "float32"), {}), ((WHOLE, "bool"), {})],
    "clip": [((X, -0.5, 0.5), {}), ((WHOLE, -1, 1), {}), ((X,), {"x_min": 0.0, "x_max": Y})],
    "concatenate": [(([X, Y],), {}), (([X, Y],), {"axis": 1})],
    "cond": [((True, lambda: X, lambda: Y), {}), ((np.bool_(False), lambda: X, lambda: Y), {})],
    "convert_to_tensor": [((X,), {}), (([1, 2],), {}), ((WHOLE, "float32"), {}), ((1.5,), {})],
    "cross": [((X[:, :3], Y[:, :3]), {})],
    "cumsum": [((X,), {}), ((X, 1), {})],
    "digitize": [((X, np.array([-1, 0, 1], np.float32)), {})],
    "dot": [((X, Y.T), {})],
    "einsum": [(("ij,kj->ik", X, Y), {})],
    "elu": [((X,), {}), ((X, 0.5), {})],
    "expand_dims": [((X, 1), {}), ((X,), {"axis": -1})],
    "eye": [((3,), {}), ((2, 4), {"k": 1})],
    "floor_divide": [((X, Y), {}), ((WHOLE, 2), {})],
    "fori_loop": [((0, 5, lambda i, total: total + i, np.float32(1)), {})],
    "full": [(((2, 3), 1.5), {})],
    "full_like": [((X, 2), {})],
    "gelu": [((X,), {}), ((X,), {"approximate": False})],
    "hstack": [(([X, Y],), {})],
    "identity": [((3,), {})],
    "inner": [((X, Y), {})],
    "linspace": [((0.0, 1.0, 5), {}), ((0, 10), {"num": 4, "endpoint": False})],
    "matmul": [((X, Y.T), {}), ((X[None], Y.T[None]), {})],
    "meshgrid": [((X[0], Y[0, :2]), {}), ((X[0], Y[0, :2]), {"indexing": "ij"})],
    "mod": [((X, HIGH), {}), ((WHOLE, 3), {})],
    "moveaxis": [((X[None], 0, -1), {})],
    "norm": [((X,), {}), ((X,), {"axis": 1}), ((X, 1, 0, True), {})],
    "one_hot": [((PLACES, 3), {}), ((PLACES, 3, 0), {}), ((PLACES,), {"num_classes": 4, "dtype": "int32"})],
    "ones": [(((2, 3),), {}), ((2,), {"dtype": "int32"})],
    "outer": [((X[0], Y[1]), {})],
    "pad": [((X, ((1, 0), (0, 2))), {}), ((X, 1), {"constant_values": 5.0})],
    "repeat": [((X, 2), {}), ((X, 2, 1), {})],
    "reshape": [((X, (4, 3)), {}), ((X, -1), {}), ((X,), {"newshape": (2, -1)})],
    "roll": [((X, 1), {}), ((X, 1, 0), {})],
    "round": [((X,), {}), ((X, 1), {})],
    "searchsorted": [((np.sort(X[0]), Y[0]), {})],
    "select": [(([TRUE, OTHER], [X, Y]), {}), (([TRUE, OTHER], [X, Y], 7.0), {})],
    "softmax": [((X,), {}), ((X, 0), {})],
    "split": [((X, 2, 1), {}), ((X, [1, 3]), {"axis": 1})],
    "squeeze": [((X[None],), {}), ((X[None], 0), {})],
    "stack": [(([X, Y],), {}), (([X, Y], -1), {})],
    "swapaxes": [((X, 0, 1), {})],
    "take": [((X, PLACES), {}), ((X, PLACES, 0), {})],
    "take_along_axis": [((X, WHOLE[:, :1] % 4, 1), {})],
    "tensordot": [((X, Y), {}), ((X, Y.T, 1), {})],
    "tile": [((X, 2), {}), ((X, (2, 1)), {})],
    "top_k": [((X, 2), {})],
    "transpose": [((X,), {}), ((X[None], (1, 2, 0)), {})],
    "tri": [((3,), {})],
    "vdot": [((X, Y), {})],
    "vstack": [(([X, Y],), {})],
    "where": [((TRUE, X, Y), {}), ((TRUE, X, 0.0), {})],
    "zeros": [(((2, 3),), {}), ((2,), {"dtype": "int32"})],
    **{name: [((NOT_FINITE,), {})] for name in ("isfinite", "isinf", "isnan")},
}

# Arguments that mean nothing on JAX, or that stand at their places only.
LEFT_OUT = {
    "convert_to_tensor": {"sparse", "ragged"},
    "one_hot": {"sparse"},
    "top_k": {"sorted"},
    "where": {"x1", "x2"},
}


def test_every_name_is_keras_s_and_has_its_calls(keras):
    assert set(ops.__all__) <= set(dir(keras.ops))
    assert set(ops.__all__) == set(CALLS)
    assert set(ops.__all__) <= set(vars(ops))


def own_first():
    """The names in the quick suite where Ravine adapts JAX's functions, the others behind the marker."""
    own = [name for name in CALLS if getattr(ops, name).__module__ == "ravine.ops"]
    return own + [pytest.param(name, marks=pytest.mark.slow) for name in CALLS if name not in own]


@pytest.mark.parametrize("name", own_first())
def test_it_gives_what_keras_gives(name, keras):
    for arguments, named in CALLS[name]:
        found, expected = (getattr(library, name)(*arguments, **named) for library in (ops, keras.ops))
        for our, their in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
            assert np.asarray(our).dtype == np.asarray(their).dtype
            np.testing.assert_allclose(our, their, rtol=1e-6, atol=1e-7)


def test_what_comes_after_the_arrays_has_keras_s_names(keras):
    for name in CALLS:
        theirs = inspect.signature(getattr(keras.ops, name)).parameters.values()
        ours = inspect.signature(getattr(ops, name)).parameters
        settings = {p.name for p in theirs if p.default is not p.empty} - LEFT_OUT.get(name, set())
        assert settings <= set(ours) or any(p.kind is p.VAR_KEYWORD for p in ours.values()), name


def test_a_function_written_for_keras(keras):
    """The same loss, metric and Lambda, each library with its own ``ops``."""

    def fitted(library, ops):
        def loss(y_true, y_pred):
            error = ops.abs(y_true - y_pred)
            return ops.mean(ops.where(error < 1, 0.5 * ops.square(error), error - 0.5), axis=-1)

        def near(y_true, y_pred):
            return ops.mean(ops.cast(ops.abs(y_true - y_pred) < 0.5, "float32"), -1)

        start = [library.Input((4,)), library.layers.Lambda(lambda x: ops.concatenate([x, ops.tanh(x)], axis=-1))]
        model = library.Sequential([*start, library.layers.Dense(2, kernel_initializer="ones")])
        model.compile("sgd", loss, metrics=[near])
        return model.fit(X, Y[:, :2], epochs=3, shuffle=False, verbose=0).history

    found, expected = fitted(ravine, ops), fitted(keras, keras.ops)
    assert list(found) == list(expected)
    for key, values in expected.items():
        np.testing.assert_allclose(found[key], values, rtol=1e-5, err_msg=key)


def test_a_name_that_is_not_there():
    with pytest.raises(AttributeError, match=r"Ravine has no ops.reduce_mean \(yet\); use ops.mean\."):
        ops.reduce_mean  # noqa: B018
