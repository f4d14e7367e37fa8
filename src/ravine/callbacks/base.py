"""The callback contract: hooks that run on the host, between the epochs of a compiled run or between its batches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from ravine import checks
from ravine.training.stopping import Rule, StopState

Logs = dict[str, float]

TRAIN_BATCH = ("on_train_batch_begin", "on_train_batch_end", "on_batch_begin", "on_batch_end")
TEST_BATCH = ("on_test_batch_begin", "on_test_batch_end")
TEST = ("on_test_begin", "on_test_end", *TEST_BATCH)
PREDICT_BATCH = ("on_predict_batch_begin", "on_predict_batch_end")
PREDICT = ("on_predict_begin", "on_predict_end", *PREDICT_BATCH)
WITHIN = ("on_epoch_begin", "on_epoch_end", *TRAIN_BATCH, *TEST)
"""What is called between the beginning of a run and its end."""
HOOKS = ("on_train_begin", "on_train_end", "on_epoch_begin", "on_epoch_end", *TRAIN_BATCH, *TEST, *PREDICT)


class Callback:
    """Base of all callbacks. Override any of the hooks; an ``on_...`` method of another name is refused.

    A hook may set ``self.model.stop_training``, assign numbers such as ``self.model.optimizer.learning_rate``, and give
    the model other weights: the run goes on with them. Hooks on batches, and on the validation within ``fit``, need the
    host in the middle of an epoch: such a run goes step by step, which is slower, and ``fit`` says so.

    Attributes:
        model: the model that is trained; set ``model.stop_training = True`` to end the run after this epoch.
        params: ``verbose``, ``epochs`` and ``steps`` as ``fit`` uses them.
        every_epoch: whether the hooks must run before the next epoch starts. True lets them change what happens
            next; callbacks that only look on set it to False, and the run may then go on for several epochs at once.
            What a class says holds for its own hooks: a subclass that overrides one acts, unless it says so itself.
        describes: whether all that it does happens inside the compiled run, so that it may go with runs in groups. It
            holds for a class's own hooks too.
        writes: whether it writes files, which runs side by side would share.
    """

    every_epoch: bool = True
    describes: ClassVar[bool] = False
    writes: ClassVar[bool] = False

    model: Any = None
    params: dict[str, Any]

    def set_model(self, model: Any) -> None:
        """Called before ``on_train_begin``."""
        self.model = model

    def set_params(self, params: dict[str, Any]) -> None:
        """Called before ``on_train_begin``."""
        self.params = params

    def prepare(self, columns: Sequence[str], directions: Mapping[str, str]) -> None:
        """Called before anything trains: raise where the callback cannot work in this run.

        Args:
            columns: the keys of an epoch's values.
            directions: of each key without ``val_``, ``"min"`` or ``"max"``; left out where nobody can tell.
        """

    def state(self) -> dict[str, float | int | str | None]:
        """What the callback knows of the run so far, for a checkpoint: what :meth:`restore` needs to go on from."""
        return {}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Called after ``on_train_begin`` in a run that goes on from a checkpoint, with the :meth:`state` in that."""

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Before the first epoch."""

    def on_train_end(self, logs: Logs | None = None) -> None:
        """After the last epoch, whatever ended the run; ``logs`` are the last epoch's."""

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Before epoch ``epoch``, counted from 0."""

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """After epoch ``epoch``, counted from 0, with its values."""

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Before batch ``batch`` of an epoch, counted from 0."""
        self.on_batch_begin(batch, logs)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """After batch ``batch`` of an epoch, with the values over the epoch so far."""
        self.on_batch_end(batch, logs)

    def on_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Keras's older name of ``on_train_batch_begin``."""

    def on_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Keras's older name of ``on_train_batch_end``."""

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """Before ``evaluate``, and before the validation within ``fit``."""

    def on_test_end(self, logs: Logs | None = None) -> None:
        """After ``evaluate``, and after the validation within ``fit``, with its values."""

    def on_test_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Before batch ``batch`` of an evaluation, counted from 0."""

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """After batch ``batch`` of an evaluation, with the values so far."""

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        """Before ``predict``."""

    def on_predict_end(self, logs: Logs | None = None) -> None:
        """After ``predict``."""

    def on_predict_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Before batch ``batch`` of a prediction, counted from 0."""

    def on_predict_batch_end(self, batch: int, logs: Any = None) -> None:
        """After batch ``batch`` of a prediction; ``logs["outputs"]`` are the batch's."""


class Stopper(Callback):
    """A callback that ends runs from within: it only describes a rule of :mod:`ravine.training.stopping`."""

    every_epoch = False
    describes: ClassVar[bool] = True

    def rule(self, columns: Sequence[str], directions: Mapping[str, str]) -> Rule | None:
        """The pure rule for a run with these values; None where it can do nothing there.

        Args:
            columns: the keys of an epoch's values, in order.
            directions: of each key without ``val_``, ``"min"`` or ``"max"``.
        """
        raise NotImplementedError

    def take(self, state: StopState) -> Any:
        """Show where the rule stands after the run; returns the arrays to restore, or None."""
        raise NotImplementedError


def acts(callback: Callback) -> bool:
    """Whether a callback's hooks must run before the next epoch starts."""
    return callback.every_epoch or _goes_beyond(callback, "every_epoch")


def describes(callback: Callback) -> bool:
    """Whether all that a callback does happens inside the compiled run."""
    return callback.describes and not acts(callback) and not _goes_beyond(callback, "describes")


def _goes_beyond(callback: Callback, claim: str) -> bool:
    """Whether hooks of a callback were overridden by a class below the one that made a ``claim`` of its own hooks."""
    if claim in vars(callback):
        return False
    for cls in type(callback).__mro__:
        if claim in vars(cls):
            return False
        if any(hook in vars(cls) for hook in WITHIN):
            return True
    return False


def overrides(callback: Callback, names: Sequence[str]) -> bool:
    """Whether a callback's class, or the callback itself, has any of the hooks ``names`` of its own."""
    return any(getattr(getattr(callback, name), "__func__", None) is not getattr(Callback, name) for name in names)


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
