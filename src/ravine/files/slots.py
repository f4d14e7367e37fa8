"""What an optimizer remembers, in the order in which Keras lists it.

Keras's list: the count of batches, the learning rate unless it is a schedule, the moving averages of the weights, the
gradients that wait for an update, then the rule's slots. Weights go layer by layer in the order of ``get_weights``;
slots of one block stand together, weight by weight, and one block follows the other.

The numbers mean the same in both, so training goes on with the same next loss in the other, where its formula is the
same: docs/optimizers.md lists where Ravine keeps to the paper's. Of Adafactor and Schedule-Free AdamW Keras keeps other
numbers; their state is Ravine's alone, and in Keras they start anew.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ravine import checks, optimizers, settings
from ravine.layers import Layer
from ravine.layers.network import Variables
from ravine.optimizers import Optimizer, OptimizerState
from ravine.optimizers.schedules import Schedule

Blocks = tuple[tuple[int, ...], ...]
"""Which of a rule's slots stand together, by their places in ``Optimizer.slots``."""


def _sgd(rule: Any) -> Blocks:
    return ((0,),) if rule.momentum else ()


def _adam(rule: Any) -> Blocks:
    return ((0, 1), (2,)) if rule.amsgrad else ((0, 1),)


def _rmsprop(rule: Any) -> Blocks:
    momentum = ((1 + rule.centered,),) if rule.momentum else ()
    return ((0,), *momentum, *(((1,),) if rule.centered else ()))


BLOCKS: dict[type, Callable[[Any], Blocks]] = {
    optimizers.SGD: _sgd,
    optimizers.RMSprop: _rmsprop,
    optimizers.Adam: _adam,
    optimizers.AdamW: _adam,
    optimizers.Adagrad: lambda rule: ((0,),),
    optimizers.Lion: lambda rule: ((0,),),
    **dict.fromkeys(
        (optimizers.Adadelta, optimizers.Adamax, optimizers.Lamb, optimizers.Muon, optimizers.Nadam),
        lambda rule: ((0, 1),),
    ),
}
"""The rules whose slots are Keras's."""

CHOICES = ("amsgrad", "centered", "momentum")
"""Arguments that decide which slots a rule has."""

SHARED: dict[type, int] = {optimizers.Nadam: 2}
"""Slots that are one number for all weights, which Keras keeps once, at the end."""


class Foreign(checks.RavineValueError):
    """What a file holds is what another rule remembers, or the same one of other weights."""


def keras_order(layers: Sequence[Layer], params: Variables) -> list[int]:
    """For each trained array in Keras's order its place among ``jax.tree.leaves(params)``."""
    order, start = [], 0
    for layer, arrays in zip(layers, params, strict=True):
        names = sorted(arrays)  # as JAX takes dictionaries apart
        order += [start + names.index(name) for name in layer.ordered(names)]
        start += len(names)
    return order


def template(rule: Optimizer, params: Variables) -> OptimizerState | None:
    """The shapes of what ``rule`` remembers; None of a rule that a user wrote with a state of its own."""
    state = settings.eval_shape(rule.init, params)
    return state if isinstance(state, OptimizerState) else None


def words(rule: Optimizer, state: OptimizerState) -> str:
    """What tells the slots of ``rule`` from those of other rules and choices, whose arrays may have the same shapes."""
    chosen = [name for name in CHOICES if getattr(rule, name, None)]
    held = [name for name in ("averages", "sums") if getattr(state, name) is not None]
    return f"{type(rule).__name__.lower()}: {' '.join(chosen + held)}"


def are_those_of(told: str | None, rule: Optimizer, state: OptimizerState) -> bool:
    """Whether slots of which a file tells :func:`words`, or Keras's name for the rule, may be those of ``rule``."""
    if told is None:
        return True
    own = words(rule, state)
    if ":" in told:
        return told == own
    return told.lower() not in optimizers.TABLE or own.startswith(f"{told.lower()}:")


def places(rule: Optimizer, state: OptimizerState, order: list[int]) -> list[int]:
    """For each array of Keras's list, after the first numbers, its place among ``jax.tree.leaves(state)``."""
    leaves, structure = jax.tree.flatten(state)
    numbered: OptimizerState = jax.tree.unflatten(structure, range(len(leaves)))
    found: list[Any] = [group[i] for group in (numbered.averages, numbered.sums) if group for i in order]
    slots = [numbered.slots[i] for i in order]
    most = max(map(len, slots), default=0)
    blocks = BLOCKS.get(type(rule), lambda rule: (tuple(range(most)),))(rule)
    found += [held[i] for block in blocks for held in slots for i in block if i < len(held)]
    return found + [held[SHARED[type(rule)]] for held in slots[:1] if type(rule) in SHARED]


