"""The optimizer contract: a rule for one array, and the base that walks the tree.

An optimizer is a dataclass whose numbers are leaves, and an optax transformation. Like optax's ``inject_hyperparams``,
another learning rate is another value, never another program.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Callable
from dataclasses import field, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from ravine import checks, keras_names, trees
from ravine.optimizers.schedules import Function, Schedule
from ravine.optimizers.transformation import Transformation

Slots = tuple[jax.Array, ...]


@trees.tree
class OptimizerState:
    """What an optimizer remembers.

    ``step`` counts finished updates (int32); ``slots`` holds, for each parameter array in the order of
    ``jax.tree.leaves``, the rule's slot variables. ``sums`` and ``summed`` are the gradients that wait for an update
    and their number, ``averages`` the moving averages of the weights; None where they are not asked for.
    """

    step: jax.Array
    slots: tuple[Slots, ...]
    sums: tuple[jax.Array, ...] | None = None
    summed: jax.Array | None = None
    averages: tuple[jax.Array, ...] | None = None


OTHER_NAMES = {
    "lr": "learning_rate=",
    "eps": "epsilon=",
    "betas": "beta_1= and beta_2=",
    "decay": "learning_rate=schedules.InverseTimeDecay(...), or weight_decay= for the weights",
    "clip_norm": "clipnorm=",
    "clip_value": "clipvalue=",
}
"""What other libraries, and Keras before its third version, call an argument, and what it is here."""

OTHER_NAMES_OF_SLOTS = ("init_slots", "create_slots", "make_slots", "init_state", "build")
"""What other libraries call the method that makes slots."""


@trees.tree(frozen=False)
class Optimizer(Transformation):
    """Base of all update rules.

    An update happens in Keras's order: the gradients that were accumulated are averaged, clipped, the weights decay,
    the rule moves them, their moving average takes them in.

    Numbers may be assigned, as in Keras: ``optimizer.learning_rate = 0.01`` holds from the next ``fit`` on and compiles
    nothing anew. What belongs to the program, such as ``nesterov``, may not.

    Args:
        learning_rate: η, a finite number of at least 0, a schedule, or a function of the step, counted from 0.
        weight_decay: λ of the decoupled decay w ← w - η·λ·w (Loshchilov & Hutter 2019, with their schedule multiplier
            being η), at least 0. The textbook's (1 - λ)·w has λ = η times this one.
        clipnorm: the largest norm of one array's gradient, above 0.
        clipvalue: the largest magnitude of one number of a gradient, above 0.
        global_clipnorm: the largest norm of all gradients together, above 0. At most one of the three clips.
        use_ema: whether to keep the moving average of the weights, which validation sees and ``fit`` leaves behind.
        ema_momentum: how much of the average each update keeps, in [0, 1].
        ema_overwrite_frequency: every how many updates the weights are set to their average; None for never.
        gradient_accumulation_steps: how many batches' gradients are averaged to one update.
        undecayed: which arrays do not decay: regular expressions to be found in an array's path, such as ``"bias"`` in
            ``"1/bias"``, or a function ``(path, array) -> bool``.
    """

    learning_rate: Any = 0.01
    weight_decay: float | None = field(default=None, kw_only=True)
    clipnorm: float | None = field(default=None, kw_only=True)
    clipvalue: float | None = field(default=None, kw_only=True)
    global_clipnorm: float | None = field(default=None, kw_only=True)
    use_ema: bool = trees.static(default=False, kw_only=True)
    ema_momentum: float = field(default=0.99, kw_only=True)
    ema_overwrite_frequency: int | None = field(default=None, kw_only=True)
    gradient_accumulation_steps: int | None = field(default=None, kw_only=True)
    undecayed: tuple[str, ...] | Callable[[str, jax.Array], bool] = trees.static(default=(), kw_only=True)

    # The rule, in a subclass.

    def slots(self, w: jax.Array) -> Slots:
        """The slot variables of one array before the first update."""
        return ()

    def delta(self, g: jax.Array, slots: Slots, w: jax.Array, lr: Any, t: jax.Array) -> tuple[jax.Array, Slots]:
        """What to add to array ``w`` whose gradient is ``g`` in update ``t`` = 1, 2, ..., and the new slots."""
        raise NotImplementedError

    def rates(self, slots: Slots, lr: Any, t: Any) -> Any:
        """The effective learning rate of each number of an array after update ``t``: what its direction is scaled by.

        A rule with one rate for all has ``lr``.
        """
        return lr

    def point(self, w: jax.Array, slots: Slots) -> jax.Array:
        """The rule's own point, where ``w``, at which the gradient is taken, looks ahead of it."""
        return w

    @property
    def looks_ahead(self) -> bool:
        """Whether the gradient is taken at another point than the rule's own."""
        return False

    # What happens around it.

    def __new__(cls, *arguments: Any, **named: Any) -> Any:
        """A rule, unless it is given an argument that it has not."""
        kind: Any = cls
        unknown = [name for name in named if name not in trees.fields(kind)]
        if unknown:
            parameters = inspect.signature(cls.__init__).parameters
            if unknown[0] not in parameters and not any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
                name = unknown[0]
                way = f" Use {OTHER_NAMES[name]}." if name in OTHER_NAMES else checks.nearest(name, trees.fields(kind))
                raise checks.RavineTypeError(f"{cls.__name__} takes no {name}=.{way}")
        return super().__new__(cls)

    def __getattr__(self, name: str) -> Any:
        raise keras_names.missing(type(self).__name__, name, "Optimizer", dir(type(self)))

    def __setattr__(self, name: str, value: Any) -> None:
        known = trees.fields(self.__class__)  # type: ignore[arg-type]  # the class can be hashed, its objects cannot
        if name not in known:
            raise AttributeError(f"{type(self).__name__} has no {name!r}.{checks.nearest(name, known)}")
        if name == "learning_rate":
            value = value if isinstance(value, Schedule) or not callable(value) else Function(value)
        elif name in vars(self) and not _same_structure(known[name], getattr(self, name), value):
            raise AttributeError(
                f"{name}={checks.shown(value)}: this choice belongs to the compiled program and to what the optimizer "
                f"remembers, so it cannot be changed in place; compile the model with a new {type(self).__name__}."
            )
        object.__setattr__(self, name, value)

    def check(self) -> None:
        """Raise where a hyperparameter cannot work. Called by ``compile`` and ``fit``."""
        self._check_form()
        if isinstance(self.learning_rate, Schedule):
            trees.check_form(
                "learning_rate", self.learning_rate, Schedule, "__call__", instead="A function of the step"
            )
            self.learning_rate.check()
        else:
            checks.number("learning_rate", self.learning_rate, least=0)
        clips = {n: getattr(self, n) for n in ("clipnorm", "clipvalue", "global_clipnorm")}
        given = {name: value for name, value in clips.items() if value is not None}
        for name, value in given.items():
            checks.number(name, value, above=0)
        if len(given) > 1:
            shown = ", ".join(f"{name}={value}" for name, value in given.items())
            raise checks.RavineValueError(f"{shown}: expected at most one way to clip.")
        if self.weight_decay is not None:
            checks.number("weight_decay", self.weight_decay, least=0)
        checks.boolean("use_ema", self.use_ema)
        checks.number("ema_momentum", self.ema_momentum, least=0, most=1)
        for name in ("ema_overwrite_frequency", "gradient_accumulation_steps"):
            count: Any = getattr(self, name)
            if count is not None:
                # As a leaf it is a float32, in which a whole number is still one.
                whole = isinstance(count, np.floating) and count.is_integer()
                checks.integer(name, int(count) if whole else count, least=1)
        _check_undecayed(self.undecayed)
        self.check_run(None, int(self.gradient_accumulation_steps or 1))

    def _check_form(self) -> None:
        """Raise where the class of a user's rule does not say how to move, or makes slots under another name."""
        cls = type(self)
        trees.check_form("optimizer", self, Optimizer, "delta", "move", instead="A transformation of optax")
        for name in OTHER_NAMES_OF_SLOTS:
            if hasattr(cls, name) and cls.slots is Optimizer.slots and cls.slots_at is Optimizer.slots_at:
                raise checks.RavineTypeError(
                    f"optimizer: nobody calls {cls.__name__}.{name}. Expected slots(self, w): the slot variables of "
                    "an array."
                )

    def check_run(self, state: OptimizerState | None, batches: int) -> None:
        """Raise where a schedule gives no learning rate at one of the steps to come."""
        if isinstance(self.learning_rate, Schedule):
            done = 0 if state is None else int(state.step)
            waiting = 0 if state is None or state.summed is None else int(state.summed)
            updates = (waiting + batches) // int(self.gradient_accumulation_steps or 1)
            self.learning_rate.check_steps(range(done, done + updates))

    def check_params(self, params: Any) -> None:
        """Warn of a pattern of ``undecayed`` that is found in no array's path, so that it would leave nothing out."""
        known = paths(params)
        for pattern in () if callable(self.undecayed) else self.undecayed:
            if not any(re.search(pattern, path) for path in known):
                checks.warn(
                    f"undecayed={pattern!r} is found in the path of no array, so all of them decay. The paths are: "
                    f"{', '.join(known)}."
                )

    def exclude_from_weight_decay(self, var_list: None = None, var_names: list[str] | None = None) -> None:
        """Leave arrays out of weight decay, as in Keras. To be called before ``compile``.

        Args:
            var_list: not offered, since arrays have no identity here; use their names.
            var_names: regular expressions to be found in the arrays' paths, such as ``["bias", "gamma"]``.
        """
        if var_list:
            checks.reject("var_list", var_list, "None: name the arrays in var_names, such as ['bias']")
        names = (var_names,) if isinstance(var_names, str) else tuple(var_names or ())
        _check_undecayed(names)
        object.__setattr__(self, "undecayed", names)

    def lr(self, step: Any) -> Any:
        """The learning rate of the update after ``step`` finished ones."""
        return self.learning_rate(step) if isinstance(self.learning_rate, Schedule) else self.learning_rate

    def slots_at(self, path: str, w: jax.Array) -> Slots:
        """The slot variables of the array at ``path``, for rules to which the place matters."""
        return self.slots(w)

    def decay_at(self, path: str, w: jax.Array) -> float | None:
        """The weight decay of the array at ``path``, unless ``undecayed`` names it."""
        return self.weight_decay

    def _decays(self, path: str, w: jax.Array) -> bool:
        if callable(self.undecayed):
            return not self.undecayed(path, w)
        return not any(re.search(pattern, path) for pattern in self.undecayed)

    def move(
        self, g: jax.Array, slots: Slots, w: jax.Array, lr: Any, t: jax.Array, decay: float | None
    ) -> tuple[jax.Array, Slots]:
        """What to add to array ``w``: its decay, then the rule's step from there."""
        if decay is None:
            return self.delta(g, slots, w, lr, t)
        shrink = lr * decay * w
        step, slots = self.delta(g, slots, w - shrink, lr, t)
        return step - shrink, slots

    def init(self, params: Any) -> OptimizerState:
        """The state before the first update of a tree of arrays."""
        if not any(isinstance(leaf, jax.core.Tracer) for leaf in jax.tree.leaves(self)):
            self.check()
        leaves = jax.tree.leaves(params)
        accumulates = self.gradient_accumulation_steps is not None
        return OptimizerState(
            step=jnp.zeros((), jnp.int32),
            slots=tuple(self.slots_at(path, w) for path, w in zip(paths(params), leaves, strict=True)),
            sums=tuple(jnp.zeros_like(w) for w in leaves) if accumulates else None,
            summed=jnp.zeros((), jnp.int32) if accumulates else None,
            averages=tuple(jnp.copy(w) for w in leaves) if self.use_ema else None,
        )

    def update(self, grads: Any, state: OptimizerState, params: Any = None) -> tuple[Any, OptimizerState]:
        """The updates to add to ``params``, and the state after them."""
        if params is None:
            raise checks.RavineTypeError(
                f"{type(self).__name__}.update: expected the parameters as its third argument."
            )
        leaves, structure = jax.tree.flatten(params)
        gradients = jax.tree.leaves(grads)
        if self.gradient_accumulation_steps is None:
            moves, state = self._updated(gradients, state, leaves, paths(params))
        else:
            moves, state = self._accumulated(gradients, state, leaves, paths(params))
        return jax.tree.unflatten(structure, moves), state

    def _accumulated(
        self, gradients: list[jax.Array], state: OptimizerState, leaves: list[jax.Array], places: list[str]
    ) -> tuple[list[jax.Array], OptimizerState]:
        """Add to the waiting gradients; once there are enough, an update with their mean."""
        count = jnp.asarray(self.gradient_accumulation_steps).astype(jnp.int32)
        sums = [s + g.astype(s.dtype) for s, g in zip(state.sums or (), gradients, strict=True)]
        summed = jnp.asarray(state.summed) + 1

        def finish() -> tuple[list[jax.Array], OptimizerState]:
            moves, after = self._updated([(s / count).astype(s.dtype) for s in sums], state, leaves, places)
            return moves, replace(after, sums=tuple(map(jnp.zeros_like, sums)), summed=jnp.zeros_like(summed))

        def wait() -> tuple[list[jax.Array], OptimizerState]:
            return [jnp.zeros_like(w) for w in leaves], replace(state, sums=tuple(sums), summed=summed)

        return lax.cond(summed >= count, finish, wait)

    def _updated(
        self, gradients: list[jax.Array], state: OptimizerState, leaves: list[jax.Array], places: list[str]
    ) -> tuple[list[jax.Array], OptimizerState]:
        step, lr = state.step + 1, self.lr(state.step)
        moves, slots = [], []
        for place, g, old, w in zip(places, self._clipped(gradients), state.slots, leaves, strict=True):
            decay = self.decay_at(place, w) if self._decays(place, w) else None
            moved, new = self.move(g, old, w, lr, step, decay)
            # A rule may compute in a wider type than that of half-precision weights; what is kept is not wider.
            moves.append(moved.astype(w.dtype))
            slots.append(tuple(n.astype(o.dtype) for n, o in zip(new, old, strict=True)))
        averages = None
        if state.averages is not None:
            moves, averages = self._averaged(moves, state.averages, leaves, step)
        return moves, replace(state, step=step, slots=tuple(slots), averages=averages)

    def _clipped(self, gradients: list[jax.Array]) -> list[jax.Array]:
        if self.clipvalue is not None:
            return [jnp.clip(g, -self.clipvalue, self.clipvalue) for g in gradients]
        if self.clipnorm is not None:
            return [_within(g, jnp.linalg.norm(g.ravel()), self.clipnorm) for g in gradients]
        if self.global_clipnorm is not None:
            norm = jnp.sqrt(sum(jnp.sum(g**2) for g in gradients))
            return [_within(g, norm, self.global_clipnorm) for g in gradients]
        return gradients

    def _averaged(
        self, moves: list[jax.Array], averages: tuple[jax.Array, ...], leaves: list[jax.Array], step: jax.Array
    ) -> tuple[list[jax.Array], tuple[jax.Array, ...]]:
        """The averages with the new weights taken in; every so often the weights move onto them."""
        kept = jnp.where(step == 1, 0.0, self.ema_momentum)  # the first average is of the first weights alone
        new = tuple(
            (kept * a + (1 - kept) * (w + move)).astype(a.dtype)
            for a, w, move in zip(averages, leaves, moves, strict=True)
        )
        if self.ema_overwrite_frequency is not None:
            every = jnp.asarray(self.ema_overwrite_frequency).astype(jnp.int32)
            moves = [jnp.where(step % every == 0, a - w, move) for a, w, move in zip(new, leaves, moves, strict=True)]
        return moves, new

    def evaluation_params(self, params: Any, state: OptimizerState) -> Any:
        """The moving averages with ``use_ema``, else the weights themselves."""
        if state.averages is None:
            return params
        return jax.tree.unflatten(jax.tree.structure(params), state.averages)


