"""A model that can be trained: what it was compiled with, and what its optimizer remembers."""

from __future__ import annotations

from typing import Any

from ravine import checks, hooks, losses, optimizers, trees
from ravine.layers import Input, Layer
from ravine.layers.network import Variables
from ravine.metrics import MetricLike
from ravine.model import compiling
from ravine.model.compiling import Compiled
from ravine.model.prediction import Predictor
from ravine.training import programs
from ravine.training.data import Data
from ravine.training.program import initial_optimizer_state
from ravine.training.state import TrainState
from ravine.training.step import Task


class Trainable(Predictor):
    """Layers in a row with an optimizer, a loss and metrics: what :class:`ravine.Sequential` is around its fits."""

    def __init__(self, layers: list[Layer | Input] | None = None, name: str | None = None) -> None:
        self._compiled: Compiled | None = None
        super().__init__(layers, name)

    def _layers_changed(self) -> None:
        super()._layers_changed()
        self._forget_training()

    def trainable_changed(self) -> None:
        """Sort the arrays anew into those that are trained and the others; the optimizer starts anew."""
        super().trainable_changed()
        self._forget_training()

    def _forget_training(self) -> None:
        """Start the optimizer anew."""
        self._optimizer_state: Any = None
        self._batches_trained = 0
        self._between: tuple[Any, TrainState] | None = None

    def compile(
        self,
        optimizer: str | optimizers.Transformation | Any = "rmsprop",
        loss: losses.LossLike | None = None,
        loss_weights: float | list[float] | None = None,
        metrics: MetricLike | list[MetricLike] | None = None,
        weighted_metrics: MetricLike | list[MetricLike] | None = None,
        run_eagerly: bool = False,
        steps_per_execution: int | str = 1,
        jit_compile: bool | str = "auto",
        auto_scale_loss: bool = True,
    ) -> None:
        """Say how the model is trained.

        Args:
            optimizer: a name, an optimizer, or an optax transformation.
            loss: a name, a loss, or a function of targets and outputs; None for a model that only predicts.
            loss_weights: what the loss is multiplied by.
            metrics: names or objects of what to watch; they ignore sample weights.
            weighted_metrics: the same, weighted by the samples' weights.
            run_eagerly: only False works; a run is always compiled.
            steps_per_execution: accepted for Keras's sake; a run is always whole epochs.
            jit_compile: accepted for Keras's sake.
            auto_scale_loss: accepted for Keras's sake; float32 needs no loss scaling.
        """
        self.exclusive.check("compile")
        if run_eagerly is not None and checks.boolean("run_eagerly", run_eagerly):
            checks.reject("run_eagerly", run_eagerly, "False, since a run is always compiled")
        compiling.check_neutral(steps_per_execution, jit_compile, auto_scale_loss)
        self._compiled = Compiled.checked(optimizer, loss, loss_weights, metrics, weighted_metrics)
        self._forget_training()

    @property
    def optimizer(self) -> optimizers.Transformation:
        """The optimizer that ``compile`` was given. Its numbers may be assigned, and hold from the next ``fit`` on."""
        return self._require_compiled("optimizer").optimizer

    @property
    def metrics_names(self) -> list[str]:
        """The names of what ``evaluate`` gives: the loss, then the metrics."""
        return list(self._require_compiled("metrics_names").names)

    @property
    def compiled(self) -> bool:
        """Whether ``compile`` was called."""
        return self._compiled is not None

    @property
    def compilation(self) -> Compiled:
        """What ``compile`` was given, checked."""
        return self._require_compiled("compilation")

    def _require_compiled(self, caller: str) -> Compiled:
        if self._compiled is None:
            raise checks.RavineValueError(
                f"{caller}: the model is not compiled; call model.compile(optimizer, loss) first."
            )
        return self._compiled

    def _checked(self, caller: str, data: Data, validation: Data | None = None) -> tuple[Task, Data, Data | None]:
        """The task for checked arrays that fit the model, its loss and its metrics, and they as the network takes them.

        Where they do not fit, the model stays as it was.
        """
        compiled = self._require_compiled(caller)
        # Numbers may have been assigned since ``compile`` and ``add``.
        compiled.optimizer.check()
        for layer in self._layers:
            layer.check()
        known = self._input_shape
        try:
            data = data.with_x(self.accept("x", data.x))
            if validation is not None:
                validation = validation.with_x(self.accept("validation x", validation.x))
            self.network.check(self._require_shape())
            outputs = self._output_shape()
            task = compiled.task(caller, self.network, data.y.shape, outputs)
            task.check("", data.y, outputs)
            task.check_weights("sample_weight", data, outputs)
            if validation is not None:
                task.check("validation ", validation.y, outputs)
                task.check_weights("validation sample_weight", validation, outputs)
        except checks.RavineError:
            self._input_shape = known
            raise
        return task, data, validation

    def check_data(self, prefix: str, data: Data) -> None:
        """Raise where checked arrays do not fit the model, its loss and its metrics; ``prefix`` says whose they are."""
        self.accept(f"{prefix}x", data.x)
        outputs = self._output_shape()
        task = self.compilation.task("fit", self.network, data.y.shape, outputs)
        task.check(prefix, data.y, outputs)
        task.check_weights(f"{prefix}sample_weight", data, outputs)

    def _check_training(self, rows: int, rest: int) -> None:
        """Raise where the layers cannot be trained on batches of ``rows``, and one of ``rest`` where that is not 0."""
        for size in (rows, rest) if rest else (rows,):
            self.network.check_batch(self._require_shape(), size)

    def train_state(self) -> TrainState:
        """The arrays as a run starts from them."""
        params, stats = self.arrays()
        if self._between is not None and self._between[0] is self._variables:
            return self._between[1]
        if self._optimizer_state is None:
            self.optimizer.check_params(params)
            with programs.held_by(self.programs):
                begin = programs.compiled(initial_optimizer_state)
                self._optimizer_state = begin(trees.as_leaves(self.optimizer), params)
        return TrainState(self.optimizer.training_params(params, self._optimizer_state), stats, self._optimizer_state)

    def take_state(self, state: TrainState, rule: optimizers.Transformation | None = None) -> None:
        """Take over the arrays that a run arrived at: of its weights, those to use the model with.

        ``rule`` is the run's optimizer. If a hook compiled the model with another, that starts anew.
        """
        rule = self.optimizer if rule is None else rule
        params = rule.evaluation_params(state.params, state.optimizer)
        if rule is self.optimizer:
            self._optimizer_state = state.optimizer
        self.take_variables((params, state.stats))

    def take_variables(self, variables: tuple[Variables, Variables]) -> None:
        """Take over parameters and statistics to use the model with."""
        fits = [p.keys() for p in variables[0]] == [p.keys() for p in self._variables[0]]
        self._variables = variables
        if not fits:  # a callback froze or freed a layer while the run went on as it was
            self.trainable_changed()

    def restore(self, variables: tuple[Variables, Variables], optimizer: Any) -> None:
        """Take over what a file has: parameters and statistics to use the model with, and its optimizer's state.

        The parameters are as ``arrays()`` gives them; None for an optimizer that starts anew.
        """
        self.exclusive.check("load_weights")
        self._forget_training()
        self._variables, self._optimizer_state = variables, optimizer

    def save(self, path: hooks.Path, overwrite: bool = True) -> None:
        """Write the model to a file that :func:`ravine.load_model` and Keras 3 load: its layers, weights, training.

        Args:
            path: ``.keras``, or ``.safetensors``, which Keras does not load.
            overwrite: False keeps a file that is there, and raises.
        """
        hooks.files().save_model(self, path, overwrite)

    def save_weights(self, path: hooks.Path, overwrite: bool = True) -> None:
        """Write the arrays, and what the optimizer remembers, to a ``.weights.h5`` or ``.safetensors`` file."""
        hooks.files().save_weights(self, path, overwrite)

    def load_weights(self, path: hooks.Path, skip_mismatch: bool = False) -> None:
        """Take over the arrays of a ``.weights.h5``, ``.keras`` or ``.safetensors`` file, or none if one does not fit.

        What the optimizer remembers is taken over too where the file has it, and starts anew where it has not. With
        ``skip_mismatch`` layers that the file has nothing fitting for stay as they are, and a warning names them.
        """
        hooks.files().load_weights(self, path, skip_mismatch)

    def _accepted(self, task: Task, prefix: str, batch: Data) -> Data:
        """A batch as the network takes it; raises where it does not fit."""
        batch = batch.with_x(self.accept(f"{prefix}x", batch.x))
        outputs = self._output_shape()
        task.check(prefix, batch.y, outputs)
        task.check_weights(f"{prefix}sample_weight", batch, outputs)
        return batch
