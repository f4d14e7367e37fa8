"""Update rules, under Keras's names."""

from typing import TYPE_CHECKING, Any

from ravine import checks, keras_names
from ravine.optimizers import schedules
from ravine.optimizers.adadelta import Adadelta
from ravine.optimizers.adafactor import Adafactor
from ravine.optimizers.adagrad import Adagrad
from ravine.optimizers.adam import Adam, AdamW
from ravine.optimizers.adamax import Adamax
from ravine.optimizers.base import Optimizer, OptimizerState
from ravine.optimizers.from_optax import FromOptax
from ravine.optimizers.lamb import Lamb
from ravine.optimizers.lion import Lion
from ravine.optimizers.muon import Muon
from ravine.optimizers.nadam import Nadam
from ravine.optimizers.rmsprop import RMSprop
from ravine.optimizers.schedule_free_adamw import ScheduleFreeAdamW
from ravine.optimizers.sgd import SGD
from ravine.optimizers.transformation import Transformation

__all__ = [
    "SGD",
    "Adadelta",
    "Adafactor",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "FromOptax",
    "Lamb",
    "Lion",
    "Muon",
    "Nadam",
    "Optimizer",
    "OptimizerState",
    "RMSprop",
    "ScheduleFreeAdamW",
    "Transformation",
    "get",
    "schedules",
]

RULES = (
    SGD,
    Adagrad,
    RMSprop,
    Adam,
    AdamW,
    Nadam,
    Adamax,
    Adadelta,
    Lion,
    Lamb,
    Adafactor,
    Muon,
    ScheduleFreeAdamW,
)

TABLE: dict[str, type[Optimizer]] = {rule.__name__.lower(): rule for rule in RULES}


def get(optimizer: Any) -> Transformation:
    """The optimizer for a name (with its defaults) or an object, which may be an optax transformation.

    Unknown names raise, with the nearest valid one.
    """
    if isinstance(optimizer, str):
        return checks.look_up("optimizer", optimizer.lower(), TABLE)()
    if not isinstance(optimizer, Transformation):
        if isinstance(optimizer, type) or not all(callable(getattr(optimizer, n, None)) for n in ("init", "update")):
            checks.reject_type(
                "optimizer", optimizer, "a name such as 'sgd', an object such as optimizers.SGD(0.1), or one of optax"
            )
        optimizer = FromOptax(optimizer)
    optimizer.check()
    return optimizer


if not TYPE_CHECKING:
    __getattr__ = keras_names.of_module(__name__, __all__)
