"""The jobs that every peer trains, as data that a peer can be handed."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from itertools import pairwise
from typing import Any, Literal


@dataclass(frozen=True)
class Workload:
    """One network on one data set; a turn trains it for `epochs` epochs."""

    name: str
    title: str
    data: str  # the .npz file, without its ending
    sizes: tuple[int, ...]  # units from the input to the output
    activation: Literal["sigmoid", "relu"]
    loss: Literal["crossentropy", "binary", "mse"]
    rows: int
    batch_size: int
    learning_rate: float
    momentum: float
    epochs: int
    trial_epochs: int  # enough to tell one setting of a peer from another
    checked_epoch: int  # every peer must have reached about the same loss here
    validation_rows: int = 0
    whole_fit: bool = False  # time the call of fit, not its epochs one by one
    optimizer: Literal["sgd", "adam", "rmsprop"] = "sgd"
    dropout: float = 0.0  # its rate after each hidden layer
    batch_norm: bool = False  # before the activation of each hidden layer
    probed: bool = False  # whether Ravine records what happens in the layers
    runs: int = 0  # of a population; a turn is then all of them, each of at most `epochs` epochs
    sampled_runs: int = 0  # how many of them a peer makes that takes long
    patience: int = 0  # epochs without a better validation loss until a run stops; 0: it does not
    unit: str = "epoch"  # what a turn is made of
    scripts: Mapping[str, str] = field(
        default_factory=dict[str, str]
    )  # the peers that take part, if not those that fit
    goals: Mapping[str, float] = field(default_factory=dict[str, float])
    """Peer -> the least that its time divided by Ravine's should be."""

    @property
    def steps(self) -> int:
        """Batches in one epoch."""
        return -(-self.rows // self.batch_size)

    @property
    def flops(self) -> int:
        """Floating-point operations of the matrix products of one epoch.

        A product of (m, k) with (k, n) takes 2mkn. A layer with weights (i, o) has three for every training row:
        forward, the gradient of the weights, the gradient of the input, and the first layer has no use for the last.
        A validation row has the forward one.
        """
        weights = [i * o for i, o in pairwise(self.sizes)]
        training = 3 * sum(weights) - sum(weights[:1])
        return 2 * (self.rows * training + self.validation_rows * sum(weights))

    def job(self) -> dict[str, Any]:
        """What a peer is told."""
        return {**asdict(self), "flops": self.flops}

    def with_epochs(self, epochs: int) -> "Workload":
        """The same with turns of another length."""
        return replace(self, epochs=epochs, checked_epoch=min(epochs, self.checked_epoch))


LECTURE = Workload(
    name="lecture",
    title="The lecture's network: 784-128(sigmoid)-10, batch 32, 48,000 images",
    data="mnist",
    sizes=(784, 128, 10),
    activation="sigmoid",
    loss="crossentropy",
    rows=48_000,
    batch_size=32,
    learning_rate=0.1,
    momentum=0.9,
    epochs=5,
    trial_epochs=1,
    checked_epoch=5,
    goals={
        "keras-jax": 1.7,
        "keras-jax-tuned": 1.5,
        "torch": 2.2,
        "scikit-learn": 2.0,
        "keras-tf": 6.0,
        "sgemm-1": 1 / 1.6,
    },
)

WIDE = Workload(
    name="wide",
    title="A wide network: 784-512-512-10 (relu), batch 128, 48,000 images",
    data="mnist",
    sizes=(784, 512, 512, 10),
    activation="relu",
    loss="crossentropy",
    rows=48_000,
    batch_size=128,
    learning_rate=0.1,
    momentum=0.9,
    epochs=3,
    trial_epochs=1,
    checked_epoch=3,
    goals={
        "keras-jax": 1.0,
        "keras-jax-tuned": 1.0,
        "torch": 1.0,
        "scikit-learn": 1.0,
        "keras-tf": 1.0,
        "keras-tf-tuned": 1.0,
        "sgemm-all": 1 / 1.25,
    },
)

TINY = Workload(
    name="tiny",
    title="A tiny network: 10-16(relu)-1, batch 32, 800 rows, 200 validated after each epoch, 200 epochs in one call",
    data="regression",
    sizes=(10, 16, 1),
    activation="relu",
    loss="mse",
    rows=800,
    batch_size=32,
    learning_rate=0.01,
    momentum=0.9,
    epochs=200,
    trial_epochs=20,
    checked_epoch=200,
    validation_rows=200,
    whole_fit=True,
    goals={"keras-jax": 40.0, "keras-tf": 250.0},
)

TRAJECTORIES = Workload(
    name="trajectories",
    title="10,000 paths of 100 steps of Adam down a quadratic of two numbers, all points kept, 32 bits",
    data="regression",  # not looked at: the starts are drawn from a seed
    sizes=(),
    activation="relu",
    loss="mse",
    rows=0,
    batch_size=1,
    learning_rate=0.1,
    momentum=0.0,
    epochs=10,
    trial_epochs=10,
    checked_epoch=10,
    whole_fit=True,
    optimizer="adam",
    unit="descent",
    scripts={
        "ravine": "ravine_descend.py",
        "torch": "torch_descend.py",
        "optax": "optax_descend.py",
        "numpy-loop": "numpy_descend.py",
    },
    goals={"numpy-loop": 50.0, "torch": 2.0, "optax": 2.0},
)

# The same fit by Ravine's rule and by optax's: what is left of the difference is the optimizer's share of a step.
SHARES = tuple(
    replace(
        LECTURE,
        name=f"{rule}-share",
        title=f"The optimizer's share: the lecture's network in Ravine, {title} by Ravine's rule and by optax's",
        optimizer=rule,
        learning_rate=rate,
        scripts={"ravine": "ravine_fit.py", "optax": "ravine_fit.py"},
        goals={"optax": 1.0},
    )
    for rule, title, rate in (("sgd", "momentum", 0.1), ("adam", "Adam", 0.001))
)

FITTING = {
    "ravine": "ravine_fit.py",
    "keras-jax": "keras_fit.py",
    "keras-jax-tuned": "keras_fit.py",
    "keras-tf": "keras_fit.py",
    "keras-tf-tuned": "keras_fit.py",
    "torch": "torch_loop.py",
}
AHEAD = {peer: 1.0 for peer in FITTING if peer != "ravine"}

DROPOUT = replace(
    WIDE,
    name="dropout",
    title="Dropout: 784-512-512-10 (relu) with dropout 0.2 twice, RMSprop, batch 128, 48,000 images",
    learning_rate=0.001,
    momentum=0.0,
    optimizer="rmsprop",
    dropout=0.2,
    scripts=FITTING | {"without-dropout": "ravine_fit.py"},
    goals=AHEAD | {"without-dropout": 1 / 1.15},
)

BATCH_NORM = replace(
    DROPOUT,
    name="batch-norm",
    title="Batch normalization: 784-256-BN-relu-256-BN-relu-10, Adam, batch 64, 48,000 images",
    sizes=(784, 256, 256, 10),
    batch_size=64,
    optimizer="adam",
    dropout=0.0,
    batch_norm=True,
    scripts=FITTING,
    goals=AHEAD,
)

# Each network with probes on all its layers, beside the same network without them.
PROBES = tuple(
    replace(
        workload,
        name=f"{workload.name}-probes",
        title=f"Probes: {workload.title}, with probes on every layer",
        probed=True,
        scripts={"ravine": "ravine_fit.py", "without-probes": "ravine_fit.py"},
        goals={"without-probes": 1 / 1.05},
    )
    for workload in (LECTURE, DROPOUT, BATCH_NORM)
)

POPULATION_LECTURE = replace(
    LECTURE,
    name="population-lecture",
    title="A population: 16 runs of the lecture's network, 5 epochs each, 12,000 images validated after each epoch",
    validation_rows=12_000,
    checked_epoch=1,  # a turn tells one loss, the mean of those that its runs ended with
    whole_fit=True,
    runs=16,
    sampled_runs=4,
    unit="epoch of a run",
    scripts={
        "ravine": "ravine_compare.py",
        "ravine-runs": "ravine_runs.py",
        "keras-jax-runs": "keras_runs.py",
        "keras-tf-runs": "keras_runs.py",
    },
    goals={"ravine-runs": 1.85, "keras-jax-runs": 3.2, "keras-tf-runs": 12.0},
)

POPULATION_TINY = replace(
    TINY,
    name="population-tiny",
    title="A population of tiny networks: 64 runs of 10-16(relu)-1(sigmoid), Adam, batch 32, 800 rows, "
    "200 validated after each epoch, at most 200 epochs with early stopping",
    data="classes",
    loss="binary",
    optimizer="adam",
    learning_rate=0.001,
    momentum=0.0,
    checked_epoch=1,
    patience=25,  # most runs stop between 100 and 200 epochs
    runs=64,
    sampled_runs=3,
    unit="epoch of a run",
    scripts={
        "ravine": "ravine_compare.py",
        "ravine-runs": "ravine_runs.py",
        "keras-jax-runs": "keras_runs.py",
    },
    goals={"keras-jax-runs": 100.0},
)

POPULATIONS = (POPULATION_LECTURE, POPULATION_TINY)

WORKLOADS = {
    workload.name: workload
    for workload in (LECTURE, WIDE, TINY, DROPOUT, BATCH_NORM, *PROBES, TRAJECTORIES, *SHARES, *POPULATIONS)
}
