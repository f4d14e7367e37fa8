"""Walking down an objective: a scan over steps, for one run or for many at once."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ravine import checks, objectives, optimizers, seeds, trees
from ravine.landscape.trajectory import Record, Trajectory
from ravine.objectives import Objective
from ravine.optimizers import Optimizer, OptimizerState
from ravine.training import placement, programs

RECORDED_AT_ONCE = 100_000
"""Runs times steps up to which all is recorded at once. Recording takes several times as long as walking."""

MOST_PLACES = 2**28
"""Runs times steps at most: their places alone take 4 GiB."""

Array = np.ndarray[Any, Any]


def descend(
    objective: str | Objective | Callable[[Any], Any],
    optimizer: str | Any,
    start: Any = None,
    steps: int = 100,
    *,
    seed: int | Sequence[int] = 0,
    dtype: Any = np.float64,
) -> Trajectory:
    """Let ``optimizer`` walk down ``objective``.

    Many runs side by side are one compiled program: give many starts, many values of the optimizer's numbers, such as
    ``SGD([0.01, 0.1])``, or many seeds. What is given once serves all runs.

    JAX's global setting of 64-bit numbers is left as it is, whatever ``dtype``.

    Args:
        objective: a name, an :class:`~ravine.objectives.Objective`, or a JAX function of a vector ``[2]``.
        optimizer: a name or an optimizer, whose numbers may be lists of one number a run.
        start: a point ``[2]``, or points ``[runs, 2]``; by default the objective's own.
        steps: how many steps to take, at least 1.
        seed: an integer in [0, 2**32), or one a run: where the noise of a noisy objective comes from.
        dtype: float64 or float32.

    Raises:
        RavineValueError: an argument cannot work, or the numbers of runs do not agree.
    """
    objective = objectives.get(objective)
    steps = checks.integer("steps", steps, least=1)
    dtype = np.dtype(dtype)
    if dtype not in (np.float32, np.float64):
        checks.reject("dtype", dtype, "float64 or float32")
    rule = _checked(optimizer, steps)
    starts = _starts(objective.start if start is None else start, dtype)
    seed_array = _seeds(seed)
    runs = _runs({"start": starts, "seed": seed_array} | {f"optimizer's {n}": v for n, v in _lists(rule).items()})
    count = 1 if runs is None else runs
    if count * steps > MOST_PLACES:
        checks.reject("steps", steps, f"at most {MOST_PLACES // count:,}, since the place after each step is recorded")
    starts = np.broadcast_to(starts, (count, 2))
    walk = functools.partial(_walked, objective, rule, starts, np.broadcast_to(seed_array, count), runs is None)
    if count * steps > RECORDED_AT_ONCE:
        points, ahead = walk(Steps(steps, places_only=True))
        return Trajectory(objective, rule, points, ahead, functools.cache(lambda: Record(*walk(Steps(steps))[2:])))
    points, ahead, *rest = walk(Steps(steps))
    record = Record(*rest)
    return Trajectory(objective, rule, points, ahead, lambda: record)


def _walked(
    objective: Objective, rule: Optimizer, starts: Array, seed: Array, single: bool, steps: Steps
) -> tuple[Any, ...]:
    """What :func:`walk_all` records, as NumPy arrays with the runs first, or without that axis for a ``single`` run."""
    numbers = jax.tree.map(lambda n: np.asarray(n, starts.dtype), (objective, rule))
    keys = None if objective.noise is None else seeds.streams(seed, "noise")
    options = placement.exact(trees.has_user_code((objective, rule)))
    walk = programs.compiled(walk_all, options, wide=starts.dtype == np.float64)
    record = walk(*numbers, starts, keys, steps)
    return jax.tree.map(lambda a: np.asarray(a)[..., 0] if single else np.moveaxis(np.asarray(a), -1, 0), record)


@trees.tree
class Steps:
    """How many steps a program takes, and whether it records the places only, as structure."""

    count: int = trees.static()
    places_only: bool = trees.static(default=False)


def walk_all(
    objective: Objective, rule: Optimizer, starts: jax.Array, keys: jax.Array | None, steps: Steps
) -> tuple[Any, ...]:
    """The record of all runs: points, look-ahead points, values, slots, gradients, rates.

    Each array is ``[steps + 1, ..., runs]``, since loops along contiguous runs are the fastest. The last of gradients
    and rates are those of a step that is not taken. ``rule`` has leaves of one number, or of one a run.
    """
    by_run = jax.tree.map(lambda leaf: 0 if jnp.ndim(leaf) else None, rule)
    # All runs have taken as many steps: counted once for all, what depends on the count alone is computed once too.
    state_by_run = OptimizerState(step=None, slots=-1, averages=-1)  # type: ignore[arg-type]

    def init(rule: Optimizer, w: jax.Array) -> OptimizerState:
        return rule.init(w)

    def shown(rule: Optimizer, w: jax.Array, state: Any) -> tuple[Any, ...]:
        """The rule's point, the place of the gradient, the value, the slots."""
        point = rule.point(w, state.slots[0])
        return point, w if rule.looks_ahead else None, objective(point), state.slots[0]

    def step(rule: Optimizer, w: jax.Array, state: Any, key: jax.Array | None) -> tuple[Any, ...]:
        g = objective.gradient(w)
        if objective.noise is not None and key is not None:
            g = g + objective.noise * jax.random.normal(jax.random.fold_in(key, state.step), (2,), w.dtype)
        lr = rule.lr(state.step)
        update, state = rule.update(g, state, w)
        rates = jnp.broadcast_to(rule.rates(state.slots[0], lr, state.step), (2,)).astype(w.dtype)
        return w + update, state, (g, rates)

    begin = jax.vmap(init, (by_run, -1), state_by_run)
    take = jax.vmap(step, (by_run, -1, state_by_run, 0), (-1, state_by_run, -1))
    show = jax.vmap(shown, (by_run, -1, state_by_run), -1)

    def body(carry: tuple[Any, Any], _: None) -> tuple[Any, Any]:
        w, state, taken = take(rule, *carry, keys)
        seen = show(rule, *carry)
        return (w, state), seen[:2] if steps.places_only else (*seen, *taken)

    # The last turn is there to show where the run ended. Its own step is dropped: cheaper than joining arrays.
    starts = starts.T
    return jax.lax.scan(body, (starts, begin(rule, starts)), None, length=steps.count + 1)[1]


