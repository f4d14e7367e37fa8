"""The callback contract: hooks that run on the host between the epochs of a compiled run."""

from __future__ import annotations

from typing import Any, ClassVar

from ravine import checks

Logs = dict[str, float]

HOOKS = ("on_train_begin", "on_train_end", "on_epoch_begin", "on_epoch_end")


class Callback:
    """Base of all callbacks. Override any of the hooks; an ``on_...`` method of another name is refused.

    Attributes:
        model: the model that is trained; set ``model.stop_training = True`` to end the run after this epoch.
        params: ``verbose``, ``epochs`` and ``steps`` as ``fit`` uses them.
        every_epoch: whether the hooks must run before the next epoch starts. True lets them change what happens
            next; callbacks that only look on set it to False, and the run may then go on for several epochs at once.
    """

    every_epoch: ClassVar[bool] = True

    model: Any = None
    params: dict[str, Any]

    def set_model(self, model: Any) -> None:
        """Called before ``on_train_begin``."""
        self.model = model

    def set_params(self, params: dict[str, Any]) -> None:
        """Called before ``on_train_begin``."""
        self.params = params

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Before the first epoch."""

    def on_train_end(self, logs: Logs | None = None) -> None:
        """After the last epoch, whatever ended the run; ``logs`` are the last epoch's."""

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Before epoch ``epoch``, counted from 0."""

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """After epoch ``epoch``, counted from 0, with its values."""


def check(callbacks: object) -> list[Callback]:
    """``callbacks`` as a list, or an error for what is no callback and for hooks that nothing would ever call."""
    given = [callbacks] if isinstance(callbacks, Callback) else [] if callbacks is None else callbacks
    if not isinstance(given, list | tuple):
        checks.reject_type("callbacks", callbacks, "a list of callbacks")
    for i, callback in enumerate(given):
        if not isinstance(callback, Callback):
            hint = f" Did you mean {callback.__name__}()?" if isinstance(callback, type) else ""
            checks.reject_type(f"callbacks[{i}]", callback, f"an object of a subclass of callbacks.Callback.{hint}")
        for name in dir(type(callback)):
            if name.startswith("on_") and name not in HOOKS:
                raise checks.RavineValueError(
                    f"callbacks[{i}]: {type(callback).__name__}.{name} is no hook, so it would never be called."
                    f"{checks.nearest(name, HOOKS)} Hooks: {', '.join(HOOKS)}."
                )
    return list(given)
