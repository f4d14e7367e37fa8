"""Programs are compiled once, kept as long as they are of use, and no longer."""

import copy
import gc
import pickle
import subprocess
import sys
import textwrap
import threading
import weakref
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import ravine
from ravine.training import placement, programs


def double(x):
    return 2 * x


def test_a_function_is_compiled_once_for_each_way_of_compiling_it():
    assert programs.compiled(double) is programs.compiled(double)
    options = placement.compiler_options(1, False)
    assert programs.compiled(double, options)(jnp.ones(2)).tolist() == [2, 2]


def test_a_bound_functions_programs_go_by_the_structure_of_what_is_bound():
    def scaled(numbers, x):
        traced.append(1)
        return numbers["scale"] * x

    traced = []
    for scale in (2.0, 3.0):
        bound = programs.Bound(scaled, {"scale": np.float32(scale)})
        assert programs.fetched(bound(np.ones(2, np.float32))).tolist() == [scale, scale]
    assert traced == [1]


def test_donated_arguments_give_their_memory():
    x = jnp.ones(1000)
    programs.compiled(double, donate=("x",))(x)
    assert x.is_deleted()
    y = jnp.ones(1000)
    programs.compiled(double)(y)
    assert not y.is_deleted()


def fresh():
    """A function that nothing else has compiled."""
    return lambda x: x + 1


def the_program(function):
    """A weak reference to the one program of ``function`` that is alive, or None."""
    found = [program for key, program in programs._alive.items() if key[0] is function]
    assert len(found) < 2
    return weakref.ref(found[0]) if found else None


def test_a_model_holds_what_it_used_and_the_latest_are_held_besides():
    shelf, function = programs.Shelf(), fresh()
    with programs.held_by(shelf):
        programs.compiled(function)(jnp.ones(2))
    program = the_program(function)
    programs.forget()
    gc.collect()
    assert program() is not None  # the model holds it
    del shelf
    gc.collect()
    assert program() is None


def test_a_program_that_nobody_holds_falls_out_in_time():
    function = fresh()
    programs.compiled(function)(jnp.ones(2))
    program = the_program(function)
    for size in range(programs.HELD):
        programs.compiled(double)(jnp.ones(100 + size))
    gc.collect()
    assert program() is None


def test_what_was_used_again_stays():
    function = fresh()
    for size in range(programs.HELD):
        programs.compiled(function)(jnp.ones(2))
        programs.compiled(double)(jnp.ones(200 + size))
    assert the_program(function)() is not None


def test_a_copy_holds_nothing_of_its_own_yet():
    shelf, function = programs.Shelf(), fresh()
    with programs.held_by(shelf):
        programs.compiled(function)(jnp.ones(2))
    copies = copy.deepcopy(shelf), pickle.loads(pickle.dumps(shelf))
    program = the_program(function)
    programs.forget()
    del shelf
    gc.collect()
    assert program() is None
    assert all(type(one) is programs.Shelf for one in copies)


def test_threads_share_what_one_of_them_compiles(compilations):
    def slow(x):
        return jnp.sort(x @ x.T)

    found = []
    threads = [
        threading.Thread(target=lambda: found.append(programs.compiled(slow)(jnp.ones((7, 7))))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert compilations.count("jit(slow)") == 1


@pytest.mark.slow
@pytest.mark.parametrize("made", ["8, activation=lambda v: v * 0.5", "3 + i, activation='relu'"])
def test_forty_models_do_not_fill_the_memory(made):
    program = f"""
        import gc
        import numpy as np
        from ravine import Sequential, layers

        x = np.ones((256, 4), "float32")
        for i in range(41):
            model = Sequential([layers.Dense({made}), layers.Dense(1)])
            model.compile("adam", "mse")
            model.fit(x, x[:, :1], verbose=0)
            if i in (10, 40):
                gc.collect()
                print(int(open("/proc/self/statm").read().split()[1]) * 4096)
    """
    if not Path("/proc/self/statm").exists():
        pytest.skip("how much memory a process takes is read from /proc")
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=True)
    after_ten, after_forty = map(int, done.stdout.split())
    assert after_forty - after_ten < 30 * 10**6, (after_ten, after_forty)


@pytest.fixture
def use_cache(monkeypatch):
    """Calls ``use_persistent_cache`` afresh with a value of RAVINE_CACHE; returns JAX's cache folder."""
    kept = ("jax_compilation_cache_dir", "jax_persistent_cache_min_compile_time_secs")
    before = {name: getattr(jax.config, name) for name in kept}

    def use(value):
        if value is None:
            monkeypatch.delenv(programs.CACHE_VARIABLE, raising=False)
        else:
            monkeypatch.setenv(programs.CACHE_VARIABLE, str(value))
        programs.use_persistent_cache.__wrapped__()
        return jax.config.jax_compilation_cache_dir

    jax.config.update("jax_compilation_cache_dir", None)
    yield use
    for name, value in before.items():
        jax.config.update(name, value)


@pytest.mark.parametrize("value", ["off", "OFF"])
def test_the_cache_can_be_off(use_cache, value):
    assert use_cache(value) is None


def test_the_cache_can_be_elsewhere(use_cache, tmp_path):
    assert use_cache(tmp_path / "a" / "b") == str(tmp_path / "a" / "b")
    assert list((tmp_path / "a" / "b").iterdir()) == []


def test_the_cache_is_in_the_users_cache_folder(use_cache, tmp_path, monkeypatch):
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda *args, **options: str(tmp_path))
    assert use_cache(None) == str(tmp_path / "xla")


def test_a_home_folder_is_understood(use_cache, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert use_cache("~/programs") == str(Path(tmp_path) / "programs")


def test_a_folder_that_cannot_be_written_only_costs_speed(use_cache, tmp_path):
    (tmp_path / "file").write_text("")
    assert use_cache(tmp_path / "file" / "cache") is None


def test_a_cache_that_jax_has_is_left_alone(use_cache, tmp_path):
    jax.config.update("jax_compilation_cache_dir", str(tmp_path))
    assert use_cache(tmp_path / "other") == str(tmp_path)
    assert not (tmp_path / "other").exists()


def test_clearing_the_session_lets_programs_go():
    function = fresh()
    programs.compiled(function)(jnp.ones(2))
    program = the_program(function)
    ravine.backend.clear_session()
    gc.collect()
    assert program() is None
