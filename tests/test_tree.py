"""Trees: what is a leaf, what is structure, and how the one goes back into the other."""

from collections import OrderedDict, namedtuple
from dataclasses import InitVar, dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import ClassVar

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd import Value
from autograd.tree import flatten, flatten_like, unflatten

Pair = namedtuple("Pair", "first second")


@dataclass
class Plain:
    x: object
    y: object = 2.0


@dataclass(frozen=True, slots=True)
class Frozen:
    x: object
    y: object


@dataclass
class Checked:
    """One whose __init__ takes something else than its fields."""

    x: object = field(init=False)

    def __post_init__(self):
        self.x = 7.0


class Module:
    is_module = True

    def __init__(self, **fields):
        vars(self).update(fields)

    def __eq__(self, other):
        return type(self) is type(other) and vars(self) == vars(other)

    __hash__ = object.__hash__


# -- what is a leaf ------------------------------------------------------------------------------


def leaves_of(tree):
    return flatten(tree)[0]


@pytest.mark.parametrize("leaf", [1, 1.5, Fraction(1, 3), numpy.float32(2.0), numpy.int64(3)])
def test_every_real_number_is_a_leaf(leaf):
    assert leaves_of(leaf) == [leaf]
    assert leaves_of([leaf, {"a": (leaf,)}]) == [leaf, leaf]


@pytest.mark.parametrize("static", ["text", True, False, None, len, Value, Plain, print])
def test_what_is_no_number_is_structure(static):
    leaves, structure = flatten([static, 1.0])
    assert leaves == [1.0]
    assert unflatten(structure, [5.0]) == [static, 5.0]


def test_each_element_of_an_array_is_a_leaf():
    array = numpy.array([[1.0, 2.0], [3.0, 4.0]])
    leaves, structure = flatten(array)
    assert leaves == [1.0, 2.0, 3.0, 4.0]
    back = unflatten(structure, leaves)
    assert back.dtype == float
    assert (back == array).all()


def test_an_array_of_values_is_one_of_objects():
    x, y = Value(1.0), Value(2.0)
    leaves, structure = flatten(numpy.array([x, y], dtype=object))
    assert leaves[0] is x
    assert leaves[1] is y
    assert unflatten(structure, leaves).dtype == object
    assert unflatten(structure, [3.0, 4.0]).dtype == float


@pytest.mark.parametrize("array", [numpy.array(5.0), numpy.zeros((0, 3)), numpy.zeros((2, 1, 2))])
def test_arrays_of_any_shape_come_back(array):
    leaves, structure = flatten(array)
    assert unflatten(structure, leaves).shape == array.shape


def test_in_a_module_only_values_are_leaves():
    w, b = Value(1.0), Value(2.0)
    module = Module(rate=0.5, weights=(w, {"b": b}), sizes=[3, 4], inner=Module(x=1.0), name="m")
    leaves, structure = flatten(module)
    assert [id(x) for x in leaves] == [id(w), id(b)]
    back = unflatten(structure, [10.0, 20.0])
    assert type(back) is Module
    assert back.weights == (10.0, {"b": 20.0})
    assert (back.rate, back.sizes, back.name) == (0.5, [3, 4], "m")
    assert back is not module
    assert module.weights == (w, {"b": b})


def test_dataclasses_come_back_without_their_init():
    checked = Checked()
    checked.x = 3.0
    for tree in (Plain(1.0, [2.0]), Frozen(1.0, (2.0, "a")), checked):
        leaves, structure = flatten(tree)
        assert unflatten(structure, leaves) == tree
        assert type(unflatten(structure, leaves)) is type(tree)


def test_subclasses_of_lists_and_tuples_come_back_as_such():
    class Row(list):
        pass

    for tree in (Row([1.0, 2.0]), Pair(1.0, [2.0]), (1.0,), ()):
        leaves, structure = flatten(tree)
        back = unflatten(structure, leaves)
        assert type(back) is type(tree)
        assert back == tree


def test_leaves_come_depth_first_and_dicts_in_their_own_order():
    assert leaves_of({"b": [1, (2, 3)], "a": {"z": 4, "y": [5]}}) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("bad", [1j, Decimal(1), {1, 2}, object(), b"bytes", range(3)])
def test_what_has_no_place_in_a_tree_is_a_type_error(bad):
    with pytest.raises(TypeError, match="expected numbers, Values, arrays, or lists"):
        flatten([1.0, {"a": bad}])


# -- round trips ---------------------------------------------------------------------------------