def _starts(start: Any, dtype: np.dtype[Any]) -> np.ndarray[Any, Any]:
    expected = "a point of 2 finite numbers, or points [runs, 2]"
    try:
        points = np.asarray(start, dtype)
    except (TypeError, ValueError):
        checks.reject_type("start", start, expected)
    if points.ndim not in (1, 2) or points.shape[-1] != 2 or not points.size:
        raise checks.RavineValueError(f"start has shape {points.shape}: expected {expected}.")
    if not np.isfinite(points).all():
        checks.reject("start", start, expected)
    return points


def _lists(rule: Optimizer) -> dict[str, Any]:
    """The rule's numbers of which there is one a run, by name."""
    found = jax.tree_util.tree_flatten_with_path(rule)[0]
    return {jax.tree_util.keystr(path).lstrip("."): leaf for path, leaf in found if np.ndim(leaf) == 1}


def _checked(optimizer: Any, steps: int) -> Optimizer:
    """``optimizer`` as a rule whose lists are arrays; each of their numbers is checked."""
    rule: Any
    if isinstance(optimizer, Optimizer):
        lists = {name: getattr(optimizer, name) for name in vars(optimizer)}
        arrays: dict[str, Any] = {
            name: np.asarray(value) for name, value in lists.items() if isinstance(value, list | np.ndarray | jax.Array)
        }
        for name, value in arrays.items():
            if value.ndim > 1 or value.dtype.kind not in "iuf" or not value.size:
                checks.reject(name, lists[name], "a number, or a list of one number a run")
        rule = replace(optimizer, **arrays)
        # Without lists one look is enough.
        for pick in (
            (np.min, np.max) if arrays else (np.min,)
        ):  # a bound that both keep is kept by all; NaN is either's result
            extreme = jax.tree.map(lambda leaf, pick=pick: float(pick(leaf)) if np.ndim(leaf) else leaf, rule)
            extreme.check()
            extreme.check_run(None, steps)
    else:
        rule = optimizers.get(optimizer)
        if not isinstance(rule, Optimizer):
            checks.reject_type("optimizer", optimizer, "a name or one of ravine.optimizers, whose steps can be told")
    if rule.gradient_accumulation_steps is not None:
        checks.reject(
            "gradient_accumulation_steps", rule.gradient_accumulation_steps, "None, since there are no batches"
        )
    return rule


def _seeds(seed: Any) -> Array:
    """The checked seeds: a number, or one a run."""
    if isinstance(seed, Sequence | np.ndarray) and np.ndim(seed) == 1:
        return np.array([seeds.check_seed(f"seed[{i}]", s) for i, s in enumerate(seed)], np.uint32)
    return np.asarray(seeds.check_seed("seed", seed), np.uint32)


def _runs(given: dict[str, Array]) -> int | None:
    """The number of runs on which all lists agree; None where there is none. A start is a list if it has two axes."""
    counts = {name: len(values) for name, values in given.items() if np.ndim(values) == 1 + (name == "start")}
    if len(set(counts.values())) > 1:
        shown = ", ".join(f"{count} of {name}" for name, count in counts.items())
        raise checks.RavineValueError(f"expected the same number of runs everywhere, got {shown}.")
    return next(iter(counts.values()), None)