def turned(rule: Optimizer, state: OptimizerState) -> OptimizerState:
    """The state with the sign that Keras keeps, and back: it subtracts RMSprop's velocity, which Ravine adds."""
    if type(rule) is not optimizers.RMSprop or not rule.momentum:
        return state
    return replace(state, slots=tuple((*held[:-1], -held[-1]) for held in state.slots))


def as_list(rule: Optimizer, state: OptimizerState, order: list[int]) -> list[np.ndarray]:
    """Keras's list."""
    batches = int(state.step)
    if state.summed is not None:
        batches = batches * int(rule.gradient_accumulation_steps or 1) + int(state.summed)
    first = [np.asarray(batches, np.int32)]
    if not isinstance(rule.learning_rate, Schedule):
        first.append(np.asarray(rule.learning_rate, np.float32))
    leaves = jax.tree.leaves(turned(rule, state))
    return first + [np.asarray(leaves[i]) for i in places(rule, state, order)]


def from_list(
    rule: Optimizer, shapes: OptimizerState, order: list[int], listed: OptimizerList
) -> OptimizerState | None:
    """The state that Keras's list describes; None where it describes none.

    The learning rate goes to ``rule``, once all else is read.
    """
    name = type(rule).__name__
    if not are_those_of(listed.told, rule, shapes):
        told = checks.shown(listed.told)[1:-1].rstrip(": ").replace(":", " with")
        raise Foreign(f"the file has what {told} remembers, not what {name} does.")
    numbers = 1 + (not isinstance(rule.learning_rate, Schedule))
    where, leaves = places(rule, shapes, order), jax.tree.leaves(shapes)
    batches = listed.integer(0)
    if not 0 <= batches < 2**31:
        checks.reject("optimizer: its count of batches", batches, "a number in [0, 2**31)")
    begun = listed.count == numbers + len(where)
    if not begun and not (listed.count == numbers and batches == 0):  # Keras makes slots with the first batch
        raise Foreign(f"optimizer has {listed.count} arrays: {name} expected {numbers + len(where)} for this model.")
    values = [np.zeros(leaf.shape, leaf.dtype) for leaf in leaves]
    for index, place in enumerate(where if begun else (), numbers):
        values[place] = listed.floats(index, leaves[place].shape)
    state: OptimizerState = jax.tree.unflatten(jax.tree.structure(shapes), values)
    updates, waiting = divmod(batches, int(rule.gradient_accumulation_steps or 1))
    state = replace(state, step=jnp.asarray(updates, jnp.int32), slots=_shared(rule, state.slots, order))
    if state.summed is not None:
        state = replace(state, summed=jnp.asarray(waiting, jnp.int32))
    if numbers == 2:
        _set_rate(rule, float(listed.floats(1, ())))
    return jax.tree.map(jnp.asarray, turned(rule, state)) if begun else None


def _shared(rule: Optimizer, slots: Any, order: list[int]) -> Any:
    """The slots, with what Keras keeps once given to all weights."""
    place = SHARED.get(type(rule))
    if place is None or not order:
        return slots
    return tuple((*held[:place], slots[order[0]][place], *held[place + 1 :]) for held in slots)


def _set_rate(rule: Optimizer, rate: float) -> None:
    """Give ``rule`` the learning rate of the list, unless it has it but for the rounding to float32."""
    checks.number("optimizer: its learning rate", rate, least=0)
    if np.float32(rule.learning_rate) != np.float32(rate):
        rule.learning_rate = rate


class OptimizerList:
    """Keras's list in a file: ``count`` arrays, read one by one.

    ``told`` is what the file tells of the rule: :func:`words`, Keras's name for it, or None.
    """

    count: int
    told: str | None

    def integer(self, index: int) -> int:
        """Array ``index``, which is one integer."""
        raise NotImplementedError

    def floats(self, index: int, shape: tuple[int, ...]) -> np.ndarray:
        """Array ``index``, which has ``shape``."""
        raise NotImplementedError
