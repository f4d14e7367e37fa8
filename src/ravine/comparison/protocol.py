"""How a comparison was made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any


@dataclass(frozen=True)
class Protocol:
    """How the comparison was made.

    Attributes:
        contenders: their names; ``baseline`` is the one that the others are compared with.
        metric: the key of the value that is compared; ``direction`` tells whether less or more is better.
        selection: the key by which trials were chosen.
        target: the key and the value to be reached, and the key's direction; None where there is none.
        seeds: those of the runs that are compared.
        trials: how many each contender had.
        tune: by contender the search space of each hyperparameter.
        study: what the contenders and the data were.
    """

    contenders: tuple[str, ...]
    baseline: str
    metric: str
    direction: str
    selection: str
    target: tuple[str, float, str] | None
    seeds: tuple[int, ...]
    epochs: int
    trials: int
    tune: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    study: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> Protocol:
        """The protocol from what ``dataclasses.asdict`` made of it and JSON kept."""
        values = {f.name: given[f.name] for f in fields(cls)}
        for name in ("contenders", "seeds", "target"):
            values[name] = None if values[name] is None else tuple(values[name])
        return cls(**values)
