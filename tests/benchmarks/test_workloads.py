"""The workloads' definitions."""

import json

import pytest
from benchmarks.contenders import CONTENDERS, steps_per_execution, taking_part, torch_settings
from benchmarks.conversation import PEERS
from benchmarks.environments import REQUIREMENTS, TORCH
from benchmarks.workloads import LECTURE, POPULATIONS, SHARES, TINY, WIDE, WORKLOADS, Workload


def test_steps() -> None:
    assert (LECTURE.steps, WIDE.steps, TINY.steps) == (1500, 375, 25)


def test_flops_count_the_three_products_of_a_layer_and_two_of_the_first() -> None:
    assert LECTURE.flops == 48_000 * (4 * 784 * 128 + 6 * 128 * 10)
    assert WIDE.flops == 48_000 * (4 * 784 * 512 + 6 * 512 * 512 + 6 * 512 * 10)


def test_flops_count_one_product_of_a_validation_row() -> None:
    assert TINY.flops == 800 * (4 * 10 * 16 + 6 * 16) + 200 * 2 * (10 * 16 + 16)


@pytest.mark.parametrize("workload", WORKLOADS.values(), ids=WORKLOADS)
def test_a_job_goes_through_json(workload: Workload) -> None:
    job = json.loads(json.dumps(workload.job()))
    assert job["sizes"] == list(workload.sizes)
    assert job["flops"] == workload.flops


@pytest.mark.parametrize("workload", WORKLOADS.values(), ids=WORKLOADS)
def test_goals_name_contenders(workload: Workload) -> None:
    assert set(workload.goals) <= set(CONTENDERS)


@pytest.mark.parametrize("workload", WORKLOADS.values(), ids=WORKLOADS)
def test_the_warm_up_turn_reaches_the_checked_epoch(workload: Workload) -> None:
    assert workload.checked_epoch <= workload.epochs
    assert workload.with_epochs(2).checked_epoch <= 2


@pytest.mark.parametrize("contender", CONTENDERS.values(), ids=CONTENDERS)
def test_a_contender_has_a_script_and_an_environment(contender) -> None:
    workloads = [w for w in WORKLOADS.values() if taking_part(w, contender)]
    assert workloads
    assert all((PEERS / w.scripts.get(contender.name, contender.script)).is_file() for w in workloads)
    assert contender.environment in {"torch", *REQUIREMENTS}
    assert contender.grid(LECTURE, 2)


@pytest.mark.parametrize("workload", SHARES, ids=lambda workload: workload.name)
def test_the_optimizers_share_is_one_script_with_two_rules(workload: Workload) -> None:
    first, second = (c for c in CONTENDERS.values() if taking_part(workload, c))
    assert workload.scripts[first.name] == workload.scripts[second.name]
    assert first.grid(workload, 2) == [{}]
    assert second.grid(workload, 2) == [{"optax": True}]
    assert (workload.sizes, workload.rows, workload.batch_size) == (LECTURE.sizes, LECTURE.rows, LECTURE.batch_size)


@pytest.mark.parametrize("workload", POPULATIONS, ids=lambda workload: workload.name)
def test_of_a_population_ravine_makes_all_runs_and_keras_some(workload: Workload) -> None:
    grids = {c.name: c.grid(workload, 2) for c in CONTENDERS.values() if taking_part(workload, c)}
    assert set(grids) == set(workload.scripts)
    assert grids.pop("ravine") == [{}]
    assert grids.pop("ravine-runs") == [{"runs": workload.runs}]
    assert all(grid == [{"runs": workload.sampled_runs}] for grid in grids.values())
    assert 2 <= workload.sampled_runs < workload.runs


def test_the_sweep_ends_with_the_whole_epoch() -> None:
    sizes = {w.name: [s["steps_per_execution"] for s in steps_per_execution(w, 2)] for w in (LECTURE, TINY)}
    assert sizes == {"lecture": [1, 10, 50, 100, 375, 1500], "tiny": [1, 10, 25]}


def test_torch_tries_one_thread_and_all() -> None:
    assert {settings["threads"] for settings in torch_settings(LECTURE, 2)} == {1, 2}


def test_torch_is_pinned() -> None:
    """Unpinned, pip may fetch gigabytes of libraries for GPUs."""
    assert "==" in TORCH
