"""What a model gives for samples: its outputs, and those of the layers within."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ravine import checks, trees
from ravine.callbacks import Callback
from ravine.callbacks import base as callback_base
from ravine.callbacks.progress import check_verbose
from ravine.frames import Names
from ravine.layers import Layer
from ravine.layers.network import Network, Variables
from ravine.model import fitting
from ravine.model.evaluation import in_batches
from ravine.model.stack import Stack
from ravine.training import data as training_data
from ravine.training import placement, programs
from ravine.training.data import Data
from ravine.training.program import predict_rows
from ravine.training.sources import Source, as_source


class Predictor(Stack):
    """Layers in a row that are run forward: what :class:`ravine.Sequential` is between its fits."""

    _columns: Names | None = None

    _kept: tuple[tuple[Variables, Variables], programs.Bound] | None = None

    def layer_changed(self) -> None:
        """Make the forward pass anew when it is next needed."""
        super().layer_changed()
        self._kept = None

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_kept": None}  # a copy has layers of its own

    @property
    def columns(self) -> Names | None:
        """The names of the columns that the model was trained on or its layers adapted to; None if they had none.

        Columns of frames are taken in this order.
        """
        return self._columns or next((layer.columns for layer in self._layers if layer.columns), None)

    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: int | str = "auto",
        steps: int | None = None,
        callbacks: list[Callback] | None = None,
    ) -> np.ndarray:
        """The model's outputs ``[rows, ...]`` for samples ``x`` ``[rows, ...]``.

        Args:
            x: samples, or what holds or yields batches of them.
            batch_size: rows of a batch, by default 32. The outputs depend on it only if a function of one's own is in
                the model, which sees the samples of a batch together.
            verbose: accepted for Keras's sake.
            steps: batches to use; all by default.
            callbacks: their hooks on predictions are called.
        """
        check_verbose(verbose)
        fitting.check_steps("steps", steps)
        hearing = [c for c in callback_base.check(callbacks) if callback_base.overrides(c, callback_base.PREDICT)]
        data = as_source(x, batch_size=batch_size, steps=steps, with_targets=False, columns=self.columns)
        if isinstance(data, Source):
            return self._heard((batch.x for batch in data.epoch(0)), hearing)
        samples = self.accept("x", first_batches(data, batch_size, steps).x)
        if not hearing:
            return self._all_outputs(self._forward(), self.network, samples, batch_size or 32)
        return self._heard((batch.x for batch in in_batches(Data(samples, None), batch_size or 32)), hearing)

    def _heard(self, batches: Iterable[np.ndarray], callbacks: list[Callback]) -> np.ndarray:
        """The outputs, batch by batch, with the callbacks' turns between."""
        parts: list[np.ndarray] = []
        rows, padded = 0, not trees.has_user_code(self.network)
        for callback in callbacks:
            callback.set_model(self)
            callback.on_predict_begin({})
        for i, batch in enumerate(batches):
            samples = self.accept("x", batch)
            rows = max(rows, len(samples)) if padded else 0
            for callback in callbacks:
                callback.on_predict_batch_begin(i, {})
            parts.append(_outputs(self._forward(), samples, rows))
            for callback in callbacks:
                callback.on_predict_batch_end(i, {"outputs": parts[-1]})
        for callback in callbacks:
            callback.on_predict_end({})
        return np.concatenate(parts)

    def __call__(self, x: Any, training: bool | None = False) -> jax.Array:
        """The model's outputs for one batch, as an array of JAX.

        ``training`` may only be False: what a layer does in training happens in ``fit``.
        """
        if training is not None and checks.boolean("training", training):
            checks.reject("training", training, "False: layers behave as in training in fit only")
        return jnp.asarray(self.predict_on_batch(x))

    def activations(self, x: Any, layer: str | int | Layer, before_activation: bool = False) -> np.ndarray:
        """What a layer puts out at inference ``[rows, ...]`` for samples ``x`` ``[rows, ...]``.

        Args:
            x: samples.
            layer: its name, its index, or itself.
            before_activation: whether to give the pre-activations, which the layer's activation acts on, instead.
        """
        index = self.index_of(layer)
        before = checks.boolean("before_activation", before_activation)
        samples = self.accept("x", training_data.as_samples("x", x, self.columns))
        *earlier, last = self._layers[: index + 1]
        network = Network((*earlier, last.split_activation()[0] if before else last))
        params, stats = self.arrays()
        variables = params[: index + 1], stats[: index + 1]
        return self._all_outputs(_bound(network, variables), network, samples, 32)

    def predict_on_batch(self, x: Any) -> np.ndarray:
        """The model's outputs for one batch, in one call of a program of just its size."""
        samples = self.accept("x", training_data.as_samples("x", x, self.columns))
        with programs.held_by(self.programs):
            return programs.fetched(self._forward()(samples))

    def _forward(self) -> programs.Bound:
        """The network with its arrays, kept from call to call until a layer or the arrays are others."""
        variables = self.arrays()
        if self._kept is None or self._kept[0] is not variables:
            self._kept = variables, _bound(self.network, variables)
        return self._kept[1]

    def _all_outputs(
        self, forward: programs.Bound, network: Network, samples: np.ndarray, batch_size: int
    ) -> np.ndarray:
        """The outputs for all samples, some thousands at a time.

        Code of a user's may look at the samples of a batch together: it sees batches of ``batch_size``, and no padding.
        """
        rows, padded = min(fitting.EVALUATION_ROWS, 1 << (len(samples) - 1).bit_length()), True
        if trees.has_user_code(network):
            rows, padded = batch_size, False
        with programs.held_by(self.programs):
            batches = (samples[i : i + rows] for i in range(0, len(samples), rows))
            return np.concatenate([_outputs(forward, batch, rows if padded else 0) for batch in batches])


def _bound(network: Network, variables: tuple[Variables, Variables]) -> programs.Bound:
    """The forward pass of a network with its arrays."""
    options = placement.exact(trees.has_user_code(network))
    return programs.Bound(predict_rows, trees.as_leaves(network), variables, options=options)


def _outputs(forward: programs.Bound, samples: np.ndarray, rows: int) -> np.ndarray:
    """The outputs of a batch, padded to ``rows`` if it has fewer, so that few programs serve all sizes."""
    count = len(samples)
    if count < rows:
        samples = np.concatenate([samples, np.zeros((rows - count, *samples.shape[1:]), samples.dtype)])
    return programs.fetched(forward(samples))[:count]


def first_batches(data: Data, batch_size: int | None, steps: int | None, argument: str = "steps") -> Data:
    """The rows of the first ``steps`` batches; all of them where ``steps`` is None. Errors name ``argument``."""
    size = checks.integer("batch_size", 32 if batch_size is None else batch_size, least=1)
    return data if steps is None else data.first(size * checks.integer(argument, steps, least=1))
