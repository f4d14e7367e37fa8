"""Who takes part: each peer's script, its environment and the settings to choose from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.workloads import Workload

Settings = dict[str, Any]
Grid = Callable[[Workload, int], Sequence[Settings]]


def as_it_comes(workload: Workload, cores: int) -> list[Settings]:
    """Nothing to choose."""
    return [{}]


def steps_per_execution(workload: Workload, cores: int) -> list[Settings]:
    """Keras: how many batches one call of the compiled function takes."""
    sizes = {1, 10, 50, 100, 375, workload.steps}
    return [{"steps_per_execution": n} for n in sorted(sizes) if n <= workload.steps]


def torch_settings(workload: Workload, cores: int) -> list[Settings]:
    """PyTorch: threads, and SGD in one fused kernel or not."""
    return [{"threads": n, "fused": fused} for fused in (True, False) for n in sorted({1, cores})]


def threads(workload: Workload, cores: int) -> list[Settings]:
    """Threads of the matrix library."""
    return [{"threads": n} for n in sorted({1, cores})]


def with_optax(workload: Workload, cores: int) -> list[Settings]:
    """Tells a script that has both rules to take optax's."""
    return [{"optax": True}]


def every_run(workload: Workload, cores: int) -> list[Settings]:
    """Of a population, all runs."""
    return [{"runs": workload.runs}]


def some_runs(workload: Workload, cores: int) -> list[Settings]:
    """Of a population, the few that a peer makes which takes long."""
    return [{"runs": workload.sampled_runs}]


def without(feature: str) -> Grid:
    """Tells Ravine's script to leave out something that the workload has."""
    return lambda workload, cores: [{"without": feature}]


@dataclass(frozen=True)
class Contender:
    """One line of the table. With several settings to choose from, a short trial on the spot takes the fastest."""

    name: str
    title: str
    script: str  # that fits a network; empty for a peer that takes part in other workloads only
    environment: str
    grid: Grid = as_it_comes
    environ: dict[str, str] = field(default_factory=dict[str, str])


BASELINE = "ravine"


def taking_part(workload: Workload, contender: Contender) -> bool:
    """Whether a workload is one for this peer."""
    return contender.name in workload.scripts if workload.scripts else bool(contender.script)


CONTENDERS = {
    contender.name: contender
    for contender in (
        Contender(BASELINE, "Ravine", "ravine_fit.py", "ravine"),
        Contender("keras-jax", "Keras-JAX, default", "keras_fit.py", "keras-jax", environ={"KERAS_BACKEND": "jax"}),
        Contender(
            "keras-jax-tuned",
            "Keras-JAX, best `steps_per_execution`",
            "keras_fit.py",
            "keras-jax",
            steps_per_execution,
            {"KERAS_BACKEND": "jax"},
        ),
        Contender(
            "keras-tf", "Keras-TensorFlow, default", "keras_fit.py", "keras-tf", environ={"KERAS_BACKEND": "tensorflow"}
        ),
        Contender(
            "keras-tf-tuned",
            "Keras-TensorFlow, best `steps_per_execution`",
            "keras_fit.py",
            "keras-tf",
            steps_per_execution,
            {"KERAS_BACKEND": "tensorflow"},
        ),
        Contender("torch", "PyTorch eager, own loop over tensors", "torch_loop.py", "torch", torch_settings),
        Contender("scikit-learn", "scikit-learn `MLP`, no validation", "sklearn_mlp.py", "scikit-learn", threads),
        Contender(
            "sgemm-1",
            "matrix products alone (floor), one core",
            "sgemm_floor.py",
            "numpy",
            environ={"OPENBLAS_NUM_THREADS": "1"},
        ),
        Contender("without-dropout", "Ravine without dropout", "", "ravine", without("dropout")),
        Contender("without-probes", "Ravine without probes", "", "ravine", without("probes")),
        Contender("optax", "optax", "", "ravine", with_optax),
        Contender("numpy-loop", "NumPy, a loop over paths (100 of them, scaled up)", "", "numpy"),
        Contender("ravine-runs", "Ravine, one `fit` after another", "", "ravine", every_run),
        Contender(
            "keras-jax-runs",
            "Keras-JAX, a new model for each run, scaled up",
            "",
            "keras-jax",
            some_runs,
            {"KERAS_BACKEND": "jax"},
        ),
        Contender(
            "keras-tf-runs",
            "Keras-TensorFlow, a new model for each run, scaled up",
            "",
            "keras-tf",
            some_runs,
            {"KERAS_BACKEND": "tensorflow"},
        ),
        Contender("sgemm-all", "matrix products alone (floor), all cores", "sgemm_floor.py", "numpy"),
    )
}
