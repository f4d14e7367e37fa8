"""Ordinary programs for Keras do as well with Ravine after one word of their imports was changed."""

import contextlib
import io
import math
import re
from pathlib import Path
from types import SimpleNamespace

import jax
import numpy as np
import pytest
from jax.experimental.compilation_cache import compilation_cache

import ravine
import ravine.seeds

# Keras hands NumPy its variables in a way that NumPy 2 will no longer take.
pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning"),
    # Keras says of every generator that it is not shuffled, which nobody asked for.
    pytest.mark.filterwarnings("ignore:`shuffle=True` was passed, but will be ignored:UserWarning"),
]

FOLDER = Path(__file__).parent / "programs"
PROGRAMS = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "data")

# How far apart two means may be: this many standard errors, of which three would be exceeded by chance among some forty
# qualities, and this part of Keras's mean, for those that seeds hardly change.
ERRORS, FLOOR = 4, 0.01


@pytest.fixture(scope="module", autouse=True)
def _compiled_once(tmp_path_factory):
    """Keras has its programs compiled anew for each seed; here they are kept, and compiled in less time."""
    settings = {
        "jax_compilation_cache_dir": str(tmp_path_factory.mktemp("compiled")),
        "jax_persistent_cache_min_compile_time_secs": 0,
        "jax_persistent_cache_min_entry_size_bytes": -1,
        "jax_disable_most_optimizations": True,
    }
    before = {name: jax.config.values[name] for name in settings}
    for name, value in settings.items():
        jax.config.update(name, value)
    compilation_cache.reset_cache()
    yield
    for name, value in before.items():
        jax.config.update(name, value)
    compilation_cache.reset_cache()


@pytest.fixture(autouse=True)
def _as_a_script(monkeypatch):
    """A program finds its data beside itself, and its seed is none of other tests'."""
    monkeypatch.syspath_prepend(str(FOLDER))
    monkeypatch.setattr(ravine.seeds, "_sequence", None)


def for_ravine(source):
    """A program for Keras as one for Ravine: its import lines name another library, nothing else changes."""
    source, count = re.subn(r"^import keras$", "import ravine as keras", source, flags=re.MULTILINE)
    assert count == 1
    return re.sub(r"^from keras import ", "from ravine import ", source, flags=re.MULTILINE)


def run(library, name, seed, folder):
    """What a program leaves behind, run from ``seed`` in a new ``folder`` as if it were called by hand."""
    path = FOLDER / f"{name}.py"
    source = path.read_text(encoding="utf-8")
    code = compile(for_ravine(source) if library is ravine else source, path, "exec")
    left = {"__name__": "__main__"}
    library.utils.set_random_seed(seed)
    folder.mkdir()
    with contextlib.chdir(folder), contextlib.redirect_stdout(io.StringIO()):
        exec(code, left)
    return SimpleNamespace(quality=left["quality"], keys=sorted(left["history"].history))


def noise(ours, theirs):
    """The standard error of the difference of two means, the seeds' spread taken to be the same in both."""
    squares = np.var(ours) * len(ours) + np.var(theirs) * len(theirs)
    return math.sqrt(squares / (len(ours) + len(theirs) - 2) * (1 / len(ours) + 1 / len(theirs)))


def compare(keras, name, our_seeds, their_seeds, folder):
    ours = [run(ravine, name, seed, folder / f"ours-{seed}") for seed in range(our_seeds)]
    theirs = [run(keras, name, seed, folder / f"theirs-{seed}") for seed in range(their_seeds)]
    assert ours[0].keys == theirs[0].keys
    assert set(ours[0].quality) == set(theirs[0].quality)
    for key in theirs[0].quality:
        found, expected = (np.array([one.quality[key] for one in runs], float) for runs in (ours, theirs))
        allowed = ERRORS * noise(found, expected) + FLOOR * abs(expected.mean())
        print(f"{key}: {found.mean():.4f} beside {expected.mean():.4f} of Keras, {allowed:.4f} allowed")
        assert abs(found.mean() - expected.mean()) <= allowed, key


@pytest.mark.parametrize("name", PROGRAMS)
def test_it_runs_and_tells_of_the_same(name, keras, tmp_path):
    ours, theirs = (run(library, name, 0, tmp_path / library.__name__) for library in (ravine, keras))
    assert ours.keys == theirs.keys
    assert set(ours.quality) == set(theirs.quality)
    assert np.isfinite([*map(float, ours.quality.values())]).all()


@pytest.mark.slow
@pytest.mark.parametrize("name", PROGRAMS)
def test_it_does_as_well_over_many_seeds(name, keras, tmp_path):
    compare(keras, name, our_seeds=20, their_seeds=10, folder=tmp_path)


def test_they_are_twelve_and_written_for_keras():
    sources = {path.stem: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.py") if path.stem != "data"}
    assert len(sources) == 12
    for source in sources.values():
        assert "ravine" not in source
        assert "\nimport keras\n" in source
        assert "\nfrom keras import layers" in source
