"""Explanations of gradients: judged by listing every path, and by what they say in words."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from IPython.core.formatters import DisplayFormatter

import autograd
from autograd import Value, draw, explain, topological_order, trace_source
from autograd.testing import Expression, expressions

ROUNDING = 1e-12  # relative: a product of a few numbers, multiplied in another order
ADDING = 1e-9  # relative to the largest term: sums of some hundred terms that may cancel
MANY = 200_000  # nodes in a row: a hundred times as deep as Python recurses
SECONDS = 60.0  # for them, which take 2 on a slow machine, and days where each is walked again
ALL = 10**6  # paths: more than any drawn graph here has


def every_path(root: Value, leaf: Value) -> Iterator[tuple[float, ...]]:
    """The local gradients along each path, by the definition: recursively, one after another."""
    if root is leaf:
        yield ()
        return
    for parent, local_grad in zip(root.parents, root.local_grads, strict=True):
        for rest in every_path(parent, leaf):
            yield (local_grad, *rest)


def products(root: Value, leaf: Value) -> list[float]:
    return [math.prod(path) for path in every_path(root, leaf)]


def diamond(levels: int) -> tuple[Value, Value]:
    """x, and x again as 2^levels paths: each level adds two halves of the one before."""
    x = y = Value(1.0, label="x")
    for _ in range(levels):
        y = y * 0.5 + y * 0.5
    return x, y


def few_paths(expression: Expression) -> bool:
    """Whether all paths can be listed."""
    root = expression.graph()
    ways = {id(root): 1}
    for node in reversed(topological_order(root)):
        for parent in node.parents:
            ways[id(parent)] = ways.get(id(parent), 0) + ways[id(node)]
    return max(ways.values()) <= 2_000


Expressions = expressions(kinks=True).filter(few_paths)


# -- against the list of all paths ---------------------------------------------------------------


@given(Expressions, st.integers(0, 20))
def test_all_paths_are_found_the_largest_first(expression: Expression, which: int) -> None:
    root = expression.graph()
    order = topological_order(root)
    leaf = order[which % len(order)]
    expected = products(root, leaf)
    found = explain(leaf, root, ALL)
    shown = [path.product for path in found]
    by_size = sorted([x for x in expected if x], key=abs, reverse=True)
    assert found.count == len(expected)
    assert found.zeros == len(expected) - len(by_size)
    assert [abs(x) for x in shown] == pytest.approx([abs(x) for x in by_size], rel=ROUNDING)
    assert sorted(shown) == pytest.approx(sorted(by_size), rel=ROUNDING)
    assert len({path.nodes + path.places for path in found}) == len(found)


@given(Expressions, st.integers(1, 6))
def test_the_first_paths_are_the_first_of_all_paths(expression: Expression, most: int) -> None:
    root = expression.graph()
    leaf = topological_order(root)[0]
    everything = [path.product for path in explain(leaf, root, ALL)]
    first = [path.product for path in explain(leaf, root, most)]
    assert [abs(x) for x in first] == pytest.approx(
        [abs(x) for x in everything[:most]], rel=ROUNDING
    )


@given(Expressions)
def test_paths_add_up_to_the_gradient_and_shares_to_one(expression: Expression) -> None:
    root = expression.graph()
    leaf = topological_order(root)[0]
    found = explain(leaf, root, ALL)
    root.backward()
    assert found.gradient == leaf.grad
    largest = max([abs(path.product) for path in found], default=0.0)
    assert found.shown == pytest.approx(leaf.grad, abs=ADDING * largest)
    if leaf.grad:
        shares = sum(path.share for path in found)
        assert shares == pytest.approx(1.0, abs=ADDING * largest / abs(leaf.grad))


@given(Expressions)
def test_a_path_is_one_of_the_graph(expression: Expression) -> None:
    root = expression.graph()
    leaf = topological_order(root)[0]
    for path in explain(leaf, root):
        assert path.nodes[0] is root
        assert path.nodes[-1] is leaf
        steps = zip(path.nodes, path.nodes[1:], path.places, path.local_grads, strict=False)
        for node, parent, place, local_grad in steps:
            assert node.parents[place] is parent
            assert node.local_grads[place] == local_grad
        assert len(path.nodes) == len(path.places) + 1 == len(path.local_grads) + 1


def test_explaining_changes_no_gradient() -> None:
    x = Value(2.0, label="x")
    y = (x * x).exp()
    y.backward()
    before = [node.grad for node in topological_order(y)]
    explain(x, y)
    assert [node.grad for node in topological_order(y)] == before


# -- shapes that matter --------------------------------------------------------------------------


def test_parallel_edges_are_two_paths() -> None:
    x = Value(3.0, label="x")
    found = explain(x, x * x)
    assert [path.product for path in found] == [3.0, 3.0]
    assert [path.places for path in found] == [(0,), (1,)]
    assert found.gradient == 6.0


def test_an_interior_node_can_be_asked_about() -> None:
    x = Value(3.0, label="x")
    inner = x * 2.0
    found = explain(inner, inner * inner * x)
    assert found.gradient == 36.0
    assert found.count == 2


def test_the_root_itself_has_one_path_without_an_edge() -> None:
    x = Value(3.0, label="x")
    (path,) = explain(x, x)
    assert (path.nodes, path.places, path.product, path.share) == ((x,), (), 1.0, 1.0)


def test_a_thousand_diamonds_have_two_to_the_thousand_paths() -> None:
    x, root = diamond(1000)
    found = explain(x, root, 40)
    assert found.count == 2**1000
    assert found.gradient == 1.0
    assert [path.product for path in found] == [0.5**1000] * 40
    assert len({path.nodes for path in found}) == 40
    assert "by about 1.072e301 paths:" in str(found)
    assert "about 1.072e301 more paths; those shown add up to 3.733e-300" in str(found)


def test_the_largest_paths_of_a_diamond_are_found_among_many() -> None:
    x = y = Value(1.0)
    for _ in range(300):
        y = y * 1.0 + y * 0.5
    exponents = [math.log2(path.product) for path in explain(x, y, 302)]
    assert exponents == [0.0] + [-1.0] * 300 + [-2.0]


def test_a_product_beyond_floats_is_still_compared_and_written() -> None:
    x = Value(1.0, label="x")
    small = large = x
    for _ in range(400):
        small, large = small * 0.1, large * 0.2
    found = explain(x, small + large)
    first, large_line, small_line = str(found).splitlines()
    assert first == "∂L/∂x = 2.582e-280, by 2 paths:"
    assert large_line.startswith("  2.582e-280 (100 %)  L ← v800 ← v799 ← … 396 more … ← v402 ← ")
    assert large_line.endswith("x:  1 × 0.2 × 0.2 × … 395 more … × 0.2 × 0.2 × 0.2")
    assert small_line.startswith("  1e-400 (0 %)  L ← v400")


def test_an_overflow_on_the_way_is_named() -> None:
    x = Value(1e-300, label="x")
    y = (x * 1e-200) * 1e300 * 1e300
    found = explain(x, y)
    assert found.gradient == math.inf
    assert "1e400  L ← v2 ← v1 ← x" in str(found)
    assert "too large for a float" in str(found)


def test_a_long_chain_is_walked_without_recursion() -> None:
    x = y = Value(1.0, label="x")
    for _ in range(MANY):
        y = y * 0.5
    start = time.perf_counter()
    found = explain(x, y)
    text = str(found)
    assert time.perf_counter() - start < SECONDS
    assert found.count == 1
    assert "1.002e-60206  L ← v199999 ← v199998 ← … 199,995 more … ← v2 ← v1 ← x:  0.5" in text
    assert "too small for a float" in text
    assert max(map(len, text.splitlines())) < 150


# -- zeros, infinities, nans ---------------------------------------------------------------------


def test_without_a_path_the_gradient_is_zero_and_that_is_said() -> None:
    x, w = Value(2.0, label="x"), Value(3.0, label="w")
    found = explain(w, x * x)
    assert (found.gradient, found.count, len(found)) == (0.0, 0, 0)
    assert str(found) == "∂L/∂w = 0: no path leads from L to w"


def test_leaf_and_root_in_the_wrong_order_are_noticed() -> None:
    x = Value(2.0, label="x")
    loss = x * x
    loss.label = "loss"
    assert str(explain(loss, x)).splitlines() == [
        "∂x/∂loss = 0: no path leads from x to loss",
        "  one leads from loss to x: the leaf comes first, explain(leaf, root)",
    ]


def test_paths_of_product_zero_are_counted_and_not_shown() -> None:
    x = Value(-2.0, label="x")
    found = explain(x, x.relu() + x * 3.0 + 0.0 * x)
    assert [path.product for path in found] == [3.0]
    assert found.zeros == 2
    assert str(found).endswith("\n  2 more paths, with a local gradient of 0")


def test_where_all_products_are_zero_it_says_so() -> None:
    x = Value(-2.0, label="x")
    assert str(explain(x, x.relu())) == "∂L/∂x = 0, by 1 path, with a local gradient of 0 on it"
    dead = x.relu() * x.relu()
    assert str(explain(x, dead)).endswith("by 2 paths, with a local gradient of 0 on each of them")


def test_a_nan_comes_first_and_is_named_with_its_line() -> None:
    x = Value(-1.0, label="x")
    with trace_source():
        wrong = x.log()
    found = explain(x, 100.0 * x + wrong, 1)
    text = str(found)
    assert math.isnan(found.gradient)
    assert [math.isnan(path.product) for path in found] == [True]
    assert re.search(
        r"∂v2/∂x = nan, of log\(-1\), made at .*test_explain.py:\d+ in test_a_nan", text
    )


def test_infinity_times_zero_is_named_as_the_nan() -> None:
    x = Value(0.0, label="x")
    found = explain(x, (x * x).sqrt())
    assert all(math.isnan(path.product) for path in found)
    assert len(found) == 2
    lines = str(found).splitlines()
    assert lines[2:5] == [
        "    nan, since infinity times 0 is nan:",
        "    ∂L/∂v1 = inf, of sqrt(0)",
        "    ∂v1/∂x = 0, of multiply(0, 0)",
    ]


def test_an_infinite_path_keeps_its_sign_and_goes_before_finite_ones() -> None:
    x = Value(0.0, label="x")
    found = explain(x, 1e300 * x - 1e-300 * x.sqrt())
    assert [path.product for path in found] == [-math.inf, 1e300]
    assert "∂v2/∂x = inf, of sqrt(0)" in str(found)


def test_shares_that_cancel_are_pointed_out() -> None:
    a = Value(1.0, label="a")
    found = explain(a, 3.0 * a - 2.0 * a)
    assert [path.share for path in found] == [3.0, -2.0]
    assert "3 (300 %)" in str(found)
    assert "-2 (-200 %)" in str(found)
    assert "the paths cancel one another in part" in str(found)
    whole = explain(a, 3.0 * a - 3.0 * a)
    assert all(math.isnan(path.share) for path in whole)
    assert "%" not in str(whole)
    assert "the paths cancel one another, so that none has a share" in str(whole)


# -- arguments -----------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", [2.0, None, "x", [Value(1.0)]])
def test_what_is_no_value_is_refused(wrong: object) -> None:
    with pytest.raises(TypeError, match=r"the leaf is .*; for example explain\(w, loss\)"):
        explain(wrong, Value(1.0))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="the root is"):
        explain(Value(1.0), wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", [0, -1, 2.5, True, None, "3"])
def test_the_number_of_paths_is_a_whole_one(wrong: object) -> None:
    with pytest.raises(ValueError, match="a whole number from 1 on, not"):
        explain(Value(1.0), Value(1.0), wrong)  # type: ignore[arg-type]


def test_a_traced_value_says_that_it_has_no_number() -> None:
    with pytest.raises(TypeError, match="while tracing"):
        autograd.jit(lambda x: explain(x, x * x).gradient)(2.0)


def test_variables_name_the_nodes() -> None:
    w = Value(2.0)
    hidden = w * 3.0
    loss = hidden * hidden
    text = str(explain(w, loss, 1, names=locals()))
    assert text.splitlines()[1] == "  18 (50 %)  loss ← hidden ← w:  6 × 3"


# -- in the picture ------------------------------------------------------------------------------


def lit(source: str) -> list[str]:
    return re.findall(r'(n\d+ -> n\d+) \[id="[^"]*" class="\w+ lit"', source)


def test_the_picture_lights_the_edges_of_the_paths_and_no_others() -> None:
    x, w = Value(2.0, label="x"), Value(3.0, label="w")
    loss = x * w + x * x
    assert lit(explain(x, loss, 1).draw().source) == ["n0 -> n2", "n2 -> n4"]
    assert len(lit(explain(x, loss).draw().source)) == 5
    assert lit(draw(loss, paths=explain(w, loss)).source) == ["n1 -> n2", "n2 -> n4"]
    assert "violet: the paths explained" in explain(x, loss).draw().source
    assert "violet" not in draw(loss).source
    assert lit(draw(loss).source) == []


def test_of_parallel_edges_only_the_one_on_the_path_is_lit() -> None:
    x = Value(2.0, label="x")
    assert len(lit(explain(x, x * x, 1).draw().source)) == 1


def test_paths_are_lit_through_collapsed_boxes_too() -> None:
    x = Value(2.0, label="x")
    inner = (x * 3.0).sin()
    inner.label = "inner"
    outer = (inner + 1.0).exp()
    outer.label = "outer"
    root = outer * 2.0
    assert len(lit(explain(x, root).draw(collapse="neuron").source)) == 3


def test_only_an_explanation_can_be_lit() -> None:
    with pytest.raises(TypeError, match=r"paths is what explain\(leaf, value\) gives, not list"):
        draw(Value(1.0), paths=[])  # type: ignore[arg-type]


def test_a_notebook_shows_the_words_above_the_picture() -> None:
    x = Value(2.0, label="<x>")
    found = explain(x, x * x)
    bundle, _ = DisplayFormatter().format(found)
    assert bundle["text/plain"] == str(found) == repr(found)
    assert bundle["text/html"].startswith("<pre>∂L/∂&lt;x&gt; = 4, by 2 paths:\n")
    assert "data:image/svg+xml;base64," in bundle["text/html"]
    assert "lit" in bundle["image/svg+xml"]


def test_without_dot_a_notebook_shows_the_words_and_why(
    monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    x = Value(2.0, label="x")
    bundle, _ = DisplayFormatter().format(explain(x, x * x))
    assert set(bundle) == {"text/plain"}
    assert "by 2 paths" in bundle["text/plain"]
    assert "Graphviz" in bundle["text/plain"]


def test_the_stepper_is_given_the_paths_by_position() -> None:
    x, w = Value(0.0, label="x"), Value(3.0, label="w")
    found = explain(x, (x * w).sqrt(), 1)
    document = found.step().document()
    assert document["paths"] == {
        "leaf": 0,
        "paths": [{"nodes": [3, 2, 0], "places": [0, 0], "product": "inf", "share": "nan"}],
        "text": str(found),
    }
