"""Settings that must be in place before anything under test is imported, and what many tests share."""

import atexit
import os
import shutil
import tempfile

os.environ["KERAS_BACKEND"] = "jax"  # Keras is the oracle of the differential tests
os.environ["MPLBACKEND"] = "Agg"
os.environ.setdefault("RAVINE_CACHE", "off")  # no test may depend on, or leave behind, compiled programs
# Within one session the workers, and the processes that tests start, share what they compile, Keras too.
if "PYTEST_XDIST_WORKER" not in os.environ and "JAX_COMPILATION_CACHE_DIR" not in os.environ:
    shared = tempfile.mkdtemp(prefix="ravine-tests-")
    atexit.register(shutil.rmtree, shared, ignore_errors=True)
    os.environ["JAX_COMPILATION_CACHE_DIR"] = shared
    os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"

from types import ModuleType

import hypothesis
import numpy as np
import pytest

# Compilation makes a first example slow; the same examples on every machine make a failure one that stays.
hypothesis.settings.register_profile("ravine", deadline=None, derandomize=True, database=None, max_examples=25)
hypothesis.settings.load_profile("ravine")


@pytest.fixture(scope="session")
def keras() -> ModuleType:
    return pytest.importorskip("keras", reason="Keras, the oracle of this test, is not installed")


@pytest.fixture(scope="session")
def adopt():
    """Give a fresh model arrays in the order of ``get_weights``; it draws none, which would compile a program."""
    import jax.numpy as jnp

    from ravine.files.arrays import shapes_of

    def give(model, weights):
        groups, rest = shapes_of(model), iter(weights)
        held = [
            {k: next(rest) for k in layer.variable_names if k in trained | kept}
            for layer, trained, kept in zip(model.layers, *groups, strict=True)
        ]
        assert not list(rest)
        variables = (
            tuple({k: jnp.asarray(h[k], v.dtype) for k, v in arrays.items()} for h, arrays in zip(held, g, strict=True))
            for g in groups
        )
        model.restore(tuple(variables), None)
        return model

    return give


class Tiny:
    """Twenty rows of three classes, and the one small network that most tests train: its programs compile once."""

    def __init__(self) -> None:
        rng = np.random.default_rng(0)
        self.x = rng.normal(size=(20, 6)).astype(np.float32)
        self.y = rng.integers(0, 3, 20)

    def model(self, **compiling):
        from ravine import Input, Sequential, layers, optimizers

        model = Sequential([Input((6,)), layers.Dense(4, activation="sigmoid"), layers.Dense(3, activation="softmax")])
        defaults = {"loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]}
        optimizer = compiling.pop("optimizer", None) or optimizers.SGD(0.5, momentum=0.9)
        model.compile(optimizer, **(defaults | compiling))
        return model

    def fit(self, model=None, **options):
        """Train ``model`` or a fresh one; returns the model and its History."""
        model = model or self.model()
        defaults = {"x": self.x, "y": self.y, "batch_size": 8, "epochs": 3, "verbose": 0, "seed": 1}
        return model, model.fit(**(defaults | options))


@pytest.fixture(scope="session")
def tiny() -> Tiny:
    return Tiny()


class Counter:
    """A model whose only weight is the number of epochs it has trained, watched by a metric that reads from a script.

    The validation value ``val_scripted`` of epoch e is ``script[e]``, so any course of a run can be staged, and the
    weight tells which epoch's weights a model has. All scripts are one compilation for each ``better``.
    """

    EPOCHS = 16

    def __init__(self) -> None:
        import jax.numpy as jnp

        from ravine import losses, metrics, trees

        @trees.tree
        class Climb(losses.Loss):
            def values(self, y, outputs):
                return losses.per_sample(-outputs)

        @trees.tree
        class Scripted(metrics.Metric):
            script: np.ndarray

            def values(self, y, outputs):
                return jnp.broadcast_to(self.script[outputs[0, 0].astype(int) - 1], outputs.shape[:1])

        @trees.tree
        class ScriptedUp(Scripted):
            better = "max"

        @trees.tree
        class ScriptedDown(Scripted):
            better = "min"

        self.climb = Climb()
        self.metrics = {"max": ScriptedUp, "min": ScriptedDown}

    def model(self, script, better="min"):
        from ravine import Input, Sequential, layers, optimizers

        script = np.pad(np.asarray(script, np.float32), (0, self.EPOCHS - len(script)))
        model = Sequential([Input((1,)), layers.Dense(1, use_bias=False, kernel_initializer="zeros")])
        metric = self.metrics[better](script, name="scripted")
        model.compile(optimizers.SGD(1.0), loss=self.climb, metrics=[metric])
        return model

    def fit(self, model, **options):
        one = np.ones((1, 1), np.float32)
        defaults = {"validation_data": (one, one), "verbose": 0, "epochs": self.EPOCHS}
        return model.fit(one, one, **(defaults | options))


@pytest.fixture(scope="session")
def counter() -> Counter:
    return Counter()


COMPILATION = "/jax/core/compile/backend_compile_duration"


@pytest.fixture
def compilations():
    """The names of all programs that JAX compiles while a test runs."""
    import jax

    names, active = [], True

    def listen(event, duration, **details):
        if active and event == COMPILATION:
            names.append(details.get("fun_name", "?"))

    jax.monitoring.register_event_duration_secs_listener(listen)
    yield names
    active = False