KEYS = st.one_of(st.text(max_size=3), st.integers())
TREES = st.recursive(
    st.one_of(
        st.floats(allow_nan=False), st.integers(), st.fractions(), st.text(max_size=3),
        st.booleans(), st.none(), st.builds(Value, st.floats(-9, 9)),
    ),
    lambda trees: st.one_of(
        st.lists(trees, max_size=4),
        st.lists(trees, max_size=4).map(tuple),
        st.dictionaries(KEYS, trees, max_size=4),
        st.builds(Pair, trees, trees),
        st.builds(Plain, trees, trees),
        st.builds(Frozen, trees, trees),
        st.builds(lambda a, b: Module(a=a, b=b), trees, trees),
    ),
    max_leaves=12,
)  # fmt: skip


@given(TREES)
def test_a_tree_comes_back_from_its_leaves_and_structure(tree):
    leaves, structure = flatten(tree)
    assert unflatten(structure, leaves) == tree


@given(TREES)
def test_the_structure_does_not_depend_on_the_numbers(tree):
    leaves, structure = flatten(tree)
    other = unflatten(structure, [Value(i) for i in range(len(leaves))])
    assert flatten(other)[1] == structure


@given(TREES)
def test_the_leaves_of_a_like_tree_are_its_leaves(tree):
    leaves, structure = flatten(tree)
    numbers = [float(i) for i in range(len(leaves))]
    assert flatten_like(structure, unflatten(structure, numbers)) == numbers


def test_structures_differ_where_trees_do():
    trees = [
        1.0, [1.0], (1.0,), [1.0, 2.0], {"a": 1.0}, {"b": 1.0}, {"a": 1.0, "b": 2.0}, ["a"], ["b"],
        Pair(1.0, 2.0), Plain(1.0, 2.0), Frozen(1.0, 2.0), numpy.zeros(2), numpy.zeros((2, 1)),
        Module(x=Value(1.0)), Module(x=1.0), Module(x=2.0), Module(y=Value(1.0)), None, True,
        [[1.0]],
    ]  # fmt: skip
    structures = [flatten(tree)[1] for tree in trees]
    for i, a in enumerate(structures):
        for j, b in enumerate(structures):
            assert (a == b) == (i == j), (trees[i], trees[j])


def test_equal_structures_can_be_told_by_hash_too():
    a, b = ({"w": [1.0, (2.0, None)], "n": "x"} for _ in range(2))
    assert hash(flatten(a)[1]) == hash(flatten(b)[1])


# -- like trees ----------------------------------------------------------------------------------


def test_a_number_stands_for_any_leaf():
    structure = flatten(Module(w=Value(1.0), rate=0.1))[1]
    assert flatten_like(structure, Module(w=2.0, rate=0.5)) == [2.0]
    assert flatten_like(flatten(numpy.zeros(2))[1], numpy.array([1.0, 2.0])) == [1.0, 2.0]


@pytest.mark.parametrize(
    ("like", "other"),
    [
        ([1.0, 2.0], [1.0]),
        ([1.0, 2.0], {"a": 1.0}),
        ({"a": 1.0}, {"b": 1.0}),
        ({"a": 1.0}, [1.0]),
        (numpy.zeros((2, 1)), numpy.zeros(2)),
        (numpy.zeros(2), [0.0, 0.0]),
        (Plain(1.0), Frozen(1.0, 2.0)),
        (Module(w=Value(1.0)), Plain(1.0)),
        (Module(w=Value(1.0)), Module(v=Value(1.0))),
    ],
)
def test_a_tree_of_another_structure_is_a_value_error(like, other):
    with pytest.raises(ValueError, match=r"expected a (sequence|dict|object|array) of .*, but got"):
        flatten_like(flatten(like)[1], other)


@pytest.mark.parametrize("other", ["text", None, [1.0], 1j])
def test_what_is_no_number_cannot_stand_for_a_leaf(other):
    with pytest.raises(TypeError, match="expected a real number"):
        flatten_like(flatten(1.0)[1], other)


@dataclass
class Measured:
    width: float
    scale: ClassVar[float] = 3.0
    start: InitVar[float] = 0.0

    def __post_init__(self, start: float) -> None:
        self.name = f"from {start}"


def test_a_dataclass_has_its_fields_for_leaves_and_keeps_its_other_attributes() -> None:
    leaves, structure = flatten(Measured(2.0, start=1.0))
    assert leaves == [2.0]
    again = unflatten(structure, [5.0])
    assert (again.width, again.name, again.scale) == (5.0, "from 1.0", 3.0)


def test_an_array_of_truth_values_is_structure() -> None:
    mask = numpy.array([True, False])
    leaves, structure = flatten({"x": numpy.array([1.0, 2.0]), "mask": mask})
    assert leaves == [1.0, 2.0]
    assert unflatten(structure, [3.0, 4.0])["mask"].dtype == bool


def test_a_dict_of_another_kind_stays_of_that_kind() -> None:
    leaves, structure = flatten(OrderedDict(a=1.0, b=2.0))
    assert unflatten(structure, leaves) == OrderedDict(a=1.0, b=2.0)
    assert type(unflatten(structure, leaves)) is OrderedDict
