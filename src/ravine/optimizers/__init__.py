"""Update rules, under Keras's names."""

from ravine import checks
from ravine.optimizers.base import Optimizer, OptimizerState
from ravine.optimizers.sgd import SGD

__all__ = ["SGD", "Optimizer", "OptimizerState", "get"]

TABLE: dict[str, type[Optimizer]] = {"sgd": SGD}


def get(optimizer: str | Optimizer) -> Optimizer:
    """The optimizer for a name (with its defaults) or an object; unknown names raise, with the nearest valid one."""
    if isinstance(optimizer, str):
        return checks.look_up("optimizer", optimizer.lower(), TABLE)()
    if not isinstance(optimizer, Optimizer):
        checks.reject_type("optimizer", optimizer, "a name such as 'sgd' or an object such as optimizers.SGD(0.1)")
    optimizer.check()
    return optimizer
