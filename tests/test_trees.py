import functools
from dataclasses import FrozenInstanceError, replace

import jax
import numpy as np
import pytest

from ravine import trees


@trees.tree
class Rule:
    rate: float
    steep: bool = trees.static(default=False)
    name: str | None = trees.label(default=None)


def test_plain_fields_are_leaves():
    assert jax.tree.leaves(Rule(0.5, True, "a")) == [0.5]
    assert jax.tree.map(lambda r: 2 * r, Rule(0.5, True)) == Rule(1.0, True)


def test_static_fields_are_structure_and_labels_are_nothing():
    structure = jax.tree.structure(Rule(0.5))
    assert jax.tree.structure(Rule(0.7)) == structure
    assert jax.tree.structure(Rule(0.5, name="a")) == structure
    assert jax.tree.structure(Rule(0.5, steep=True)) != structure
    assert Rule(0.5, name="a") == Rule(0.5, name="b")


def test_classes_of_the_same_fields_are_different_structures():
    # Otherwise jit may take a program compiled for the one and run it for the other.
    @trees.tree
    class First:
        rate: float
        steep: bool = trees.static(default=False)

    @trees.tree
    class Second:
        rate: float
        steep: bool = trees.static(default=False)

    assert jax.tree.structure(First(0.5)) == jax.tree.structure(First(0.7))
    assert jax.tree.structure(First(0.5)) != jax.tree.structure(Second(0.5))


def test_leaves_are_named_by_their_fields():
    ((path, leaf),) = jax.tree.leaves_with_path({"a": Rule(0.5)})
    assert (jax.tree_util.keystr(path), leaf) == ("['a'].rate", 0.5)


def test_a_tree_survives_the_journey():
    rule = Rule(0.5, steep=True, name="a")
    leaves, structure = jax.tree.flatten(rule)
    assert jax.tree.unflatten(structure, leaves) == rule
    assert jax.tree.unflatten(structure, leaves).name is None  # labels stay behind


def test_frozen_and_replaceable():
    rule = Rule(0.5, name="a")
    with pytest.raises(FrozenInstanceError):
        rule.rate = 1.0
    assert replace(rule, rate=1.0).name == "a"


def test_every_kind_of_number_is_one_program():
    traces = []

    @jax.jit
    def double(rule):
        traces.append(rule)
        return rule.rate * 2

    for rate in (1, 1.0, np.float64(1), np.int16(1), True, np.float32(1)):
        assert double(trees.as_leaves(Rule(rate))) == 2
    assert len(traces) == 1


def test_as_leaves_leaves_arrays_alone():
    array = np.arange(3)
    assert trees.as_leaves({"a": array, "b": 2, "c": None})["a"] is array


def test_a_class_is_frozen_as_its_base_is_unless_it_says():
    @trees.tree(frozen=False)
    class Base:
        rate: float = 0.5

    @trees.tree
    class Derived(Base):
        other: float = 1.0

    value = Derived()
    value.other = 2.0
    assert jax.tree.leaves(value) == [0.5, 2.0]


def test_a_list_in_a_static_field_counts_as_a_tuple():
    @trees.tree
    class Axes:
        axes: tuple[int, ...] = trees.static()

    assert jax.tree.structure(Axes([1, 2])) == jax.tree.structure(Axes((1, 2)))
    assert jax.jit(lambda a: len(a.axes))(Axes([1, 2])) == 2


def own(x):
    return 2 * x


@pytest.mark.parametrize(
    ("code", "found"),
    [
        (jax.nn.relu, False),
        (jax.jit(jax.numpy.square), False),
        (own, True),
        (jax.vmap(own), True),
        (jax.tree_util.Partial(own), True),
        (jax.vmap(jax.tree_util.Partial(own)), True),
        (functools.partial(jax.numpy.dot, np.ones((3, 3))), True),
    ],
    ids=["jax", "jit of jax", "own", "vmap of own", "Partial", "vmap of Partial", "partial of jax"],
)
def test_code_is_a_users_whatever_wraps_it(code, found):
    assert trees.has_user_code([code]) is found
