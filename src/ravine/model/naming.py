"""The layers of a model by name and by place."""

from __future__ import annotations

import itertools
import numbers
from typing import Any

from ravine import checks, keras_names, trees
from ravine.layers import Layer, declaring


class Layers:
    """Base of the models: what layers they have, and what these are called."""

    _layers: list[Layer]

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if not declaring.is_own(cls):
            return
        for name in vars(cls):
            hint = keras_names.hints("Sequential").get(name)
            if hint is not None and callable(getattr(cls, name)):
                raise checks.RavineTypeError(f"{cls.__name__}.{name} would never be called: {hint}.")

    def __getattr__(self, name: str) -> Any:
        raise keras_names.missing(type(self).__name__, name, "Sequential", dir(type(self)))

    @property
    def layers(self) -> list[Layer]:
        """The layers, without the ``Input``."""
        return list(self._layers)

    @property
    def layer_names(self) -> list[str]:
        """The layers' names: those given as they are, the others ``dense``, ``dense_1``, ... where these are free."""
        taken = {layer.given_name for layer in self._layers}
        names = []
        for layer in self._layers:
            kind = trees.snake(type(layer).__name__)
            numbered = itertools.chain([kind], (f"{kind}_{i}" for i in itertools.count(1)))
            names.append(layer.given_name or next(name for name in numbered if name not in taken))
            taken.add(names[-1])
        return names

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """The layer of a name, or of an index, counted from the end if it is negative."""
        if (name is None) == (index is None):
            raise checks.RavineValueError("get_layer: expected a name or an index.")
        if name is not None:
            return checks.look_up("name", name, dict(zip(self.layer_names, self._layers, strict=True)))
        return self._layers[self.index_of(checks.integer("index", index, least=-checks.MOST))]

    def index_of(self, layer: str | int | Layer) -> int:
        """The position of a layer, given by name, by index (from the end where it is negative) or as itself."""
        count, names = len(self._layers), self.layer_names
        if isinstance(layer, Layer):
            found = [i for i, own in enumerate(self._layers) if own is layer]
            if not found:
                checks.reject("layer", layer, f"one of the model's layers: {', '.join(names)}")
            return found[0]
        if isinstance(layer, numbers.Integral) and not isinstance(layer, bool):
            if not -count <= layer < count:
                checks.reject("layer", layer, f"an index of {count} layers: {', '.join(names)}")
            return int(layer) % count
        positions = {name: i for i, name in enumerate(names)}
        return checks.look_up("layer", layer, positions)  # type: ignore[arg-type]  # it checks the type

    def _check_name(self, layer: Layer) -> None:
        name: object = layer.given_name
        if name is None:
            return
        if not isinstance(name, str):
            checks.reject_type("name", name, "a string")
        if "/" in name:
            checks.reject("name", name, "a name without '/'")
        if name in (other.given_name for other in self._layers):
            checks.reject("name", name, "a name that no other layer of the model has")
