from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ravine.training import placement


def double(x):
    return 2 * x


def test_a_function_is_compiled_once_for_each_way_of_compiling_it():
    assert placement.compiled(double) is placement.compiled(double)
    options = placement.compiler_options(1)
    assert placement.compiled(double, options)(jnp.ones(2)).tolist() == [2, 2]


def test_a_bound_functions_programs_go_by_the_structure_of_what_is_bound():
    def scaled(numbers, x):
        traced.append(1)
        return numbers["scale"] * x

    traced = []
    for scale in (2.0, 3.0):
        bound = placement.Bound(scaled, {"scale": np.float32(scale)})
        assert placement.fetched(bound(np.ones(2, np.float32))).tolist() == [scale, scale]
    assert traced == [1]


def test_small_steps_on_a_cpu_keep_their_products_on_one_core():
    small, large = placement.LARGE_STEP - 1, placement.LARGE_STEP
    assert placement.compiler_options(large) == ()
    expected = ("xla_disable_hlo_passes",) if jax.default_backend() == "cpu" else ()
    assert tuple(name for name, _ in placement.compiler_options(small)) == expected


def test_other_backends_are_left_alone(monkeypatch):
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    assert placement.compiler_options(1) == ()


def test_donated_arguments_give_their_memory():
    x = jnp.ones(1000)
    placement.compiled(double, donate=("x",))(x)
    assert x.is_deleted()
    y = jnp.ones(1000)
    placement.compiled(double)(y)
    assert not y.is_deleted()


def test_only_small_data_are_put_in_order_beforehand():
    floats = placement.CACHED_BYTES // 4
    assert placement.reorders({"x": np.zeros(floats - 1, np.float32), "y": np.zeros(1, np.int32)})
    assert not placement.reorders({"x": np.zeros(floats, np.float32), "y": np.zeros(1, np.int32)})


@pytest.fixture
def use_cache(monkeypatch):
    """Calls ``use_persistent_cache`` afresh with a value of RAVINE_CACHE; returns JAX's cache folder."""
    kept = ("jax_compilation_cache_dir", "jax_persistent_cache_min_compile_time_secs")
    before = {name: getattr(jax.config, name) for name in kept}

    def use(value):
        if value is None:
            monkeypatch.delenv(placement.CACHE_VARIABLE, raising=False)
        else:
            monkeypatch.setenv(placement.CACHE_VARIABLE, str(value))
        placement.use_persistent_cache.__wrapped__()
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


@pytest.mark.parametrize(
    ("layout", "sizes"),
    [
        (placement.Layout(2), {1: 1, 5: 1}),
        (placement.Layout(2, 8, 8), {1: 8, 3: 8, 8: 8}),
        (placement.Layout(1, 64, 1), {1: 1, 3: 4, 33: 64, 64: 64}),
        (placement.Layout(1, 12, 3), {1: 3, 3: 3, 4: 6, 7: 12, 12: 12}),
    ],
    ids=["single", "fixed", "doubling", "three devices"],
)
def test_groups_are_filled_up_to_few_sizes(layout, sizes):
    assert {runs: layout.size(runs) for runs in sizes} == sizes


class Device:
    platform = "gpu"

    def __init__(self, memory):
        self.memory = memory

    def memory_stats(self):
        return self.memory


@pytest.mark.parametrize(
    ("count", "shared", "group"),
    [(1, True, 32), (1, False, 16), (2, True, 64)],  # 0.8 · 40.5e6 bytes hold 36 runs, or 17 with data of their own
)
def test_groups_on_a_device_fill_its_memory(monkeypatch, count, shared, group):
    devices = [Device({"bytes_limit": 42_000_000, "bytes_in_use": 1_000_000})] * count
    monkeypatch.setattr(jax, "local_devices", lambda: devices)
    found = placement.layout(10**9, 900_000, 500_000, shared=shared)
    assert found == placement.Layout(1, group, count)


def test_a_run_that_fills_a_device_goes_alone(monkeypatch):
    monkeypatch.setattr(jax, "local_devices", lambda: [Device({"bytes_limit": 1000, "bytes_in_use": 999})])
    assert placement.layout(1, 10**9, 10**9, shared=False) == placement.Layout(1, 1, 1)


def test_tiny_steps_keep_to_one_core_altogether():
    options = dict(placement.compiler_options(placement.TINY_STEP))
    assert options.get("xla_cpu_multi_thread_eigen") is False
    assert "xla_cpu_multi_thread_eigen" not in dict(placement.compiler_options(placement.TINY_STEP + 1))