def paths(params: Any) -> list[str]:
    """Where each array of a tree is, such as ``"1/kernel"``, in the order of ``jax.tree.leaves``."""
    found = jax.tree_util.tree_flatten_with_path(params)[0]
    return ["/".join(str(_key(k)) for k in path) for path, _ in found]


def _key(entry: Any) -> Any:
    """The name, key or index by which a tree's node calls its child."""
    for attribute in ("name", "key", "idx"):
        if hasattr(entry, attribute):
            return getattr(entry, attribute)
    return entry


def _within(g: jax.Array, norm: jax.Array, largest: Any) -> jax.Array:
    """``g``, scaled so that ``norm`` is at most ``largest``."""
    return g * (largest / jnp.maximum(norm, largest)).astype(g.dtype)


def _same_structure(known: dataclasses.Field[Any], old: Any, new: Any) -> bool:
    if known.metadata.get("role") == "static":
        return bool(old == new)
    return (old is None) == (new is None)


def _check_undecayed(undecayed: Any) -> None:
    if not callable(undecayed):
        check_patterns(
            "undecayed",
            undecayed,
            "regular expressions such as ('bias', 'gamma'), or a function (path, array) -> bool",
        )


def check_patterns(argument: str, patterns: Any, expected: str) -> None:
    """Raise unless ``patterns`` is a tuple of regular expressions."""
    if not isinstance(patterns, list | tuple) or not all(isinstance(pattern, str) for pattern in patterns):
        checks.reject_type(argument, patterns, f"a tuple of {expected}")
    for pattern in patterns:
        try:
            re.compile(pattern)
        except re.error:
            checks.reject(argument, pattern, expected)


def check_betas(optimizer: Any, *names: str) -> None:
    """Raise unless each named decay rate of ``optimizer`` lies in [0, 1)."""
    for name in names:
        checks.number(name, getattr(optimizer, name), least=0, below=1)


def unbiased(mean: jax.Array, beta: Any, t: Any) -> jax.Array:
    """A moving average that started at zero, corrected: mean / (1 − βᵗ).

    One division, then a product for each number, which takes a CPU a fraction of the time of dividing each.
    """
    return mean * (1 / (1 - beta**t))


def zeros(w: jax.Array, count: int) -> Slots:
    """``count`` slots of zeros in the shape of ``w``."""
    return tuple(jnp.zeros_like(w) for _ in range(count))
