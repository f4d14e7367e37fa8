import jax
import numpy as np
import pytest

from ravine.training import placement


def test_small_steps_on_a_cpu_keep_their_products_on_one_core():
    small, large = placement.LARGE_STEP - 1, placement.LARGE_STEP
    assert placement.compiler_options(large, False) == ()
    expected = placement.LOOPS if jax.default_backend() == "cpu" else ()
    assert placement.compiler_options(small, False) == expected
    assert placement.compiler_options(large, True) == expected  # code of a user's may have the library's fault


def test_other_backends_are_left_alone(monkeypatch):
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    assert placement.compiler_options(1, True) == placement.exact(True) == ()


def test_only_small_data_are_put_in_order_beforehand():
    floats = placement.CACHED_BYTES // 4
    assert placement.reorders({"x": np.zeros(floats - 1, np.float32), "y": np.zeros(1, np.int32)})
    assert not placement.reorders({"x": np.zeros(floats, np.float32), "y": np.zeros(1, np.int32)})


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
    options = dict(placement.compiler_options(placement.TINY_STEP, False))
    assert options.get("xla_cpu_multi_thread_eigen") is False
    assert "xla_cpu_multi_thread_eigen" not in dict(placement.compiler_options(placement.TINY_STEP + 1, False))
